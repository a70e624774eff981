"""Builds and signs links, and refuses to sign what `parse_link` would refuse."""

from collections.abc import Iterable, Mapping, Sequence

from postcard.errors import BadRequest, Fault, UriTooLong
from postcard.geometry import DPRS
from postcard.identifiers import is_field_path, is_name, is_template_id, is_tracking_parameter
from postcard.image_formats import FORMATS
from postcard.links.encoding import (
    MAX_LINK_BYTES,
    MAX_PARAMETERS,
    MAX_QUERY_BYTES,
    RESERVED_PARAMETERS,
    is_campaign,
    percent_encode,
)
from postcard.links.signing import LINK_PURPOSE, LinkKeys, base64url, hmac_sha256, signing_input

# Reserved parameters to their JSON pointers in the body of POST /v1/links.
BODY_POINTERS = {
    "_v": "/template_version",
    "_w": "/width",
    "_d": "/dpr",
    "_q": "/quality",
    "_exp": "/expires_at",
    "_open": "/open",
    "_m": "/encoding",
}


def sign_link(
    keys: LinkKeys,
    *,
    template: str,
    format: str,
    fields: Mapping[str, str],
    version: int | None = None,
    width: int | None = None,
    dpr: float = 1,
    quality: int | None = None,
    expires: int | None = None,
    campaign: str | None = None,
    open: Sequence[str] = (),
    encoding: str | None = None,
) -> str:
    """A signed link in its canonical spelling, without the host.

    Parameters that are None, and a dpr of 1, are left out. With `open` it is the signed prefix of
    a merge link: the open fields follow it, each as `&name=` and a tag, then `&_end=(`. `encoding`
    (`u`, `r` or `a`) says how the platform writes their values. `BadRequest` with all faults,
    `UriTooLong` over the limits of `parse_link`.
    """
    signer = LinkSigner(
        keys,
        template=template,
        format=format,
        version=version,
        width=width,
        dpr=dpr,
        quality=quality,
        expires=expires,
        campaign=campaign,
        open=open,
        encoding=encoding,
    )
    return signer.sign(fields)


class LinkSigner:
    """Signs links that differ in their fields only; the other parameters are those of `sign_link`.

    They are checked and encoded once, which is most of the work for a link in a batch.
    """

    def __init__(
        self,
        keys: LinkKeys,
        *,
        template: str,
        format: str,
        version: int | None = None,
        width: int | None = None,
        dpr: float = 1,
        quality: int | None = None,
        expires: int | None = None,
        campaign: str | None = None,
        open: Sequence[str] = (),
        encoding: str | None = None,
    ) -> None:
        optional = {
            "_v": version,
            "_w": width,
            "_d": None if dpr == 1 else f"{dpr:g}",
            "_q": quality,
            "_exp": expires,
            "_open": ",".join(sorted(open)) or None,
            "_m": encoding,
        }
        reserved = {name: str(value) for name, value in optional.items() if value is not None}
        self._keys = keys
        self._open = open
        self._encoding = encoding
        self._faults = [
            *_parameter_faults(template, format, reserved, dpr),
            *_campaign_faults(campaign),
        ]
        self._open_faults = [*_open_faults(open)]
        folder = "/r" if campaign is None else f"/c/{campaign}"
        self._path = f"{folder}/{template}.{format}"
        parameters = {**reserved, "_kid": keys.active_kid}
        self._reserved = [_encoded(name, value) for name, value in parameters.items()]
        self._checked_names: set[str] = set()

    def sign(self, fields: Mapping[str, str]) -> str:
        """The link of these fields; `BadRequest` with all faults, `UriTooLong`."""
        encoded, value_faults = self._encode(fields)
        faults = [*self._faults, *self._name_faults(fields), *self._open_faults, *value_faults]
        if faults:
            raise BadRequest("The link cannot be made from these parameters.", errors=faults)
        link = _sign(self._keys, self._path, sorted([*self._reserved, *encoded]))
        if self._encoding is not None:
            link = _spell_for_mail_platforms(link)
        parameter_count = len(self._reserved) + len(encoded) + 1
        count = parameter_count + len(self._open) + (self._encoding is not None)
        check_length(link, parameter_count=count)
        return link

    def _encode(self, fields: Mapping[str, str]) -> tuple[list[str], list[Fault]]:
        encoded, faults = [], []
        for name, value in fields.items():
            try:
                encoded.append(_encoded(name, value))
            except UnicodeEncodeError:
                detail = f"{name} is not Unicode text."
                faults.append(Fault("invalid_value", "/modifications", detail))
        return encoded, faults

    def _name_faults(self, fields: Mapping[str, str]) -> list[Fault]:
        """Faults of the fields' names, of which those without are remembered."""
        new = fields.keys() - self._checked_names
        if not new:
            return []
        faults = [*_field_faults([name for name in fields if name in new], self._open)]
        if not faults and len(self._checked_names) < MAX_PARAMETERS:
            self._checked_names |= new
        return faults


