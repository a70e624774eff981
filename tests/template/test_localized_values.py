"""Numbers and dates of a request, as mail platforms, databases and spreadsheets write them."""

from datetime import UTC, date, datetime, time, timezone
from typing import Any

import pytest
from babel.dates import format_date, format_time
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st

from postcard.template.bind import bind
from postcard.template.fields.field_types import DateField, NumberField
from postcard.template.fields.localized_dates import read_localized_date
from postcard.template.fields.localized_numbers import read_localized_number
from postcard.template.fields.values import BadValue, ValueSource, read_value
from postcard.template.modifications import modifications_from_link
from tests.template.template_cases import bind_link, bind_modifications, faults, template

LOCALES = (
    *("en", "en-GB", "en-IN", "de", "de-CH", "fr", "es", "es-MX", "it", "pt-BR", "nl", "sv", "pl"),
    *("ru", "uk", "cs", "hu", "fi", "da", "nb", "tr", "el", "ro", "ja", "zh", "ko", "id"),
    *("ar", "he", "hi", "th", "vi", "zh-TW", "bn", "ur", "eu", "hy", "ca", "fil"),
)
EN, DE = ValueSource(locale="en"), ValueSource(locale="de")


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("number", [0, 7, 999, 1250, 1250.5, 1234567, -1234567.25, 0.125])
def test_a_number_reads_back_as_its_own_locale_writes_it(locale: str, number: float) -> None:
    tag = locale.replace("-", "_")
    assert read_localized_number(format_decimal(number, "#,##0.######", tag), locale) == number
    assert read_localized_number(format_decimal(number, locale=tag), locale) == number


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("form", ["medium", "long", "full"])
@pytest.mark.parametrize("day", [date(2026, 12, 31), date(2026, 5, 6)])
def test_a_date_reads_back_as_its_own_locale_writes_it(locale: str, form: str, day: date) -> None:
    tag = "zh_Hant_TW" if locale == "zh-TW" else locale.replace("-", "_")
    text = format_date(day, form, tag)
    assert read_localized_date(text, locale) == day
    clock = format_time(time(20, 5), "short", locale=tag)
    assert read_localized_date(f"{text} {clock}", locale) == datetime.combine(day, time(20, 5))


def test_a_moment_of_a_language_is_read_with_its_words_for_the_time() -> None:
    for locale, text in (
        ("fr", "jeudi 31 décembre 2026 à 20h05"),
        ("de", "Donnerstag, den 31. Dezember 2026 um 20:05 Uhr"),
        ("es", "31 de diciembre de 2026 a las 8:05 p. m."),
        ("it", "31 dicembre 2026 alle ore 20.05"),
        ("th", "31 ธันวาคม 2569 เวลา 20:05 น."),
        ("vi", "lúc 20:05 ngày 31 tháng 12 năm 2026"),
        ("ja", "令和8年12月31日（木）午後8時05分"),
        ("zh", "2026年12月31日星期四晚上8:05"),
        ("ko", "2026. 12. 31. 오후 8:05"),
        ("ar", "٣١ ديسمبر ٢٠٢٦ ٨:٠٥ م"),
        ("tr", "31 ARALIK 2026 20:05"),
    ):
        assert read_localized_date(text, locale) == datetime(2026, 12, 31, 20, 5), text


def test_a_zone_is_never_dropped() -> None:
    berlin = datetime(2026, 12, 31, 19, tzinfo=UTC)
    for zone in ("[Europe/Berlin]", " Europe/Berlin", " (CET)", " CET", " +0100 CET", " GMT+1"):
        assert read_localized_date(f"2026-12-31 20:00{zone}", "en") == berlin, zone
    for zone in (" (Somewhere)", "[Nowhere/Here]", " BST", " IST", " (../../etc/passwd)"):
        assert read_localized_date(f"2026-12-31 20:00{zone}", "en") is None, zone


