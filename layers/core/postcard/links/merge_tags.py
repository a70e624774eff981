"""Merge links: a signed head, and behind it the tags that a mail platform fills in as it sends.

A platform is one line in `PLATFORMS`. Its tag escapes the value for a URL where the platform can,
and says the field's default where it can. Neither is needed for the picture to be right: links
are read so that raw text survives, and an empty value is drawn as the template's default.
"""

import html
import re
from collections.abc import Callable, Mapping

from postcard.errors import BadRequest, Fault
from postcard.json_text import json_pointer
from postcard.links.build import check_length
from postcard.links.encoding import percent_encode
from postcard.runtime.lazy_dataclass import dataclass

# A default with one of these could end the tag, the text in it, or the address.
UNSAFE_IN_TAG = re.compile(r"[\x00-\x1f\x7f'\"\\{}|%<>&#`]")


@dataclass(frozen=True, slots=True)
class MailPlatform:
    """A mail platform: the attributes it takes, and how it writes a tag (attribute, default)."""

    name: str
    attribute_pattern: re.Pattern[str]
    write_tag: Callable[[str, str], str]
    example: str


@dataclass(frozen=True, slots=True)
class MergeLink:
    """A merge link without its host: the signed head, and each open field with its tag."""

    signed_prefix: str
    tags: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        """The link as it is pasted where no HTML is written."""
        return self.signed_prefix + "".join(f"&{name}={tag}" for name, tag in self.tags)


def _klaviyo(attribute: str, default: str) -> str:
    # Django's syntax; no space may stand after a filter's colon. Attributes that are no name (a
    # space, a $) are looked up.
    if not re.fullmatch(r"[A-Za-z][\w.]*(\|.+)?", attribute):
        attribute = f"person|lookup:'{attribute}'"
    return f"{{{{ {attribute}|default:'{default}'|urlencode }}}}"


def _mailchimp(attribute: str, default: str) -> str:
    # Mailchimp knows no default in a tag, only one per audience field.
    return f"*|URL:{attribute}|*"


def _instantly(attribute: str, default: str) -> str:
    # Instantly escapes nothing; what it writes for a missing value stands in the address as it is.
    return f"{{{{{attribute}|{percent_encode(default)}}}}}" if default else f"{{{{{attribute}}}}}"


def _custom(attribute: str, default: str) -> str:
    return attribute


PLATFORMS = {
    platform.name: platform
    for platform in (
        MailPlatform(
            "klaviyo",
            re.compile(r"[A-Za-z][\w.]*(\|[^\x00-\x1f\"{}%<>&#\\]+)?|[^\x00-\x1f'\"{}%<>&#\\|]+"),
            _klaviyo,
            "first_name or person|lookup:'Points'",
        ),
        MailPlatform("mailchimp", re.compile(r"[A-Za-z0-9_]{1,50}"), _mailchimp, "FNAME"),
        MailPlatform("instantly", re.compile(r"[A-Za-z0-9_ -]{1,100}"), _instantly, "firstName"),
        MailPlatform("custom", re.compile(r"[^\x00-\x1f\x7f]{1,500}"), _custom, "[[firstname]]"),
    )
}


def merge_link(
    signed_prefix: str, *, esp: str, open: Mapping[str, str], defaults: Mapping[str, str | None]
) -> MergeLink:
    """Put each open field's tag behind `head`, which `mint` signed with the same names.

    `open` maps a field to the platform's attribute, `defaults` a field to what is drawn without a
    value. `BadRequest` for an unknown platform or attributes that it cannot have.
    """
    if faults := platform_faults(esp, open):
        raise BadRequest("The tags cannot be written as asked.", errors=faults)
    platform = PLATFORMS[esp]
    tags = tuple(
        (name, platform.write_tag(open[name], _safe_default(defaults.get(name))))
        for name in sorted(open)
    )
    check_length(signed_prefix + "".join(f"&{name}=" for name, _ in tags), parameter_count=0)
    return MergeLink(signed_prefix, tags)


def platform_faults(esp: str, open: Mapping[str, str]) -> list[Fault]:
    """What is wrong with a platform's name, or with attributes that it cannot have."""
    platform = PLATFORMS.get(esp)
    if platform is None:
        detail = f"One of {', '.join(PLATFORMS)}; custom writes any platform's tags as they stand."
        return [Fault("invalid_value", "/esp", detail)]
    detail = f"Give the attribute alone, as {platform.example}."
    return [
        Fault("invalid_value", json_pointer("open", name), detail)
        for name, attribute in open.items()
        if not platform.attribute_pattern.fullmatch(attribute)
    ]


def image_tag(base_url: str, link: str | MergeLink, *, alt: str, width: int, height: int) -> str:
    """The `<img>` of a link, HTML-escaped; `width` and `height` in CSS pixels.

    A platform's tag stands as it is, since platforms fill tags in before anybody reads the HTML:
    escaping its quotes or bars would break it. So the address gets the quotes that it lacks.
    """
    source = MergeLink(link, ()) if isinstance(link, str) else link
    tags = "".join(f"&amp;{name}={tag}" for name, tag in source.tags)
    address = html.escape(base_url.rstrip("/") + source.signed_prefix) + tags
    quote = "'" if '"' in tags and "'" not in address else '"'
    if quote == '"':
        address = address.replace('"', "&quot;")
    text = html.escape(alt)
    return f'<img src={quote}{address}{quote} width="{width}" height="{height}" alt="{text}">'


def _safe_default(default: str | None) -> str:
    """The default to write into a tag: "" where there is none or it would break the tag."""
    return "" if default is None or UNSAFE_IN_TAG.search(default) else default
