"""Fetches the bytes of the images that a picture shows.

They come from the copies stored at publish, from assets, or from remote hosts.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import zip_longest
from threading import Lock

from postcard import ports
from postcard.assets.reader import ASSET_PREFIX, AssetError, AssetReader
from postcard.canvas.codecs.decoded_image import ImageDecodeError
from postcard.canvas.codecs.reencode import Decode, reencode
from postcard.errors import SourceImageFault
from postcard.host_patterns import host_of
from postcard.ports import AssetRecord, FetchError
from postcard.rendering.renderer import ImageSource
from postcard.runtime.deadline import Deadline, DeadlineExceeded
from postcard.runtime.lru_cache import Caches, SizedLruCache

CACHE_BYTES = 64_000_000
MAX_CONCURRENT_FETCHES = 6
MAX_REQUEST_BYTES = 40_000_000  # of all images that one request names

Outcome = bytes | FetchError | AssetError


class SourceFetcher:
    """Fetches images, those of one picture at the same time. Caches what was stored at publish.

    An image that a document names is decoded without a sandbox when it is drawn. So a remote one is
    re-encoded here, and `decode` reads it in a sandbox.
    """

    def __init__(
        self,
        store: ports.ObjectStore,
        assets: AssetReader,
        fetcher: ports.Fetcher,
        decode: Decode,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        caches: Caches | None = None,
    ) -> None:
        self._store = store
        self._decode = decode
        self._monotonic = monotonic
        self._assets = assets
        self._fetcher = fetcher
        objects: SizedLruCache[str, bytes] = SizedLruCache(CACHE_BYTES, len)
        self._cache = (caches or Caches()).add("stored objects", objects)

    def fetch_all(
        self,
        sources: Sequence[ImageSource],
        published_keys: Mapping[str, str],
        *,
        templates: Sequence[str] | None = None,
        deadline: float,
    ) -> tuple[dict[str, bytes], list[SourceImageFault]]:
        """Bytes by reference, and a fault for each image that cannot be had.

        `published_keys`: reference → key of the copy stored at publish. An asset that none of
        `templates` may use counts as missing; None stands for all templates. `deadline` is a
        `time.monotonic()` instant. The records of assets are read in one call of the table.
        """
        by_reference = {source.reference: source for source in sources}
        records = self._asset_records(by_reference.values(), published_keys, templates)
        budget = _ByteBudget(MAX_REQUEST_BYTES)
        readers = {}
        for reference, source in by_reference.items():
            read = self._reader(source, published_keys, records, deadline)
            readers[reference] = read if source.from_document else partial(budget.read, read)
        in_memory = {one for one in readers if self._is_in_memory(one, published_keys, records)}
        outcomes = {one: _outcome(readers[one]) for one in in_memory}
        outcomes |= _run_concurrently({one: readers[one] for one in readers if one not in outcomes})
        fetched: dict[str, bytes] = {}
        faults: list[SourceImageFault] = []
        for reference in by_reference:
            outcome = outcomes[reference]
            if isinstance(outcome, bytes):
                fetched[reference] = outcome
            else:
                faults.append(_source_fault(by_reference[reference], outcome))
        return fetched, faults

    def check_assets(
        self,
        sources: Sequence[ImageSource],
        *,
        templates: Sequence[str] | None,
        deadline: float | None = None,
    ) -> list[SourceImageFault]:
        """Faults of the assets among the sources. New uploads are checked and normalized now."""
        faults = []
        for source in sources:
            if source.reference.startswith(ASSET_PREFIX):
                asset_id = source.reference.removeprefix(ASSET_PREFIX)
                read = partial(self._assets.read, asset_id, templates=templates, deadline=deadline)
                outcome = _outcome(read)
                if not isinstance(outcome, bytes):
                    faults.append(_source_fault(source, outcome))
        return faults

    def read_cached(self, key: str, *, deadline: float | None = None) -> bytes | None:
        """An object of the store whose bytes never change; None if it is not there."""
        body = self._cache.get(key)
        if body is None:
            body = self.read_uncached(key, deadline)
            if body is not None:
                self._cache.put(key, body)
        return body

    def read_uncached(self, key: str, deadline: float | None = None) -> bytes | None:
        """An object of the store, for callers with a cache of their own; None if not there."""
        stored = self._store.get(key, deadline=deadline)
        return None if stored is None else stored.body

    @property
    def assets(self) -> AssetReader:
        """Where uploaded images and fonts are looked up."""
        return self._assets

    def _asset_records(
        self,
        sources: Iterable[ImageSource],
        published_keys: Mapping[str, str],
        templates: Sequence[str] | None,
    ) -> Mapping[str, AssetRecord | AssetError]:
        """The records, by reference, of the assets that are not copied at publish."""
        ids = [
            source.reference.removeprefix(ASSET_PREFIX)
            for source in sources
            if source.is_permitted
            and source.reference not in published_keys
            and source.reference.startswith(ASSET_PREFIX)
        ]
        records = self._assets.get_records(ids, templates=templates)
        return {f"{ASSET_PREFIX}{asset_id}": record for asset_id, record in records.items()}

    def _is_in_memory(
        self,
        reference: str,
        published_keys: Mapping[str, str],
        records: Mapping[str, AssetRecord | AssetError],
    ) -> bool:
        """Whether reading a picture waits for nothing."""
        if reference in published_keys:
            return self._cache.get(published_keys[reference]) is not None
        record = records.get(reference)
        return isinstance(record, AssetRecord) and self._assets.is_in_memory(record)

    def _reader(
        self,
        source: ImageSource,
        published_keys: Mapping[str, str],
        records: Mapping[str, AssetRecord | AssetError],
        deadline: float,
    ) -> Callable[[], bytes]:
        reference = source.reference
        if not source.is_permitted:
            return _refuse
        if reference in published_keys:
            return lambda: self._read_published_copy(published_keys[reference], deadline)
        if reference in records:
            return partial(self._read_asset, records[reference], deadline)
        return partial(self._fetch_remote, source, deadline)

    def _read_asset(self, record: AssetRecord | AssetError, deadline: float) -> bytes:
        if isinstance(record, AssetError):
            raise record
        return self._assets.read_record(record, deadline=deadline)

    def _fetch_remote(self, source: ImageSource, deadline: float) -> bytes:
        body = self._fetcher.fetch(
            source.reference, allowed_hosts=source.allowed_hosts, deadline=deadline
        ).body
        if not source.from_document:
            return body
        try:
            return reencode(body, self._decode, Deadline(deadline, self._monotonic))[0]
        except ImageDecodeError as error:
            raise FetchError(f"No picture: {error}.") from None
        except DeadlineExceeded:
            raise FetchError("There was no time left to decode the picture: try again.") from None

    def _read_published_copy(self, key: str, deadline: float) -> bytes:
        body = self.read_cached(key, deadline=deadline)
        if body is None:
            raise AssetError("The copy stored at publish is gone: publish the template again.")
        return body


def _refuse() -> bytes:
    raise AssetError("The values name an asset that the template does not name for them.")


class _ByteBudget:
    """Bounds what the images of one request weigh together; several threads read within it."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._left = max_bytes
        self._lock = Lock()

    def read(self, read: Callable[[], bytes]) -> bytes:
        """What `read` returns; `FetchError` once the budget is spent, without reading more."""
        if self._left >= 0:
            body = read()
            with self._lock:
                self._left -= len(body)
                if self._left >= 0:
                    return body
        megabytes = self._max_bytes // 1_000_000
        raise FetchError(f"The request's pictures have more than {megabytes} MB together.")


