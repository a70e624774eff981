"""Merge links: a signed prefix followed by merge tags, which mail platforms fill in when sending.

What a platform's tags look like is in `platforms`. A tag URL-encodes the value if the platform can
do that; the link says so (`_m`). A tag names no default: an empty value is drawn as the template's,
and a default in the tag would need quotes and would stay in sent mail. `&_end=(` ends the link, so
that nothing that is added behind it is read, and a link that was cut is recognized.
"""

import html
from collections.abc import Collection, Iterator, Mapping

from postcard.errors import BadRequest, Fault
from postcard.json_text import json_pointer
from postcard.links.build import check_length
from postcard.links.encoding import OPEN_PART_END
from postcard.links.platforms.mail_platform import ZERO_WIDTH_SPACE, MailPlatform
from postcard.links.platforms.registry import PLATFORM_NAMES, find_platform, suggested_platform
from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lazy_regex import lazy_regex

_CODE_TAG = lazy_regex(r"<%(?:(?!%>).)*%>")
_ANGLE_BRACKET = lazy_regex("[<>]")
CUSTOM_ENCODINGS = {"url": "u", "raw": "r"}
_LIQUID_START = lazy_regex(r"\{\{|\{%")


@dataclass(frozen=True, slots=True)
class MergeLink:
    """A merge link without its host: the signed prefix, and each open field with its tag."""

    signed_prefix: str
    tags: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        """The link as plain text, for use outside HTML."""
        return self.signed_prefix + "".join(f"&{part}" for part in self.open_parts())

    def open_parts(self) -> list[str]:
        """What follows the signature: each open field with its tag, and the end."""
        return [*(f"{name}={tag}" for name, tag in self.tags), f"{OPEN_PART_END}=("]


@dataclass(frozen=True, slots=True)
class MergeAlt:
    """An alt text in parts: every second one, from the second on, is a merge tag."""

    parts: tuple[str, ...]

    @property
    def text(self) -> str:
        """The text with its tags."""
        return "".join(self.parts)

    @property
    def html(self) -> str:
        """The text for an attribute in double quotes; its tags are not escaped."""
        return "".join(
            part if index % 2 else html.escape(part) for index, part in enumerate(self.parts)
        )


def without_merge_tags(text: str, *, esp: str, template_text: str) -> str:
    """A text that the platform shows as it is: no value in it becomes a merge tag.

    A zero-width space parts the characters that make a tag, so people read the same words. Tags
    that `template_text`, the Liquid of `text`, has outside its Liquid are its author's and stay.
    """
    platform = known_platform(esp)
    authored = set(platform.tag_pattern.findall(_outside_liquid(template_text)))
    parts, end = [], 0
    for match in platform.tag_pattern.finditer(text):
        if match[0] in authored:
            parts += [_without_joints(platform, text[end : match.start()]), match[0]]
            end = match.end()
    return "".join([*parts, _without_joints(platform, text[end:])])


def _without_joints(platform: MailPlatform, text: str) -> str:
    return platform.tag_joints.sub(ZERO_WIDTH_SPACE, text)


def _outside_liquid(text: str) -> str:
    """The text with a space for each Liquid tag; what follows an unfinished one is left out."""
    parts, rest = [], text
    while match := _LIQUID_START.search(rest):
        parts.append(rest[: match.start()])
        _, closing, rest = rest[match.end() :].partition("}}" if match[0] == "{{" else "%}")
        if not closing:
            return " ".join(parts)
    return " ".join([*parts, rest])


def merge_link(
    signed_prefix: str, *, esp: str, open: Mapping[str, str], text_fields: Collection[str] = ()
) -> MergeLink:
    """Append each open field's tag to a prefix that `sign_link` signed with the same fields.

    `open` maps a field to the platform's attribute. `text_fields`, which hold free text, come last,
    since a raw text may cut the link, which costs what follows it. `BadRequest` for an unknown
    platform or invalid attributes.
    """
    if faults := platform_faults(esp, open):
        raise BadRequest("The merge tags cannot be written.", errors=faults)
    platform = known_platform(esp)
    names = sorted(open, key=lambda name: (name in text_fields, name))
    link = MergeLink(signed_prefix, tuple((name, platform.write_tag(open[name])) for name in names))
    empty = MergeLink(signed_prefix, tuple((name, "") for name in names))
    check_length(str(empty), parameter_count=0)
    return link


def known_platform(esp: str) -> MailPlatform:
    """The platform of a name that was checked before."""
    platform = find_platform(esp)
    assert platform is not None, esp
    return platform


def link_encoding(esp: str, encoding: str | None) -> str:
    """The `_m` of a link for a platform; `encoding` is what the caller said of `custom`."""
    return CUSTOM_ENCODINGS[encoding] if encoding else known_platform(esp).encoding


