"""template.md, "Layers": what each type draws, and where."""

from typing import Any

import pytest
import zxingcpp
from PIL import Image

from postcard.rendering.renderer import RenderFailed
from tests.rendering.drawing import (
    content_box,
    decode,
    plain_picture,
    quarters,
    render,
    render_layers,
)
from tests.template.template_cases import template

RED, WHITE, BLACK = (255, 0, 0), (255, 255, 255), (0, 0, 0)
BOX = {"type": "rectangle", "x": 20, "y": 10, "width": 60, "height": 40, "fill": "red"}
TEXT = {"type": "text", "text": "Ham", "size": 40, "x": 10, "y": 10}


# Every layer


def test_the_first_layer_is_at_the_back() -> None:
    image = render_layers(BOX, {**BOX, "fill": "blue", "x": 40})
    assert image.getpixel((30, 20)) == RED
    assert image.getpixel((70, 20)) == (0, 0, 255)


def test_x_and_y_are_from_the_top_left_of_the_canvas() -> None:
    assert content_box(render_layers(BOX)) == (20, 10, 80, 50)


def test_opacity_applies_to_the_layer_as_a_whole() -> None:
    image = render_layers(
        {"type": "group", "opacity": 0.5, "layers": [BOX, {**BOX, "fill": "red"}]}
    )
    assert image.getpixel((50, 30)) == pytest.approx((255, 128, 128), abs=2)
    assert content_box(render_layers({**BOX, "opacity": 0})) is None


def test_rotation_is_clockwise_about_the_centre() -> None:
    assert content_box(render_layers({**BOX, "rotation": 90})) == (30, 0, 70, 60)
    half = {**BOX, "fill": {"type": "linear", "angle": 90, "stops": [["red", 0.5], ["blue", 0.5]]}}
    assert render_layers({**half, "rotation": 90}).getpixel((50, 10)) == RED


def test_a_layer_whose_if_is_false_is_not_drawn() -> None:
    fields = {"points": {"type": "number", "default": 5}, "name": {}}
    shown = [
        bool(content_box(render_layers({**BOX, "if": condition}, fields=fields)))
        for condition in ("points > 4", "points > 5", "points", "name", "name == nil", "not name")
    ]
    assert shown == [True, False, True, False, True, True]


def test_visible_overrides_if() -> None:
    made = template(layers=[{**BOX, "name": "box", "if": "false"}])
    assert content_box(decode(render(made))) is None
    assert content_box(decode(render(made, {"name": "box", "visible": True})))
    made = template(layers=[{**BOX, "name": "box"}])
    assert content_box(decode(render(made, {"name": "box", "visible": False}))) is None


def test_a_layer_beyond_the_canvas_is_clipped_and_costs_nothing() -> None:
    image = render_layers({**BOX, "x": -20_000, "width": 20_000, "height": 20_000, "radius": 9000})
    assert image.size == (200, 100)
    image = render_layers({**BOX, "x": -10_000, "y": -9000, "width": 20_000, "height": 20_000})
    assert image.getpixel((100, 50)) == RED


def test_the_boxes_are_where_each_layer_is_drawn() -> None:
    group = {
        "type": "group",
        "x": 5,
        "y": 6,
        "padding": [1, 2],
        "layers": [{**BOX, "x": 3, "y": 4}],
    }
    boxes = render(template(layers=[BOX, group, {**BOX, "if": "false"}])).boxes
    assert [(b.pointer, b.x, b.y, b.width, b.height) for b in boxes] == [
        ("/layers/0", 20, 10, 60, 40),
        ("/layers/1", 5, 6, 67, 46),
        ("/layers/1/layers/0", 10, 11, 60, 40),
    ]


# Paint


def test_an_invalid_colour_from_liquid_is_the_default() -> None:
    fields = {"brand": {"default": "reddish"}, "none": {}}
    made = template(layers=[{**BOX, "fill": "{{ brand }}"}], fields=fields, color="{{ none }}")
    rendered = render(made)
    assert content_box(decode(rendered)) is None  # a fill's default is none
    assert [(w.code, w.pointer) for w in rendered.warnings] == [("invalid_value", "/layers/0/fill")]
    assert render(made, {"name": "brand", "text": "red"}).warnings == ()


def test_a_gradient_and_the_background_may_have_liquid() -> None:
    fields = {"brand": {"type": "color", "default": "red"}}
    stops = [["{{ brand }}", 0], ["{{ brand }}", 1]]
    image = render_layers({**BOX, "fill": {"type": "linear", "stops": stops}}, fields=fields)
    assert image.getpixel((50, 30)) == RED
    assert render_layers(background="{{ brand }}", fields=fields).getpixel((0, 0)) == RED


def test_a_stroke_is_inside_the_outline_and_a_request_recolours_the_fill() -> None:
    box = {**BOX, "name": "box", "stroke": {"color": "blue", "width": 4}}
    image = render_layers(box)
    assert content_box(image) == (20, 10, 80, 50)
    assert image.getpixel((22, 12)) == (0, 0, 255)
    image = decode(render(template(layers=[box]), {"name": "box", "color": "#00ff00"}))
    assert image.getpixel((50, 30)) == (0, 255, 0)


