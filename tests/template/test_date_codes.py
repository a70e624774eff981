"""Liquid's date codes, which are those of Ruby's strftime."""

from datetime import UTC, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from postcard.lint.checks import check_template
from postcard.template.liquid.locale_filters import FilterError, LocaleFilters
from tests.template.template_cases import template

DAY = "2027-01-01T21:05:07Z"


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("%^b %-d", "JAN 1"),
        ("%^A, %^B", "FRIDAY, JANUARY"),
        ("%0e/%_m/%e/%-m/%_d", "01/ 1/1/1/ 1"),
        ("%I:%M%P %p %#p", "09:05pm PM pm"),
        ("%l %k %_H %_l", "9 21 21  9"),
        ("%u %w", "5 5"),
        ("%G-W%V-%u %g", "2026-W53-5 26"),
        ("%U %W %j %-j %C %y", "00 00 001 1 20 27"),
        ("%z %:z %::z %Z", "+0000 +00:00 +00:00:00 UTC"),
        ("%s %L %3N %N", "1798837507 000 000 000000000"),
        ("%F %D %T %R %r", "2027-01-01 01/01/27 21:05:07 21:05 09:05:07 PM"),
        ("%c|%v|%-D|%10D", "Fri Jan 1 21:05:07 2027|1-JAN-2027|01/01/27|  01/01/27"),
        ("%^P %#P %#Z %^p", "PM PM utc PM"),
        ("%5d|%_5d|%10A|%^10a|%-10A", "00001|    1|    Friday|       FRI|Friday"),
        ("%Ey %Od 100%%", "27 01 100%"),
    ],
)
def test_codes_flags_and_widths_are_rubys(pattern: str, expected: str) -> None:
    assert LocaleFilters("en-US", UTC).date(DAY, pattern) == expected


def test_a_zone_has_its_offset_and_names_are_the_locales() -> None:
    filters = LocaleFilters("tr-TR", ZoneInfo("Asia/Kolkata"))
    assert filters.date("2027-04-02T20:00:00Z", "%z %:z %^b %^A") == ("+0530 +05:30 NİS CUMARTESİ")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("%-z %_z %_:z %-_z", "+0545  +545  +5:45  +545"),
        ("%10z %010z %_10z %10:z", "+000000545 +000000545       +545 +000005:45"),
        ("%:::z %12::z", "+05:45 +00005:45:00"),
    ],
)
def test_an_offset_takes_flags_and_widths_as_in_ruby(pattern: str, expected: str) -> None:
    filters = LocaleFilters("en-US", timezone(timedelta(hours=5, minutes=45)))
    assert filters.date(DAY, pattern) == expected


@pytest.mark.parametrize(
    ("tag", "pattern", "expected"),
    [
        ("ru-RU", "%-d %B", "1 января"),
        ("ru-RU", "%B %Y", "январь 2027"),
        ("pl-PL", "%^B", "STYCZEŃ"),
        ("cs-CZ", "%e. %B %Y", "1. ledna 2027"),
        ("cs-CZ", "%OB / %-d", "leden / 1"),
        ("ca-ES", "%B", "gener"),
        ("fi-FI", "%B %Y", "tammikuu 2027"),
        ("fi-FI", "%A", "perjantai"),
        ("fi-FI", "%A %-d. %B", "perjantaina 1. tammikuuta"),
        ("uk-UA", "%b %Y", "січ. 2027"),
    ],
)
def test_a_month_without_a_day_is_in_the_nominative(tag: str, pattern: str, expected: str) -> None:
    assert LocaleFilters(tag, UTC).date(DAY, pattern) == expected


@pytest.mark.parametrize(
    ("day", "week"),
    [
        ("2026-12-31", "2026-53"),
        ("2027-01-03", "2026-53"),
        ("2027-01-04", "2027-01"),
        ("2024-12-30", "2025-01"),
        ("2023-01-01", "2022-52"),
    ],
)
@pytest.mark.parametrize("tag", ["en-US", "de-DE", "ar-EG"])
def test_weeks_are_those_of_iso_8601_in_every_locale(tag: str, day: str, week: str) -> None:
    assert LocaleFilters(tag, UTC).date(day, "%G-%V") == week


@pytest.mark.parametrize("code", ["%Q", "%i", "%:d", "%", "%-", "%5!"])
def test_an_unknown_code_is_a_finding_wherever_it_is(code: str) -> None:
    with pytest.raises(FilterError, match="unknown date code"):
        LocaleFilters("en-US", UTC).date(DAY, f"%d {code}")
    hidden = f"{{% if false %}}{{{{ d | date: '%d {code}' }}}}{{% endif %}}"
    compiled = template(
        height=101,
        fields={"d": {"type": "date", "default": DAY}},
        layers=[{"type": "text", "text": hidden}],
        alt=f"{{{{ d | time: '%H {code}' }}}}",
    )
    findings = [(fault.code, fault.pointer) for fault in check_template(compiled)]
    assert findings == [("unknown_date_code", "/layers/0/text"), ("unknown_date_code", "/alt")]


def test_known_codes_and_texts_with_percent_signs_are_no_findings() -> None:
    fields = {"d": {"type": "date", "default": DAY}}
    text = "10% {{ d | date: '%^b %-d 100%%' }} {{ d | date: 'EEE d' }} {{ d | append: '%Q' }}"
    layers = [{"type": "text", "text": text}]
    assert not check_template(template(height=101, fields=fields, layers=layers))


def test_names_of_one_locale_do_not_depend_on_those_drawn_before() -> None:
    """Babel writes resolved names into data that locales share."""
    patterns = ("%B %Y", "%A", "%b", "%a", "LLL ccc")
    for tag in ("az", "nl", "apc", "sw", "en"):
        for pattern in patterns:
            LocaleFilters(tag, UTC).date(DAY, pattern)
    danish = [LocaleFilters("da", UTC).date(DAY, pattern) for pattern in patterns]
    assert danish == ["januar 2027", "fredag", "jan.", "fre.", "jan. fre."]
    assert LocaleFilters("ar", UTC).date(DAY, "%a %B") == "الجمعة يناير"
    assert LocaleFilters("fr", UTC).date(DAY, "%b %Y") == "janv. 2027"
