"""Tests of `--set` and `--values` with lists."""

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.cli.runner import clean_environment, run_postcard, template_folder

__all__ = ["clean_environment"]

PRODUCT_LIST = {
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
    return template_folder(tmp_path / "templates", products=PRODUCT_LIST)


@pytest.fixture
def values(tmp_path: Path) -> Path:
    path = tmp_path / "values.json"
    path.write_text(json.dumps(PRODUCTS))
    return path


def test_a_list_can_be_set_by_a_file_or_item_by_item(
    folder: Path, values: Path, tmp_path: Path
) -> None:
    output = run_postcard(
        "render", folder / "products.json", "--values", values, "-o", tmp_path / "a.png"
    )
    assert output.exit_code == 0, output.stderr
    set_options = [
        argument
        for assignment in ("products_1_tint=red", "products_1_wide=2", "products_2_tint=blue")
        for argument in ("--set", assignment)
    ]
    assert (
        run_postcard(
            "render", folder / "products.json", *set_options, "-o", tmp_path / "b.png"
        ).exit_code
        == 0
    )
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_list_without_values_takes_its_example(folder: Path, tmp_path: Path) -> None:
    call = ("render", folder / "products.json", "--example", "--json", "-o", tmp_path / "a.png")
    assert run_postcard(*call).json_output["success"]
    assert run_postcard(*call, "--set", "products_1_tint=red").json_output["success"]


def test_set_overrides_the_values_file(folder: Path, values: Path, tmp_path: Path) -> None:
    values.write_text(json.dumps({"products": [{"tint": "red"}], "title": "x"}))
    failed = run_postcard(
        "render", folder / "products.json", "--values", values, "-o", tmp_path / "a.png"
    )
    assert failed.exit_code != 0 and "title" in failed.stderr
    values.write_text(json.dumps({"products_1_tint": "nope"}))
    call = ("render", folder / "products.json", "--values", values, "-o", tmp_path / "a.png")
    assert run_postcard(*call).exit_code != 0
    assert run_postcard(*call, "--set", "products_1_tint=red").exit_code == 0


def test_faults_point_to_list_items(folder: Path, values: Path, tmp_path: Path) -> None:
    values.write_text(json.dumps({"products": [{"tint": "red"}, {"wide": 2}]}))
    output = run_postcard(
        "render", folder / "products.json", "--values", values, "-o", tmp_path / "a.png"
    )
    assert output.exit_code != 0 and "--values products/1/tint: " in output.stderr


@pytest.mark.parametrize("text", ["[]", "{", '{"A": 1}', "3"])
def test_a_values_file_without_an_object_is_an_error(
    folder: Path, values: Path, text: str, tmp_path: Path
) -> None:
    values.write_text(text)
    output = run_postcard(
        "render", folder / "products.json", "--values", values, "-o", tmp_path / "a.png"
    )
    assert output.exit_code != 0 and output.stderr and not (tmp_path / "a.png").exists()


def test_an_unchecked_link_has_a_parameter_for_each_list_item(values: Path, tmp_path: Path) -> None:
    keys = {"signing_key_id": "k1", "signing_key_hex": "1" * 64, "address_key_hex": "a" * 64}
    local = {**keys, "epoch": 1, "base_url": "https://p.example"}
    (tmp_path / "local.json").write_text(json.dumps(local))
    output = run_postcard(
        "link", "products", "--unchecked", "--values", values, "--state", tmp_path
    )
    assert output.exit_code == 0, output.stderr
    query = parse_qs(urlsplit(output.stdout.strip()).query)
    assert {name: text for name, text in query.items() if name[0] != "_"} == {
        "products_1_tint": ["red"],
        "products_1_wide": ["2"],
        "products_2_tint": ["blue"],
    }


@pytest.mark.parametrize("number", ["6_00", " 600", "+600", "٦٠٠", "6e2", "9" * 5_000])
def test_a_number_is_written_in_the_digits_0_to_9(folder: Path, number: str) -> None:
    output = run_postcard("render", folder / "products.json", "--width", number)
    assert output.exit_code == 2 and "is not a whole number" in output.stderr


@pytest.mark.parametrize("version", ["٣", "03", "0", "1_0", "9" * 5_000])
def test_a_version_is_a_number_from_1_to_999999_or_latest(version: str) -> None:
    output = run_postcard("link", "products", "--unchecked", "--version", version)
    assert output.exit_code == 2 and "--version takes a number" in output.stderr


def test_a_time_is_written_in_the_digits_0_to_9() -> None:
    output = run_postcard("link", "products", "--unchecked", "--expires", "٢٠٢٧-01-01")
    assert output.exit_code == 2 and "is not a time" in output.stderr


@pytest.mark.parametrize("option", ["--values", "--set-file"])
def test_a_file_of_values_is_bounded_utf_8(folder: Path, tmp_path: Path, option: str) -> None:
    path = tmp_path / "file"
    given = f"title={path}" if option == "--set-file" else path
    for content, message in ((b" " * 262_145, "larger than 256 KB"), (b"\xff", "not UTF-8")):
        path.write_bytes(content)
        output = run_postcard("render", folder / "products.json", option, given)
        assert output.exit_code == 2 and message in output.stderr


def test_a_name_that_is_set_twice_is_named(folder: Path) -> None:
    set_options = [part for name in "abcb" for part in ("--set", f"{name}=x")]
    output = run_postcard("render", folder / "products.json", *set_options)
    assert output.exit_code == 2 and "b is set twice" in output.stderr


@pytest.mark.parametrize("content", ["", "{", "[1]", "garbled"])
def test_a_damaged_local_json_says_what_to_do(tmp_path: Path, content: str) -> None:
    (tmp_path / "local.json").write_text(content)
    output = run_postcard("link", "products", "--unchecked", "--state", tmp_path)
    assert output.exit_code == 2 and "local.json is damaged" in output.stderr


@pytest.mark.parametrize(
    ("url", "key", "message"),
    [
        ("api.example.com", "postcard_x", "write it with its scheme"),
        ("ftp://api.example.com", "postcard_x", "write it with its scheme"),
        ("http://127.0.0.1:9", "ключ", "POSTCARD_API_KEY is no API key"),
        (" http://127.0.0.1:9/ ", " postcard_x\n", "http://127.0.0.1:9 does not answer"),
    ],
)
def test_a_wrong_environment_variable_is_named(
    monkeypatch: pytest.MonkeyPatch, url: str, key: str, message: str
) -> None:
    monkeypatch.setenv("POSTCARD_API_URL", url)
    monkeypatch.setenv("POSTCARD_API_KEY", key)
    output = run_postcard("link", "welcome")
    assert output.exit_code == 2 and message in output.stderr


def test_an_option_before_the_command_says_where_it_belongs() -> None:
    output = run_postcard("--json", "link", "welcome")
    assert output.exit_code == 2 and "--json stands behind the command" in output.stderr
    times = run_postcard("link", "welcome", "--expires", "yesterday")
    assert times.exit_code == 2 and "%Y" not in times.stderr


@pytest.mark.parametrize("host", ["", " "])
def test_an_empty_host_does_not_open_the_service_to_the_network(host: str) -> None:
    output = run_postcard("serve", "--host", host, "--port", "0")
    assert output.exit_code == 2 and "--host is empty" in output.stderr
