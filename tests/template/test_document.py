"""template.md, "The document" and its bounds, at the door."""

import json
import math
from typing import Any

import pytest

from postcard.errors import BadRequest
from postcard.template.auto_format import expects_photos
from postcard.template.validation.parse import json_schema, load_published, parse_document
from tests.template.template_cases import document, faults, template

TEXT = {"type": "text", "text": "x"}


def layers(*found: dict[str, Any], **rest: Any) -> dict[str, str]:
    return faults(layers=list(found), **rest)


def test_what_is_not_written_has_the_contracts_defaults() -> None:
    made = parse_document(document())
    assert (made.background, made.color, made.font) == ("#ffffff", "#000000", "Inter")
    assert (made.locale, made.time_zone, made.numerals, made.direction) == (
        "en",
        "UTC",
        "latin",
        "auto",
    )
    assert (made.format, made.layers, dict(made.fields), made.alt) == ("png", (), {}, "")


def test_null_is_the_same_as_not_given() -> None:
    text = document(name=None, layers=[{**TEXT, "size": None}], fallback=None)
    assert parse_document(text) == parse_document(document(layers=[TEXT])) == load_published(text)


def test_every_fault_is_told_at_once_with_its_pointer() -> None:
    found = layers(
        {**TEXT, "colour": "red"},
        {"type": "rectangle", "width": 1, "height": 1, "fill": "reddish"},
        {"type": "group", "layers": [{"type": "tekst", "text": "x"}]},
        {"type": "text", "text": [{"text": "x", "syle": "a"}]},
        {"type": "qr", "value": 5, "width": 9},
        quality=101,
    )
    assert set(found) == {
        "/layers/0/colour",
        "/layers/1/fill",
        "/layers/2/layers/0/type",
        "/layers/3/text/0/syle",
        "/layers/4/value",
        "/quality",
    }
    assert found["/layers/0/colour"] == "unknown property; did you mean color?"
    assert "did you mean text" in found["/layers/2/layers/0/type"]
    assert "did you mean style" in found["/layers/3/text/0/syle"]


def test_a_stroke_may_be_dashed_and_a_border_not() -> None:
    dashed = {"color": "red", "dash": [1, 2]}
    assert layers({**TEXT, "stroke": dashed}) == {}
    framed = {"type": "image", "source": "asset:photo", "width": 9, "height": 9, "border": dashed}
    assert layers(framed)["/layers/0/border/dash"].startswith("unknown property")


def test_names_of_layers_are_unique_in_the_whole_document() -> None:
    twice = {**TEXT, "name": "a"}
    assert set(layers(twice, {"type": "group", "layers": [twice]})) == {
        "/layers/0/name",
        "/layers/1/layers/0/name",
    }


@pytest.mark.parametrize("name", ["A", "1a", "", "a-b", "a" * 65, "é"])
def test_names_match_their_pattern(name: str) -> None:
    assert "/layers/0/name" in layers({**TEXT, "name": name})
    assert faults(fields={name: {}}) != {}


@pytest.mark.parametrize(
    "name", ["true", "nil", "for", "countdown", "now", "forloop", "utm_source", "gclid"]
)
def test_a_field_may_not_have_a_reserved_name(name: str) -> None:
    assert list(faults(fields={name: {}})) == [f"/fields/{name}"]


def test_styles_that_are_named_must_be_there() -> None:
    found = layers(
        {**TEXT, "style": "a", "emphasis": "b"},
        {"type": "text", "text": [{"text": "x", "style": "c"}]},
    )
    assert set(found) == {"/layers/0/style", "/layers/0/emphasis", "/layers/1/text/0/style"}
    assert layers({**TEXT, "style": "a"}, styles={"a": {"size": 9}}) == {}


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ({"width": 5000, "height": 3200}, {"width": 5000, "height": 3201}),
        ({"width": 1}, {"width": 0}),
        ({"width": 5000}, {"width": 5001}),
        ({"width": 10}, {"width": 10.5}),
        ({"quality": 1}, {"quality": 0}),
        ({"max_bytes": 2000}, {"max_bytes": 1999}),
        ({"max_bytes": 4_500_000}, {"max_bytes": 4_500_001}),
        ({"meta": "x" * 4094}, {"meta": "x" * 4095}),
        ({"layers": [{**TEXT, "meta": "x" * 4094}]}, {"layers": [{**TEXT, "meta": "x" * 4095}]}),
        ({"fields": {"a" * 64: {}}}, {"fields": {"a" * 65: {}}}),
        ({"layers": [{**TEXT, "name": "a" * 64}]}, {"layers": [{**TEXT, "name": "a" * 65}]}),
        (
            {"layers": [{"type": "image", "source": "https://e.com/".ljust(2048, "x")}]},
            {"layers": [{"type": "image", "source": "https://e.com/".ljust(2049, "x")}]},
        ),
        ({"layers": [TEXT] * 200}, {"layers": [TEXT] * 201}),
        (
            {"fields": {f"f{n}": {} for n in range(100)}},
            {"fields": {f"f{n}": {} for n in range(101)}},
        ),
        ({"layers": [{**TEXT, "text": "x" * 5000}]}, {"layers": [{**TEXT, "text": "x" * 5001}]}),
        (
            {"layers": [{**TEXT, "text": [{"text": "x" * 2500}] * 2}]},
            {"layers": [{**TEXT, "text": [{"text": "x" * 2501}] * 2}]},
        ),
        (
            {"layers": [{**TEXT, "text": "a" + "\u0335" * 8}]},
            {"layers": [{**TEXT, "text": "a" + "\u0335" * 9}]},
        ),
        ({"layers": [{**TEXT, "size": 1000}]}, {"layers": [{**TEXT, "size": 1001}]}),
        (
            {"layers": [{**TEXT, "stroke": {"color": "red", "width": 100}}]},
            {"layers": [{**TEXT, "stroke": {"color": "red", "width": 101}}]},
        ),
        ({"layers": [{**TEXT, "opacity": 1}]}, {"layers": [{**TEXT, "opacity": 1.01}]}),
        ({"locale": "pt-BR"}, {"locale": "xx"}),
        ({"time_zone": "Europe/Oslo"}, {"time_zone": "Mars/Base"}),
        ({"format": "auto"}, {"format": "bmp"}),
        (
            {"fallback": {"text": "x", "color": "red"}},
            {"fallback": {"source": "asset:x", "color": "red"}},
        ),
        ({"ended": {"layers": []}}, {"ended": {}}),
        ({"fallback": {"source": "asset:x"}}, {"fallback": {"source": "asset:x", "text": "x"}}),
        (
            {"layers": [{"type": "group", "padding": [1, 2]}]},
            {"layers": [{"type": "group", "padding": [1, 2, 3]}]},
        ),
        (
            {"layers": [{"type": "qr", "value": "", "height": 9}]},
            {"layers": [{"type": "qr", "value": ""}]},
        ),
    ],
)
def test_both_sides_of_each_bound(good: dict[str, Any], bad: dict[str, Any]) -> None:
    assert faults(**good) == {}
    assert faults(**bad) != {}


