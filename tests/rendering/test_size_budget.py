"""`max_bytes` never takes the colours of texts, codes and shapes away."""

import io
from typing import Any

import pytest
from PIL import Image

from postcard.rendering.renderer import RenderedPicture
from tests.rendering.drawing import render
from tests.rendering.sample_images import encode
from tests.template.template_cases import template

SIZE = (300, 100)
SKY = {"type": "linear", "angle": 120, "stops": [["#0f172a", 0], ["#1e293b", 1]]}
GROUND = {"type": "rectangle", "width": 300, "height": 100, "fill": SKY}
SHADOW = {"color": "#000", "y": 2, "blur": 8}
TEXT = {"type": "text", "x": 10, "y": 10, "size": 40, "text": "Hi Zoë", "color": "#fff"}
WHITE = (255, 255, 255)
PHOTO = {"type": "image", "width": 300, "height": 100, "source": "asset:photo"}


def photo() -> bytes:
    noise = [Image.effect_noise(SIZE, sigma).resize(SIZE) for sigma in (40, 60, 80)]
    return encode(Image.merge("RGB", noise).point([level // 2 for level in range(256)] * 3), "PNG")


def pictures(*layers: dict[str, Any], **options: Any) -> tuple[RenderedPicture, RenderedPicture]:
    """The picture without `max_bytes` as a lossless PNG, and the one with the options."""
    document = options.pop("document", {})
    made = template(width=300, height=100, layers=list(layers), **document)
    shown = {"asset:photo": photo()}
    return render(made, pictures=shown), render(made, pictures=shown, **options)


def pixels(picture: RenderedPicture) -> list[tuple[int, ...]]:
    with Image.open(io.BytesIO(picture.image.body)) as image:
        return list(image.convert("RGBA").get_flattened_data())  # type: ignore[arg-type]


def colors_where(
    right: RenderedPicture, picture: RenderedPicture, ink: tuple[int, ...]
) -> set[Any]:
    """The colours of the picture where the right one has that ink."""
    both = zip(pixels(right), pixels(picture), strict=True)
    return {shown[:3] for expected, shown in both if expected == (*ink, 255)}


def says_over_budget(picture: RenderedPicture, max_bytes: int) -> bool:
    codes = [warning.code for warning in picture.warnings]
    assert codes == (["max_bytes_exceeded"] if len(picture.image.body) > max_bytes else [])
    return bool(codes)


@pytest.mark.parametrize("format", ["png", "gif"])
@pytest.mark.parametrize("max_bytes", [2000, 4000, 8000])
@pytest.mark.parametrize("ground", [{**GROUND, "shadow": SHADOW}, PHOTO])
def test_letters_keep_their_colour_whatever_the_size(
    format: str, max_bytes: int, ground: dict[str, Any]
) -> None:
    text = {**TEXT, "shadow": SHADOW}
    right, small = pictures(ground, text, format=format, max_bytes=max_bytes)
    says_over_budget(small, max_bytes)
    assert colors_where(right, small, WHITE) == {WHITE}


@pytest.mark.parametrize("format", ["png", "gif"])
def test_the_colours_of_codes_shapes_and_spans_are_kept_too(format: str) -> None:
    layers = [
        PHOTO,
        {**TEXT, "text": [{"text": "A", "color": "#22d3ee"}, {"text": "B", "color": "#f0abfc"}]},
        {"type": "qr", "x": 150, "y": 10, "width": 70, "value": "x", "color": "#1e3a8a"},
        {"type": "ellipse", "x": 240, "y": 10, "width": 30, "height": 30, "fill": "#facc15"},
    ]
    right, small = pictures(*layers, format=format, max_bytes=2000)
    for ink in ((0x22, 0xD3, 0xEE), (0xF0, 0xAB, 0xFC), (0x1E, 0x3A, 0x8A), (0xFA, 0xCC, 0x15)):
        assert colors_where(right, small, ink) == {ink}


def test_a_picture_without_background_keeps_its_inks() -> None:
    fade = {**GROUND, "fill": {**SKY, "stops": [["#0f172a00", 0], ["#0f172a", 1]]}}
    document = {"background": "transparent"}
    right, small = pictures(fade, TEXT, document=document, format="png", max_bytes=2000)
    assert colors_where(right, small, WHITE) == {WHITE}


def test_colours_from_a_request_are_inks() -> None:
    made = template(width=300, height=100, layers=[PHOTO, {**TEXT, "name": "title"}])
    change, shown = {"name": "title", "color": "#a3e635"}, {"asset:photo": photo()}
    right = render(made, change, pictures=shown)
    small = render(made, change, pictures=shown, max_bytes=2000)
    assert colors_where(right, small, (0xA3, 0xE6, 0x35)) == {(0xA3, 0xE6, 0x35)}


@pytest.mark.parametrize(
    "look",
    [
        {"color": "#ffffffcc"},
        {"opacity": 0.8},
        {"color": {"type": "linear", "angle": 90, "stops": [["#fde047", 0], ["#fff", 1]]}},
    ],
)
def test_translucent_and_shaded_letters_stay_legible(look: dict[str, Any]) -> None:
    right, small = pictures(GROUND, {**TEXT, **look}, format="png", max_bytes=2000)
    pairs = list(zip(pixels(right), pixels(small), strict=True))
    letters = [shown for expected, shown in pairs if min(expected[:2]) > 180]
    assert len(letters) > 200
    assert sum(min(shown[:2]) > 120 for shown in letters) > 0.98 * len(letters)


def test_more_inks_than_a_small_palette_holds_are_over_budget() -> None:
    inks = [(255, 17 * index, 255 - 17 * index) for index in range(14)]
    shapes = [
        {"type": "rectangle", "x": 20 * index, "y": 40, "width": 12, "height": 12,
         "fill": "#" + bytes(ink).hex()}
        for index, ink in enumerate(inks)
    ]  # fmt: skip
    right, small = pictures(PHOTO, *shapes, format="png", max_bytes=2000)
    assert says_over_budget(small, 2000)
    for ink in inks:
        assert colors_where(right, small, ink) == {ink}


@pytest.mark.parametrize("format", ["png", "gif", "jpg", "webp", "avif"])
@pytest.mark.parametrize("layers", [(GROUND, {**TEXT, "shadow": SHADOW}), (PHOTO, TEXT), (TEXT,)])
def test_a_budget_that_cannot_be_met_never_makes_the_picture_larger(
    format: str, layers: tuple[dict[str, Any], ...]
) -> None:
    made = template(width=300, height=100, layers=list(layers))
    shown = {"asset:photo": photo()}
    free = len(render(made, pictures=shown, format=format).image.body)
    for max_bytes in (100, free - 1):
        small = render(made, pictures=shown, format=format, max_bytes=max_bytes)
        says_over_budget(small, max_bytes)
        assert len(small.image.body) <= free


@pytest.mark.parametrize("max_bytes", [2000, 12_000, 40_000])
def test_an_animation_keeps_its_inks(max_bytes: int) -> None:
    document = {"countdown": {"to": "2030-01-01T00:00:00Z", "frames": 3}}
    text = {**TEXT, "text": "{{ countdown.seconds }}", "features": ["tnum"]}
    made = template(width=300, height=100, layers=[PHOTO, text], **document)
    shown = {"asset:photo": photo()}
    right = render(made, pictures=shown)
    small = render(made, pictures=shown, format="gif", max_bytes=max_bytes)
    says_over_budget(small, max_bytes)
    assert colors_where(right, small, WHITE) == {WHITE}
