"""Hostile pictures through the whole service: each ends in a picture, soon, and nothing leaks."""

import io
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from PIL import Image

from postcard.canvas.codecs.decoded_image import ImageDecodeError
from postcard.canvas.codecs.sandboxed_decoder import SandboxedDecoder
from postcard.rendering.image_resolver import DecodedImageCache
from tests.functions.fake_services import FakeRenderer
from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import document
from tests.security.broken_fonts import peak_memory_megabytes
from tests.trust.run_scale import record_figure, scaled

CORPUS = Path(__file__).resolve().parents[3] / "shared/corpus/images"
FILES = sorted(p for p in CORPUS.rglob("*") if p.is_file() and p.suffix not in (".tsv", ".md"))
PLANTED = (b"PRIVATE-", b"MARKER", b"<?php", b"<script", b"<html", b"<svg")
KINDS = ("PNG", "JPEG", "GIF", "WEBP", "AVIF")
URL = "https://photos.example.com/x"

needs_corpus = pytest.mark.skipif(not FILES, reason="the corpus is not beside this checkout")


@pytest.fixture(scope="module")
def cell() -> Iterator[SandboxedDecoder]:
    cell = SandboxedDecoder()
    yield cell
    cell.close()


@pytest.fixture(scope="module")
def world(cell: SandboxedDecoder) -> InMemoryService:
    """A service that decodes as production does, with one template that shows a photograph."""
    world = InMemoryService()
    world.renderer = FakeRenderer(DecodedImageCache(untrusted_decoder_factory=lambda: cell))
    world.monotonic = time.monotonic
    world.rebuild()
    world.key = world.new_api_key(rate=10_000)
    photo = {"type": "image", "default": ""}
    layers = [
        {"type": "image", "name": "face", "width": 60, "height": 60, "source": "{{ photo }}"},
        {"type": "text", "name": "title", "x": 64, "width": 50, "text": "Hello"},
    ]
    world.publish(document(fields={"photo": photo}, layers=layers, alt="Hello"))
    return world


def shown(world: InMemoryService, body: bytes, format: str, *, width: int = 60) -> bytes:
    """A link that names the picture, opened."""
    world.web.pictures[URL] = body
    reply = world.open_link(world.sign_link({"photo": URL}, format=format, width=width))
    assert reply.status == 200
    with Image.open(io.BytesIO(reply.body)) as image:
        assert image.size == (width, width // 2)
    assert reply.headers.get("x-postcard-fallback", "source") == "source"
    for key in list(world.pictures.keys("renders/")):
        world.pictures.delete([key])
    return reply.body


@needs_corpus
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_hostile_picture_in_a_link_is_shown_or_left_out(
    world: InMemoryService, path: Path
) -> None:
    body = path.read_bytes()
    for format in ("png", "jpg"):
        drawn = shown(world, body, format)
        assert not any(planted in drawn for planted in PLANTED)


@needs_corpus
def test_hostile_pictures_end_soon_and_in_little_memory(
    world: InMemoryService, cell: SandboxedDecoder
) -> None:
    slowest, peak = ("", 0.0), 0
    for path in FILES if scaled(0, 1) else FILES[::9]:
        began = time.monotonic()
        shown(world, path.read_bytes(), "webp")
        slowest = max(slowest, (path.name, time.monotonic() - began), key=lambda each: each[1])
        if cell._worker is not None:
            peak = max(peak, peak_memory_megabytes(cell._worker.pid))
    record_figure(
        "hostile pictures", files=len(FILES), slowest=slowest, megabytes_of_the_child=peak
    )
    assert peak < 256
    if scaled(0, 1):
        assert slowest[1] < 2.0


@needs_corpus
def test_a_hostile_picture_as_an_asset_is_taken_or_refused(world: InMemoryService) -> None:
    """An asset comes from who holds a key; it is refused with a reason, or written anew."""
    refused = 0
    for number, path in enumerate(FILES if scaled(0, 1) else FILES[::5]):
        body = path.read_bytes() or b" "  # nothing at all is refused before it is sent
        world.upload_asset(f"a{number}", body)
        asked = {"template_id": "welcome", "modifications": [photo(f"asset:a{number}")]}
        reply = world.call("POST", "/v1/images", asked)
        assert reply.status in (200, 201, 400), (path.name, reply.body)
        refused += reply.status == 400
        for key in world.store.keys(f"assets/a{number}"):
            stored = world.store.get(key)
            assert stored is not None
            assert not any(planted in stored.body for planted in PLANTED), path.name
    assert refused < len(FILES)


def photo(address: str) -> dict[str, str]:
    return {"name": "photo", "value": address}


def seeds() -> list[bytes]:
    made = []
    for kind in KINDS:
        for mode in ("RGB", "L") if kind in ("JPEG", "GIF") else ("RGB", "RGBA"):
            file = io.BytesIO()
            Image.effect_noise((24, 16), 70).convert(mode).save(file, kind)
            made.append(file.getvalue())
    return made


def mutated(body: bytes, random: Random) -> bytes:
    """Bytes changed, cut out, doubled, or a length made enormous."""
    bytes_ = bytearray(body)
    for _ in range(random.randrange(1, 6)):
        at = random.randrange(len(bytes_))
        match random.randrange(5):
            case 0 | 1:
                bytes_[at] = random.randrange(256)
            case 2:
                bytes_[at : at + 4] = random.choice([b"\xff" * 4, b"\0" * 4, b"\x7f\xff\xff\xff"])
            case 3:
                del bytes_[at : at + random.randrange(1, 9)]
            case _:
                bytes_[at:at] = bytes_[at : at + random.randrange(1, 30)]
        bytes_ = bytes_ or bytearray(b"\0")
    return bytes(bytes_)


def test_mutated_pictures_break_nothing(cell: SandboxedDecoder) -> None:
    random, originals = Random(10), seeds()
    most = scaled(20_000, 1_000_000)
    cell.prepare()
    before, drawn = cell.started_workers, 0
    for _ in range(most):
        try:
            drawn += cell.decode(mutated(random.choice(originals), random), (8, 8)).width > 0
        except ImageDecodeError as error:
            assert str(error)
    record_figure(
        "mutated pictures", tried=most, drawn=drawn, processes_lost=cell.started_workers - before
    )
    assert drawn > most // 20
