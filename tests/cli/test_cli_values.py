"""`--set` and `--values`: a person's values on a command line, lists among them."""

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.cli.runner import clean_environment, run_postcard, template_folder

__all__ = ["clean_environment"]

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
    said = run_postcard(
        "render", folder / "shelf.json", "--values", values, "-o", tmp_path / "a.png"
    )
    assert said.exit_code == 0, said.stderr
    flat = [
        word
        for text in ("products_1_tint=red", "products_1_wide=2", "products_2_tint=blue")
        for word in ("--set", text)
    ]
    assert (
        run_postcard("render", folder / "shelf.json", *flat, "-o", tmp_path / "b.png").exit_code
        == 0
    )
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_examples_stand_for_a_list_of_which_nothing_is_set(folder: Path, tmp_path: Path) -> None:
    call = ("render", folder / "shelf.json", "--example", "--json", "-o", tmp_path / "a.png")
    assert run_postcard(*call).json_output["success"]
    assert run_postcard(*call, "--set", "products_1_tint=red").json_output["success"]


def test_what_is_set_goes_before_the_file(folder: Path, values: Path, tmp_path: Path) -> None:
    values.write_text(json.dumps({"products": [{"tint": "red"}], "title": "x"}))
    bad = run_postcard(
        "render", folder / "shelf.json", "--values", values, "-o", tmp_path / "a.png"
    )
    assert bad.exit_code != 0 and "title" in bad.stderr
    values.write_text(json.dumps({"products_1_tint": "nope"}))
    call = ("render", folder / "shelf.json", "--values", values, "-o", tmp_path / "a.png")
    assert run_postcard(*call).exit_code != 0
    assert run_postcard(*call, "--set", "products_1_tint=red").exit_code == 0


def test_faults_point_into_the_list(folder: Path, values: Path, tmp_path: Path) -> None:
    values.write_text(json.dumps({"products": [{"tint": "red"}, {"wide": 2}]}))
    said = run_postcard(
        "render", folder / "shelf.json", "--values", values, "-o", tmp_path / "a.png"
    )
    assert said.exit_code != 0 and "/modifications/0/value/1/tint" in said.stderr


@pytest.mark.parametrize("text", ["[]", "{", '{"A": 1}', "3"])
def test_a_file_that_holds_no_values_by_name_is_told(
    folder: Path, values: Path, text: str, tmp_path: Path
) -> None:
    values.write_text(text)
    said = run_postcard(
        "render", folder / "shelf.json", "--values", values, "-o", tmp_path / "a.png"
    )
    assert said.exit_code != 0 and said.stderr and not (tmp_path / "a.png").exists()


def test_an_unchecked_link_writes_the_list_flat(values: Path, tmp_path: Path) -> None:
    keys = {"signing_key_id": "k1", "signing_key_hex": "1" * 64, "address_key_hex": "a" * 64}
    told = {**keys, "epoch": 1, "base_url": "https://p.example"}
    (tmp_path / "local.json").write_text(json.dumps(told))
    said = run_postcard("link", "shelf", "--unchecked", "--values", values, "--state", tmp_path)
    assert said.exit_code == 0, said.stderr
    query = parse_qs(urlsplit(said.stdout.strip()).query)
    assert {name: text for name, text in query.items() if name[0] != "_"} == {
        "products_1_tint": ["red"],
        "products_1_wide": ["2"],
        "products_2_tint": ["blue"],
    }
