"""Cache paths: the path under which CloudFront, S3 and the image function know a picture.

    /renders/{epoch}/{template}/{kind}/{digest}.{format}

`kind` is a template version's number, `live` (the link pins no version), `ended` (the link has
expired) or `unverified` (the edge function could not read its keys). The edge function rewrites
links to these paths (functions/edge/viewer_request.js).
"""

import hashlib
from typing import NamedTuple

from postcard.identifiers import DIGITS, is_template_id
from postcard.image_formats import FORMATS
from postcard.links.encoding import RESERVED_PARAMETERS
from postcard.links.parse import Link
from postcard.links.signing import CACHE_PATH_PURPOSE, LinkKeys, hmac_sha256, signing_input

UNHASHED_PARAMETERS = ("_kid", "_open", "_c", "_m")  # they change nothing in the picture
HASHED_PARAMETERS_WHEN_ENDED = ("_v", "_w", "_d", "_q")


class CachePath(NamedTuple):
    """A parsed cache path; `digest` is 64 hex digits."""

    epoch: int
    template: str
    kind: str
    digest: str
    format: str


def cache_path(keys: LinkKeys, link: Link, *, now: float | None) -> str:
    """The cache path of a link at `now` (Unix seconds). `now` None ignores the expiry."""
    if now is not None and link.is_expired(now):
        return ended_cache_path(keys, link)
    names = link.encoded_parameters.keys() - set(UNHASHED_PARAMETERS)
    return _keyed_path(keys, link, str(link.version or "live"), names)


def ended_cache_path(keys: LinkKeys, link: Link) -> str:
    """The path of the template's `ended` picture, the same for all links of one size."""
    names = link.encoded_parameters.keys() & set(HASHED_PARAMETERS_WHEN_ENDED)
    return _keyed_path(keys, link, "ended", names)


def unverified_cache_path(link: Link) -> str:
    """The path that the edge function requests when it cannot read its keys."""
    digest = hashlib.sha256(link.unverified_url.encode()).hexdigest()
    return f"/renders/0/{link.template}/unverified/{digest}.{link.format}"


def parse_cache_path(path: str) -> CachePath | None:
    """Parse a cache path; None if it is not one."""
    parts = path.split("/")
    if len(parts) != 6 or parts[:2] != ["", "renders"]:
        return None
    epoch, template, kind, (digest, _, image_format) = *parts[2:5], parts[5].partition(".")
    well_formed = (
        0 < len(epoch) < 10
        and DIGITS.issuperset(epoch)
        and is_template_id(template)
        and (kind in ("live", "ended", "unverified") or RESERVED_PARAMETERS["_v"](kind))
        and len(digest) == 64
        and DIGITS.union("abcdef").issuperset(digest)
        and image_format in FORMATS
    )
    return CachePath(int(epoch), template, kind, digest, image_format) if well_formed else None


def _keyed_path(keys: LinkKeys, link: Link, kind: str, names: set[str]) -> str:
    hashed = sorted(link.encoded_parameters[name] for name in names)
    # Links of all campaigns share the picture.
    path = f"/r/{link.template}.{link.format}"
    digest = hmac_sha256(keys.cache_path_key, signing_input(CACHE_PATH_PURPOSE, path, hashed)).hex()
    return f"/renders/{keys.epoch}/{link.template}/{kind}/{digest}.{link.format}"
