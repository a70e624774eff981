"""The contract's test vectors, their keys, and the outcome of a link in Python."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from postcard.errors import Problem
from postcard.links import build
from postcard.links.cache_path import cache_path
from postcard.links.parse import parse_link
from postcard.links.signing import LinkKeys
from postcard.links.verify import verify_signature

ROOT = Path(__file__).parents[2]
VECTORS: dict[str, Any] = json.loads((ROOT / "docs/contract/link-vectors.json").read_text())
KEYS = LinkKeys(
    epoch=VECTORS["epoch"],
    signing_keys=VECTORS["signing_keys_hex"],
    active_kid="k1",
    cache_path_key=VECTORS["address_key_hex"],
    image_id_checksum_key=VECTORS["images"]["images_key_hex"],
    image_id_key=VECTORS["images"]["id_key_hex"],
)
# A second before the vectors' _exp.
NOW = 1_789_999_999.0


@dataclass(frozen=True)
class Outcome:
    """The outcome of a link: a status, and for a 200 its cache path and canonical spelling."""

    status: int
    address: str = ""
    canonical: str = ""


def split(link: str) -> tuple[str, str]:
    path, _, query = link.partition("?")
    return path, query


def outcome(link: str, *, now: float = NOW) -> Outcome:
    """Parse and verify a link with the vectors' keys."""
    try:
        read = verify_signature(KEYS, parse_link(*split(link)))
    except Problem as problem:
        return Outcome(problem.status)
    return Outcome(200, cache_path(KEYS, read, now=now), read.canonical_url)


def sign_link(fields: Mapping[str, str], **parameters: Any) -> str:
    """A signed link to `welcome.png`, version 1, with other parameters."""
    link: dict[str, Any] = {"template": "welcome", "format": "png", "version": 1, **parameters}
    return build.sign_link(KEYS, fields=fields, **link)


def valid_spellings() -> list[tuple[str, str, str]]:
    """Every valid link of the vectors in every spelling: (name, link, cache path)."""
    return [
        (case["name"], link, case["address"])
        for case in VECTORS["valid"]
        for link in [
            case["link"],
            case["link"].replace(case["sig"], case["sig_hex"]),
            *case.get("spelled", []),
        ]
    ]
