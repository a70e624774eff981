"""Reading a signed link: many spellings, one `Link`."""

from collections.abc import Mapping

from postcard.errors import BadRequest
from postcard.formats import FORMATS
from postcard.links.encoding import (
    MAX_LINK_BYTES,
    MAX_PARAMETERS,
    MAX_QUERY_BYTES,
    RESERVED_PARAMETERS,
    decode_merge_value,
    is_field_path,
    is_template_id,
    is_tracking_parameter,
    percent_decode,
    percent_encode,
)
from postcard.runtime.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Link:
    """A link that was read, not yet verified. `fields` holds properties too, as `title.color`.

    `lines` are the encoded `name=value` of all parameters but `_sig`, by name; `canonical` is the
    one spelling that stands for all. `expires` is in Unix seconds, `width` in CSS pixels.
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
        """The address without its query: `/r/welcome.png`."""
        return f"/r/{self.template}.{self.format}"

    @property
    def signed_parameters(self) -> list[str]:
        """The lines that the signature covers, sorted: all but the values of open fields."""
        return sorted(
            line for name, line in self.encoded_parameters.items() if name not in self.open_fields
        )

    def is_expired(self, now: float) -> bool:
        """Whether the clock (Unix seconds) has reached `_exp`."""
        return self.expires is not None and now >= self.expires


def parse_link(path: str, query: str) -> Link:
    """Read a link as it was sent. `BadRequest` for everything that is not one, before any 403."""
    template, image_format = parse_path(path)
    try:
        if query.count("&") >= MAX_PARAMETERS or len(query.encode()) > MAX_QUERY_BYTES:
            raise BadRequest(
                f"A query has at most {MAX_PARAMETERS} parts and {MAX_QUERY_BYTES} bytes."
            )
        values = _parse_parameters(_split_query(query))
    except UnicodeError as error:
        raise BadRequest("Names and values are UTF-8.") from error
    if "_kid" not in values:
        raise BadRequest("A signed link names its key: _kid is missing.")
    return _build_link(template, image_format, values)


def parse_path(path: str) -> tuple[str, str]:
    """Take `/r/{template}.{format}` apart. `BadRequest` if it is not of that form."""
    if path.startswith("/r/"):
        template, _, image_format = path[3:].rpartition(".")
        if image_format in FORMATS and is_template_id(template):
            return template, image_format
    raise BadRequest(
        f"A signed link is /r/TEMPLATE.FORMAT, and FORMAT one of {', '.join(FORMATS)}."
    )


def _split_query(query: str) -> list[str]:
    """The parts between the `&`s, freed of the `amp;` that mail software leaves before them."""
    parts = []
    for part in query.split("&"):
        while part.startswith("amp;"):
            part = part[4:]
        if part:
            parts.append(part)
    return parts


def _parse_parameters(parts: list[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for place, part in enumerate(parts):
        raw_name, _, raw_value = part.partition("=")
        name, value = _decode_or_refuse(raw_name), _decode_or_refuse(raw_value)
        if is_tracking_parameter(name):
            continue
        _check_parameter(name, value, values)
        values[name] = value
        if name == "_sig" and "_open" in values:
            _parse_open_values(parts[place + 1 :], values)
            break
    if "_open" in values and "_sig" not in values:
        raise BadRequest("_open stands before _sig.")
    return values


def _decode_or_refuse(text: str) -> str:
    try:
        return percent_decode(text)
    except ValueError as error:
        raise BadRequest("Names and values are percent-encoded UTF-8.") from error


def _check_parameter(name: str, value: str, values: Mapping[str, str]) -> None:
    if name in values:
        raise BadRequest(f"{name} stands twice.")
    if name == "_open" and "_sig" in values:
        raise BadRequest("_open stands before _sig.")
    if name == "_sig" or is_field_path(name):
        return
    if name not in RESERVED_PARAMETERS:
        raise BadRequest("The link has a parameter of a name that there is not.")
    if not RESERVED_PARAMETERS[name](value):
        raise BadRequest(f"The value of {name} is not of its form.")


def _parse_open_values(parts: list[str], values: dict[str, str]) -> None:
    """Read the open part, where platforms paste raw text: nothing there is an error."""
    waiting = [name for name in values["_open"].split(",") if name not in values]
    pasted: dict[str, str] = {}
    current = None
    for part in parts:
        name = part.partition("=")[0]
        if name in waiting and len(name) < len(part):
            current = name
            waiting.remove(name)
            pasted[name] = part[len(name) + 1 :]
        elif current is not None and not is_tracking_parameter(name):
            pasted[current] += "&" + part
    values.update((name, decode_merge_value(text)) for name, text in pasted.items())


def _build_link(template: str, image_format: str, values: dict[str, str]) -> Link:
    signature = values.pop("_sig", "")
    names = tuple(values["_open"].split(",")) if "_open" in values else ()
    for name in names:
        if values.get(name) == "":
            del values[name]
    lines = {name: f"{name}={percent_encode(value)}" for name, value in values.items()}
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
        open_fields=names,
        kid=values["_kid"],
        signature=signature,
        encoded_parameters=lines,
        canonical_url=_canonical_url(f"/r/{template}.{image_format}", lines, names, signature),
    )


def _optional_integer(values: Mapping[str, str], name: str) -> int | None:
    return int(values[name]) if name in values else None


def _canonical_url(
    path: str, encoded_parameters: Mapping[str, str], open_fields: tuple[str, ...], signature: str
) -> str:
    signed = sorted(line for name, line in encoded_parameters.items() if name not in open_fields)
    opened = sorted(line for name, line in encoded_parameters.items() if name in open_fields)
    canonical = f"{path}?{'&'.join([*signed, f'_sig={percent_encode(signature)}', *opened])}"
    if len(canonical) > MAX_LINK_BYTES:
        raise BadRequest(f"The link is longer than {MAX_LINK_BYTES} bytes.")
    return canonical
