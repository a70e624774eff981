"""Looks up locales (Babel) and time zones (IANA) by name."""

import re
from datetime import UTC, tzinfo
from functools import lru_cache
from typing import Any


@lru_cache(maxsize=64)
def find_locale(tag: str) -> Any:
    """Babel's locale of a BCP 47 tag, or of its language alone; None if there is neither."""
    from babel import UnknownLocaleError

    from postcard.template.schema.babel_locales import parse_locale

    for candidate in (tag.replace("_", "-"), re.split("[-_]", tag)[0]):
        try:
            return parse_locale(candidate)
        except (UnknownLocaleError, ValueError, TypeError):
            continue
    return None


def is_american(tag: str) -> bool:
    """Whether the locale is American English, whose forms are known without Babel."""
    return tag.lower().replace("_", "-") in ("en", "en-us")


def find_zone(name: str) -> tzinfo | None:
    """The IANA zone of that name; None if there is none."""
    if name == "UTC":
        return UTC
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
