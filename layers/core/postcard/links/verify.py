"""Signed links: reading, verifying, and the addresses that caches know pictures by."""

import hashlib
from typing import Literal, NamedTuple

from postcard.errors import BadRequest, Forbidden
from postcard.formats import FORMATS
from postcard.links.encoding import DIGITS, RESERVED, is_template
from postcard.links.parse import Link, read
from postcard.links.signing import (
    ADDRESS,
    BASE32,
    LINK,
    LinkKeys,
    base32,
    is_signature,
    mac,
    message,
)
from postcard.runtime.lazy_dataclass import dataclass

__all__ = [
    "AddressClass",
    "Called",
    "Link",
    "LinkKeys",
    "address",
    "address_class",
    "image_id",
    "is_image_id",
    "open_called",
    "read",
    "unverified_address",
    "verify",
]

NOT_IN_DIGEST = ("_kid", "_open", "_c")
IN_ENDED_DIGEST = ("_v", "_w", "_d", "_q")
NO_KEY = "0" * 64


class AddressClass(NamedTuple):
    """`/renders/7/welcome/1/{digest}.png`, taken apart.

    `klass` is a version's number, `live`, `ended` or `unverified`.
    """

    epoch: int
    template: str
    klass: str
    digest: str
    format: str


@dataclass(frozen=True, slots=True)
class Called:
    """A link that the image function was called with, verified: what to show, and how to answer.

    `klass` is `version`, `live` or `ended`. `unverified`: the edge had no keys, so the answer is
    `no-store` and nothing is stored, whatever the class.
    """

    link: Link
    klass: Literal["version", "live", "ended"]
    unverified: bool = False


def verify(keys: LinkKeys, link: Link) -> None:
    """`Forbidden` unless the signature is right. An unknown key takes as long as a known one."""
    key = keys.signing.get(link.kid, NO_KEY)
    right = is_signature(key, message(LINK, link.path, link.signed_lines), link.signature)
    if not right or link.kid not in keys.signing:
        raise Forbidden("The signature of this link is not right.", code="bad_signature")


def address(keys: LinkKeys, link: Link, *, now: float | None) -> str:
    """The path that caches and the Lambda know the picture by. `now` None: nothing has ended."""
    if now is not None and link.ended(now):
        return _address(keys, link, "ended")
    return _address(keys, link, str(link.version or "live"))


def unverified_address(link: Link) -> str:
    """The path that the edge asks for when it cannot read its keys."""
    digest = hashlib.sha256(link.canonical.encode()).hexdigest()
    return f"/renders/0/{link.template}/unverified/{digest}.{link.format}"


def address_class(path: str) -> AddressClass | None:
    """Take a rewritten path apart; None if it is not one of ours."""
    parts = path.split("/")
    if len(parts) != 6 or parts[:2] != ["", "renders"]:
        return None
    epoch, template, klass, (digest, _, image_format) = *parts[2:5], parts[5].partition(".")
    right = (
        0 < len(epoch) < 10
        and DIGITS.issuperset(epoch)
        and is_template(template)
        and (klass in ("live", "ended", "unverified") or RESERVED["_v"](klass))
        and len(digest) == 64
        and DIGITS.union("abcdef").issuperset(digest)
        and image_format in FORMATS
    )
    return AddressClass(int(epoch), template, klass, digest, image_format) if right else None


def open_called(keys: LinkKeys, path: str, link_header: str, *, now: float) -> Called:
    """What the Lambda makes of the path it is called with and the link in `x-postcard-link`.

    The class in the path is the edge's decision, and the clock (`now`, Unix seconds) is asked
    only where the edge had no keys. `BadRequest` unless the link's path is the one called,
    `Forbidden` for a wrong signature.
    """
    called = address_class(path)
    if called is None:
        raise BadRequest("There is no such address.")
    link = read(*(link_header.partition("?")[::2]))
    verify(keys, link)
    version: Literal["version", "live"] = "version" if link.version else "live"
    if called.klass == "unverified":
        _must_be(path, unverified_address(link))
        return Called(link, "ended" if link.ended(now) else version, unverified=True)
    if called.klass == "ended" and link.expires is not None:
        _must_be(path, _address(keys, link, "ended"))
        return Called(link, "ended")
    _must_be(path, address(keys, link, now=None))
    return Called(link, version)


def image_id(keys: LinkKeys, canonical_request: str) -> str:
    """The id of an opaque image: the same request has the same id, and nobody can guess one."""
    first = base32(mac(keys.id, canonical_request), 16)
    return f"img_{first}{base32(mac(keys.images, first), 10)}"


def is_image_id(keys: LinkKeys, id: str) -> bool:
    """Whether the last ten characters follow from the ones before: ours, or a guess."""
    first, last = id[4:20], id[20:]
    shaped = id.startswith("img_") and len(id) == 30 and set(BASE32).issuperset(id[4:])
    return shaped and base32(mac(keys.images, first), 10) == last


def _address(keys: LinkKeys, link: Link, klass: str) -> str:
    names = IN_ENDED_DIGEST if klass == "ended" else link.lines.keys() - set(NOT_IN_DIGEST)
    lines = sorted(link.lines[name] for name in names if name in link.lines)
    digest = mac(keys.address, message(ADDRESS, link.path, lines)).hex()
    return f"/renders/{keys.epoch}/{link.template}/{klass}/{digest}.{link.format}"


def _must_be(path: str, right: str) -> None:
    if path != right:
        raise BadRequest("The link is not the one of this address.")