# Text


def test_a_text_without_a_size_is_as_large_as_its_lines() -> None:
    box = render(template(layers=[{**TEXT, "text": "Ham\nand eggs"}])).boxes[0]
    assert box.height == pytest.approx(2 * 1.2 * 40)
    assert 100 < box.width < 200


def test_spans_take_their_styles_and_the_documents_colour() -> None:
    spans = [
        {"text": "a"},
        {"text": "B", "style": "big"},
        {"text": "c", "style": "big", "color": "blue"},
    ]
    text = {"type": "text", "text": spans, "size": 20}
    rendered = render(
        template(layers=[text], styles={"big": {"size": 60, "color": "red"}}, color="#0f0")
    )
    colors = {color for _, color in decode(rendered).getcolors(10_000) or []}
    assert {RED, (0, 0, 255), (0, 255, 0)} <= colors
    assert rendered.boxes[0].height == pytest.approx(1.2 * 60)


def test_a_new_text_replaces_all_spans_and_takes_the_layers_style() -> None:
    spans = [{"text": "a", "color": "red"}, {"text": "b", "color": "blue"}]
    made = template(layers=[{"type": "text", "name": "t", "text": spans, "size": 50}])
    image = decode(render(made, {"name": "t", "text": "new {{ 5 }}"}))
    red, green, blue = image.split()
    assert red == green == blue
    assert render(made, {"name": "t", "text": "new {{ 5 }}"}).warnings == ()


def test_emphasised_words_of_a_value_take_the_emphasis_style() -> None:
    fields = {"title": {"emphasis": True, "default": "a *b* c"}, "other": {"default": "a *b* c"}}
    styles = {"strong": {"color": "red"}}
    text = {**TEXT, "text": "{{ title }}", "emphasis": "strong"}

    def red(**more: Any) -> bool:
        image = render_layers({**text, **more}, fields=fields, styles=styles)
        return any(c == RED for _, c in image.getcolors(10_000) or [])

    assert red()
    assert not red(text="{{ other }}")
    assert not red(text="a *b* c")


def test_a_text_that_is_evaluated_to_nothing_is_not_drawn() -> None:
    made = template(layers=[{**TEXT, "text": " {{ a }}\n"}], fields={"a": {}})
    assert render(made).boxes == ()


def test_a_highlight_is_behind_the_text_and_a_request_can_set_one() -> None:
    made = template(layers=[{**TEXT, "name": "t", "color": "#fff"}])
    assert content_box(decode(render(made))) is None
    assert content_box(decode(render(made, {"name": "t", "background": "red"})))


def test_a_letter_that_no_font_has_is_a_warning() -> None:
    warnings = render(template(layers=[{**TEXT, "text": "a\U000e1fff\U0001ffff\ue000"}])).warnings
    assert [w.code for w in warnings] == ["missing_glyph"]


@pytest.mark.parametrize(
    ("transform", "language", "text", "like"),
    [
        ("uppercase", "en", "ham", "HAM"),
        ("uppercase", "tr", "ipi", "İPİ"),
        ("lowercase", "en", "HAM", "ham"),
        ("capitalize", "en", "ham and eggs", "Ham And Eggs"),
    ],
)
def test_letters_are_transformed_by_language(
    transform: str, language: str, text: str, like: str
) -> None:
    styled = {**TEXT, "text": text, "transform": transform, "language": language}
    assert render_layers(styled) == render_layers({**TEXT, "text": like, "language": language})


def test_a_name_in_another_direction_does_not_reorder_its_neighbours() -> None:
    fields = {"name": {"default": "שלום"}}
    isolated = render_layers({**TEXT, "size": 20, "text": "a {{ name }} (5)"}, fields=fields)
    fenced = render_layers({**TEXT, "size": 20, "text": "a \u2068שלום\u2069 (5)"})
    loose = render_layers({**TEXT, "size": 20, "text": "a שלום (5)"})
    assert isolated == fenced != loose


# Image


def picture(**more: Any) -> dict[str, Any]:
    return {"type": "image", "source": "asset:a", "width": 40, "height": 40, **more}


def test_a_picture_fills_its_box_and_keeps_its_proportions() -> None:
    image = render_layers(picture(width=80), pictures={"asset:a": quarters()})
    assert image.getpixel((10, 5)) == RED
    boxes = render(
        template(layers=[picture(height=None)]), pictures={"asset:a": plain_picture("red")}
    ).boxes
    assert (boxes[0].width, boxes[0].height) == (40, 20)
    natural = picture(width=None, height=None)
    boxes = render(template(layers=[natural]), pictures={"asset:a": plain_picture("red")}).boxes
    assert (boxes[0].width, boxes[0].height) == (40, 20)


def test_the_position_of_a_picture_stays_in_view() -> None:
    def shown(position: Any) -> Any:
        image = render_layers(
            picture(width=20, position=position), pictures={"asset:a": quarters()}
        )
        return image.getpixel((10, 10))

    assert shown("left") == shown([0, 0.5]) == RED
    assert shown("top-right") == (0, 255, 0)


