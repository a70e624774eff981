"""Verifying signed links: the signature, and the path that the image function was called with."""

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from postcard.errors import BadRequest, Forbidden
from postcard.links.cache_path import (
    cache_path,
    ended_cache_path,
    parse_cache_path,
    unverified_cache_path,
)
from postcard.links.parse import Link
from postcard.links.signing import LINK_PURPOSE, LinkKeys, is_valid_signature, signing_input
from postcard.runtime.lazy_dataclass import dataclass

DUMMY_KEY = "0" * 64


@dataclass(frozen=True, slots=True)
class VerifiedLink:
    """A verified link and what to show for it: a pinned version, the latest, or the ended picture.

    `unverified`: the edge function had no keys and checked nothing, so the response must be
    `no-store` and nothing may be stored.
    """

    link: Link
    kind: Literal["version", "live", "ended"]
    unverified: bool = False


def verify_signature(keys: LinkKeys, link: Link) -> Link:
    """The link as it was signed: without the fields that somebody appended.

    `Forbidden` if the signature is wrong with and without them, `BadRequest` if a reserved
    parameter was appended, too. An unknown key takes as long as a known one.
    """
    if _is_signed(keys, link):
        return replace(link, appended=()) if link.appended else link
    if link.appended and _is_signed(keys, shorter := link.without_appended()):
        return shorter
    if link.late_parameter:
        raise BadRequest(f"{link.late_parameter} was added behind the signature.")
    raise Forbidden("The signature of this link is not right.", code="bad_signature")


def _is_signed(keys: LinkKeys, link: Link) -> bool:
    key = keys.signing_keys.get(link.kid, DUMMY_KEY)
    signed_text = signing_input(LINK_PURPOSE, link.path, link.signed_parameters)
    return is_valid_signature(key, signed_text, link.signature) and link.kid in keys.signing_keys


def verify_request(
    keys_for: Callable[[int], LinkKeys], path: str, link: Link, *, now: float
) -> VerifiedLink:
    """Verify a call of the image function: `path` as rewritten by the edge, and its link.

    `keys_for` gives the keys for the path's epoch; it may not know that epoch.

    The kind in the path is the edge function's decision; the clock (`now`, Unix seconds) decides
    only where the edge had no keys. While the epoch is being raised, the edge and the function may
    have keys that differ by one: the path's epoch holds then. `BadRequest` unless `path` is the
    cache path of the link, `Forbidden` for a wrong signature.
    """
    requested = parse_cache_path(path)
    if requested is None:
        raise BadRequest("There is no such address.")
    keys = keys_for(requested.epoch)
    unverified_path = unverified_cache_path(link)
    link = verify_signature(keys, link)
    kind: Literal["version", "live"] = "version" if link.version else "live"
    if requested.kind == "unverified":
        _require_path(path, unverified_path)
        return VerifiedLink(link, "ended" if link.is_expired(now) else kind, unverified=True)
    if requested.epoch > 0 and abs(requested.epoch - keys.epoch) == 1:
        keys = replace(keys, epoch=requested.epoch)
    if requested.kind == "ended" and link.expires is not None:
        _require_path(path, ended_cache_path(keys, link))
        return VerifiedLink(link, "ended")
    _require_path(path, cache_path(keys, link, now=None))
    return VerifiedLink(link, kind)


def _require_path(path: str, expected: str) -> None:
    if path != expected:
        raise BadRequest("The link does not belong to this address.")
