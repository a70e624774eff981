"""Signed links: reading, verifying, and the addresses that caches know pictures by."""

import hashlib
from typing import Literal, NamedTuple

from postcard.errors import BadRequest, Forbidden
from postcard.formats import FORMATS
from postcard.links.encoding import DIGITS, RESERVED_PARAMETERS, is_template_id
from postcard.links.parse import Link, parse_link
from postcard.links.signing import (
    BASE32_ALPHABET,
    CACHE_PATH_PURPOSE,
    LINK_PURPOSE,
    LinkKeys,
    base32,
    hmac_sha256,
    is_valid_signature,
    signing_input,
)
from postcard.runtime.lazy_dataclass import dataclass

__all__ = [
    "CachePath",
    "Link",
    "LinkKeys",
    "VerifiedLink",
    "cache_path",
    "image_id",
    "is_valid_image_id",
    "parse_cache_path",
    "parse_link",
    "unverified_cache_path",
    "verify",
    "verify_request",
]

UNHASHED_PARAMETERS = ("_kid", "_open", "_c")
HASHED_PARAMETERS_WHEN_ENDED = ("_v", "_w", "_d", "_q")
DUMMY_KEY = "0" * 64


class CachePath(NamedTuple):
    """`/renders/7/welcome/1/{digest}.png`, taken apart.

    `klass` is a version's number, `live`, `ended` or `unverified`.
    """

    epoch: int
    template: str
    kind: str
    digest: str
    format: str


@dataclass(frozen=True, slots=True)
class VerifiedLink:
    """A link that the image function was called with, verified: what to show, and how to answer.

    `klass` is `version`, `live` or `ended`. `unverified`: the edge had no keys, so the answer is
    `no-store` and nothing is stored, whatever the class.
    """

    link: Link
    kind: Literal["version", "live", "ended"]
    unverified: bool = False


def verify(keys: LinkKeys, link: Link) -> None:
    """`Forbidden` unless the signature is right. An unknown key takes as long as a known one."""
    key = keys.signing_keys.get(link.kid, DUMMY_KEY)
    right = is_valid_signature(
        key, signing_input(LINK_PURPOSE, link.path, link.signed_parameters), link.signature
    )
    if not right or link.kid not in keys.signing_keys:
        raise Forbidden("The signature of this link is not right.", code="bad_signature")


def cache_path(keys: LinkKeys, link: Link, *, now: float | None) -> str:
    """The path that caches and the Lambda know the picture by. `now` None: nothing has ended."""
    if now is not None and link.is_expired(now):
        return _cache_path(keys, link, "ended")
    return _cache_path(keys, link, str(link.version or "live"))


def unverified_cache_path(link: Link) -> str:
    """The path that the edge asks for when it cannot read its keys."""
    digest = hashlib.sha256(link.canonical_url.encode()).hexdigest()
    return f"/renders/0/{link.template}/unverified/{digest}.{link.format}"


def parse_cache_path(path: str) -> CachePath | None:
    """Take a rewritten path apart; None if it is not one of ours."""
    parts = path.split("/")
    if len(parts) != 6 or parts[:2] != ["", "renders"]:
        return None
    epoch, template, klass, (digest, _, image_format) = *parts[2:5], parts[5].partition(".")
    right = (
        0 < len(epoch) < 10
        and DIGITS.issuperset(epoch)
        and is_template_id(template)
        and (klass in ("live", "ended", "unverified") or RESERVED_PARAMETERS["_v"](klass))
        and len(digest) == 64
        and DIGITS.union("abcdef").issuperset(digest)
        and image_format in FORMATS
    )
    return CachePath(int(epoch), template, klass, digest, image_format) if right else None


def verify_request(keys: LinkKeys, path: str, link_header: str, *, now: float) -> VerifiedLink:
    """What the Lambda makes of the path it is called with and the link in `x-postcard-link`.

    The class in the path is the edge's decision, and the clock (`now`, Unix seconds) is asked
    only where the edge had no keys. `BadRequest` unless the link's path is the one called,
    `Forbidden` for a wrong signature.
    """
    called = parse_cache_path(path)
    if called is None:
        raise BadRequest("There is no such address.")
    link = parse_link(*(link_header.partition("?")[::2]))
    verify(keys, link)
    version: Literal["version", "live"] = "version" if link.version else "live"
    if called.kind == "unverified":
        _require_path(path, unverified_cache_path(link))
        return VerifiedLink(link, "ended" if link.is_expired(now) else version, unverified=True)
    if called.kind == "ended" and link.expires is not None:
        _require_path(path, _cache_path(keys, link, "ended"))
        return VerifiedLink(link, "ended")
    _require_path(path, cache_path(keys, link, now=None))
    return VerifiedLink(link, version)


def image_id(keys: LinkKeys, canonical_request: str) -> str:
    """The id of an opaque image: the same request has the same id, and nobody can guess one."""
    first = base32(hmac_sha256(keys.image_id_key, canonical_request), 16)
    return f"img_{first}{base32(hmac_sha256(keys.image_id_checksum_key, first), 10)}"


def is_valid_image_id(keys: LinkKeys, id: str) -> bool:
    """Whether the last ten characters follow from the ones before: ours, or a guess."""
    first, last = id[4:20], id[20:]
    shaped = id.startswith("img_") and len(id) == 30 and set(BASE32_ALPHABET).issuperset(id[4:])
    return shaped and base32(hmac_sha256(keys.image_id_checksum_key, first), 10) == last


def _cache_path(keys: LinkKeys, link: Link, kind: str) -> str:
    names = (
        HASHED_PARAMETERS_WHEN_ENDED
        if kind == "ended"
        else link.encoded_parameters.keys() - set(UNHASHED_PARAMETERS)
    )
    lines = sorted(
        link.encoded_parameters[name] for name in names if name in link.encoded_parameters
    )
    digest = hmac_sha256(
        keys.cache_path_key, signing_input(CACHE_PATH_PURPOSE, link.path, lines)
    ).hex()
    return f"/renders/{keys.epoch}/{link.template}/{kind}/{digest}.{link.format}"


def _require_path(path: str, right: str) -> None:
    if path != right:
        raise BadRequest("The link is not the one of this address.")
