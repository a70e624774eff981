"""Removes the names from Babel's locales that no Liquid filter prints: 30 MB become 8 MB.

    python3 trim_locales.py FOLDER

All locales stay, with everything that numbers, amounts of money, dates and times need. Names of
languages, units and currencies become empty dicts, because Babel looks them up even for patterns
that show none. The rest is written with pickle protocol 5.
"""

import pickle
import sys
from pathlib import Path

UNUSED_FIELDS = (
    "compact_currency_formats",
    "compact_decimal_formats",
    "compound_unit_patterns",
    "currency_names",
    "currency_names_plural",
    "currency_unit_patterns",
    "date_fields",
    "interval_formats",
    "languages",
    "list_patterns",
    "measurement_systems",
    "scripts",
    "unit_display_names",
    "unit_patterns",
    "variants",
)


def main(root: Path) -> None:
    """Shorten every locale below `root`. Unpickling imports Babel from there."""
    sys.path.insert(0, str(root))
    for path in sorted((root / "babel" / "locale-data").glob("*.dat")):
        path.write_bytes(trim_locale(path.read_bytes()))


def trim_locale(locale: bytes) -> bytes:
    """The pickled locale without the unused names."""
    fields = pickle.loads(locale)  # noqa: S301 - of a package that is pinned by its hash
    return pickle.dumps({name: {} if name in UNUSED_FIELDS else fields[name] for name in fields}, 5)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
