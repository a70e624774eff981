"""Where a picture's pictures come from."""

import threading
from typing import ClassVar

from postcard.adapters.memory import MemoryAssetStore, MemoryObjectStore
from postcard.assets.reader import AssetReader
from postcard.canvas.codecs.decoded_image import DecodedImage
from postcard.pipeline.source_fetcher import (
    CACHE_BYTES,
    MAX_CONCURRENT_FETCHES,
    MAX_REQUEST_BYTES,
    SourceFetcher,
)
from postcard.ports import FetchedImage, FetchError, StoredObject
from postcard.rendering.renderer import ImageSource

HERE = "https://example.com/{}.png"


def source(reference: str) -> ImageSource:
    return ImageSource(
        f"/{reference}", reference, ("example.com",), "hide", 0, 0, from_document=False
    )


class Together:
    """Answers only once `parties` fetches are under way at the same time."""

    def __init__(self, parties: int) -> None:
        self._barrier = threading.Barrier(parties, timeout=300)
        self.hosts: list[object] = []

    def fetch(self, url: str, *, allowed_hosts: object, deadline: float) -> FetchedImage:
        self.hosts.append(allowed_hosts)
        self._barrier.wait()
        return FetchedImage(url.encode(), url)


class Counted(MemoryObjectStore):
    gets = 0

    def get(self, key: str, *, deadline: float | None = None) -> StoredObject | None:
        self.gets += 1
        return super().get(key, deadline=deadline)


class Nothing:
    def fetch(self, url: str, *, allowed_hosts: object, deadline: float) -> FetchedImage:
        raise FetchError("example.com answered 404.")


def sources(store: MemoryObjectStore, fetcher: object) -> SourceFetcher:
    decode = DecodedImage.decode
    assets = AssetReader(MemoryAssetStore(), store, decode, normalize=True)
    return SourceFetcher(store, assets, fetcher, decode)  # type: ignore[arg-type]


def test_the_pictures_of_one_drawing_are_fetched_at_the_same_time() -> None:
    fetcher = Together(3)
    wanted = [source(HERE.format(name)) for name in "abc"]
    brought, faults = sources(MemoryObjectStore(), fetcher).fetch_all(wanted, {}, deadline=10)
    assert list(brought) == [s.reference for s in wanted] and faults == []
    assert fetcher.hosts == [("example.com",)] * 3


def test_what_cannot_be_had_is_told_with_its_reason_and_place() -> None:
    wanted = [source(HERE.format("a")), source("asset:none")]
    brought, faults = sources(MemoryObjectStore(), Nothing()).fetch_all(wanted, {}, deadline=10)
    assert brought == {}
    assert [(f.code, f.pointer, f.detail.split(".")[0]) for f in faults] == [
        ("image_unavailable", f"/{wanted[0].reference}", "example"),
        ("image_unavailable", "/asset:none", 'There is no asset "none": POST /v1/assets makes one'),
    ]


def test_a_version_s_own_picture_is_read_once_and_kept() -> None:
    store = Counted()
    store.put("templates/x/1/sources/a", StoredObject(b"bytes", "image/png"))
    own = {"asset:hero": "templates/x/1/sources/a"}
    rooms = sources(store, Nothing())
    for _ in range(3):
        assert rooms.fetch_all([source("asset:hero")], own, deadline=10)[0] == {
            "asset:hero": b"bytes"
        }
    assert store.gets == 1


def test_the_pictures_of_one_request_are_bounded_together() -> None:
    class Large(Nothing):
        asked = 0

        def fetch(self, url: str, *, allowed_hosts: object, deadline: float) -> FetchedImage:
            self.asked += 1
            return FetchedImage(bytes(9_000_000), url)

    fetcher = Large()
    wanted = [source(HERE.format(number)) for number in range(60)]
    brought, faults = sources(MemoryObjectStore(), fetcher).fetch_all(wanted, {}, deadline=10)
    assert len(brought) == MAX_REQUEST_BYTES // 9_000_000
    assert {fault.detail for fault in faults} == {
        "The request's pictures have more than 40 MB together."
    }
    assert fetcher.asked <= len(brought) + MAX_CONCURRENT_FETCHES + 1


def test_no_host_waits_for_all_pictures_of_another() -> None:
    class Ordered(Nothing):
        asked: ClassVar[list[str]] = []

        def fetch(self, url: str, *, allowed_hosts: object, deadline: float) -> FetchedImage:
            self.asked.append(url)
            return FetchedImage(b"picture", url)

    many = [source(f"https://slow.example/{number}.png") for number in range(40)]
    other = source("https://other.example/a.png")
    brought, _ = sources(MemoryObjectStore(), Ordered()).fetch_all([*many, other], {}, deadline=10)
    assert other.reference in Ordered.asked[:MAX_CONCURRENT_FETCHES]
    assert list(brought) == [one.reference for one in [*many, other]]


def test_memory_for_kept_pictures_is_bounded() -> None:
    store = Counted()
    for name in "ab":
        store.put(name, StoredObject(bytes(CACHE_BYTES // 2 + 1), "image/png"))
    rooms = sources(store, Nothing())
    for name in "aba":
        rooms.read_cached(name)
    assert store.gets == 3
