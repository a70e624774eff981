"""`--set` and `--values`: a person's values on a command line, lists among them."""

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.cli.runner import nobodys_environment, postcard_says, template_folder

__all__ = ["nobodys_environment"]

SHELF = {
    "width": 90,
    "height": 20,
    "fields": {
        "products": {
            "type": "list",
            "max_items": 3,
            "items": {"tint": {"type": "color", "required": True}, "wide": {"type": "number"}},
            "example": [{"tint": "lime"}],
        }
    },
    "layers": [
        {
            "type": "group",
            "flow": "row",
            "layers": [
                {
                    "type": "group",
                    "repeat": "products",
                    "layers": [
                        {
                            "type": "rectangle",
                            "width": 30,
                            "height": 20,
                            "fill": "{{ item.tint }}",
                        }
                    ],
                }
            ],
        }
    ],
}
PRODUCTS = {"products": [{"tint": "red", "wide": 2}, {"tint": "blue"}]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return template_folder(tmp_path / "templates", shelf=SHELF)


@pytest.fixture
def values(tmp_path: Path) -> Path:
    path = tmp_path / "values.json"
    path.write_text(json.dumps(PRODUCTS))
    return path


def test_a_list_is_set_by_a_file_or_item_by_item(
    folder: Path, values: Path, tmp_path: Path
) -> None:
    said = postcard_says(
        "render", folder / "shelf.json", "--values", values, "-o", tmp_path / "a.png"
    )
    assert said.code == 0, said.err
    flat = [
        word
        for text in ("products_1_tint=red", "products_1_wide=2", "products_2_tint=blue")
        for word in ("--set", text)
    ]
    assert postcard_says("render", folder / "shelf.json", *flat, "-o", tmp_path / "b.png").code == 0
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_examples_stand_for_a_list_of_which_nothing_is_set(folder: Path, tmp_path: Path) -> None:
    call = ("render", folder / "shelf.json", "--example", "--json", "-o", tmp_path / "a.png")
    assert postcard_says(*call).facts["success"]
    assert postcard_says(*call, "--set", "products_1_tint=red").facts["success"]


def test_what_is_set_goes_before_the_file(folder: Path, values: Path, tmp_path: Path) -> None:
    values.write_text(json.dumps({"products": [{"tint": "red"}], "title": "x"}))
    bad = postcard_says(
        "render", folder / "shelf.json", "--values", values, "-o", tmp_path / "a.png"
    )
    assert bad.code != 0 and "title" in bad.err
    values.write_text(json.dumps({"products_1_tint": "nope"}))
    call = ("render", folder / "shelf.json", "--values", values, "-o", tmp_path / "a.png")
    assert postcard_says(*call).code != 0
    assert postcard_says(*call, "--set", "products_1_tint=red").code == 0


def test_faults_point_into_the_list(folder: Path, values: Path, tmp_path: Path) -> None:
    values.write_text(json.dumps({"products": [{"tint": "red"}, {"wide": 2}]}))
    said = postcard_says(
        "render", folder / "shelf.json", "--values", values, "-o", tmp_path / "a.png"
    )
    assert said.code != 0 and "/modifications/0/value/1/tint" in said.err


@pytest.mark.parametrize("text", ["[]", "{", '{"A": 1}', "3"])
def test_a_file_that_holds_no_values_by_name_is_told(
    folder: Path, values: Path, text: str, tmp_path: Path
) -> None:
    values.write_text(text)
    said = postcard_says(
        "render", folder / "shelf.json", "--values", values, "-o", tmp_path / "a.png"
    )
    assert said.code != 0 and said.err and not (tmp_path / "a.png").exists()


def test_an_unchecked_link_writes_the_list_flat(values: Path, tmp_path: Path) -> None:
    keys = {"signing_key_id": "k1", "signing_key_hex": "1" * 64, "address_key_hex": "a" * 64}
    told = {**keys, "epoch": 1, "base_url": "https://p.example"}
    (tmp_path / "local.json").write_text(json.dumps(told))
    said = postcard_says("link", "shelf", "--unchecked", "--values", values, "--state", tmp_path)
    assert said.code == 0, said.err
    query = parse_qs(urlsplit(said.out.strip()).query)
    assert {name: text for name, text in query.items() if name[0] != "_"} == {
        "products_1_tint": ["red"],
        "products_1_wide": ["2"],
        "products_2_tint": ["blue"],
    }
