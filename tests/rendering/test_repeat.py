"""Groups that are drawn once for each item of a list."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postcard.geometry import output_size
from postcard.rendering.renderer import PreparedRender, RenderFailed
from postcard.template.bind import bind
from postcard.template.compiled import Template
from postcard.template.modifications import modifications_from_json
from tests.golden.compare import assert_matches_golden
from tests.rendering.drawing import (
    content_box,
    decode,
    pixel,
    plain_picture,
    quarters,
    render,
    renderer,
)
from tests.template.template_cases import bind_link, template
from tests.trust.run_scale import scaled

Layer = dict[str, Any]
HERE, GONE = "https://cdn.example.com/here.png", "https://cdn.example.com/gone.png"
FIELDS: dict[str, Any] = {
    "products": {
        "type": "list",
        "max_items": 4,
        "items": {
            "name": {"max_length": 60},
            "price": {"type": "number"},
            "stars": {"type": "number"},
            "tint": {"type": "color", "default": "#2563eb"},
            "until": {"type": "date"},
            "photo": {
                "type": "image",
                "default": "asset:none",
                "allowed_hosts": ["cdn.example.com"],
            },
        },
    }
}
BLOCK = {"type": "rectangle", "width": 20, "height": 10, "fill": "{{ item.tint }}"}


def card(*layers: Layer, **more: Any) -> Layer:
    return {"type": "group", "repeat": "products", "layers": list(layers), **more}


def row(*layers: Layer, **more: Any) -> Layer:
    return {"type": "group", "flow": "row", "layers": list(layers), **more}


def made(*layers: Layer, **more: Any) -> Template:
    return template(fields=FIELDS, layers=list(layers), **more)


def products(*items: Layer) -> Layer:
    return {"name": "products", "value": list(items)}


def lefts(drawn: Any, pointer: str) -> list[float]:
    return [box.x for box in drawn.boxes if box.pointer == pointer]


@pytest.mark.parametrize("count", [0, 1, 2, 4])
def test_a_group_is_drawn_once_for_each_item(count: int) -> None:
    items = [{"price": number} for number in range(count)]
    drawn = render(made(row(card(BLOCK), gap=5)), products(*items))
    assert lefts(drawn, "/layers/0/layers/0") == [25.0 * number for number in range(count)]
    assert len(lefts(drawn, "/layers/0/layers/0/layers/0")) == count


def test_from_right_to_left_the_first_item_is_on_the_right() -> None:
    items = products({"price": 1}, {"price": 2})
    drawn = render(made(row(card(BLOCK), width=200), direction="rtl"), items)
    assert lefts(drawn, "/layers/0/layers/0") == [180.0, 160.0]


def test_each_copy_sees_its_own_item_in_every_property() -> None:
    layers = [{**BLOCK, "if": "item.price > 1"}]
    items = products({"price": 1}, {"price": 2, "tint": "red"}, {"price": 3})
    image = decode(render(made(row(card(*layers, width=20, height=10))), items))
    seen = [pixel(image, (x, 5)) for x in (10, 30, 50)]
    assert seen == [(255, 255, 255), (255, 0, 0), (37, 99, 235)]


def test_the_groups_own_condition_and_fill_are_each_items() -> None:
    group = card(width=20, height=10, fill="{{ p.tint }}", **{"if": "p.price", "as": "p"})
    items = products({"price": 1, "tint": "red"}, {"tint": "lime"}, {"price": 3, "tint": "blue"})
    image = decode(render(made(row(group)), items))
    assert [pixel(image, (x, 5)) for x in (10, 30, 50)] == [
        (255, 0, 0),
        (0, 0, 255),
        (255, 255, 255),
    ], "an item that is not drawn leaves no gap"


def test_forloop_says_which_copy_it_is() -> None:
    last = {**BLOCK, "fill": "red", "if": "forloop.last"}
    even = {**BLOCK, "x": 20, "fill": "{% if forloop.index == 2 %}lime{% else %}blue{% endif %}"}
    column = {"type": "group", "flow": "column", "layers": [card(last, even)]}
    image = decode(render(made(column), products(*({"price": n} for n in range(3)))))
    assert [pixel(image, (10, y)) for y in (5, 15, 25)] == [
        (255, 255, 255),
        (255, 255, 255),
        (255, 0, 0),
    ]
    assert [pixel(image, (30, y)) for y in (5, 15, 25)] == [(0, 0, 255), (0, 255, 0), (0, 0, 255)]


def test_without_a_flow_the_copies_overlap() -> None:
    drawn = render(made(card(BLOCK, x=7)), products({"price": 1}, {"price": 2}))
    assert lefts(drawn, "/layers/0") == [7.0, 7.0]


def test_codes_ratings_and_bars_take_items_values() -> None:
    layers = [
        {"type": "qr", "value": "{{ item.name }}", "width": 60},
        {"type": "rating", "value": "{{ item.stars }}", "height": 10},
        {"type": "progress", "value": "{{ item.price }}", "width": 60, "height": 8},
        {"type": "barcode", "value": "{{ item.name }}", "width": 90, "height": 20},
    ]
    column = card(*layers, flow="column")
    drawn = render(
        made(row(column)), products({"name": "A1", "stars": 3, "price": 50}, {"stars": 2})
    )
    counts = [len(lefts(drawn, f"/layers/0/layers/0/layers/{index}")) for index in range(4)]
    assert counts == [1, 2, 2, 1], "a code without a value is not drawn"
    assert drawn.warnings == ()


def test_a_request_may_address_a_repeated_group_but_no_layer_in_it() -> None:
    group = card({**BLOCK, "name": "block"}, name="card", width=20, height=10)
    document = made(row(group))
    assert list(document.addressable_layers) == ["card"]
    items = products({"price": 1}, {"price": 2})
    hidden = render(document, items, {"name": "card", "visible": False})
    assert lefts(hidden, "/layers/0/layers/0") == []
    group["layers"] = []
    filled = decode(render(made(row(group)), items, {"name": "card", "background": "red"}))
    assert [pixel(filled, (x, 5)) for x in (10, 30)] == [(255, 0, 0), (255, 0, 0)]


# Pictures

PHOTO = {"type": "image", "width": 20, "height": 10, "source": "{{ item.photo }}"}


def sources(document: Template, *items: Layer) -> dict[str, Any]:
    changes = modifications_from_json(document, [products(*items)])
    bound = bind(document, changes, mode="error")
    return {
        source.reference: source
        for source in PreparedRender(document, bound, output_size(200, 100)).image_sources()
    }


def test_each_items_picture_is_a_source_with_the_hosts_of_its_field() -> None:
    found = sources(made(row(card(PHOTO))), {"photo": HERE}, {"photo": GONE}, {"price": 1})
    assert set(found) == {HERE, GONE, "asset:none"}
    assert found[HERE].allowed_hosts == found[GONE].allowed_hosts == ("cdn.example.com",)
    assert found["asset:none"].from_document and not found[HERE].from_document
    assert (found[HERE].width, found[HERE].height) == (20, 10)


@pytest.mark.parametrize(
    "source",
    [
        "{{ products[0].photo }}",
        "{{ products.first.photo }}",
        "{% for p in products limit: 1 %}{{ p.photo }}{% endfor %}",
        '{{ products | map: "photo" | first }}',
    ],
)
def test_allowed_hosts_apply_to_a_picture_that_is_picked_out_of_a_list(source: str) -> None:
    found = sources(made({**PHOTO, "source": source}), {"photo": HERE})
    assert found[HERE].allowed_hosts == ("cdn.example.com",)


def test_a_missing_picture_is_replaced_by_the_default_of_its_items_field() -> None:
    pictures = {HERE: plain_picture("lime"), "asset:none": plain_picture("red")}
    items = products({"photo": HERE}, {"photo": GONE}, {"price": 1})
    drawn = render(made(row(card(PHOTO))), items, pictures=pictures)
    assert [pixel(decode(drawn), (x, 5)) for x in (10, 30, 50)] == [
        (0, 255, 0),
        (255, 0, 0),
        (255, 0, 0),
    ]
    assert [warning.code for warning in drawn.warnings] == ["image_unavailable"]


def test_a_missing_picture_with_on_error_fail_fails_the_render() -> None:
    with pytest.raises(RenderFailed):
        render(made(row(card({**PHOTO, "on_error": "fail"}))), products({"photo": GONE}))


def test_default_pictures_of_items_are_named_by_the_document() -> None:
    spec = {**FIELDS["products"], "default": [{"photo": "asset:one"}, {"name": "x"}]}
    document = template(fields={"products": spec}, layers=[card(PHOTO)])
    assert set(document.image_references) == {"asset:none", "asset:one"}


# Golden

PICTURES = {HERE: quarters(80), "asset:none": plain_picture("#e2e8f0", (40, 40))}
SHOP = (
    {"name": "Wool runner", "price": 109.9, "stars": 4.5, "photo": HERE},
    {"name": "حذاء صوفي", "price": 12.5, "stars": 3},
    {"name": "Rain jacket with a rather long name", "price": 1249, "stars": 5, "photo": HERE},
)
WORDS = {"type": "text", "width": "fill", "text": "{{ item.name }}", "size": 12, "max_lines": 2}
PRICE = {
    "type": "text",
    "text": [
        {"text": "{{ item.price | currency: 'EUR' }}", "weight": 700, "color": "#dc2626"},
        {"text": "  {{ forloop.index }}/{{ forloop.length }}", "size": 9, "color": "#64748b"},
    ],
    "size": 12,
}


def test_a_row_of_cards() -> None:
    photo = {**PHOTO, "width": "fill", "height": 50, "radius": 6}
    one = card(photo, WORDS, PRICE, width="fill", flow="column", gap=5, padding=8, radius=8)
    one |= {"fill": "#f1f5f9"}
    products_row = row(one, x=10, y=10, width=340, gap=10, align="stretch")
    document = made(products_row, width=360, height=150, locale="de-DE")
    assert_matches_golden(
        "repeat-row", decode(render(document, products(*SHOP), pictures=PICTURES, dpr=2))
    )


def test_a_column_of_lines() -> None:
    photo = {**PHOTO, "width": 32, "height": 32, "radius": "full"}
    stars = {"type": "rating", "value": "{{ item.stars }}", "height": 9, "color": "#f59e0b"}
    words = {"type": "group", "flow": "column", "width": "fill", "gap": 3, "layers": [WORDS, stars]}
    one = card(photo, words, PRICE, flow="row", width="fill", gap=10, align="center")
    table = {"type": "group", "flow": "column", "gap": 10, "x": 12, "y": 12, "width": 276}
    document = made({**table, "layers": [one]}, width=300, height=150)
    assert_matches_golden(
        "repeat-column", decode(render(document, products(*SHOP), pictures=PICTURES, dpr=2))
    )


# Anything

ENTRY = st.fixed_dictionaries(
    {},
    optional={
        "name": st.text(max_size=8) | st.sampled_from(["مرحبا Anna", "x" * 61, "null", "🎉"]),
        "price": st.integers(-9, 9_999) | st.floats(0, 1e9) | st.just("x"),
        "stars": st.floats(0, 9),
        "tint": st.sampled_from(["red", "#1234", "nope"]),
        "until": st.sampled_from(["2026-11-22", "x"]),
        "photo": st.sampled_from([HERE, GONE, "asset:x", "http://x"]),
    },
)
FLOWS = st.sampled_from(["none", "row", "column"])


@settings(max_examples=scaled(30, 300), deadline=None)
@given(st.lists(ENTRY, max_size=6), FLOWS, FLOWS, st.sampled_from([None, "fill", 40]))
def test_any_list_is_drawn_and_the_same_each_time(
    items: list[Layer], outer: str, inner: str, width: Any
) -> None:
    side = None if outer == "none" and width == "fill" else width
    words = {**WORDS, "width": 30, "text": "{{ item.name }} {{ item.until | date: 'short' }}"}
    one = card(PHOTO, words, BLOCK, PRICE, flow=inner, width=side)
    document = made({"type": "group", "flow": outer, "width": 150, "layers": [one]})
    first, second = (
        render(document, products(*items), pictures=PICTURES, mode="default") for _ in range(2)
    )
    assert first == second
    assert (first.image.width, first.image.height) == (200, 100)


def test_layers_below_a_repeated_group_are_drawn_once_and_its_copies_each_time() -> None:
    below = {"type": "rectangle", "width": 200, "height": 100, "fill": "#eeeeee"}
    still = {"type": "rectangle", "width": 20, "height": 10, "fill": "red"}
    document = made(below, row(card(still)))
    ends = []
    for count in (1, 3, 2, 1):
        image = decode(render(document, products(*({"price": n} for n in range(count)))))
        box = content_box(image, "#eeeeee")
        ends.append(box[2] if box else 0)
    assert ends == [20, 60, 40, 20]


def test_a_countdown_shows_the_same_items_in_every_picture() -> None:
    count = {"type": "text", "text": "{{ item.name }} {{ countdown.seconds }}", "size": 10}
    document = made(
        row(card(count), gap=4),
        format="gif",
        countdown={"to": "2030-01-01T00:00Z", "frames": 3},
    )
    drawn = render(document, products({"name": "a"}, {"name": "b"}), format="gif")
    assert drawn.image.format == "gif" and drawn.warnings == ()
    assert len(set(lefts(drawn, "/layers/0/layers/0"))) == 2


def test_a_fallback_of_layers_repeats_the_lists_default() -> None:
    spec = {**FIELDS["products"], "default": [{"tint": "red"}, {"tint": "lime"}]}
    document = template(
        fields={"products": spec}, layers=[], fallback={"layers": [row(card(BLOCK))]}
    )
    drawn = renderer().render_fallback(
        document, "fallback", output_size(200, 100), format="png", fetched_images={}
    )
    assert [pixel(decode(drawn), (x, 5)) for x in (10, 30)] == [(255, 0, 0), (0, 255, 0)]


def test_a_link_with_the_same_values_draws_the_same_picture() -> None:
    document = made(row(card(BLOCK, WORDS | {"width": 30}), gap=3))
    posted = render(document, products({"name": "a", "tint": "red"}, {"name": "b"}))
    bound = bind_link(
        document, products_1_name="a", products_1_tint="red", products_2_name="b", products_9_x="c"
    )
    prepared = PreparedRender(document, bound, output_size(200, 100))
    opened_link = renderer().render(prepared, {}, format="png")
    assert opened_link.image == posted.image


def test_texts_of_a_joined_list_keep_their_order_in_any_direction() -> None:
    names = ("Anna", "דוד", "משה", "Bob")
    line = {"type": "text", "size": 14, "text": '{{ products | map: "name" | join: ", " }}'}
    joined = render(made(line), products(*({"name": name} for name in names)))
    single: Layer = {f"name_{index}": {"default": name} for index, name in enumerate(names)}
    joined_source = ", ".join(f"{{{{ {field} }}}}" for field in single)
    apart = render(template(fields=single, layers=[{**line, "text": joined_source}]))
    assert joined.image.body == apart.image.body


def test_fields_of_items_may_be_named_like_properties_of_a_list() -> None:
    spec = {"type": "list", "items": {"size": {}, "first": {}, "last": {"type": "number"}}}
    words = "{{ item.size }}{{ item.first }}{{ item.last }}"
    group = card({"type": "text", "size": 14, "text": words, "if": "item.last > 1"})
    document = template(fields={"products": spec}, layers=[row(group)])
    drawn = render(document, products({"size": "XL", "last": 2}, {"first": "x", "last": 1}))
    plain = render(template(layers=[{"type": "text", "size": 14, "text": "XL2"}]))
    assert drawn.image.body == plain.image.body and drawn.warnings == ()
