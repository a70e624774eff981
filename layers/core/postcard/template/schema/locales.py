"""Looks up locales (Babel) and time zones (IANA) by name."""

import re
from datetime import UTC, tzinfo
from functools import lru_cache
from typing import Any


@lru_cache(maxsize=64)
def find_locale(tag: str) -> Any:
    """Babel's locale of a BCP 47 tag, or of its language alone; None if there is neither."""
    from babel import Locale, UnknownLocaleError

    for candidate in (tag.replace("_", "-"), re.split("[-_]", tag)[0]):
        try:
            return _with_own_names(Locale.parse(candidate, sep="-"))
        except (UnknownLocaleError, ValueError, TypeError):
            continue
    return None


def is_american(tag: str) -> bool:
    """Whether the locale is American English, whose forms are known without Babel."""
    return tag.lower().replace("_", "-") in ("en", "en-us")


def _with_own_names(locale: Any) -> Any:
    """The locale, reading its data without writing to what it shares with other locales.

    Babel stores what an alias leads to where it found the alias. That may be data of the root
    locale, and then other locales show this one's months.
    """
    from babel.localedata import Alias, LocaleDataDict, load, merge

    def resolved(value: Any, base: Any) -> Any:
        if isinstance(value, Alias):
            target = base
            for key in value.keys:
                target = resolved(target, base)[key]
            return resolved(target, base)
        if isinstance(value, tuple):  # an alias, and what differs from it
            alias, others = value
            value = resolved(alias, base).copy()
            merge(value, others)
        return value

    class UnsharedLocale(LocaleDataDict):
        def __getitem__(self, key: Any) -> Any:
            value = resolved(self._data[key], self.base)
            return UnsharedLocale(value, base=self.base) if isinstance(value, dict) else value

    shared: Any = load(str(locale))
    locale._Locale__data = UnsharedLocale(shared)
    return locale


def find_zone(name: str) -> tzinfo | None:
    """The IANA zone of that name; None if there is none."""
    if name == "UTC":
        return UTC
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