@pytest.mark.parametrize(
    ("text", "locale", "day"),
    [
        ("5/6/2026", "en", date(2026, 5, 6)),
        ("5/6/2026", "en-GB", date(2026, 6, 5)),
        ("5/6/2026", "de", date(2026, 6, 5)),
        ("5/6/2026", "fr-CA", date(2026, 6, 5)),
        ("5/6/2026", "ja", date(2026, 5, 6)),
        ("5-6-2026", "nl", date(2026, 6, 5)),
        ("5.6.2026", "en", date(2026, 6, 5)),
        ("13/6/2026", "en", date(2026, 6, 13)),
        ("6/13/2026", "de", date(2026, 6, 13)),
        ("mar 31 mar 2026", "es", date(2026, 3, 31)),
        ("mar 7 avr 2026", "fr", date(2026, 4, 7)),
    ],
)
def test_a_date_with_two_readings_is_read_by_the_locale(text: str, locale: str, day: date) -> None:
    assert read_localized_date(text, locale) == day


@given(
    st.datetimes(datetime(1900, 1, 2), datetime(2200, 1, 1)).map(lambda m: m.replace(microsecond=0))
)
def test_a_moment_reads_the_same_in_every_usual_form(moment: datetime) -> None:
    utc = moment.replace(tzinfo=UTC)
    for pattern in (
        "%Y-%m-%dT%H:%M:%S+0000",
        "%Y-%m-%dT%H:%M:%S 00:00",  # a + that a link turned into a space
        "%Y-%m-%dT%H:%M:%S 0000",
        "%Y-%m-%dT%H:%M:%S.000Z",
        "%Y-%m-%d %H:%M:%S UTC",
        "%Y-%m-%d %H:%M:%S+00",
        "%m/%d/%Y %I:%M:%S %p UTC",
        "%a, %d %b %Y %H:%M:%S +0000",
        "%a %b %d %Y %H:%M:%S GMT+0000 (Coordinated Universal Time)",
        "%a %b %d %H:%M:%S UTC %Y",
        "%B %d, %Y at %I:%M:%S %p GMT",
    ):
        assert read_value(DateField(), utc.strftime(pattern), source=EN) == utc, pattern
    milliseconds = int(utc.timestamp() * 1000)
    if 10**12 <= milliseconds < 10**13:
        assert read_value(DateField(), str(milliseconds), source=EN) == utc
        assert read_value(DateField(), milliseconds, source=EN) == utc


@pytest.mark.parametrize("offset", ["-0500", "-05:00", "-05", " -0500", "EST", " EST"])
def test_an_offset_has_several_spellings(offset: str) -> None:
    moment = read_value(DateField(), f"2026-12-31T20:00{offset}", source=EN)
    assert moment == datetime(2027, 1, 1, 1, tzinfo=UTC)


def test_a_time_without_a_zone_stays_without_one() -> None:
    assert read_localized_date("Dec 31, 2026 12:05 am", "en") == datetime(2026, 12, 31, 0, 5)
    assert read_localized_date("31.12.2026, 20:00", "de") == datetime(2026, 12, 31, 20)


@pytest.mark.parametrize(
    "raw",
    [
        *(
            "",
            "now",
            "12/31/26",
            "31 12",
            "Feb 30, 2026",
            "13/13/2026",
            "Monday",
            "2026",
            "May 2026",
        ),
        *("Dec 31, 2026 8:00 XM", "Dec 31, 2026 13:00 PM", "2026-12-31T20:00+99:00"),
        *("Dec Jan 31 2026", "Hello 31 December 2026", "9999-12-31 23:00 -1200", "123456789012"),
        "1" * 5000,
    ],
)
def test_a_text_without_one_reading_is_no_date(raw: str) -> None:
    for source in (EN, DE):
        with pytest.raises(BadValue):
            read_value(DateField(), raw or "x", source=source)


@pytest.mark.parametrize(
    "raw",
    [
        "1²",
        "10⁵",
        "①",
        "½",
        "1,25,0",
        "1,250,00",
        "1.250.00",
        "1 25",
        "€ 12",
        "1e3",
        "1_250",
        "5%",
        "+",
        "1" * 99,
    ],
)
def test_a_text_without_one_reading_is_no_number(raw: str) -> None:
    with pytest.raises(BadValue):
        read_value(NumberField(), raw, source=EN)


