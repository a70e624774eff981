"""The SQL query on the CDN's access log, and the rows of its result."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

from postcard.runtime.lazy_dataclass import dataclass
from postcard.usage.usage_counts import LOG_COUNTS

# The groups of a day with the most responses keep their template and campaign. The others are
# counted without: each image is a group, and there may be millions.
MAX_GROUPS = 10_000
MAX_ROWS = 40_000  # of all days together, so that a result is read in 20 seconds, 1,000 rows a call
_TEXT = Path(__file__).with_name("hits.sql")
_NAMES = ("day", "template_id", "campaign", "image_id", "last_at", *LOG_COUNTS)


@dataclass(frozen=True, slots=True)
class HitGroup:
    """Requests of a day for a template and campaign, or for an image; "" where there is none.

    `last_at` is the time of the last one, such as `23:59:59`.
    """

    day: str
    template_id: str
    campaign: str
    image_id: str
    last_at: str
    counts: Mapping[str, int]


def hits_query(first_day: date, last_day: date, *, max_groups: int | None = None) -> str:
    """The SQL that counts the requests of these days.

    It also reads the folders of the day before and the day after, since a folder may be named after
    the day on which its files were written.
    """
    days = (last_day - first_day).days + 1
    text = _TEXT.read_text(encoding="utf-8")
    values = {
        "first_day": first_day.isoformat(),
        "last_day": last_day.isoformat(),
        "first_folder": f"{first_day - timedelta(1):%Y/%m/%d}",
        "last_folder": f"{last_day + timedelta(1):%Y/%m/%d}",
        "max_groups": str(max_groups or min(MAX_GROUPS, MAX_ROWS // days)),
    }
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def read_group(row: Sequence[str]) -> HitGroup:
    """Parse a row of the result; `ValueError` if it is malformed."""
    values = dict(zip(_NAMES, row, strict=True))
    return HitGroup(
        day=date.fromisoformat(values["day"]).isoformat(),
        template_id=values["template_id"],
        campaign=values["campaign"],
        image_id=values["image_id"],
        last_at=values["last_at"],
        counts={name: int(values[name]) for name in LOG_COUNTS},
    )
