"""Which columns of a table give which fields of a template."""

import json
from typing import Any

import pytest

from postcard.campaigns.tables.column_mapping import ColumnMapping, map_columns
from postcard.errors import BadRequest
from postcard.template.compiled import Template
from postcard.template.validation.parse import load_published
from tests.functions.sample_events import document


def template(**fields: Any) -> Template:
    text = json.dumps(document(fields=fields or document()["fields"]))
    return Template.compile("welcome", 1, load_published(text), trusted=True)


NAMES = template(
    user_name={"default": "you"},
    discount_code={},
    products={"type": "list", "items": {"name": {}}, "max_items": 3},
)


def found(header: list[str], columns: dict[str, Any] | None = None, **more: Any) -> dict[str, int]:
    return map_columns(header, NAMES, columns, **more).to_json()


def faults(
    header: list[str], columns: dict[str, Any] | None = None, of: Template = NAMES
) -> list[tuple[str, str]]:
    with pytest.raises(BadRequest) as caught:
        map_columns(header, of, columns)
    return [(fault.code, fault.pointer) for fault in caught.value.errors]


@pytest.mark.parametrize(
    "header",
    ["user_name", "User Name", "USER_NAME", "user-name", " user name ", "Üser Nâme", "User.Name"],
)
def test_a_header_like_a_field_gives_it(header: str) -> None:
    assert found(["Email", header]) == {"user_name": 2}


def test_an_equal_header_wins_over_a_like_one() -> None:
    assert found(["User Name", "user_name"]) == {"user_name": 2}


def test_the_caller_s_choice_wins() -> None:
    header = ["Email", "user_name", "First Name"]
    assert found(header, {"user_name": "First Name"}) == {"user_name": 3}
    assert found(header, {"user_name": 1}) == {"user_name": 1}
    assert found(header, {"user_name": None}) == {}


def test_two_columns_that_could_be_meant_are_a_fault_until_one_is_chosen() -> None:
    header = ["User Name", "user-name"]
    assert faults(header) == [("ambiguous_column", "/columns/user_name")]
    assert found(header, {"user_name": 2}) == {"user_name": 2}
    assert faults(["Name", "Name"], {"user_name": "Name"}) == [
        ("ambiguous_column", "/columns/user_name")
    ]


@pytest.mark.parametrize("choice", ["Name", 0, 3, -1, 10**9])
def test_a_column_that_is_not_there_is_a_fault(choice: object) -> None:
    assert faults(["Email", "x"], {"user_name": choice}) == [
        ("unknown_column", "/columns/user_name")
    ]


def test_a_name_that_the_template_does_not_know_is_a_fault() -> None:
    assert faults(["Email"], {"usr_name": "Email", "title.size": 1}) == [
        ("unknown_name", "/columns/usr_name"),
        ("unknown_name", "/columns/title.size"),
    ]


def test_a_required_field_without_default_needs_a_column() -> None:
    strict = template(code={"required": True}, name={"required": True, "default": "you"})
    assert faults(["Email"], of=strict) == [("missing_column", "/columns/code")]
    assert map_columns(["Code"], strict).unmapped == ("name",)


def test_items_of_a_list_have_a_column_each() -> None:
    header = ["Products 1 Name", "products_2_name", "products_4_name"]
    mapping = map_columns(header, NAMES)
    assert mapping.to_json() == {"products_1_name": 1, "products_2_name": 2}
    assert mapping.unmapped == ("user_name", "discount_code")


def test_a_whole_list_comes_from_json_lines_alone() -> None:
    assert found(["products", "products_1_name"], has_lists=True) == {"products": 1}
    assert found(["products", "products_1_name"]) == {"products_1_name": 2}


def test_layers_are_given_only_by_their_properties_or_when_chosen() -> None:
    assert found(["Title", "title.color", "title.visible"]) == {
        "title.color": 2,
        "title.visible": 3,
    }
    assert found(["Title"], {"title": "Title"}) == {"title": 1}


def test_a_row_becomes_modifications() -> None:
    mapping = map_columns(["user_name", "Email", "title.color"], NAMES)
    assert mapping.modifications(["Zoë", "z@x.dk", "#ff0000"]) == [
        {"name": "user_name", "value": "Zoë"},
        {"name": "title", "color": "#ff0000"},
    ]


def test_a_mapping_survives_its_json() -> None:
    mapping = map_columns(["title.color", "user_name"], NAMES)
    assert ColumnMapping.from_json(mapping.to_json(), mapping.unmapped) == mapping


def test_columns_without_names_are_chosen_by_number() -> None:
    assert found(["", ""], {"user_name": 2}) == {"user_name": 2}


def test_more_choices_than_there_may_be_are_a_fault() -> None:
    many = {f"f{number}": 1 for number in range(201)}
    assert faults(["Email"], many) == [("too_many_items", "/columns")]


def test_no_message_repeats_a_header() -> None:
    with pytest.raises(BadRequest) as caught:
        map_columns(["secret_header", "Secret Header"], template(secret_header={}), {"x": "secret"})
    assert all("Secret Header" not in fault.detail for fault in caught.value.errors)