def platform_faults(esp: str, open: Mapping[str, str], encoding: str | None = None) -> list[Fault]:
    """The faults of a platform's name, of its encoding and of attributes not of its form."""
    platform = find_platform(esp)
    if platform is None:
        close = suggested_platform(esp)
        suggestion = f"Did you mean {close}? There are" if close else "One of"
        detail = f"{suggestion} {', '.join(PLATFORM_NAMES)}; with custom, open holds complete tags."
        return [Fault("invalid_value", "/esp", detail)]
    faults = []
    if encoding is not None and (esp != "custom" or encoding not in CUSTOM_ENCODINGS):
        detail = (
            f"One of {', '.join(CUSTOM_ENCODINGS)}, and only with esp custom: how other platforms"
            " write values is known."
        )
        faults.append(Fault("invalid_value", "/encoding", detail))
    return faults + [fault for name in open for fault in _attribute_faults(platform, name, open)]


def _attribute_faults(
    platform: MailPlatform, name: str, open: Mapping[str, str]
) -> Iterator[Fault]:
    attribute, pointer = open[name], json_pointer("open", name)
    if not platform.is_attribute(attribute):
        detail = f"Give only the attribute, such as {platform.example}."
        yield Fault("invalid_value", pointer, detail)
    elif '"' in platform.write_tag(attribute):
        detail = (
            'A " in the tag would end the src attribute: write the tag with single quotes, or '
            "without its default. An empty value shows the template's default."
        )
        yield Fault("invalid_value", pointer, detail)
    elif _ANGLE_BRACKET.search(_CODE_TAG.sub("", platform.write_tag(attribute))):
        detail = (
            "A < or > would end the tag in some editors and mail programs, unless it belongs to "
            "<% and %>: use another form of the tag."
        )
        yield Fault("invalid_value", pointer, detail)


def platform_warnings(
    esp: str, open: Mapping[str, str], encoding: str | None = None
) -> list[Fault]:
    """What goes wrong with some values or attributes, which Postcard cannot mend."""
    platform = known_platform(esp)
    longest = platform.max_attribute_length
    warnings = [
        Fault(
            "long_attribute",
            json_pointer("open", name),
            f"Names of tags have at most {longest} characters in {platform.title}, this one has "
            f"{len(attribute)}: look it up in your account.",
        )
        for name, attribute in open.items()
        if len(attribute) > longest
    ]
    if detail := raw_value_warning(platform, link_encoding(esp, encoding)):
        warnings.append(Fault("merge_raw", "/esp", detail))
    return warnings


def raw_value_warning(platform: MailPlatform, encoding: str) -> str | None:
    """Which values are not drawn where the platform inserts them as they are; None if it encodes.

    No link can mend them: docs/links-and-email.md says what can.
    """
    if encoding == "u" or (encoding == "a" and platform.name == "custom"):
        return None
    start = f"{platform.title} inserts values as they are"
    if platform.name == "custom":
        start = "The platform inserts values as they are"
    elif encoding == "a":
        start = f"{platform.title} may insert values as they are, with each + read as a space"
    quote = (
        ""
        if platform.escapes_html
        else (
            ' A value with a " shows the default as well, and puts stray attributes into the mail '
            "unless the platform escapes it."
        )
    )
    return (
        f"{start}. A value with a # shows the default.{quote} A tab or line end in a value joins "
        "two words, and &copy without a semicolon is ©. The sure way is to store each person's "
        "finished address in a contact's field: postcard snippet --if-empty writes the tag for it."
    )


def image_tag(
    base_url: str, link: str | MergeLink, *, alt: str | MergeAlt, width: int, height: int
) -> str:
    """The `<img>` of a link, HTML-escaped; `width` and `height` in CSS pixels.

    Merge tags are not escaped: platforms fill them in before the HTML is parsed. They hold no
    double quote, so none ends the attribute.
    """
    source = MergeLink(link, ()) if isinstance(link, str) else link
    tags = "".join(f"&amp;{part}" for part in source.open_parts()) if source.tags else ""
    src = html.escape(base_url.rstrip("/") + source.signed_prefix) + tags
    alt_html = html.escape(alt) if isinstance(alt, str) else alt.html
    return image_html(src.replace('"', "&quot;"), alt=alt_html, width=width, height=height)


def image_html(src: str, *, alt: str, width: int, height: int) -> str:
    """An `<img>` whose `src` and `alt` are HTML already; it shrinks on a phone."""
    style = f"display:block;width:100%;max-width:{width}px;height:auto;border:0"
    return f'<img src="{src}" width="{width}" height="{height}" alt="{alt}" style="{style}">'
