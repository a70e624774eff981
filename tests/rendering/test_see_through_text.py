"""Letters and emoji in colours with alpha: what is behind shows, and nothing else."""

from typing import Any

import pytest
from PIL import Image, ImageChops

from tests.rendering.drawing import pixel, render_layers

SKY = (136, 187, 238)
LETTERS = {"type": "text", "x": 8, "y": 4, "size": 60, "weight": 800, "text": "Half"}
RED_STROKE = {"color": "#aa0000", "width": 2}
EMOJI = {"type": "text", "x": 8, "y": 4, "size": 60, "text": "🎉"}


def drawn(layer: dict[str, Any], **changes: Any) -> Image.Image:
    return render_layers({**layer, **changes}, background="#88bbee").convert("RGB")


def fill_of(letters: Image.Image) -> Image.Image:
    """A mask of the pixels inside black letters."""
    return letters.convert("L").point([255 * (level < 3) for level in range(256)])


def difference_below(image: Image.Image, mask: Image.Image, colour: tuple[int, ...]) -> int:
    """The largest difference of a level from those of a colour, below a mask."""
    difference = ImageChops.difference(image, Image.new("RGB", image.size, colour))
    difference.paste(0, None, ImageChops.invert(mask))
    return max(int(high) for _, high in difference.getextrema())  # type: ignore[misc]


@pytest.mark.parametrize("stroke", [RED_STROKE, {**RED_STROKE, "dash": [6, 4]}])
@pytest.mark.parametrize("spacing", [0.0, -0.05, 0.1])
@pytest.mark.parametrize(
    ("color", "inside"),
    [
        ("transparent", SKY),
        ("#ffffff80", (196, 221, 247)),
        ({"type": "linear", "stops": [["#ffffff00", 0], ["#ffffff00", 1]]}, SKY),
    ],
)
def test_a_stroke_is_outside_the_letters(
    stroke: Any, spacing: float, color: Any, inside: tuple[int, ...]
) -> None:
    mask = fill_of(drawn(LETTERS, color="#000000", letter_spacing=spacing))
    outlined = drawn(LETTERS, color=color, stroke=stroke, letter_spacing=spacing)
    assert difference_below(outlined, mask, inside) <= 3
    assert (170, 0, 0) in outlined.get_flattened_data()


def test_a_stroke_does_not_show_through_a_neighbours_letters() -> None:
    spans = [{"text": "H", "color": "#000000"}, {"text": "f", "color": "#ffffff80"}]
    without = drawn({**LETTERS, "text": spans, "letter_spacing": -0.1})
    outlined = drawn({**LETTERS, "text": spans, "letter_spacing": -0.1, "stroke": RED_STROKE})
    half = ImageChops.invert(
        ImageChops.difference(without, Image.new("RGB", without.size, (196, 221, 247)))
    )
    mask = half.convert("L").point([255 * (level == 255) for level in range(256)])
    assert difference_below(outlined, mask, (196, 221, 247)) <= 3


def test_a_stroke_reaches_below_opaque_letters_so_that_no_seam_shows() -> None:
    outlined = drawn(LETTERS, color="#aa0000", stroke=RED_STROKE)
    mask = fill_of(drawn(LETTERS, color="#000000"))
    assert difference_below(outlined, mask, (170, 0, 0)) == 0


@pytest.mark.parametrize("alpha", [0, 0x40, 0x88, 0xFF])
def test_the_alpha_of_a_texts_colour_fades_its_emoji(alpha: int) -> None:
    full = drawn(EMOJI)
    faded = drawn(EMOJI, color=f"#ff0000{alpha:02x}")
    expected = Image.blend(Image.new("RGB", full.size, SKY), full, alpha / 255)
    difference = ImageChops.difference(faded, expected)
    assert max(high for _, high in difference.getextrema()) <= 2  # type: ignore[misc]


def test_a_gradients_alpha_fades_emoji_where_it_is() -> None:
    stops = [["#ff0000ff", 0], ["#ff000000", 1]]
    gradient = {"type": "linear", "angle": 90, "stops": stops}
    faded = drawn(EMOJI | {"text": "🟥🟥🟥", "size": 40, "width": 160}, color=gradient)
    reds = [pixel(faded, (x, 30))[0] for x in (28, 78, 128)]
    assert reds == sorted(reds, reverse=True)
    assert reds[0] - reds[-1] > 40