def _encoded(name: str, value: str) -> str:
    return f"{name}={percent_encode(value)}"


def _spell_for_mail_platforms(link: str) -> str:
    """The same link, spelled as platforms leave it alone.

    Some take `%` for the start of a tag, so the comma in `_open` is not escaped. Some are said to
    drop `~`.
    """
    path, _, query = link.partition("?")
    parameters = (
        one.replace("%2C", ",") if one.startswith("_open=") else one.replace("~", "%7E")
        for one in query.split("&")
    )
    return f"{path}?{'&'.join(parameters)}"


def _sign(keys: LinkKeys, path: str, parameters: Sequence[str]) -> str:
    signature = base64url(
        hmac_sha256(
            keys.signing_keys[keys.active_kid], signing_input(LINK_PURPOSE, path, parameters)
        )
    )
    return f"{path}?{'&'.join(parameters)}&_sig={signature}"


def check_length(link: str, *, parameter_count: int) -> None:
    """`UriTooLong` over the limits of `parse_link`: parameters, bytes of query and link."""
    query = link.partition("?")[2]
    if (
        parameter_count > MAX_PARAMETERS
        or len(query.encode()) > MAX_QUERY_BYTES
        or len(link.encode()) > MAX_LINK_BYTES
    ):
        raise UriTooLong(
            f"A link has at most {MAX_PARAMETERS} parameters, {MAX_QUERY_BYTES} bytes after the ?"
            f" and {MAX_LINK_BYTES} in all: shorten the values, or POST /v1/images."
        )


def _parameter_faults(
    template: str, format: str, reserved: Mapping[str, str], dpr: float
) -> Iterable[Fault]:
    if not is_template_id(template):
        yield Fault("invalid_value", "/template_id", "This is not a template id.")
    if format not in FORMATS:
        yield Fault("invalid_value", "/format", f"One of {', '.join(FORMATS)}.")
    for name, value in reserved.items():
        if not RESERVED_PARAMETERS[name](value) or (name == "_d" and dpr not in DPRS):
            yield Fault("invalid_value", BODY_POINTERS[name], f"{value} is out of bounds.")


def _campaign_faults(campaign: str | None) -> Iterable[Fault]:
    if campaign is not None and not is_campaign(campaign):
        yield Fault("invalid_value", "/campaign", "1 to 32 of a-z, 0-9 and -.")


def _field_faults(names: Iterable[str], open: Sequence[str]) -> Iterable[Fault]:
    for name in names:
        if not is_field_path(name) or is_tracking_parameter(name):
            yield Fault("unknown_name", "/modifications", f"No field can be called {name}.")
        elif name in open:
            yield Fault(
                "invalid_value",
                "/open",
                f"{name} is an open field, so it cannot have a value here.",
            )


def _open_faults(open: Sequence[str]) -> Iterable[Fault]:
    for name in open:
        if is_name(name) and is_tracking_parameter(name):
            yield Fault("unknown_name", "/open", f"No field can be called {name}.")
