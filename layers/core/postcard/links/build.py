"""Minting links: what no reader would take is not signed."""

from collections.abc import Iterable, Mapping, Sequence

from postcard.errors import BadRequest, Fault, UriTooLong
from postcard.formats import FORMATS
from postcard.geometry import DPRS
from postcard.links.encoding import (
    MAX_LINK_BYTES,
    MAX_PARAMETERS,
    MAX_QUERY_BYTES,
    RESERVED_PARAMETERS,
    is_field_path,
    is_name,
    is_template_id,
    is_tracking_parameter,
    percent_encode,
)
from postcard.links.signing import LINK_PURPOSE, LinkKeys, base64url, hmac_sha256, signing_input

# Where a reserved parameter stands in the body of POST /v1/links.
BODY_POINTERS = {
    "_v": "/template_version",
    "_w": "/width",
    "_d": "/dpr",
    "_q": "/quality",
    "_exp": "/expires_at",
    "_c": "/campaign",
    "_open": "/open",
}


def sign_link(
    keys: LinkKeys,
    *,
    template: str,
    format: str,
    fields: Mapping[str, str],
    version: int | None,
    width: int | None,
    dpr: float,
    quality: int | None,
    expires: int | None,
    campaign: str | None,
    open: Sequence[str] = (),
) -> str:
    """A signed link, in its canonical spelling, without the host. None or dpr 1: left out.

    With `open` it is the head of a merge link: the open fields follow it, `&name=` and a tag
    each. `BadRequest` with every fault, `LinkTooLong` over the bounds that reading has.
    """
    shown = {"_v": version, "_w": width, "_d": None if dpr == 1 else f"{dpr:g}", "_q": quality}
    other = {"_exp": expires, "_c": campaign, "_open": ",".join(sorted(open)) or None}
    given = {name: str(value) for name, value in (shown | other).items() if value is not None}
    faults = [*_parameter_faults(template, format, given, dpr), *_field_faults(fields, open)]
    if faults:
        raise BadRequest("The link cannot be made as asked.", errors=faults)
    path = f"/r/{template}.{format}"
    named = {**given, "_kid": keys.active_kid, **fields}
    link = _sign(
        keys, path, sorted(f"{name}={percent_encode(value)}" for name, value in named.items())
    )
    check_length(link, parameter_count=len(named) + 1 + len(open))
    return link


def _sign(keys: LinkKeys, path: str, parameters: Sequence[str]) -> str:
    signature = base64url(
        hmac_sha256(
            keys.signing_keys[keys.active_kid], signing_input(LINK_PURPOSE, path, parameters)
        )
    )
    return f"{path}?{'&'.join(parameters)}&_sig={signature}"


def check_length(link: str, *, parameter_count: int) -> None:
    """`LinkTooLong` for what `read` would refuse: parts, bytes of the query, bytes of it all."""
    query = link.partition("?")[2]
    if (
        parameter_count > MAX_PARAMETERS
        or len(query.encode()) > MAX_QUERY_BYTES
        or len(link.encode()) > MAX_LINK_BYTES
    ):
        raise UriTooLong(
            f"A link has at most {MAX_PARAMETERS} parameters, {MAX_QUERY_BYTES} bytes after the ? and "
            f"{MAX_LINK_BYTES} in all: shorten the values, or POST /v1/images."
        )


def _parameter_faults(
    template: str, format: str, given: Mapping[str, str], dpr: float
) -> Iterable[Fault]:
    if not is_template_id(template):
        yield Fault("invalid_value", "/template_id", "Not a template's id.")
    if format not in FORMATS:
        yield Fault("invalid_value", "/format", f"One of {', '.join(FORMATS)}.")
    for name, value in given.items():
        if not RESERVED_PARAMETERS[name](value) or (name == "_d" and dpr not in DPRS):
            yield Fault("invalid_value", BODY_POINTERS[name], f"{value} is out of bounds.")


def _field_faults(fields: Mapping[str, str], open: Sequence[str]) -> Iterable[Fault]:
    for name in fields:
        if not is_field_path(name) or is_tracking_parameter(name):
            yield Fault("unknown_name", "/modifications", f"No field can be called {name}.")
        elif name in open:
            yield Fault("invalid_value", "/open", f"{name} is open and has a value.")
    for name in open:
        if is_name(name) and is_tracking_parameter(name):
            yield Fault("unknown_name", "/open", f"No field can be called {name}.")
    for name, value in fields.items():
        if not _is_unicode(value):
            yield Fault("invalid_value", "/modifications", f"{name} is not Unicode text.")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
