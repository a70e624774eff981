"""The JSON Schema says what a form needs to offer each property of a document."""

import json
from collections.abc import Iterator
from typing import Annotated, Any, get_args

import pytest
from pydantic import TypeAdapter

from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.layers.base import BaseLayer
from postcard.template.layers.group import AnyLayer
from postcard.template.model import Document
from postcard.template.properties.paints import Paint
from postcard.template.schema.constraints import Ge, Le
from postcard.template.schema.json_mapping import Liquid, annotations_by_key
from postcard.template.validation.document_schema import describe_schema, document_schema

SCHEMA = document_schema()
LAYERS = get_args(AnyLayer)
GROUPS = {"layer", "box", "effects", "text", "layout", "paint", "content"}


def properties(name: str) -> dict[str, Any]:
    found: dict[str, Any] = SCHEMA["$defs"][name]["properties"]
    return found


def parts(schema: Any) -> Iterator[Any]:
    """A property's schema and those inside it, definitions aside."""
    if isinstance(schema, dict):
        yield schema
        schema = list(schema.values())
    for part in schema if isinstance(schema, list) else ():
        yield from parts(part)


def liquid_types(hint: Any) -> set[str]:
    """The types that Liquid may yield in an annotation, its classes aside."""
    found = {one.value_type for one in get_args(hint) if isinstance(one, Liquid)}
    return found.union(*map(liquid_types, get_args(hint)))


@pytest.mark.parametrize("cls", [Document, *LAYERS], ids=lambda cls: cls.__name__)
def test_every_property_that_may_hold_liquid_says_so(cls: type) -> None:
    described = SCHEMA["properties"] if cls is Document else properties(cls.__name__)
    for name, hint in annotations_by_key(cls).items():
        said = {part["x-liquid"] for part in parts(described[name]) if "x-liquid" in part}
        expected = set() if name in ("layers", "fields", "styles") else liquid_types(hint)
        assert said == expected, name


def test_texts_say_what_they_are() -> None:
    def formats(schema: Any) -> set[str]:
        return {part["format"] for part in parts(schema) if "format" in part}

    image, text, group = properties("ImageLayer"), properties("TextLayer"), properties("GroupLayer")
    assert formats(image["source"]) == {"asset"} and formats(image["position"]) == {"anchor"}
    assert formats(text["color"]) == {"paint", "color"} and formats(text["font"]) == {"font"}
    assert formats(text["if"]) == {"condition"} and formats(text["style"]) == {"style"}
    assert formats(group["repeat"]) >= {"list-field"} and formats(group["padding"]) == {"padding"}
    assert formats(SCHEMA["properties"]["background"]) == {"color"}
    assert formats(SCHEMA["properties"]["time_zone"]) == {"time-zone"}
    assert formats(properties("FallbackPicture")["source"]) == {"asset"}
    assert formats(properties("FallbackPicture")["color"]) == {"color"}


def test_lengths_and_angles_have_a_unit() -> None:
    def units(schema: Any) -> set[str]:
        return {part["x-unit"] for part in parts(schema) if "x-unit" in part}

    for layer in LAYERS:
        described = properties(layer.__name__)
        for name in ("x", "y", "width", "height"):
            assert units(described[name]) == {"px"}, (layer, name)
        assert units(described["rotation"]) == {"deg"}
    assert units(properties("TextLayer")["letter_spacing"]) == {"em"}
    assert units(properties("Shadow")["blur"]) == {"px"}
    assert units(SCHEMA["properties"]["max_bytes"]) == {"bytes"}


@pytest.mark.parametrize("cls", LAYERS, ids=lambda cls: cls.__name__)
def test_every_property_of_a_layer_has_a_title_a_group_and_bounds(cls: type) -> None:
    for name, described in properties(cls.__name__).items():
        assert described["title"][0].isupper(), name
        assert described["x-group"] in GROUPS, name
        for part in parts(described):
            if part.get("type") in ("number", "integer"):
                low = part.keys() & {"minimum", "exclusiveMinimum"}
                assert low and "maximum" in part, name


def test_properties_are_grouped_by_what_they_are() -> None:
    def group(layer: str, name: str) -> str:
        found: str = properties(layer)[name]["x-group"]
        return found

    assert group("TextLayer", "align") == "text" and group("GroupLayer", "align") == "layout"
    assert group("TextLayer", "color") == "text" and group("QrLayer", "color") == "paint"
    assert group("RectangleLayer", "stroke") == group("ImageLayer", "radius") == "paint"
    assert group("BarcodeLayer", "value") == group("ImageLayer", "source") == "content"
    assert {one["x-group"] for one in SCHEMA["properties"].values()} == {
        *("document", "canvas", "language", "file", "fallbacks")
    }


def test_text_properties_say_what_stands_for_an_absent_one() -> None:
    text = properties("TextLayer")
    defaults = {name: text[name].get("x-default") for name in ("size", "weight", "align", "italic")}
    assert defaults == {"size": 16, "weight": 400, "align": "start", "italic": False}
    assert properties("Style")["line_height"]["x-default"] == 1.2
    assert "x-default" not in text["width"] and "x-default" not in properties("GroupLayer")["align"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GaugeLayer(BaseLayer):
    """A layer type that does not exist yet."""

    needle: Paint = "#000000"
    turns: Annotated[float, Ge(0), Le(4)] = 1.0


@dataclass(frozen=True, kw_only=True)
class Page:
    layers: tuple[GaugeLayer, ...] = ()


def test_a_new_layer_type_is_described_without_further_ado() -> None:
    schema = describe_schema(TypeAdapter(Page).json_schema(by_alias=True))
    gauge = schema["$defs"]["GaugeLayer"]["properties"]
    assert {name: gauge[name]["x-group"] for name in ("needle", "turns", "x")} == {
        "needle": "paint",
        "turns": "content",
        "x": "box",
    }
    assert gauge["turns"]["title"] == "Turns"
    assert (gauge["turns"]["minimum"], gauge["turns"]["maximum"]) == (0, 4)


def test_the_schema_is_built_once_a_process() -> None:
    assert document_schema() is document_schema()
    assert json.loads(json.dumps(document_schema())) == document_schema()
