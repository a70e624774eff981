"""Validation of documents and their limits (template.md, "The document")."""

import json
import math
from typing import Any

import pytest

from postcard.errors import BadRequest
from postcard.template.auto_format import expects_photos
from postcard.template.validation.document_schema import document_schema
from postcard.template.validation.parse import load_published, parse_document
from tests.template.template_cases import document, faults, template

TEXT = {"type": "text", "text": "x"}


def layers(*found: dict[str, Any], **rest: Any) -> dict[str, str]:
    return faults(layers=list(found), **rest)


def test_omitted_properties_have_the_documented_defaults() -> None:
    parsed = parse_document(document())
    assert (parsed.background, parsed.color, parsed.font) == ("#ffffff", "#000000", "Inter")
    assert (parsed.locale, parsed.time_zone, parsed.numerals, parsed.direction) == (
        "en",
        "UTC",
        "latin",
        "auto",
    )
    assert (parsed.format, parsed.layers, dict(parsed.fields), parsed.alt) == ("png", (), {}, "")


def test_null_is_the_same_as_not_given() -> None:
    text = document(name=None, layers=[{**TEXT, "size": None}], fallback=None)
    assert parse_document(text) == parse_document(document(layers=[TEXT])) == load_published(text)


def test_all_faults_are_reported_at_once_with_their_pointers() -> None:
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


def test_a_stroke_may_be_dashed_but_a_border_may_not() -> None:
    dashed = {"color": "red", "dash": [1, 2]}
    assert layers({**TEXT, "stroke": dashed}) == {}
    framed = {"type": "image", "source": "asset:photo", "width": 9, "height": 9, "border": dashed}
    assert layers(framed)["/layers/0/border/dash"].startswith("unknown property")


def test_layer_names_are_unique_in_the_whole_document() -> None:
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


def test_a_named_style_must_exist() -> None:
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
def test_each_limit_accepts_the_last_valid_value_and_refuses_the_next(
    good: dict[str, Any], bad: dict[str, Any]
) -> None:
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
        "[" * 99999,
    ],
)
def test_invalid_or_ambiguous_json_is_refused(text: str) -> None:
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


def test_booleans_texts_and_numbers_are_not_converted_into_each_other() -> None:
    found = layers({**TEXT, "x": True}, {**TEXT, "size": "12"}, {**TEXT, "italic": 1})
    assert set(found) == {"/layers/0/x", "/layers/1/size", "/layers/2/italic"}
    assert math.isfinite(template(layers=[{**TEXT, "x": -5}]).document.layers[0].x)


def test_auto_chooses_jpg_for_photos_and_png_otherwise() -> None:
    photo = {"type": "image", "source": "asset:x", "width": 200, "height": 50}
    assert template(format="auto", layers=[photo]).format == "jpg"
    assert template(format="auto", layers=[TEXT]).format == "png"
    assert template(format="auto", layers=[photo], background="transparent").format == "png"
    assert template(format="jpeg").format == "jpg"


def expects_item_photos(source: str, list_field: dict[str, Any]) -> bool:
    picture = {"type": "image", "source": source, "width": 50, "height": 50}
    group = {"type": "group", "repeat": "products", "as": "one", "flow": "row", "layers": [picture]}
    products = {"type": "list", "max_items": 4, **list_field}
    made = template(height=100, fields={"products": products}, layers=[group])
    return expects_photos(made.document)


def test_photos_from_items_are_expected_unless_an_example_or_default_shows_them() -> None:
    without_sample = {"items": {"name": {}, "photo": {"type": "image"}}}
    assert expects_item_photos("{{ one.photo }}", without_sample)
    assert expects_item_photos(
        "{{ one.photo }}", {**without_sample, "example": [{"name": "Mug"}] * 2}
    )
    assert not expects_item_photos(
        "{{ one.photo }}", {**without_sample, "example": [{"name": "Mug"}]}
    ), "too small"
    assert not expects_item_photos(
        "{{ one.photo }}", {**without_sample, "example": [{"photo": "asset:a"}] * 2}
    )
    assert not expects_item_photos(
        "{{ one.photo }}", {**without_sample, "default": [{"photo": "asset:a"}] * 2}
    )
    with_default = {"items": {"photo": {"type": "image", "default": "asset:a"}}}
    assert not expects_item_photos("{{ one.photo }}", with_default)
    assert not expects_item_photos("asset:a", without_sample)


def test_image_references_are_the_images_that_the_document_itself_names() -> None:
    compiled = template(
        fields={"a": {"type": "image", "default": "asset:d", "example": "https://e.example/x"}},
        layers=[
            {"type": "group", "layers": [{"type": "image", "source": "asset:s"}]},
            {"type": "image", "source": "{{ a }}"},
        ],
        fallback={"source": "asset:f"},
        ended={"layers": [{"type": "image", "source": "https://x.example/e"}]},
    )
    assert set(compiled.image_references) == {
        "asset:d",
        "asset:s",
        "asset:f",
        "https://x.example/e",
    }


def test_the_json_schema_has_every_property_by_its_json_name() -> None:
    text = json.dumps(document_schema())
    assert '"if"' in text and '"$schema"' in text and "if_" not in text
    assert document_schema()["additionalProperties"] is False
