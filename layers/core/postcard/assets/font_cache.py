"""The fonts a version is drawn with: ours, and its own, brought from the store once a process."""

import weakref
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from postcard.errors import Fault, ServiceUnavailable
from postcard.runtime.digest import content_digest
from postcard.runtime.lazy_dataclass import dataclass
from postcard.text.fonts import Fonts

if TYPE_CHECKING:
    from postcard.text.font_file import FontFile

FONT_CACHE_BYTES = 96_000_000  # of font files on this machine's disk
MAX_CACHED_FONT_SETS = 64

FontKeysByFamily = Mapping[str, Sequence[str]]  # a name to the keys of its files in the store
ReadObject = Callable[[str, float | None], bytes | None]  # a key and a deadline to bytes


@dataclass(frozen=True, slots=True)
class FontSet:
    """All fonts that a picture may use; `lost` are the families that could not be had."""

    fonts: Fonts
    missing_families: tuple[str, ...] = ()

    @property
    def warnings(self) -> tuple[Fault, ...]:
        """A lost family is a warning; others stand in."""
        return tuple(
            Fault("font_unavailable", "", f"The font {name} could not be had; others stand in.")
            for name in self.missing_families
        )


class FontCache:
    """Fonts by the families that a version names. FreeType reads files, so they are kept as such.

    A key ends in the digest of its bytes: bytes that are others are not used, and what two
    versions share is brought once.
    """

    def __init__(
        self, shipped: Fonts, read: ReadObject, *, max_bytes: int = FONT_CACHE_BYTES
    ) -> None:
        self.shipped = shipped
        self._read = read
        self._max_bytes = max_bytes
        self._files: OrderedDict[str, tuple[FontFile, int]] = OrderedDict()
        self._sets: OrderedDict[tuple[tuple[str, ...], ...], Fonts] = OrderedDict()
        self._folder: Path | None = None
        self._lock = Lock()

    def font_set(self, families: FontKeysByFamily, *, deadline: float | None = None) -> FontSet:
        """Our fonts and these; reading them ends at the `time.monotonic()` instant `deadline`."""
        if not families:
            return FontSet(self.shipped)
        with self._lock:
            found = {name: self._load_family(keys, deadline) for name, keys in families.items()}
            lost = [name for name, files in found.items() if len(files) < len(families[name])]
            return FontSet(self._fonts_for(found), tuple(lost))

    def _load_family(self, keys: Sequence[str], deadline: float | None) -> "dict[str, FontFile]":
        files = ((key.rpartition("/")[2], self._load_file(key, deadline)) for key in keys)
        return {digest: file for digest, file in files if file is not None}

    def _load_file(self, key: str, deadline: float | None) -> "FontFile | None":
        digest = key.rpartition("/")[2]
        if digest in self._files:
            self._files.move_to_end(digest)
            return self._files[digest][0]
        try:
            body = self._read(key, deadline)
        except ServiceUnavailable:
            return None
        if body is None or content_digest(body) != digest:
            return None
        return self._store_file(digest, body)

    def _store_file(self, digest: str, body: bytes) -> "FontFile | None":
        """On disk; None where there is no room, or the bytes were not written by us."""
        from postcard.text.font_file import FontError, FontFile, read_metadata

        try:
            path = self._cache_folder() / digest
            _write(path, body)
            file = FontFile(str(path), read_metadata(body))
        except (FontError, OSError):
            return None
        self._files[digest] = file, len(body)
        while (
            len(self._files) > 1 and sum(size for _, size in self._files.values()) > self._max_bytes
        ):
            self._evict(self._files.popitem(last=False))
        return file

    def _evict(self, evicted: "tuple[str, tuple[FontFile, int]]") -> None:
        digest, (file, _) = evicted
        for key in [key for key in self._sets if any(digest in names for names in key)]:
            del self._sets[key]
        Path(file.path).unlink(missing_ok=True)

    def _cache_folder(self) -> Path:
        """A folder that nobody else can write to, gone with this process."""
        if self._folder is None:
            from shutil import rmtree  # few templates bring fonts of their own
            from tempfile import mkdtemp

            self._folder = Path(mkdtemp(prefix="postcard-fonts-"))
            weakref.finalize(self, rmtree, self._folder, ignore_errors=True)
        return self._folder

    def _fonts_for(self, found: "Mapping[str, Mapping[str, FontFile]]") -> Fonts:
        """One object for one choice: what is laid out is kept by it."""
        key = tuple((name, *files) for name, files in found.items())
        if key in self._sets:
            self._sets.move_to_end(key)
            return self._sets[key]
        own = {name: list(files.values()) for name, files in found.items() if files}
        self._sets[key] = self.shipped.with_custom_fonts(own)
        if len(self._sets) > MAX_CACHED_FONT_SETS:
            self._sets.popitem(last=False)
        return self._sets[key]


def _write(path: Path, body: bytes) -> None:
    """All of it, or nothing that takes up the room there is."""
    try:
        path.write_bytes(body)
    except OSError:
        path.unlink(missing_ok=True)
        raise
