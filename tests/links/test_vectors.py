"""Every case of docs/contract/link-vectors.json."""

from typing import Any

import pytest

from postcard.errors import BadRequest
from postcard.links.build import sign_link
from postcard.links.image_ids import derive_image_id, is_valid_image_id
from postcard.links.parse import parse_link
from postcard.links.signing import LinkKeys
from postcard.links.verify import verify_request
from tests.links.link_cases import KEYS, NOW, VECTORS, Outcome, outcome, split, valid_spellings


def names(cases: list[dict[str, Any]]) -> list[str]:
    return [case["name"] for case in cases]


@pytest.mark.parametrize("case", VECTORS["valid"], ids=names(VECTORS["valid"]))
def test_a_link_has_the_signing_input_signature_and_cache_path_of_the_contract(
    case: dict[str, Any],
) -> None:
    link = parse_link(*split(case["link"]))
    message = "\n".join(["postcard-link-v1", link.path, *link.signed_parameters])
    assert message == case["message"]
    assert link.signature == case["sig"]
    assert outcome(case["link"]) == Outcome(200, case["address"], case["link"])
    assert case["digest"] in case["address"]


@pytest.mark.parametrize(("name", "link", "address"), valid_spellings())
def test_every_spelling_has_the_same_cache_path(name: str, link: str, address: str) -> None:
    assert outcome(link).address == address


NEW_LINKS = [case for case in VECTORS["valid"] if "_c" not in case["params"]]


@pytest.mark.parametrize("case", NEW_LINKS, ids=names(NEW_LINKS))
def test_signing_gives_the_contracts_link(case: dict[str, Any]) -> None:
    given = case["params"]
    folder, _, name = case["path"].rpartition("/")
    template, _, image_format = name.rpartition(".")
    keys = LinkKeys(
        KEYS.epoch,
        KEYS.signing_keys,
        given["_kid"],
        KEYS.cache_path_key,
        KEYS.image_id_checksum_key,
        KEYS.image_id_key,
    )
    link = sign_link(
        keys,
        template=template,
        format=image_format,
        fields={name: value for name, value in given.items() if name[0] != "_"},
        version=int(given["_v"]) if "_v" in given else None,
        width=int(given["_w"]) if "_w" in given else None,
        dpr=float(given.get("_d", 1)),
        quality=int(given["_q"]) if "_q" in given else None,
        expires=int(given["_exp"]) if "_exp" in given else None,
        campaign=folder.removeprefix("/c/") if folder.startswith("/c/") else None,
    )
    assert link == case["link"]


@pytest.mark.parametrize("case", VECTORS["merge"]["cases"], ids=lambda case: case["pasted"])
def test_inserted_values_are_parsed_as_in_the_contract(case: dict[str, Any]) -> None:
    link = parse_link(*split(case["link"]))
    assert link.fields.get("first_name", "") == case["first_name"]
    assert link.fields["last_name"] == "Müller"
    assert link.open_fields == ("first_name", "last_name")
    address = f"/renders/{KEYS.epoch}/welcome/3/{case['digest']}.png"
    assert outcome(case["link"]) == Outcome(200, address, case["canonical"])


@pytest.mark.parametrize("case", VECTORS["marked"], ids=lambda case: case["link"][-60:])
def test_the_open_part_of_a_link_with_an_encoding_is_parsed_as_in_the_contract(
    case: dict[str, Any],
) -> None:
    fields = parse_link(*split(case["link"])).fields
    assert (fields.get("first_name"), fields.get("last_name")) == (
        case["first_name"],
        case["last_name"],
    )
    address = f"/renders/{KEYS.epoch}/welcome/3/{case['digest']}.png"
    assert outcome(case["link"]) == Outcome(200, address, case["canonical"])
    assert outcome(case["canonical"]) == outcome(case["link"])


def test_the_prefix_of_a_merge_link_is_signed_with_its_open_fields() -> None:
    head = sign_link(
        KEYS,
        template="welcome",
        format="png",
        fields={"code": "SAVE25"},
        version=3,
        open=("last_name", "first_name"),
    )
    assert head == VECTORS["merge"]["head"]


@pytest.mark.parametrize("case", VECTORS["invalid"], ids=names(VECTORS["invalid"]))
def test_a_bad_link_is_refused_with_its_status(case: dict[str, Any]) -> None:
    assert outcome(case["link"]).status == case["status"]


@pytest.mark.parametrize("case", VECTORS["called"], ids=names(VECTORS["called"]))
def test_the_image_function_takes_the_paths_of_the_contract(case: dict[str, Any]) -> None:
    link = parse_link(*split(case["link"]))
    if case["status"] == 200:
        assert verify_request(lambda epoch: KEYS, case["path"], link, now=NOW).kind == "version"
    else:
        with pytest.raises(BadRequest):
            verify_request(lambda epoch: KEYS, case["path"], link, now=NOW)


@pytest.mark.parametrize("case", VECTORS["images"]["examples"], ids=lambda case: case["request"])
def test_image_ids_are_the_contracts(case: dict[str, Any]) -> None:
    assert derive_image_id(KEYS, case["request"]) == case["image_id"]
    assert is_valid_image_id(KEYS, case["image_id"])


def test_a_link_has_the_ended_path_from_its_expiry_on() -> None:
    case = next(case for case in VECTORS["valid"] if "_exp" in case["params"])
    assert "/1/" in outcome(case["link"], now=NOW).address
    assert "/ended/" in outcome(case["link"], now=NOW + 1).address
