"""Caches the customer's own fonts as files on local disk, for FreeType to read.

Each process downloads a font once; versions that use the same font share its file.
"""

import weakref
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from operator import itemgetter
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from postcard.errors import Fault, ServiceUnavailable
from postcard.runtime.digest import content_digest
from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lru_cache import Caches, SizedLruCache
from postcard.text.fonts import Fonts

if TYPE_CHECKING:
    from postcard.text.font_file import FontFile

FONT_CACHE_BYTES = 96_000_000  # of font files on local disk
MAX_CACHED_FONT_SETS = 64

FontKeysByFamily = Mapping[str, Sequence[str]]  # a family's name to the keys of its files
FontSetCache = SizedLruCache[tuple[tuple[str, ...], ...], Fonts]  # families with their digests
ReadObject = Callable[[str, float | None], bytes | None]  # a key and a deadline to bytes


@dataclass(frozen=True, slots=True)
class FontSet:
    """The fonts that a picture may use, and the families that could not be loaded."""

    fonts: Fonts
    missing_families: tuple[str, ...] = ()

    @property
    def warnings(self) -> tuple[Fault, ...]:
        """One for each missing family, which is drawn in another font."""
        return tuple(
            Fault("font_unavailable", "", f"The font {name} could not be had; others stand in.")
            for name in self.missing_families
        )


class FontCache:
    """Loads fonts by the families that a version names.

    A key ends in the digest of the file's bytes. A file with another digest is not used.
    """

    def __init__(
        self,
        shipped: Fonts,
        read: ReadObject,
        *,
        max_bytes: int = FONT_CACHE_BYTES,
        caches: Caches | None = None,
    ) -> None:
        self.shipped = shipped
        self._read = read
        self._max_bytes = max_bytes
        caches = caches or Caches()
        self._sets: FontSetCache = caches.add("font sets", SizedLruCache(MAX_CACHED_FONT_SETS))
        # partial: a bound method would be a reference cycle and keep the files after this cache
        files: SizedLruCache[str, tuple[FontFile, int]] = SizedLruCache(
            max_bytes, itemgetter(1), on_evict=partial(_delete_file, self._sets)
        )
        self._files = caches.add("font files", files)
        self._folder: Path | None = None
        self._lock = Lock()

    def font_set(self, families: FontKeysByFamily, *, deadline: float | None = None) -> FontSet:
        """The shipped fonts and these; `deadline` is in `time.monotonic()` seconds."""
        if not families:
            return FontSet(self.shipped)
        with self._lock:
            loaded = {name: self._load_family(keys, deadline) for name, keys in families.items()}
            missing = [name for name, files in loaded.items() if len(files) < len(families[name])]
            return FontSet(self._fonts_for(loaded), tuple(missing))

    def _load_family(self, keys: Sequence[str], deadline: float | None) -> "dict[str, FontFile]":
        files = ((key.rpartition("/")[2], self._load_file(key, deadline)) for key in keys)
        return {digest: file for digest, file in files if file is not None}

    def _load_file(self, key: str, deadline: float | None) -> "FontFile | None":
        digest = key.rpartition("/")[2]
        if (cached := self._files.get(digest)) is not None:
            return cached[0]
        try:
            body = self._read(key, deadline)
        except ServiceUnavailable:
            return None
        if body is None or content_digest(body) != digest:
            return None
        return self._store_file(digest, body)

    def _store_file(self, digest: str, body: bytes) -> "FontFile | None":
        """Writes the file; None if the disk is full or the sanitizer did not write this font."""
        from postcard.text.font_file import FontError, FontFile, read_metadata

        if len(body) > self._max_bytes:
            return None
        try:
            path = self._cache_folder() / digest
            _write(path, body)
            file = FontFile(str(path), read_metadata(body))
        except (FontError, OSError):
            return None
        self._files.put(digest, (file, len(body)))
        return file

    def _cache_folder(self) -> Path:
        """A folder that only this user can write to, deleted with this cache."""
        if self._folder is None:
            from shutil import rmtree  # few templates bring fonts of their own
            from tempfile import mkdtemp

            self._folder = Path(mkdtemp(prefix="postcard-fonts-"))
            weakref.finalize(self, rmtree, self._folder, ignore_errors=True)
        return self._folder

    def _fonts_for(self, loaded: "Mapping[str, Mapping[str, FontFile]]") -> Fonts:
        """One object for each combination of fonts, because text layouts are cached by it."""
        key = tuple((name, *files) for name, files in loaded.items())
        if (fonts := self._sets.get(key)) is None:
            custom = {name: list(files.values()) for name, files in loaded.items() if files}
            fonts = self.shipped.with_custom_fonts(custom)
            self._sets.put(key, fonts)
        return fonts


def _delete_file(sets: FontSetCache, digest: str, cached: "tuple[FontFile, int]") -> None:
    sets.discard(lambda key: any(digest in names for names in key))
    Path(cached[0].path).unlink(missing_ok=True)


def _write(path: Path, body: bytes) -> None:
    """Writes the whole file, or leaves none that takes up disk space."""
    try:
        path.write_bytes(body)
    except OSError:
        path.unlink(missing_ok=True)
        raise
