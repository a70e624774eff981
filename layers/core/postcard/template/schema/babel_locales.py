"""Makes Babel locales that do not change what they share with other locales.

Imports Babel, so import this module only where a locale is needed.
"""

from typing import Any

from babel import Locale
from babel.localedata import Alias, LocaleDataDict, load, merge


class UnsharedLocaleDict(LocaleDataDict):
    """A locale's data; what an alias leads to is looked up each time.

    Babel stores it where it found the alias. That may be data of the root locale, and then other
    locales show this one's months.
    """

    def __getitem__(self, key: Any) -> Any:
        value = _resolve(self._data[key], self.base)
        return UnsharedLocaleDict(value, base=self.base) if isinstance(value, dict) else value


def parse_locale(tag: str) -> Any:
    """Babel's locale of a BCP 47 tag; its errors if there is none."""
    locale: Any = Locale.parse(tag, sep="-")
    data: Any = load(str(locale))
    locale._Locale__data = UnsharedLocaleDict(data)
    return locale


def _resolve(value: Any, base: Any) -> Any:
    """What an alias leads to in `base`, all of the locale's data; other values as they are."""
    if isinstance(value, Alias):
        target = base
        for key in value.keys:
            target = _resolve(target, base)[key]
        return _resolve(target, base)
    if isinstance(value, tuple):  # an alias, and what differs from it
        alias, others = value
        value = _resolve(alias, base).copy()
        merge(value, others)
    return value
