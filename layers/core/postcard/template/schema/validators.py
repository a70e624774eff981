"""Checks of single values in a document. Each raises ValueError with what is wrong."""

from collections.abc import Sequence
from typing import Any

from postcard.color import parse_color
from postcard.host_patterns import is_host_allowed
from postcard.identifiers import ID_PATTERN, NAME_PATTERN, is_name
from postcard.json_text import canonical_json
from postcard.runtime.lazy_regex import lazy_regex
from postcard.runtime.lru_cache import SizedLruCache, module_cache
from postcard.template.schema.graphemes import (
    MAX_COMBINING_MARKS,
    longest_mark_run,
    too_many_graphemes,
)
from postcard.template.schema.locales import find_locale, find_zone

RESERVED_NAMES = frozenset(  # Liquid's keywords and variables
    (
        *("true", "false", "nil", "null", "empty", "blank", "and", "or", "not", "contains"),
        *("in", "if", "else", "for", "with", "limit", "offset", "reversed", "cols"),
        *("countdown", "now", "forloop"),
    )
)
MAX_URL_LENGTH = 2048
MAX_META_BYTES = 4096
MAX_TEXT_GRAPHEMES = 5000  # graphemes of a layer
MAX_PATTERN_BYTES = 1 << 20  # of a compiled pattern, which grows with the texts that it matches
MAX_PATTERNS_BYTES = 16 << 20  # of all compiled patterns in a process
compiled_patterns: SizedLruCache[str, Any] = module_cache(
    "compiled patterns", SizedLruCache(MAX_PATTERNS_BYTES, lambda _: MAX_PATTERN_BYTES)
)
_ASSET_REFERENCE = lazy_regex(f"asset:{ID_PATTERN}")
_ASSET_ID = lazy_regex(ID_PATTERN)
_DNS_LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST_PATTERN = lazy_regex(rf"(\*\.)?{_DNS_LABEL}(\.{_DNS_LABEL})*")
_LANGUAGE_TAG = lazy_regex("[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,4}")
_OPEN_TYPE_FEATURE = lazy_regex("[+-]?[A-Za-z0-9]{4}(=[0-9]{1,3})?")
_UNSAFE_IN_URL = lazy_regex(r"[\x00-\x20\x7f\\<>\"`{}|^]|\s")


def check_re2_pattern(pattern: str) -> None:
    """A regular expression in RE2's syntax."""
    _compile_re2(pattern)


def matches_re2(pattern: str, text: str) -> bool:
    """Whether the whole text matches an RE2 pattern."""
    return bool(_compile_re2(pattern).fullmatch(text))


def _compile_re2(pattern: str) -> Any:
    compiled = compiled_patterns.get(pattern)
    if compiled is None:
        compiled = _compile_uncached(pattern)
        compiled_patterns.put(pattern, compiled)
    return compiled


def _compile_uncached(pattern: str) -> Any:
    import re2  # type: ignore[import-untyped]

    options = re2.Options()
    options.log_errors = False
    options.max_mem = MAX_PATTERN_BYTES
    try:
        compiled = re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else error
        raise ValueError(f"RE2 cannot read this pattern: {reason}") from None
    re2.purge()  # its own cache would keep 128 patterns, whatever they weigh
    return compiled


def check_host_pattern(pattern: str) -> None:
    """A host name in ASCII, with an optional `*.` before it."""
    if not _HOST_PATTERN.fullmatch(pattern) or len(pattern) > 253:
        raise ValueError("a host is written like cdn.example.com or *.example.com")


def check_asset_id(asset_id: str) -> None:
    """The id of an asset, without `asset:`."""
    if not _ASSET_ID.fullmatch(asset_id):
        raise ValueError(f"an asset's id matches {ID_PATTERN}")


def hostname(url: str) -> str:
    """The host name of a URL in lower-case ASCII; ValueError if it has none."""
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    if not host or "@" in parts.netloc:
        raise ValueError("has no host, or a user name before it")
    _ = parts.port  # raises ValueError if it is no number
    return host if host.isascii() else host.encode("idna").decode()