def test_groups_nest_eight_deep() -> None:
    def nested(depth: int) -> dict[str, Any]:
        return {"type": "group", "layers": [nested(depth - 1) if depth > 1 else TEXT]}

    assert layers(nested(8)) == {}
    assert layers(nested(9)) != {}


@pytest.mark.parametrize(
    "text",
    [
        '{"width": NaN}',
        '{"width": 1e999}',
        '{"a": 1, "a": 2}',
        "[" * 33 + "]" * 33,
        "{",
        "\ufeff{}",
        "[" * 99999,
    ],
)
def test_json_that_is_none_or_is_ambiguous_is_refused(text: str) -> None:
    with pytest.raises(BadRequest) as refused:
        parse_document(text)
    assert refused.value.code == "invalid_json"


def test_a_document_over_256_kb_is_refused() -> None:
    small = document(name="x", fields={"a": {"label": "x"}})
    assert parse_document(small.ljust(262_144)).name == "x"
    big = small.ljust(262_145)
    with pytest.raises(BadRequest, match="body"):
        parse_document(big)
    with pytest.raises(BadRequest, match="body"):
        parse_document("[]")


def test_no_number_of_a_loaded_document_is_infinite_or_a_boolean() -> None:
    found = layers({**TEXT, "x": True}, {**TEXT, "size": "12"}, {**TEXT, "italic": 1})
    assert set(found) == {"/layers/0/x", "/layers/1/size", "/layers/2/italic"}
    assert math.isfinite(template(layers=[{**TEXT, "x": -5}]).document.layers[0].x)


def test_auto_chooses_jpg_for_photos_and_png_for_the_rest() -> None:
    photo = {"type": "image", "source": "asset:x", "width": 200, "height": 50}
    assert template(format="auto", layers=[photo]).format == "jpg"
    assert template(format="auto", layers=[TEXT]).format == "png"
    assert template(format="auto", layers=[photo], background="transparent").format == "png"
    assert template(format="jpeg").format == "jpg"


def awaiting(source: str, list_field: dict[str, Any]) -> bool:
    picture = {"type": "image", "source": source, "width": 50, "height": 50}
    group = {"type": "group", "repeat": "products", "as": "one", "flow": "row", "layers": [picture]}
    products = {"type": "list", "max_items": 4, **list_field}
    return expects_photos(template(fields={"products": products}, layers=[group]).document)


def test_an_items_picture_is_waited_for_unless_an_example_shows_it() -> None:
    unseen = {"items": {"name": {}, "photo": {"type": "image"}}}
    assert awaiting("{{ one.photo }}", unseen)
    assert awaiting("{{ one.photo }}", {**unseen, "example": [{"name": "Mug"}] * 2})
    assert not awaiting("{{ one.photo }}", {**unseen, "example": [{"name": "Mug"}]}), "too small"
    assert not awaiting("{{ one.photo }}", {**unseen, "example": [{"photo": "asset:a"}] * 2})
    assert not awaiting("{{ one.photo }}", {**unseen, "default": [{"photo": "asset:a"}] * 2})
    seen = {"items": {"photo": {"type": "image", "default": "asset:a"}}}
    assert not awaiting("{{ one.photo }}", seen)
    assert not awaiting("asset:a", unseen)


def test_the_references_are_the_pictures_that_the_document_itself_names() -> None:
    made = template(
        fields={"a": {"type": "image", "default": "asset:d", "example": "https://e.example/x"}},
        layers=[
            {"type": "group", "layers": [{"type": "image", "source": "asset:s"}]},
            {"type": "image", "source": "{{ a }}"},
        ],
        fallback={"source": "asset:f"},
        ended={"layers": [{"type": "image", "source": "https://x.example/e"}]},
    )
    assert set(made.image_references) == {"asset:d", "asset:s", "asset:f", "https://x.example/e"}


def test_the_schema_knows_every_property_by_its_written_name() -> None:
    text = json.dumps(json_schema())
    assert '"if"' in text and '"$schema"' in text and "if_" not in text
    assert json_schema()["additionalProperties"] is False
