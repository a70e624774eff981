"""Hostile images through the whole service: a picture in any case, in time, without a leak."""

import io
import time
from pathlib import Path
from random import Random

import pytest
from PIL import Image

from postcard.canvas.codecs.decoded_image import ImageDecodeError
from postcard.canvas.codecs.sandboxed_decoder import SandboxedDecoder
from tests.canvas.photo_kinds import photo_kinds
from tests.corpus import files
from tests.corpus.files import CorpusImage
from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import document
from tests.rendering.sample_images import encode
from tests.security.broken_fonts import peak_memory_megabytes
from tests.trust.run_scale import record_figure, scaled

IMAGES = files.images()
PLANTED = (b"PRIVATE-", b"MARKER", b"<?php", b"<script", b"<html", b"<svg")
KINDS = ("PNG", "JPEG", "GIF", "WEBP", "AVIF")
URL = "https://photos.example.com/x"


@pytest.fixture(scope="module")
def service(decoder: SandboxedDecoder) -> InMemoryService:
    """A service with the production decoder, and one template that shows a photo."""
    service = InMemoryService()
    service.monotonic = time.monotonic
    service.decode_with(decoder)
    service.key = service.new_api_key(rate=10_000)
    photo = {"type": "image", "default": ""}
    layers = [
        {"type": "image", "name": "face", "width": 60, "height": 60, "source": "{{ photo }}"},
        {"type": "text", "name": "title", "x": 64, "width": 50, "text": "Hello"},
    ]
    service.publish(document(fields={"photo": photo}, layers=layers, alt="Hello"))
    return service


def open_with_image(
    service: InMemoryService, body: bytes, format: str, *, width: int = 60
) -> bytes:
    """Open a link whose photo has this body; returns the picture's bytes."""
    service.web.pictures[URL] = body
    response = service.open_link(service.sign_link({"photo": URL}, format=format, width=width))
    assert response.status == 200
    with Image.open(io.BytesIO(response.body)) as image:
        assert image.size == (width, width // 2)
    assert response.headers.get("x-postcard-fallback", "source") == "source"
    for key in list(service.pictures.keys("renders/")):
        service.pictures.delete([key])
    return response.body


@pytest.mark.parametrize("image", IMAGES[:: scaled(2, 1)], ids=lambda image: image.name)
def test_a_hostile_image_in_a_link_is_shown_or_left_out(
    service: InMemoryService, image: CorpusImage
) -> None:
    body = image.read()
    for format in ("png", "jpg"):
        picture = open_with_image(service, body, format)
        assert not any(planted in picture for planted in PLANTED)


def test_hostile_images_take_little_time_and_memory(
    service: InMemoryService, decoder: SandboxedDecoder
) -> None:
    slowest, peak = ("", 0.0), 0
    for image in IMAGES if scaled(0, 1) else IMAGES[::9]:
        started = time.monotonic()
        open_with_image(service, image.read(), "webp")
        slowest = max(slowest, (image.name, time.monotonic() - started), key=lambda each: each[1])
        peak = max([peak, *map(peak_memory_megabytes, decoder.pids)])
    record_figure(
        "hostile images", files=len(IMAGES), slowest=slowest, megabytes_of_the_decoder=peak
    )
    assert peak < 256
    if scaled(0, 1):
        assert slowest[1] < 2.0


def test_a_hostile_image_as_an_asset_is_reencoded_or_rejected(service: InMemoryService) -> None:
    rejected = 0
    for number, image in enumerate(IMAGES if scaled(0, 1) else IMAGES[::5]):
        body = image.read() or b" "  # an empty file cannot be uploaded
        service.upload_asset(f"a{number}", body)
        request = {"template_id": "welcome", "modifications": [photo(f"asset:a{number}")]}
        response = service.call("POST", "/v1/images", request)
        assert response.status in (200, 201, 400), (image.name, response.body)
        rejected += response.status == 400
        for key in service.store.keys(f"assets/a{number}"):
            stored = service.store.get(key)
            assert stored is not None
            assert not any(planted in stored.body for planted in PLANTED), image.name
    assert rejected < len(IMAGES)


def photo(source: str) -> dict[str, str]:
    return {"name": "photo", "value": source}


def seeds() -> dict[str, bytes]:
    """Valid images by their kind: every kind of photo, and noise in the five formats."""
    noise = Image.effect_noise((24, 16), 70)
    bodies = dict(photo_kinds())
    for kind in KINDS:
        for mode in ("RGB", "L") if kind in ("JPEG", "GIF") else ("RGB", "RGBA"):
            bodies[f"{kind} of noise in {mode}"] = encode(noise.convert(mode), kind)
    return bodies


def mutate(body: bytes, random: Random) -> bytes:
    """Change, remove or duplicate some bytes, or make a length field enormous."""
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


def test_mutated_images_are_decoded_or_raise_image_decode_error_and_end_no_process(
    tmp_path: Path,
) -> None:
    random, originals = Random(10), list(seeds().items())
    count = scaled(4_000, 1_000_000)
    decoder = SandboxedDecoder(max_images=2_000)  # a start takes as long as twenty images
    decoder.prepare()
    lost: dict[str, int] = {}
    decoded = 0
    for number in range(count):
        kind, original = random.choice(originals)
        body, lost_before = mutate(original, random), decoder.lost_workers
        try:
            decoded += decoder.decode(body, (8, 8)).width > 0
        except ImageDecodeError as error:
            assert str(error)
        if decoder.lost_workers != lost_before:
            lost[kind] = lost.get(kind, 0) + 1
            (tmp_path / f"{number}").write_bytes(body)
    record_figure(
        "mutated images",
        kinds=len(originals),
        tried=count,
        decoded=decoded,
        processes_lost=sum(lost.values()),
    )
    decoder.close()
    assert not lost, f"these kinds of images ended a process ({lost}); the files are in {tmp_path}"
    assert decoded > count // 20


def test_the_seeds_of_the_fuzz_are_all_decoded(decoder: SandboxedDecoder) -> None:
    for kind, body in seeds().items():
        assert decoder.decode(body, None).width > 0, kind
