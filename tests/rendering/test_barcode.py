"""template.md, "Layers": bar codes, read back by a scanner."""

from typing import Any

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from postcard.barcodes.linear_encoder import MAX_CODE128_LENGTH, check_digit, encode_barcode
from postcard.geometry import DPRS
from tests.rendering.drawing import content_box, decode, render, render_layers
from tests.template.template_cases import bind_link, faults, refusal_codes, template
from tests.trust.run_scale import scaled

VALUES = [
    ("code128", "SAVE-25 now!", "SAVE-25 now!"),
    ("code128", "0123456789", "0123456789"),
    ("code128", "a1", "a1"),
    ("ean13", "4006381333931", "4006381333931"),
    ("ean13", "400638133393", "4006381333931"),
    ("ean13", "978-3-16-148410-0", "9783161484100"),
    ("ean8", "96385074", "96385074"),
    ("ean8", "9638507", "96385074"),
    ("upca", "036000291452", "036000291452"),
    ("upca", "03600029145", "036000291452"),
]


def code(symbology: str, value: str, **more: Any) -> dict[str, Any]:
    return {"type": "barcode", "symbology": symbology, "value": value, "x": 8, "y": 6,
            "width": 260, "height": 80, **more}  # fmt: skip


def texts(image: Image.Image) -> list[str]:
    """What a scanner reads; a UPC-A is an EAN-13 that begins with 0."""
    return [found.text for found in zxingcpp.read_barcodes(image.convert("RGB"))]


@pytest.mark.parametrize("dpr", DPRS)
@pytest.mark.parametrize("show_text", [False, True])
@pytest.mark.parametrize(("symbology", "value", "read"), VALUES)
def test_a_barcode_scans(
    symbology: str, value: str, read: str, show_text: bool, dpr: float
) -> None:
    layer = code(symbology, "{{ v }}", show_text=show_text)
    made = template(width=280, layers=[layer], fields={"v": {"default": value}})
    rendered = render(made, dpr=dpr)
    assert rendered.warnings == ()
    (text,) = texts(decode(rendered))
    assert text.lstrip("0") == read.lstrip("0")


@settings(max_examples=scaled(30, 300), deadline=None)
@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=18))
def test_every_text_of_ascii_scans(value: str) -> None:
    code_ = encode_barcode("code128", value).modules
    row = bytes(0 if dark else 255 for dark in code_)
    image = Image.frombytes("L", (len(row), 1), row).resize((2 * len(row), 60), 0)
    assert texts(image) == [value]


@settings(max_examples=scaled(30, 300), deadline=None)
@given(st.sampled_from([("ean13", 12), ("ean8", 7), ("upca", 11)]), st.randoms())
def test_every_number_scans_with_its_check_digit(kind: tuple[Any, int], random: Any) -> None:
    symbology, count = kind
    digits = "".join(random.choice("0123456789") for _ in range(count))
    code_ = encode_barcode(symbology, digits).modules
    image = Image.frombytes("L", (len(code_), 1), bytes(0 if dark else 255 for dark in code_))
    (text,) = texts(image.resize((2 * len(code_), 60), 0))
    assert text.lstrip("0") == (digits + check_digit(digits)).lstrip("0")
    assert encode_barcode(symbology, digits) == encode_barcode(
        symbology, digits + check_digit(digits)
    )


@pytest.mark.parametrize("dpr", DPRS)
def test_bars_are_whole_pixels(dpr: float) -> None:
    made = template(width=280, layers=[code("ean13", "400638133393", width=171.3, x=8.4)])
    image = decode(render(made, dpr=dpr)).convert("L")
    assert set(image.tobytes()) == {0, 255}
    left, _, right, _ = content_box(image.convert("RGB")) or (0, 0, 0, 0)
    assert (right - left) % 95 == 0


@pytest.mark.parametrize(
    ("symbology", "value", "quiet"),
    [("code128", "a1", 10), ("ean13", "400638133393", 7), ("ean8", "9638507", 7),
     ("upca", "03600029145", 9)],
)  # fmt: skip
def test_the_quiet_zone_is_inside_the_box(symbology: str, value: str, quiet: int) -> None:
    layer = code(symbology, value, background="#ff0000")
    image = render_layers(layer, width=280)
    assert content_box(image) == (8, 6, 268, 86)
    left, _, right, _ = content_box(image.crop((8, 6, 268, 86)), "#ff0000") or (0, 0, 0, 0)
    each = (right - left) // sum(1 for _ in encode_barcode(symbology, value).modules[quiet:-quiet])
    assert left >= quiet * max(1, each) and 260 - right >= quiet * max(1, each)


