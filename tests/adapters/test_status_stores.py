"""The history of the status page, in every implementation."""

import pytest

from postcard.errors import Conflict
from postcard.ports import AlarmChange, HealthDay
from tests.adapters.conftest import PortImplementations

NOW = 1_795_341_600.0


def test_days_are_listed_newest_first_up_to_the_limit(adapters: PortImplementations) -> None:
    days = [HealthDay(f"2026-11-{day:02}", "0" * day) for day in (3, 1, 2)]
    for day in days:
        adapters.status.put_day(day, instead_of=None)
    assert adapters.status.days(limit=2) == [days[0], days[2]]
    assert adapters.status.days(limit=9) == [days[0], days[2], days[1]]
    assert adapters.status.day("2026-11-02") == days[2]
    assert adapters.status.day("2026-11-04") is None


def test_of_two_checks_of_the_same_day_one_is_refused(adapters: PortImplementations) -> None:
    first, second, late = (HealthDay("2026-11-22", text) for text in ("0", "00", "0."))
    adapters.status.put_day(first, instead_of=None)
    adapters.status.put_day(second, instead_of=first)
    for before in (first, None):
        with pytest.raises(Conflict):
            adapters.status.put_day(late, instead_of=before)
    assert adapters.status.day("2026-11-22") == second


def test_changes_are_stored_once_and_listed_newest_first(adapters: PortImplementations) -> None:
    changes = [
        AlarmChange("ImageErrorsAlarm", "OK", NOW + 0.5),
        AlarmChange("ImageErrorsAlarm", "ALARM", NOW),
        AlarmChange("ApiErrorsAlarm", "ALARM", NOW),
        AlarmChange("ApiErrorsAlarm", "ALARM", NOW - 86_400.123),
    ]
    for change in [*changes[::-1], *changes]:
        adapters.status.add_change(change)
    assert adapters.status.changes(limit=9) == changes
    assert adapters.status.changes(limit=2) == changes[:2]
