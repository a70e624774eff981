"""Codes of squares, of squares with round corners, and of dots: they scan, whatever the size."""

from typing import Any

import pytest
import zxingcpp
from PIL import Image, ImageDraw

from postcard.canvas.barcode_masks import ModuleStyle
from postcard.geometry import Box, output_size
from postcard.rendering.renderer import PreparedRender, RenderedPicture
from postcard.template.bind import bind_defaults
from tests.golden.compare import assert_matches_golden
from tests.rendering.drawing import decode, render
from tests.rendering.sample_images import encode
from tests.rendering.text_canvas import BLUE, blank_canvas
from tests.template.template_cases import faults, template

STYLES: tuple[ModuleStyle, ...] = ("square", "round", "dot")
ADDRESS = "https://example.com/r/SAVE25NOW?utm_source=spring"


def shown(code: dict[str, Any], *, dpr: float = 1, **document: Any) -> Image.Image:
    layer = {"type": "qr", "x": 10, "y": 10, "value": ADDRESS, **code}
    made = template(layers=[layer], width=240, height=240, **document)
    return decode(render(made, dpr=dpr)).convert("RGB")


def read(image: Image.Image) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(image)]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("width", [90, 140, 220])
@pytest.mark.parametrize("dpr", [1, 1.5, 2, 3])
def test_every_style_scans_at_every_size(style: str, width: int, dpr: float) -> None:
    assert read(shown({"style": style, "width": width}, dpr=dpr)) == [ADDRESS]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("correction", ["L", "M", "Q", "H"])
def test_every_style_scans_at_every_correction(style: str, correction: str) -> None:
    code = {"style": style, "width": 200, "error_correction": correction, "color": "#1e3a8a"}
    assert read(shown(code, background="#fef3c7")) == [ADDRESS]


def test_a_long_code_scans_in_every_style() -> None:
    for style in STYLES:
        long = {"value": ADDRESS * 12, "style": style, "width": 220}
        assert read(shown(long, dpr=3)) == [ADDRESS * 12]


def test_other_styles_are_refused() -> None:
    layer = {"type": "qr", "value": "x", "width": 99, "style": "diamond"}
    assert list(faults(layers=[layer])) == ["/layers/0/style"]


@pytest.mark.parametrize("style", STYLES)
def test_only_corners_that_touch_nothing_are_round(style: ModuleStyle) -> None:
    canvas = blank_canvas(80, 80)
    canvas.draw_qr_modules([b"\1\1", b"\0\1"], Box(0, 0, 80, 80), BLUE, style=style)
    image = canvas.surface.to_image().convert("RGB")
    corner = image.getpixel((0, 0)), image.getpixel((79, 0)), image.getpixel((79, 79))
    inner = image.getpixel((40, 39))
    blue, white = BLUE[:3], (255, 255, 255)
    assert corner == ((blue,) * 3 if style == "square" else (white,) * 3)
    assert inner == (white if style == "dot" else blue)
    assert image.getpixel((20, 60)) == white
    assert image.getpixel((20, 20)) == blue


@pytest.mark.parametrize("style", STYLES)
def test_a_clipped_code_looks_like_that_part_of_the_whole(style: str) -> None:
    code = {"style": style, "width": 200}
    whole = shown({**code, "x": 0, "y": 0})
    part = shown({**code, "x": -55, "y": -31})
    assert part.crop((0, 0, 145, 169)).tobytes() == whole.crop((55, 31, 200, 200)).tobytes()


def test_the_styles_match_their_golden_picture() -> None:
    code = {"type": "qr", "y": 10, "width": 150, "value": ADDRESS}
    layers = [{**code, "style": style, "x": 10 + 160 * n} for n, style in enumerate(STYLES)]
    image = decode(
        render(template(layers=layers, width=490, height=170, background="#e2e8f0"), dpr=3)
    )
    assert_matches_golden("template-qr-styles", image)


def logo(shape: tuple[int, int] = (60, 60)) -> dict[str, bytes]:
    image = Image.new("RGBA", shape)
    pen = ImageDraw.Draw(image)
    pen.ellipse((0, 0, shape[0] - 1, shape[1] - 1), fill=(225, 29, 72, 255))
    return {"asset:seal": encode(image, "PNG")}


def sealed(code: dict[str, Any], *, dpr: float = 2, **rest: Any) -> RenderedPicture:
    layer = {"type": "qr", "x": 10, "y": 10, "width": 180, "value": ADDRESS, **code}
    made = template(layers=[{**layer, "logo": "asset:seal"}], width=200, height=200)
    return render(made, dpr=dpr, **rest)


@pytest.mark.parametrize("correction", [None, "L", "M", "Q", "H"])
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    ("value", "dpr"),
    [("A1", 1), ("A1", 3), (ADDRESS, 1), (ADDRESS, 1.5), (ADDRESS, 2), (ADDRESS * 4, 3)],
)
def test_a_code_with_a_logo_scans(
    style: str, correction: str | None, value: str, dpr: float
) -> None:
    code = {"style": style, "error_correction": correction, "value": value}
    drawn = sealed(code, dpr=dpr, pictures=logo())
    assert drawn.warnings == ()
    assert read(decode(drawn).convert("RGB")) == [value]


def test_a_missing_logo_is_left_out_with_a_warning() -> None:
    drawn = sealed({})
    assert [warning.code for warning in drawn.warnings] == ["image_unavailable"]
    assert read(decode(drawn).convert("RGB")) == [ADDRESS]


def test_a_logo_is_one_of_the_documents_own_pictures() -> None:
    code = {"type": "qr", "value": "x", "width": 99}
    made = template(layers=[{**code, "logo": "asset:seal"}])
    assert made.image_references == ("asset:seal",)
    sources = PreparedRender(made, bind_defaults(made), output_size(200, 100)).image_sources()
    assert [(source.pointer, source.reference) for source in sources] == [
        ("/layers/0/logo", "asset:seal")
    ]
    assert list(faults(layers=[{**code, "logo": "seal.png"}])) == ["/layers/0/logo"]


def test_a_logo_keeps_its_proportions_in_the_middle() -> None:
    drawn = sealed({"style": "round", "color": "#1e293b"}, dpr=2, pictures=logo((90, 45)))
    assert_matches_golden("template-qr-logo", decode(drawn).convert("RGB"))
