"""Where a picture's pictures come from: the version's own, an asset, or a remote host."""

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from threading import Lock

from postcard import ports
from postcard.assets.reader import ASSET_PREFIX, AssetError, AssetReader
from postcard.errors import SourceImageFault
from postcard.ports import FetchError
from postcard.rendering.renderer import ImageSource

CACHE_BYTES = 64_000_000
MAX_CONCURRENT_FETCHES = 6
MAX_REQUEST_BYTES = 40_000_000  # bytes of the pictures that one request names


class SourceFetcher:
    """Brings pictures' bytes, those of one drawing at the same time."""

    def __init__(
        self, store: ports.ObjectStore, assets: AssetReader, fetcher: ports.Fetcher
    ) -> None:
        self._store = store
        self._assets = assets
        self._fetcher = fetcher
        self._kept: OrderedDict[str, bytes] = OrderedDict()

    def fetch_all(
        self, wanted: Sequence[ImageSource], own: Mapping[str, str], *, deadline: float
    ) -> tuple[dict[str, bytes], list[SourceImageFault]]:
        """Bytes by reference, and what could not be had. `own`: reference → key in the store."""
        brought: dict[str, bytes] = {}
        faults: list[SourceImageFault] = []
        once = {source.reference: source for source in wanted}
        room = _ByteBudget(MAX_REQUEST_BYTES)
        readers = {
            name: self._reader(source, own, deadline)
            if source.from_document
            else partial(room.read, self._reader(source, own, deadline))
            for name, source in once.items()
        }
        for name, outcome in _run_concurrently(readers).items():
            if isinstance(outcome, bytes):
                brought[name] = outcome
            else:
                faults.append(_source_fault(once[name], outcome))
        return brought, faults

    def check_assets(self, wanted: Sequence[ImageSource]) -> list[SourceImageFault]:
        """What is wrong with the assets among `wanted`; those uploaded since are made ready."""
        named = [source for source in wanted if source.reference.startswith(ASSET_PREFIX)]
        outcomes = [
            (
                source,
                _outcome(partial(self._assets.read, source.reference.removeprefix(ASSET_PREFIX))),
            )
            for source in named
        ]
        return [
            _source_fault(source, one) for source, one in outcomes if not isinstance(one, bytes)
        ]

    def read_cached(self, key: str, *, deadline: float | None = None) -> bytes | None:
        """Immutable bytes of the store, kept in memory while there is room."""
        if (kept := self._kept.get(key)) is not None:
            self._kept.move_to_end(key)
            return kept
        found = self._store.get(key, deadline=deadline)
        if found is None:
            return None
        self._kept[key] = found.body
        while sum(map(len, self._kept.values())) > CACHE_BYTES:
            self._kept.popitem(last=False)
        return found.body

    @property
    def assets(self) -> AssetReader:
        """The assets among which pictures and fonts are looked up."""
        return self._assets

    def read_uncached(self, key: str, deadline: float | None = None) -> bytes | None:
        """Bytes of the store that the caller keeps; None if they are not there."""
        found = self._store.get(key, deadline=deadline)
        return None if found is None else found.body

    def _reader(
        self, source: ImageSource, own: Mapping[str, str], deadline: float
    ) -> Callable[[], bytes]:
        reference = source.reference
        if reference in own:
            return lambda: self._read_published_copy(own[reference], deadline)
        if reference.startswith(ASSET_PREFIX):
            return lambda: self._assets.read(
                reference.removeprefix(ASSET_PREFIX), deadline=deadline
            )
        return lambda: (
            self._fetcher.fetch(
                reference, allowed_hosts=source.allowed_hosts, deadline=deadline
            ).body
        )

    def _read_published_copy(self, key: str, deadline: float) -> bytes:
        body = self.read_cached(key, deadline=deadline)
        if body is None:
            raise AssetError("The copy stored at publish is gone: publish the template again.")
        return body


Outcome = bytes | FetchError | AssetError


class _ByteBudget:
    """What may be held of the pictures of one drawing; several threads take of it."""

    def __init__(self, most: int) -> None:
        self._left = most
        self._lock = Lock()

    def read(self, read: Callable[[], bytes]) -> bytes:
        """What `read` reads, if it fits; nothing is read once there is no room."""
        if self._left >= 0:
            body = read()
            with self._lock:
                self._left -= len(body)
                if self._left >= 0:
                    return body
        told = MAX_REQUEST_BYTES // 1_000_000
        raise FetchError(f"The request's pictures have more than {told} MB together.")


def _source_fault(source: ImageSource, error: Exception) -> SourceImageFault:
    return SourceImageFault("image_unavailable", source.pointer, str(error), source.reference)


def _run_concurrently(readers: Mapping[str, Callable[[], bytes]]) -> dict[str, Outcome]:
    if len(readers) < 2:
        return {name: _outcome(reader) for name, reader in readers.items()}
    from concurrent.futures import ThreadPoolExecutor  # 10 ms that one picture does not need

    with ThreadPoolExecutor(min(MAX_CONCURRENT_FETCHES, len(readers))) as pool:
        return dict(zip(readers, pool.map(_outcome, readers.values()), strict=True))


def _outcome(reader: Callable[[], bytes]) -> Outcome:
    try:
        return reader()
    except (FetchError, AssetError) as error:
        return error
