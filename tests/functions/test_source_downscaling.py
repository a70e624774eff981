"""A document's own images are stored with as many pixels as its largest size can show."""

import io
from typing import Any

import pytest
from PIL import Image

from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import document

HERO = "https://example.com/hero.jpg"
WIDE = {"width": 1000, "height": 500}  # so that five times its size is the most there is
MOST = 5


def photo(width: int, height: int, kind: str = "JPEG", mode: str = "RGB") -> bytes:
    noise = Image.effect_noise((width // 4, height // 4), 60).resize((width, height))
    file = io.BytesIO()
    Image.merge(mode, [noise] * len(mode)).save(file, kind)
    return file.getvalue()


def image(**more: Any) -> dict[str, Any]:
    return {"type": "image", "width": 60, "height": 40, "source": HERO, **more}


def stored_source(
    world: InMemoryService, body: bytes, *layers: dict[str, Any], **more: Any
) -> Image.Image:
    """The source as it is stored with a version of these layers."""
    world.web.pictures[HERO] = body
    world.publish(document(**{**WIDE, "layers": list(layers), **more}))
    version = world.templates.version("welcome", 1)
    assert version is not None
    stored = world.store.get(version.sources[HERO])
    assert stored is not None
    return Image.open(io.BytesIO(stored.body))


@pytest.mark.parametrize(
    ("layers", "size"),
    [
        ([image()], (300, 200)),
        ([image(width=60, height=20)], (300, 200)),  # covers
        ([image(fit="contain", width=20, height=40)], (300, 200)),
        ([image(), image(width=90, height=60)], (450, 300)),
        ([{"type": "group", "layers": [image()]}], (300, 200)),
        ([image(rotation=30, filter={"blur": 4})], (300, 200)),
        ([image(fit="none")], (1200, 800)),
        ([image(width=None)], (1200, 800)),
        ([image(), image(fit="none")], (1200, 800)),
        ([image(width=200, height=150)], (1200, 800)),  # so much smaller it would not be
    ],
)
def test_a_source_is_stored_with_the_pixels_that_its_largest_box_can_show(
    empty: InMemoryService, layers: list[dict[str, Any]], size: tuple[int, int]
) -> None:
    shown = [{key: value for key, value in layer.items() if value is not None} for layer in layers]
    assert stored_source(empty, photo(1200, 800), *shown).size == size


@pytest.mark.parametrize(
    "more",
    [
        {"fields": {"face": {"type": "image", "default": HERO}}, "alt": "{{ face }}"},
        {"ended": {"layers": [image(fit="none")]}},
    ],
)
def test_a_source_of_unknown_size_is_not_downscaled(
    empty: InMemoryService, more: dict[str, Any]
) -> None:
    assert stored_source(empty, photo(1200, 800), image(), **more).size == (1200, 800)


@pytest.mark.parametrize(
    ("kind", "mode", "format"),
    [("JPEG", "RGB", "JPEG"), ("PNG", "RGB", "PNG"), ("PNG", "RGBA", "PNG")],
)
def test_downscaling_keeps_the_file_format(
    empty: InMemoryService, kind: str, mode: str, format: str
) -> None:
    made = stored_source(empty, photo(1200, 800, kind, mode), image())
    assert (made.format, made.size) == (format, (300, 200))


def test_a_downscaled_source_draws_nearly_the_same_pixels(empty: InMemoryService) -> None:
    body = photo(1200, 800)
    stored_source(empty, body, image(width=400, height=300))
    whole = empty.open_link(empty.sign_link(format="webp")).body
    smaller = InMemoryService()
    stored_source(smaller, body, image(width=120, height=80, fit="fill"))
    assert whole != smaller.open_link(smaller.sign_link(format="webp")).body
    with Image.open(io.BytesIO(smaller.open_link(smaller.sign_link(dpr=2)).body)) as file:
        shown = file.convert("L").crop((0, 0, 240, 160))
    with Image.open(io.BytesIO(body)) as file:
        expected = file.convert("L").resize((240, 160), Image.Resampling.BICUBIC)
    pairs = zip(shown.tobytes(), expected.tobytes(), strict=True)
    assert sum(abs(one - two) for one, two in pairs) / (240 * 160) < 4
