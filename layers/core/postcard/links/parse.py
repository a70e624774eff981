"""Parses signed links. Links that differ only in spelling are the same `Link`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field, replace
from functools import cached_property

from postcard.errors import BadRequest
from postcard.identifiers import is_field_path, is_template_id, is_tracking_parameter
from postcard.image_formats import FORMATS
from postcard.links.encoding import (
    MAX_LINK_BYTES,
    MAX_PARAMETERS,
    MAX_QUERY_BYTES,
    OPEN_PART_END,
    RESERVED_PARAMETERS,
    decode_merge_value,
    is_campaign,
    percent_decode,
    percent_encode,
)
from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lazy_regex import lazy_regex

_LIMITS = f"A query has at most {MAX_PARAMETERS} parameters and {MAX_QUERY_BYTES} bytes."
_AMP = lazy_regex("(?i)(?:amp(?:;|%3b))+")  # what is left of an `&amp;` that was written for `&`


@dataclass(frozen=True)
class Link:
    """A parsed link, not yet verified. `fields` holds properties, too, as `title.color`.

    `path` is the path as sent, `/r/welcome.png` or `/c/spring/welcome.png`. `encoded_parameters`
    maps each name but `_sig` to its encoded `name=value`. `expires` is in Unix seconds, `width` in
    CSS pixels. `appended` names fields behind the signature, which a mail platform may have added:
    verifying decides whether they belong to the link. `late_parameter` is a reserved parameter
    there.
    """

    template: str
    format: str
    path: str
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
    appended: tuple[str, ...]
    late_parameter: str | None

    @cached_property
    def canonical_url(self) -> str:
        """The link's canonical spelling."""
        return _spell(self, self.open_fields)

    @property
    def signed_parameters(self) -> list[str]:
        """The encoded parameters that the signature covers, sorted: all but open fields."""
        return sorted(
            parameter
            for name, parameter in self.encoded_parameters.items()
            if name not in self.open_fields
        )

    @property
    def unverified_url(self) -> str:
        """The canonical spelling while nobody has checked the signature: `appended` stays last."""
        return _spell(self, (*self.open_fields, *self.appended))

    def without_appended(self) -> "Link":
        """The link without the fields in `appended`."""
        return _omit(self, self.appended)

    def is_expired(self, now: float) -> bool:
        """Whether `now` (Unix seconds) has reached `_exp`."""
        return self.expires is not None and now >= self.expires


def parse_link(path: str, query: str, *, max_bytes: int = MAX_QUERY_BYTES) -> Link:
    """Parse a link as it was sent; `BadRequest` if it is malformed.

    `max_bytes` limits the query. A canonical spelling may have up to MAX_LINK_BYTES.
    """
    template, image_format, campaign = _parse_path(path)
    try:
        is_within_limits = query.count("&") < MAX_PARAMETERS and len(query.encode()) <= max_bytes
        parameters = _parse_parameters(_split_query(query, max_bytes))
        values = parameters.values
        if not is_within_limits and "_m" not in values:
            raise BadRequest(_LIMITS)
        _check_required(values)
        link = _build_link(path, template, image_format, campaign, parameters)
        return _within_max_length(link, parameters.inserted)
    except UnicodeError as error:
        raise BadRequest("Names and values are UTF-8.") from error


def _within_max_length(link: Link, inserted: Sequence[str]) -> Link:
    """The link, without appended and `inserted` fields if it is too long with them."""
    # The canonical link with inserted values is parsed again, so it must not be cut.
    limit = MAX_QUERY_BYTES if "_m" in link.encoded_parameters else MAX_LINK_BYTES
    if len(link.canonical_url) > limit:
        link = _omit(link, (*link.appended, *inserted))
    if len(link.canonical_url) > MAX_LINK_BYTES:
        raise BadRequest(f"The link is longer than {MAX_LINK_BYTES} bytes.")
    return link


def _parse_path(path: str) -> tuple[str, str, str | None]:
    """Template, format and campaign of a link's path; `BadRequest` for other paths."""
    folder, _, name = path.rpartition("/")
    campaign = folder.removeprefix("/c/") if folder.startswith("/c/") else None
    template, _, image_format = name.rpartition(".")
    has_right_folder = folder == "/r" if campaign is None else is_campaign(campaign)
    if has_right_folder and image_format in FORMATS and is_template_id(template):
        return template, image_format, campaign
    raise BadRequest(
        "The path of a signed link is /r/TEMPLATE.FORMAT or /c/CAMPAIGN/TEMPLATE.FORMAT,"
        f" FORMAT one of {', '.join(FORMATS)}."
    )


def _split_query(query: str, max_characters: int) -> list[str]:
    """The parts between `&`, of a long query only those of its first characters."""
    if len(query) > max_characters or not query.isascii():
        # Characters count as in JavaScript, where those beyond U+FFFF are two.
        units = query.encode("utf-16-le")[: 2 * max_characters]
        query = units.decode("utf-16-le", "surrogatepass")
    return [_without_amp(part) for part in query.split("&")]


def _without_amp(part: str) -> str:
    match = _AMP.match(part) if part[:3].lower() == "amp" else None
    return part[match.end() :] if match else part


@dataclass(slots=True)
class _Parameters:
    """The values of a query, without tracking parameters.

    `appended` names those behind the signature of a link without open fields that are neither
    reserved nor given before, `late` a reserved one. `inserted` names those in the open part of a
    link with `_m`.
    """

    values: dict[str, str] = field(default_factory=dict)
    appended: list[str] = field(default_factory=list)
    inserted: list[str] = field(default_factory=list)
    late: str | None = None