@given(st.text(st.sampled_from("0123456789 ,.'+-/:TZadecmpu\u00a0\u0663"), max_size=200))
def test_reading_never_fails_in_another_way_and_numbers_are_bounded(raw: str) -> None:
    for field in (NumberField(), DateField()):
        try:
            value = read_value(field, raw, source=DE)
        except BadValue:
            continue
        assert value is None or not isinstance(value, int | float) or abs(value) < 1e15


NUMBERS = {"points": {"type": "number", "default": 0, "min": -1e9, "max": 1e9, "open": True}}


def test_a_number_has_at_most_forty_decimals() -> None:
    assert read_localized_number("1," + "2" * 40, "de") == 1.222222
    assert read_localized_number("1," + "2" * 41, "de") is None


@pytest.mark.parametrize(("locale", "expected"), [("en", 1.25), ("de", 1250), ("{{ lang }}", 1.25)])
def test_the_locale_of_the_template_decides_in_a_post(locale: str, expected: float) -> None:
    fields = {**NUMBERS, "lang": {"default": "de"}}
    compiled = template(fields=fields, locale=locale)
    given = {"name": "points", "text": "1.250"}
    assert bind_modifications(compiled, given).values["points"] == expected
    assert bind_modifications(compiled, given, mode="default").values["points"] == expected


def test_an_open_value_is_read_by_the_locale_and_a_signed_one_as_postcard_wrote_it() -> None:
    compiled = template(fields=NUMBERS, locale="de")
    changes = modifications_from_link(compiled, {"points": "1.250"})
    opened = bind(compiled, changes, mode="link", restricted={"points"})
    assert (opened.values["points"], bind(compiled, changes, mode="link").values["points"]) == (
        1250,
        1.25,
    )


def test_a_posted_number_is_the_same_in_the_link_that_is_made_of_it() -> None:
    compiled = template(fields=NUMBERS, locale="de")
    posted = bind_modifications(compiled, {"name": "points", "value": 1.125})
    assert bind_link(compiled, **posted.link_fields()).values == posted.values


def test_items_of_lists_and_levels_of_layers_are_read_the_same() -> None:
    items = {"type": "list", "open": True, "items": {"price": NUMBERS["points"]}}
    bar = {"type": "progress", "name": "bar", "width": 50, "height": 5, "value": 0}
    compiled = template(fields={"products": items}, layers=[bar], locale="de")
    values = {"products_1_price": "1.250,50", "products_2_price": "1.250", "bar": "0,5"}
    changes = modifications_from_link(compiled, values)
    bound = bind(compiled, changes, mode="link", restricted={"products_2_price"})
    assert bound.values["products"] == ({"price": 1250.5}, {"price": 1250})
    assert bound.layers == {"bar": {"value": "0.5"}}


def test_a_default_in_a_document_is_strict() -> None:
    found = faults(
        fields={
            "points": {"type": "number", "default": "1,250", "example": "1 250"},
            "day": {"type": "date", "default": "12/31/2026", "min": "31.12.2026"},
        }
    )
    assert set(found) == {"/fields/points/default", "/fields/points/example", "/fields/day/min"}


def test_bounds_hold_for_every_form() -> None:
    bounded: dict[str, Any] = {"min": "2026-12-01", "max": "2026-12-31"}
    assert read_value(DateField(**bounded), "12/31/2026", source=EN) == date(2026, 12, 31)
    for field, raw in ((DateField(**bounded), "1/1/2027"), (NumberField(max=1000), "1,250")):
        with pytest.raises(BadValue):
            read_value(field, raw, source=EN)


def test_the_zone_of_a_named_offset_is_kept() -> None:
    moment = read_localized_date("2026-12-31T20:00+01:00[Europe/Berlin]", "en")
    assert isinstance(moment, datetime) and isinstance(moment.tzinfo, timezone)
    assert moment.isoformat() == "2026-12-31T20:00:00+01:00"