def _source_fault(source: ImageSource, error: Exception) -> SourceImageFault:
    return SourceImageFault("image_unavailable", source.pointer, str(error), source.reference)


def _run_concurrently(readers: Mapping[str, Callable[[], bytes]]) -> dict[str, Outcome]:
    if len(readers) < 2:
        return {name: _outcome(reader) for name, reader in readers.items()}
    from concurrent.futures import ThreadPoolExecutor  # costs 10 ms that one image does not need

    order = _alternate_hosts(readers)
    with ThreadPoolExecutor(min(MAX_CONCURRENT_FETCHES, len(readers))) as pool:
        outcomes = pool.map(_outcome, [readers[reference] for reference in order])
        by_reference = dict(zip(order, outcomes, strict=True))
    return {reference: by_reference[reference] for reference in readers}


def _alternate_hosts(references: Iterable[str]) -> list[str]:
    """The first picture of each host, then the second of each: none waits for a slow host."""
    by_host: dict[str, list[str]] = {}
    for reference in references:
        by_host.setdefault(host_of(reference), []).append(reference)
    rounds = zip_longest(*by_host.values())
    return [reference for one in rounds for reference in one if reference is not None]


def _outcome(reader: Callable[[], bytes]) -> Outcome:
    try:
        return reader()
    except (FetchError, AssetError) as error:
        return error