def check_image_reference(text: str) -> None:
    """`https://…` up to 2,048 characters, or `asset:ID`."""
    if _ASSET_REFERENCE.fullmatch(text):
        return
    if not text.lower().startswith("https://"):
        raise ValueError("is neither https://… nor asset:ID")
    if len(text) > MAX_URL_LENGTH:
        raise ValueError(f"is longer than {MAX_URL_LENGTH} characters")
    if _UNSAFE_IN_URL.search(text):
        raise ValueError("has a character that an address must escape")
    try:
        hostname(text)
    except ValueError:
        raise ValueError("is not an address with a host") from None


def is_allowed_image(image_reference: str, allowed_hosts: Sequence[str] | None) -> bool:
    """Whether an image's host matches one of `allowed_hosts`; assets are always allowed.

    >>> is_allowed_image("https://a.example.com/x.png", ["*.example.com"])
    True
    """
    return image_reference.startswith("asset:") or is_host_allowed(
        hostname(image_reference), allowed_hosts
    )


def check_name(text: str) -> None:
    """A field's or layer's name."""
    if not is_name(text):
        raise ValueError(f"a name matches {NAME_PATTERN}")


def check_meta_size(meta: Any) -> None:
    """Any JSON of at most 4,096 bytes."""
    if len(canonical_json(meta).encode()) > MAX_META_BYTES:
        raise ValueError(f"is larger than {MAX_META_BYTES} bytes")


def has_liquid(text: str) -> bool:
    """Whether a text holds Liquid."""
    return "{{" in text or "{%" in text


def check_color_or_liquid(text: str) -> None:
    """A colour, or Liquid that yields one."""
    if not has_liquid(text):
        parse_color(text)


def check_image_or_liquid(text: str) -> None:
    """An image reference, Liquid that yields one, or an empty text."""
    if text and not has_liquid(text):
        check_image_reference(text)


def check_drawable_text(text: str) -> None:
    """A text of at most 5,000 graphemes, with at most 8 combining marks on each."""
    if too_many_graphemes(text, MAX_TEXT_GRAPHEMES) and not has_liquid(text):
        raise ValueError(f"is longer than {MAX_TEXT_GRAPHEMES} characters")
    if longest_mark_run(text) > MAX_COMBINING_MARKS:
        raise ValueError(f"has more than {MAX_COMBINING_MARKS} combining marks on one letter")


def check_language_tag(tag: str) -> None:
    """A BCP 47 language tag; only its form is checked."""
    if not _LANGUAGE_TAG.fullmatch(tag):
        raise ValueError("a language is written like en, pt-BR or sr-Latn")


def check_open_type_feature(feature: str) -> None:
    """An OpenType feature in HarfBuzz's syntax."""
    if not _OPEN_TYPE_FEATURE.fullmatch(feature):
        raise ValueError('a feature is written like "tnum", "-liga" or "ss01=2"')


def check_color(text: str) -> None:
    """A colour; Liquid is not allowed."""
    parse_color(text)


def check_locale(tag: str) -> None:
    """A locale that CLDR has data for."""
    if find_locale(tag) is None:
        raise ValueError("is not a known locale; write one like en-GB")


def check_locale_or_liquid(text: str) -> None:
    """A locale that CLDR has data for, or Liquid that yields one."""
    if not has_liquid(text):
        check_locale(text)


def check_time_zone(name: str) -> None:
    """An IANA time zone."""
    if find_zone(name) is None:
        raise ValueError("is not a known time zone; write one like Europe/Oslo")


def check_time_zone_or_liquid(text: str) -> None:
    """An IANA time zone, or Liquid that yields one."""
    if not has_liquid(text):
        check_time_zone(text)


def check_two_or_four_sides(values: Sequence[float]) -> None:
    """Two lengths (vertical, horizontal) or four (top, right, bottom, left)."""
    if len(values) not in (2, 4):
        raise ValueError("is a number, [vertical, horizontal] or all four sides")