def test_an_empty_source_draws_nothing_and_is_no_warning() -> None:
    made = template(layers=[picture(source="{{ photo }}")], fields={"photo": {"type": "image"}})
    rendered = render(made)
    assert (rendered.boxes, rendered.warnings) == ((), ())


PHOTO = {"photo": {"type": "image", "default": "asset:d"}}
SHOWN = {"name": "photo", "image_url": "https://a.example/x"}


@pytest.mark.parametrize("broken", [None, b"", b"<svg/>", quarters()[:90]])
def test_on_error_default_shows_the_default_of_the_field_in_source(broken: bytes | None) -> None:
    made = template(layers=[picture(source="{{ photo }}")], fields=PHOTO)
    pictures = {"asset:d": plain_picture("red")} | (
        {"https://a.example/x": broken} if broken is not None else {}
    )
    rendered = render(made, SHOWN, pictures=pictures)
    assert decode(rendered).getpixel((20, 20)) == RED
    assert [(w.code, w.pointer) for w in rendered.warnings] == [
        ("image_unavailable", "/layers/0/source")
    ]


@pytest.mark.parametrize(
    ("on_error", "fields"), [("default", {"photo": {"type": "image"}}), ("hide", PHOTO)]
)
def test_a_missing_picture_without_default_is_hidden(on_error: str, fields: dict[str, Any]) -> None:
    made = template(layers=[picture(source="{{ photo }}", on_error=on_error)], fields=fields)
    rendered = render(made, SHOWN, pictures={"asset:d": plain_picture("red")})
    assert content_box(decode(rendered)) is None
    assert [w.code for w in rendered.warnings] == ["image_unavailable"]


def test_on_error_fail_fails_the_render() -> None:
    made = template(layers=[picture(source="{{ photo }}", on_error="fail")], fields=PHOTO)
    with pytest.raises(RenderFailed) as failed:
        render(made, SHOWN, pictures={"asset:d": plain_picture("red")})
    assert failed.value.pointer == "/layers/0"


# QR


def scanned(image: Image.Image) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(image.convert("RGB"))]


@pytest.mark.parametrize("value", ["https://example.com/r/SAVE25", "Zoë 你好 🎉", "12345"])
@pytest.mark.parametrize("correction", ["L", "M", "Q", "H"])
def test_a_qr_code_scans(value: str, correction: str) -> None:
    code = {"type": "qr", "value": "{{ v }}", "width": 160, "error_correction": correction}
    made = template(height=200, layers=[code], fields={"v": {"default": value}})
    assert scanned(decode(render(made))) == [value]


def test_a_codes_modules_are_whole_pixels_and_its_quiet_zone_is_inside_the_box() -> None:
    image = (
        render_layers({"type": "qr", "value": "x", "width": 99}).crop((0, 0, 99, 99)).convert("L")
    )
    assert set(image.tobytes()) == {0, 255}
    left, top, right, bottom = content_box(image) or (0, 0, 0, 0)
    assert (right - left) % 21 == 0 and right - left == bottom - top
    assert left >= 4 * (right - left) // 21


def test_a_code_too_small_to_scan_is_a_warning() -> None:
    made = template(layers=[{"type": "qr", "value": "x" * 60, "width": 40}])
    assert [w.code for w in render(made).warnings] == ["unscannable"]
    assert render(made, dpr=3).warnings == ()


def test_a_code_whose_value_is_missing_or_too_long_is_not_drawn() -> None:
    made = template(
        layers=[{"type": "qr", "value": "{{ v }}", "width": 40}], fields={"v": {"max_length": 5000}}
    )
    assert render(made).boxes == ()
    rendered = render(made, {"name": "v", "text": "x" * 3000})
    assert content_box(decode(rendered)) is None
    assert [w.code for w in rendered.warnings] == ["invalid_value"]


# Group


def test_a_groups_layers_are_placed_inside_its_padding() -> None:
    group = {
        "type": "group",
        "x": 10,
        "y": 20,
        "padding": [3, 5],
        "fill": "#eee",
        "layers": [{**BOX, "x": 0, "y": 0}],
    }
    assert content_box(render_layers(group)) == (10, 20, 80, 66)
    assert render_layers(group).getpixel((16, 24)) == RED


def test_a_group_clips_only_with_clip() -> None:
    group = {"type": "group", "width": 30, "height": 30, "layers": [{**BOX, "x": 0, "y": 0}]}
    assert content_box(render_layers(group)) == (0, 0, 60, 40)
    assert content_box(render_layers({**group, "clip": True})) == (0, 0, 30, 30)
    assert render_layers({**group, "clip": True, "radius": "full"}).getpixel((0, 0)) == WHITE


def test_a_documents_text_keeps_its_spaces_and_loses_control_characters() -> None:
    assert render_layers({**TEXT, "size": 12, "text": "a  b"}) != render_layers(
        {**TEXT, "size": 12, "text": "a b"}
    )
    broken = {**TEXT, "size": 12, "text": "a\x00\r\nb\ufffe\r"}
    assert render_layers(broken) == render_layers({**TEXT, "size": 12, "text": "a\nb\n"})