def test_the_narrowest_barcode_scans_and_a_narrower_one_is_a_warning_and_not_drawn() -> None:
    assert texts(render_layers(code("ean13", "400638133393", width=113))) == ["4006381333931"]
    made = template(layers=[code("ean13", "400638133393", width=112)])
    rendered = render(made)
    assert content_box(decode(rendered)) is None
    assert [(w.code, w.pointer) for w in rendered.warnings] == [("unscannable", "/layers/0")]
    assert texts(decode(render(made, dpr=2))) == ["4006381333931"]


@pytest.mark.parametrize("value", ["A1", "SAVE-25 now!"])
def test_the_text_of_a_code_128_is_centred_below_its_bars(value: str) -> None:
    image = render_layers(code("code128", value, show_text=True), width=280)
    bars, text = (
        content_box(image.crop((0, top, 280, high))) for top, high in ((0, 50), (74, 100))
    )
    assert bars and text
    assert (text[0] + text[2]) / 2 == pytest.approx((bars[0] + bars[2]) / 2, abs=2)


BAD = [
    ("ean13", "4006381333932"), ("ean13", "40063813339"), ("ean13", "40063813339310"),
    ("ean13", "40063813339a"), ("ean13", "٤٠٠٦٣٨١٣٣٣٩٣"), ("ean8", "96385075"), ("ean8", "963850"),
    ("upca", "036000291453"), ("upca", "0360002914"), ("code128", "café"), ("code128", "a\nb"),
    ("code128", "x" * (MAX_CODE128_LENGTH + 1)), ("code128", "ñ"),
]  # fmt: skip


@pytest.mark.parametrize(("symbology", "value"), BAD)
def test_an_invalid_value_is_not_drawn_and_a_warning(symbology: str, value: str) -> None:
    made = template(layers=[code(symbology, "{{ v }}")], fields={"v": {}})
    rendered = render(made, {"name": "v", "text": value})
    assert (rendered.boxes, content_box(decode(rendered))) == ((), None)
    assert [(w.code, w.pointer) for w in rendered.warnings] == [("invalid_value", "/layers/0")]


@pytest.mark.parametrize(("symbology", "value"), BAD)
def test_an_invalid_value_is_refused_in_a_document_and_in_a_request(
    symbology: str, value: str
) -> None:
    assert set(faults(layers=[code(symbology, value)])) == {"/layers/0/value"}
    made = template(layers=[code(symbology, "", name="code")])
    assert refusal_codes(made, {"name": "code", "value": value}) == {
        "/modifications/0/value": "invalid_value"
    }
    assert (bind_link(made, code=value).layers, bind_link(made, code=value).ignored_count) == (
        {},
        1,
    )


def test_a_fault_says_what_the_check_digit_should_be() -> None:
    (detail,) = faults(layers=[code("ean13", "4006381333932")]).values()
    assert detail == "The value has the check digit 2, which should be 1."


def test_liquid_in_a_value_is_plain_text() -> None:
    made = template(layers=[code("ean13", "{{ v }}", name="code")], fields={"v": {}}, width=300)
    rendered = render(made, {"name": "v", "text": "1{{ 400638133393 }}"})
    assert [w.code for w in rendered.warnings] == ["invalid_value"]


def test_a_missing_value_is_not_drawn_and_no_warning() -> None:
    made = template(layers=[code("ean13", "{{ v }}")], fields={"v": {}})
    assert (render(made).boxes, render(made).warnings) == ((), ())


def test_a_request_sets_value_colour_and_background() -> None:
    made = template(width=280, layers=[code("code128", "old", name="code")])
    image = decode(
        render(made, {"name": "code", "value": "new", "color": "#000080", "background": "#ffff00"})
    )
    assert texts(image) == ["new"]
    assert {color for _, color in image.getcolors() or []} == {
        (255, 255, 255), (0, 0, 128), (255, 255, 0),
    }  # fmt: skip


def test_one_side_is_enough_and_none_is_not() -> None:
    box = render(template(layers=[code("ean8", "9638507", height=None)])).boxes[0]
    assert (box.width, box.height) == (260, 260)
    none = code("ean8", "9638507", width=None, height=None)
    assert set(faults(layers=[none])) == {"/layers/0/width"}


def test_the_digits_are_below_the_bars_and_the_guard_bars_reach_between_them() -> None:
    plain = render_layers(code("ean13", "400638133393"), width=280)
    text = render_layers(code("ean13", "400638133393", show_text=True), width=280)
    assert content_box(plain.crop((0, 82, 280, 100)))
    bottom = [text.getpixel((x, 79)) == (0, 0, 0) for x in range(280)]
    assert 0 < sum(bottom) < sum(plain.getpixel((x, 79)) == (0, 0, 0) for x in range(280)) / 2
