"""Parses signed links. Links that differ only in spelling are the same `Link`."""

from collections.abc import Mapping

from postcard.errors import BadRequest
from postcard.identifiers import is_field_path, is_template_id, is_tracking_parameter
from postcard.image_formats import FORMATS
from postcard.links.encoding import (
    MAX_LINK_BYTES,
    MAX_PARAMETERS,
    MAX_QUERY_BYTES,
    RESERVED_PARAMETERS,
    decode_merge_value,
    percent_decode,
    percent_encode,
)
from postcard.runtime.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Link:
    """A parsed link, not yet verified. `fields` holds properties, too, as `title.color`.

    `encoded_parameters` maps each name but `_sig` to its encoded `name=value`; `canonical_url` is
    the link's canonical spelling. `expires` is in Unix seconds, `width` in CSS pixels.
    """

    template: str
    format: str
    fields: Mapping[str, str]
    version: int | None
    width: int | None
    dpr: float
    quality: int | None
    expires: int | None
    campaign: str | None
    open_fields: tuple[str, ...]
    kid: str
    signature: str
    encoded_parameters: Mapping[str, str]
    canonical_url: str

    @property
    def path(self) -> str:
        """The path without the query: `/r/welcome.png`."""
        return f"/r/{self.template}.{self.format}"

    @property
    def signed_parameters(self) -> list[str]:
        """The encoded parameters that the signature covers, sorted: all but open fields."""
        return sorted(
            parameter
            for name, parameter in self.encoded_parameters.items()
            if name not in self.open_fields
        )

    def is_expired(self, now: float) -> bool:
        """Whether `now` (Unix seconds) has reached `_exp`."""
        return self.expires is not None and now >= self.expires


def parse_link(path: str, query: str) -> Link:
    """Parse a link as it was sent; `BadRequest` if it is malformed."""
    template, image_format = parse_path(path)
    try:
        if query.count("&") >= MAX_PARAMETERS or len(query.encode()) > MAX_QUERY_BYTES:
            raise BadRequest(
                f"A query has at most {MAX_PARAMETERS} parameters and {MAX_QUERY_BYTES} bytes."
            )
        values = _parse_parameters(_split_query(query))
    except UnicodeError as error:
        raise BadRequest("Names and values are UTF-8.") from error
    if "_kid" not in values:
        raise BadRequest("The parameter _kid is missing: it names the signing key.")
    return _build_link(template, image_format, values)


def parse_path(path: str) -> tuple[str, str]:
    """The template and format of `/r/{template}.{format}`; `BadRequest` for other paths."""
    if path.startswith("/r/"):
        template, _, image_format = path[3:].rpartition(".")
        if image_format in FORMATS and is_template_id(template):
            return template, image_format
    raise BadRequest(
        f"The path of a signed link is /r/TEMPLATE.FORMAT, FORMAT one of {', '.join(FORMATS)}."
    )


def _split_query(query: str) -> list[str]:
    """The parts between `&`, without the `amp;` that mail software leaves before them."""
    parts = []
    for part in query.split("&"):
        start = 0
        while part.startswith("amp;", start):
            start += 4
        if start < len(part):
            parts.append(part[start:])
    return parts


def _parse_parameters(parts: list[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for index, part in enumerate(parts):
        raw_name, _, raw_value = part.partition("=")
        if is_tracking_parameter(raw_name):
            continue  # not decoded: mail software also writes a raw % there
        name = _decode(raw_name)
        if is_tracking_parameter(name):
            continue
        value = _decode(raw_value)
        _check_parameter(name, value, values)
        values[name] = value
        if name == "_sig" and "_open" in values:
            _parse_open_values(parts[index + 1 :], values)
            break
    if "_open" in values and "_sig" not in values:
        raise BadRequest("_open must come before _sig.")
    return values


def _decode(text: str) -> str:
    try:
        return percent_decode(text)
    except ValueError as error:
        raise BadRequest("Names and values are percent-encoded UTF-8.") from error


def _check_parameter(name: str, value: str, values: Mapping[str, str]) -> None:
    if name in values:
        raise BadRequest(f"{name} occurs twice.")
    if name == "_open" and "_sig" in values:
        raise BadRequest("_open must come before _sig.")
    if name == "_sig" or is_field_path(name):
        return
    if name not in RESERVED_PARAMETERS:
        raise BadRequest("The link has an unknown parameter.")
    if not RESERVED_PARAMETERS[name](value):
        raise BadRequest(f"The value of {name} is not valid.")


def _parse_open_values(parts: list[str], values: dict[str, str]) -> None:
    """Parse the open fields, into which mail platforms insert raw text: nothing is an error."""
    missing = [name for name in values["_open"].split(",") if name not in values]
    inserted: dict[str, str] = {}
    current = None
    for part in parts:
        name = part.partition("=")[0]
        if name in missing and len(name) < len(part):
            current = name
            missing.remove(name)
            inserted[name] = part[len(name) + 1 :]
        elif current is not None and not is_tracking_parameter(name):
            inserted[current] += "&" + part  # the inserted text had an unescaped &
    values.update((name, decode_merge_value(text)) for name, text in inserted.items())


def _build_link(template: str, image_format: str, values: dict[str, str]) -> Link:
    signature = values.pop("_sig", "")
    open_fields = tuple(values["_open"].split(",")) if "_open" in values else ()
    for name in open_fields:
        if values.get(name) == "":
            del values[name]
    encoded = {name: f"{name}={percent_encode(value)}" for name, value in values.items()}
    return Link(
        template=template,
        format=image_format,
        fields={name: value for name, value in values.items() if name[0] != "_"},
        version=_optional_integer(values, "_v"),
        width=_optional_integer(values, "_w"),
        dpr=float(values.get("_d", "1")),
        quality=_optional_integer(values, "_q"),
        expires=_optional_integer(values, "_exp"),
        campaign=values.get("_c"),
        open_fields=open_fields,
        kid=values["_kid"],
        signature=signature,
        encoded_parameters=encoded,
        canonical_url=_canonical_url(
            f"/r/{template}.{image_format}", encoded, open_fields, signature
        ),
    )


def _optional_integer(values: Mapping[str, str], name: str) -> int | None:
    return int(values[name]) if name in values else None


def _canonical_url(
    path: str, encoded_parameters: Mapping[str, str], open_fields: tuple[str, ...], signature: str
) -> str:
    signed = sorted(one for name, one in encoded_parameters.items() if name not in open_fields)
    unsigned = sorted(one for name, one in encoded_parameters.items() if name in open_fields)
    canonical = f"{path}?{'&'.join([*signed, f'_sig={percent_encode(signature)}', *unsigned])}"
    if len(canonical) > MAX_LINK_BYTES:
        raise BadRequest(f"The link is longer than {MAX_LINK_BYTES} bytes.")
    return canonical
