"""template.md, "Time": a countdown's figures, and what a document may say of it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postcard.lint.checks import check_template
from postcard.template.bind import bind, bind_defaults
from postcard.template.evaluator import Evaluator
from postcard.template.fields.countdown import countdown_values
from postcard.template.modifications import modifications_from_link
from postcard.template.validation.parse import json_schema, load_published, parse_document
from tests.template.template_cases import document, faults, template

ENDS = {"to": "2026-11-30T20:00"}
SHOWN = "{{ countdown.days }} {{ countdown.hours }}:{{ countdown.minutes }}:{{ countdown.seconds }}"


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def said(text: str, now: str, **properties: Any) -> str:
    """What a line of text says at a time (UTC)."""
    made = template(layers=[{"type": "text", "text": text}], **{"countdown": ENDS, **properties})
    warned: list[tuple[str, ...]] = []
    speaker = Evaluator(
        made, bind_defaults(made).values, at(now), lambda *said: warned.append(said)
    )
    assert not warned
    slot = made.liquid_slots["/layers/0"][0]
    return slot.liquid_template.render(speaker.text_context)


@pytest.mark.parametrize(
    ("now", "shown"),
    [
        ("2026-11-22T20:00", "8 00:00:00"),
        ("2026-11-22T20:00:01", "7 23:59:59"),
        ("2026-11-30T18:59:01", "0 01:00:59"),
        ("2026-11-30T19:59:59", "0 00:00:01"),
        ("2026-11-30T20:00:00", "0 00:00:00"),
        ("2027-01-01T00:00:00", "0 00:00:00"),
    ],
)
def test_a_countdown_shows_whole_days_and_two_digits(now: str, shown: str) -> None:
    assert said(SHOWN, now) == shown


def test_a_second_that_has_begun_counts_whole_so_that_zero_is_the_end() -> None:
    assert said("{{ countdown.seconds }}", "2026-11-30T19:59:58.400") == "02"
    assert said("{{ countdown.ended }}", "2026-11-30T19:59:59.999") == "false"
    assert said("{{ countdown.ended }}", "2026-11-30T20:00") == "true"


def test_the_hours_in_all_go_on_past_a_day() -> None:
    assert said("{{ countdown.total_hours }}", "2026-11-28T18:30") == "49"


@given(st.integers(-(10**6), 10**7))
def test_the_parts_make_up_the_time_that_is_left(left: int) -> None:
    parts = countdown_values(left, 0.0)["countdown"]
    clock = [int(parts[name]) for name in ("hours", "minutes", "seconds")]
    assert all(0 <= part < 60 for part in clock) and clock[0] < 24
    total = parts["days"] * 86_400 + clock[0] * 3600 + clock[1] * 60 + clock[2]
    assert total == max(0, left) and parts["ended"] is (left <= 0)
    assert parts["total_hours"] == total // 3600


def test_a_day_without_a_time_is_counted_to_its_end_in_the_templates_zone() -> None:
    day: dict[str, Any] = {"countdown": {"to": "2026-11-30"}}
    assert said(SHOWN, "2026-11-30T12:00", **day) == "0 12:00:00"
    assert said(SHOWN, "2026-11-30T12:00", time_zone="Europe/Oslo", **day) == "0 11:00:00"


def test_a_day_on_which_the_clocks_change_has_its_own_length() -> None:
    zone: dict[str, Any] = {"time_zone": "Europe/Oslo", "countdown": {"to": "2026-10-25"}}
    assert said("{{ countdown.total_hours }}", "2026-10-24T22:00", **zone) == "25"


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Pacific/Kiritimati"])
def test_the_last_day_of_the_calendar_can_be_counted_to(zone: str) -> None:
    far: dict[str, Any] = {"countdown": {"to": "9999-12-31"}, "time_zone": zone}
    assert int(said("{{ countdown.days }}", "2026-11-30T12:00", **far)) > 2_900_000


@pytest.mark.parametrize(
    ("default", "shown"),
    [
        ("2026-11-30", "0 11:00:00"),
        ("2026-11-30T20:00:30", "0 07:00:30"),
        ("2026-11-30T20:00:30-03:00", "0 11:00:30"),
        ("1796083200", "0 12:00:00"),
    ],
)
def test_the_date_may_be_a_fields_to_the_second_and_in_its_zone(default: str, shown: str) -> None:
    fields = {"ends_at": {"type": "date", "default": default}, "zone": {"default": "Europe/Oslo"}}
    counted = {"countdown": {"to": "{{ ends_at }}"}, "fields": fields, "time_zone": "{{ zone }}"}
    assert said(SHOWN, "2026-11-30T12:00", **counted) == shown


def test_filters_may_make_the_date() -> None:
    counted = {"to": "{{ now | date: '%s' | plus: 90 }}"}
    assert said("{{ countdown.minutes }}{{ countdown.seconds }}", "2026-11-30", countdown=counted)
    fields = {"day": {"type": "date", "default": "2026-11-30"}}
    counted = {"to": "{{ day | date: 'yyyy-MM-dd' }}T18:00"}
    assert said(SHOWN, "2026-11-30T12:00", countdown=counted, fields=fields) == "0 06:00:00"


@pytest.mark.parametrize("given", ["", "soon"])
def test_without_a_date_the_figures_are_nothing_and_nothing_is_over(given: str) -> None:
    fields = {"at": {"default": given}}
    layers = [{"type": "text", "text": f"{SHOWN}{{% if countdown.ended %}}over{{% endif %}}"}]
    made = template(layers=layers, countdown={"to": "{{ at }}"}, fields=fields)
    warned: list[tuple[str, ...]] = []
    speaker = Evaluator(made, bind_defaults(made).values, 1.0, lambda *said: warned.append(said))
    assert (
        made.liquid_slots["/layers/0"][0].liquid_template.render(speaker.text_context).strip()
        == "::"
    )
    assert [one[:2] for one in warned] == ([("invalid_value", "/countdown/to")] if given else [])


def test_figures_are_said_in_the_locales_digits_and_left_in_their_line() -> None:
    arabic = {"locale": "ar-EG", "numerals": "native"}
    assert said(SHOWN, "2026-11-22T20:00:01", **arabic) == "٧ ٢٣:٥٩:٥٩"
    assert said(SHOWN, "2026-11-22T20:00:01", locale="ar-EG") == "7 23:59:59", "no isolates"


@pytest.mark.parametrize(
    ("condition", "true"),
    [
        ("countdown.days > 7", True),
        ("countdown.days >= 8", True),
        ("countdown.days == 7", False),
        ("countdown.hours == '00'", True),
        ("countdown.ended", False),
        ("not countdown.ended and countdown.total_hours == 192", True),
    ],
)
def test_figures_can_be_compared(condition: str, true: bool) -> None:
    text = f"{{% if {condition} %}}yes{{% else %}}no{{% endif %}}"
    assert said(text, "2026-11-22T20:00") == ("yes" if true else "no")
    made = template(layers=[{"type": "text", "text": "x", "if": condition}], countdown=ENDS)
    speaker = Evaluator(made, {}, at("2026-11-22T20:00"), lambda *_: None)
    assert speaker.is_visible("/layers/0") is true


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("{{ countdown.weeks }}", "weeks"),
        ("{{ countdown }}", "parts"),
        ("{% if countdown %}x{% endif %}", "parts"),
        ("{% if countdown.hours > 3 %}x{% endif %}", "compares"),
        ("{{ countdown.days.more }}", "days"),
    ],
)
def test_what_a_countdown_does_not_have_is_a_fault(text: str, word: str) -> None:
    found = faults(layers=[{"type": "text", "text": text}], countdown=ENDS)
    assert list(found) == ["/layers/0/text"] and word in found["/layers/0/text"]


def test_without_a_countdown_its_name_is_unknown() -> None:
    layers = [{"type": "text", "text": SHOWN}]
    assert "unknown name 'countdown'" in faults(layers=layers)["/layers/0/text"]


@pytest.mark.parametrize("name", ["locale", "time_zone"])
def test_what_a_countdown_follows_from_cannot_follow_from_it(name: str) -> None:
    text = "{% if countdown.ended %}x{% endif %}"
    assert list(faults(countdown=ENDS, **{name: text})) == [f"/{name}"]
    assert list(faults(countdown={"to": "{{ countdown.days }}"})) == ["/countdown/to"]


def test_every_part_of_a_countdown_is_checked() -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({}, "/countdown/to"),
        ({"to": "tomorrow"}, "/countdown/to"),
        ({"to": "2026-02-30"}, "/countdown/to"),
        ({"to": 1796083200}, "/countdown/to"),
        ({"to": "{{ when }}"}, "/countdown/to"),
        ({**ENDS, "frames": 0}, "/countdown/frames"),
        ({**ENDS, "frames": 121}, "/countdown/frames"),
        ({**ENDS, "frames": 1.5}, "/countdown/frames"),
        ({**ENDS, "loop": "yes"}, "/countdown/loop"),
        ({**ENDS, "frame": 3}, "/countdown/frame"),
    ]
    for written, pointer in wrong:
        assert list(faults(countdown=written)) == [pointer], written
    assert "did you mean frames?" in faults(countdown={**ENDS, "frame": 3})["/countdown/frame"]


def test_a_countdowns_pictures_are_bounded_together() -> None:
    most = {"width": 800, "height": 500, "countdown": {**ENDS, "frames": 120}}
    assert faults(**most) == {}
    found = faults(**{**most, "height": 501})
    assert list(found) == ["/countdown/frames"] and "119 frames" in found["/countdown/frames"]


def test_what_is_not_written_has_the_contracts_defaults() -> None:
    text = document(countdown=ENDS)
    made = parse_document(text)
    assert made.countdown is not None
    assert (made.countdown.frames, made.countdown.loop) == (60, True)
    assert load_published(text) == made
    full = document(countdown={**ENDS, "frames": 90, "loop": False})
    assert load_published(full) == parse_document(full)


def test_the_schema_tells_of_it() -> None:
    told = json_schema()["$defs"]["Countdown"]
    assert told["required"] == ["to"]
    assert told["properties"]["frames"]["maximum"] == 120


def test_a_template_with_a_countdown_is_timed() -> None:
    assert template(countdown=ENDS).depends_on_time


def test_a_link_may_open_the_date() -> None:
    fields = {"ends_at": {"type": "date", "default": "2026-11-30", "open": True}}
    layers = [{"type": "text", "text": SHOWN}]
    made = template(layers=layers, fields=fields, countdown={"to": "{{ ends_at }}"})
    bound = bind(made, modifications_from_link(made, {"ends_at": "2026-12-24"}), mode="link")
    speaker = Evaluator(made, bound.values, at("2026-12-24T23:00"), lambda *_: None)
    assert (
        made.liquid_slots["/layers/0"][0].liquid_template.render(speaker.text_context)
        == "0 01:00:00"
    )


def test_the_field_of_a_countdown_is_in_use_and_a_stopped_clock_is_told() -> None:
    fields = {"at": {"type": "date", "default": "2026-11-30"}}
    shown = {"type": "text", "text": SHOWN}
    counted: dict[str, Any] = {"countdown": {"to": "{{ at }}"}, "fields": fields}
    assert check_template(template(layers=[shown], **counted)) == ()
    stopped = template(layers=[shown], alt=SHOWN, ended={"layers": [shown]}, **counted)
    told = [(finding.code, finding.pointer) for finding in check_template(stopped)]
    assert told == [("static_time", "/alt"), ("static_time", "/ended/layers/0/text")]
    idle = [(finding.code, finding.pointer) for finding in check_template(template(**counted))]
    assert idle == [("unused_countdown", "/countdown")]


def test_a_stopped_clock_says_nothing() -> None:
    assert (
        bind_defaults(made := template(alt=f"Ends {SHOWN}", countdown=ENDS)).alt_text(made)
        == "Ends  ::"
    )
    assert json.loads(document(countdown=ENDS))["countdown"] == ENDS