def _parse_parameters(parts: Sequence[str]) -> _Parameters:
    parameters = _Parameters()
    for index, part in enumerate(parts):
        if not part:
            continue
        if index >= MAX_PARAMETERS:
            raise BadRequest(_LIMITS)
        _parse_parameter(part, parameters)
        if "_sig" in parameters.values and "_open" in parameters.values:
            _parse_open_part(parts[index + 1 :], parameters)
            break
    return parameters


def _parse_parameter(part: str, parameters: _Parameters) -> None:
    values = parameters.values
    name, value = _decode_parameter(part)
    if name is not None and is_tracking_parameter(name):
        return
    is_behind_signature = "_sig" in values
    if is_behind_signature and name not in values and name not in RESERVED_PARAMETERS:
        if name is not None and value is not None and is_field_path(name):
            values[name] = value
            parameters.appended.append(name)
        return
    if name is None or value is None:
        raise BadRequest("Names and values are percent-encoded UTF-8.")
    _check_parameter(name, value, values)
    values[name] = value
    if is_behind_signature:
        parameters.late = name


def _decode_parameter(part: str) -> tuple[str | None, str | None]:
    """Name and value; None for what is malformed."""
    raw_name, _, raw_value = part.partition("=")
    # A tracking parameter is not decoded: mail software also writes a raw % there.
    if is_tracking_parameter(raw_name):
        return raw_name, None
    return _decode(raw_name), _decode(raw_value)


def _decode(text: str) -> str | None:
    """The decoded text, None if it is malformed."""
    try:
        return percent_decode(text)
    except ValueError:
        return None


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


def _check_required(values: Mapping[str, str]) -> None:
    if "_kid" not in values:
        raise BadRequest("The parameter _kid is missing: it names the signing key.")
    if "_open" in values and "_sig" not in values:
        raise BadRequest("_open must come before _sig.")
    if "_m" in values and "_open" not in values:
        raise BadRequest("_m needs _open: it says how open fields are inserted.")


def _parse_open_part(parts: Sequence[str], parameters: _Parameters) -> None:
    """Parse the open fields, into which mail platforms insert raw text: nothing is an error."""
    values = parameters.values
    encoding = values.get("_m")
    if encoding is None:
        inserted = _inserted_texts([part for part in parts if part], values, skip_tracking=True)
    else:
        names = [part.partition("=")[0] for part in parts]
        end = names.index(OPEN_PART_END) if OPEN_PART_END in names else None
        # A link is made with `_end=(`: `%28` is the spelling of software that parsed the query
        # and wrote it again, with `=` behind each name.
        is_rewritten = end is not None and parts[end].startswith(f"{OPEN_PART_END}=%28")
        inserted = _inserted_texts(parts[:end], values, strip_equals_sign=is_rewritten)
        if end is None and inserted:
            inserted.popitem()  # the link was cut within the last value
        if is_rewritten:
            encoding = "u"
        parameters.inserted.extend(inserted)
    values.update((name, decode_merge_value(text, encoding)) for name, text in inserted.items())


def _inserted_texts(
    parts: Sequence[str],
    values: Mapping[str, str],
    *,
    skip_tracking: bool = False,
    strip_equals_sign: bool = False,
) -> dict[str, str]:
    """The undecoded value of each open field, in the order in which they came."""
    missing = [name for name in values["_open"].split(",") if name not in values]
    texts: dict[str, list[str]] = {}
    current: list[str] | None = None
    for part in parts:
        name, equals_sign, text = part.partition("=")
        if name in missing and equals_sign:
            missing.remove(name)
            current = texts[name] = [text]
        elif current is not None and not (skip_tracking and is_tracking_parameter(name)):
            # The inserted text had an unescaped &.
            current.append(part.removesuffix("=") if strip_equals_sign else part)
    return {name: "&".join(text) for name, text in texts.items()}


def _build_link(
    path: str, template: str, image_format: str, campaign: str | None, parameters: _Parameters
) -> Link:
    values = dict(parameters.values)
    signature = values.pop("_sig", "")
    open_fields = tuple(values["_open"].split(",")) if "_open" in values else ()
    for name in open_fields:
        if values.get(name) == "":
            del values[name]
    return Link(
        template=template,
        format=image_format,
        path=path,
        fields={name: value for name, value in values.items() if name[0] != "_"},
        version=_optional_integer(values, "_v"),
        width=_optional_integer(values, "_w"),
        dpr=float(values.get("_d", "1")),
        quality=_optional_integer(values, "_q"),
        expires=_optional_integer(values, "_exp"),
        campaign=campaign or values.get("_c"),
        open_fields=open_fields,
        kid=values["_kid"],
        signature=signature,
        encoded_parameters={
            name: f"{name}={percent_encode(value)}" for name, value in values.items()
        },
        appended=tuple(sorted(parameters.appended)),
        late_parameter=parameters.late,
    )


def _optional_integer(values: Mapping[str, str], name: str) -> int | None:
    return int(values[name]) if name in values else None


def _omit(link: Link, names: Collection[str]) -> Link:
    """The link without these fields."""
    encoded = {n: one for n, one in link.encoded_parameters.items() if n not in names}
    fields = {name: value for name, value in link.fields.items() if name not in names}
    return replace(link, fields=fields, encoded_parameters=encoded, appended=())


def _spell(link: Link, last: Collection[str]) -> str:
    """The link with its parameters sorted and encoded, those in `last` behind the signature."""
    parameters = link.encoded_parameters.items()
    first_part = sorted(one for name, one in parameters if name not in last)
    last_part = sorted(one for name, one in parameters if name in last)
    if "_m" in link.encoded_parameters:
        last_part.append(f"{OPEN_PART_END}=(")
    query = "&".join([*first_part, f"_sig={percent_encode(link.signature)}", *last_part])
    return f"{link.path}?{query}"
