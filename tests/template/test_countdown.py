"""Countdowns: their Liquid values and their document properties (template.md, "Time")."""

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
from postcard.template.validation.document_schema import document_schema
from postcard.template.validation.parse import load_published, parse_document
from tests.template.template_cases import document, faults, template

COUNTDOWN = {"to": "2026-11-30T20:00"}
ALL_PARTS = (
    "{{ countdown.days }} {{ countdown.hours }}:{{ countdown.minutes }}:{{ countdown.seconds }}"
)


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def render_text(text: str, now: str, **properties: Any) -> str:
    """The text of a text layer, rendered at a time (UTC)."""
    compiled = template(
        layers=[{"type": "text", "text": text}], **{"countdown": COUNTDOWN, **properties}
    )
    warnings: list[tuple[str, ...]] = []
    evaluator = Evaluator(
        compiled, bind_defaults(compiled).values, at(now), lambda *warning: warnings.append(warning)
    )
    assert not warnings
    slot = compiled.liquid_slots["/layers/0"][0]
    return slot.liquid_template.render(evaluator.text_context)


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
    assert render_text(ALL_PARTS, now) == shown


def test_remaining_seconds_are_rounded_up_so_that_zero_is_the_end() -> None:
    assert render_text("{{ countdown.seconds }}", "2026-11-30T19:59:58.400") == "02"
    assert "false" in render_text("{{ countdown.ended }}", "2026-11-30T19:59:59.999")
    assert "true" in render_text("{{ countdown.ended }}", "2026-11-30T20:00")


def test_total_hours_count_past_a_day() -> None:
    assert render_text("{{ countdown.total_hours }}", "2026-11-28T18:30") == "49"


@given(st.integers(-(10**6), 10**7))
def test_the_parts_add_up_to_the_remaining_time(left: int) -> None:
    parts = countdown_values(left, 0.0)["countdown"]
    clock = [int(parts[name]) for name in ("hours", "minutes", "seconds")]
    assert all(0 <= part < 60 for part in clock) and clock[0] < 24
    total = parts["days"] * 86_400 + clock[0] * 3600 + clock[1] * 60 + clock[2]
    assert total == max(0, left) and parts["ended"] is (left <= 0)
    assert parts["total_hours"] == total // 3600


def test_a_date_without_a_time_ends_at_midnight_in_the_templates_zone() -> None:
    day: dict[str, Any] = {"countdown": {"to": "2026-11-30"}}
    assert render_text(ALL_PARTS, "2026-11-30T12:00", **day) == "0 12:00:00"
    assert (
        render_text(ALL_PARTS, "2026-11-30T12:00", time_zone="Europe/Oslo", **day) == "0 11:00:00"
    )


def test_a_day_with_a_daylight_saving_change_has_25_hours() -> None:
    zone: dict[str, Any] = {"time_zone": "Europe/Oslo", "countdown": {"to": "2026-10-25"}}
    assert render_text("{{ countdown.total_hours }}", "2026-10-24T22:00", **zone) == "25"


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Pacific/Kiritimati"])
def test_a_countdown_may_end_on_the_last_day_of_the_calendar(zone: str) -> None:
    far: dict[str, Any] = {"countdown": {"to": "9999-12-31"}, "time_zone": zone}
    assert int(render_text("{{ countdown.days }}", "2026-11-30T12:00", **far)) > 2_900_000


@pytest.mark.parametrize(
    ("default", "shown"),
    [
        ("2026-11-30", "0 11:00:00"),
        ("2026-11-30T20:00:30", "0 07:00:30"),
        ("2026-11-30T20:00:30-03:00", "0 11:00:30"),
        ("1796083200", "0 12:00:00"),
    ],
)
def test_the_end_may_be_a_date_field_exact_to_the_second_and_in_its_zone(
    default: str, shown: str
) -> None:
    fields = {"ends_at": {"type": "date", "default": default}, "zone": {"default": "Europe/Oslo"}}
    properties = {"countdown": {"to": "{{ ends_at }}"}, "fields": fields, "time_zone": "{{ zone }}"}
    assert render_text(ALL_PARTS, "2026-11-30T12:00", **properties) == shown


def test_the_end_may_be_computed_by_filters() -> None:
    countdown = {"to": "{{ now | date: '%s' | plus: 90 }}"}
    assert render_text(
        "{{ countdown.minutes }}{{ countdown.seconds }}", "2026-11-30", countdown=countdown
    )
    fields = {"day": {"type": "date", "default": "2026-11-30"}}
    countdown = {"to": "{{ day | date: 'yyyy-MM-dd' }}T18:00"}
    assert (
        render_text(ALL_PARTS, "2026-11-30T12:00", countdown=countdown, fields=fields)
        == "0 06:00:00"
    )


@pytest.mark.parametrize("given", ["", "soon"])
def test_without_an_end_all_values_are_nil(given: str) -> None:
    fields = {"at": {"default": given}}
    layers = [{"type": "text", "text": f"{ALL_PARTS}{{% if countdown.ended %}}over{{% endif %}}"}]
    compiled = template(layers=layers, countdown={"to": "{{ at }}"}, fields=fields)
    warnings: list[tuple[str, ...]] = []
    evaluator = Evaluator(
        compiled, bind_defaults(compiled).values, 1.0, lambda *warning: warnings.append(warning)
    )
    assert (
        compiled.liquid_slots["/layers/0"][0].liquid_template.render(evaluator.text_context).strip()
        == "::"
    )
    assert [warning[:2] for warning in warnings] == (
        [("invalid_value", "/countdown/to")] if given else []
    )


def test_values_use_the_locales_digits_and_are_not_isolated() -> None:
    arabic = {"locale": "ar-EG", "numerals": "native"}
    assert render_text(ALL_PARTS, "2026-11-22T20:00:01", **arabic) == "٧ ٢٣:٥٩:٥٩"
    assert render_text(ALL_PARTS, "2026-11-22T20:00:01", locale="ar-EG") == "7 23:59:59", (
        "no isolates"
    )


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
def test_countdown_values_can_be_compared(condition: str, true: bool) -> None:
    text = f"{{% if {condition} %}}yes{{% else %}}no{{% endif %}}"
    assert render_text(text, "2026-11-22T20:00") == ("yes" if true else "no")
    compiled = template(
        layers=[{"type": "text", "text": "x", "if": condition}], countdown=COUNTDOWN
    )
    evaluator = Evaluator(compiled, {}, at("2026-11-22T20:00"), lambda *_: None)
    assert evaluator.is_visible("/layers/0") is true


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ countdown.weeks }}", "weeks"),
        ("{{ countdown }}", "parts"),
        ("{% if countdown %}x{% endif %}", "parts"),
        ("{% if countdown.hours > 3 %}x{% endif %}", "compares"),
        ("{{ countdown.days.more }}", "days"),
    ],
)
def test_an_unknown_part_of_the_countdown_is_a_fault(text: str, expected: str) -> None:
    found = faults(layers=[{"type": "text", "text": text}], countdown=COUNTDOWN)
    assert list(found) == ["/layers/0/text"] and expected in found["/layers/0/text"]


def test_without_a_countdown_its_name_is_unknown() -> None:
    layers = [{"type": "text", "text": ALL_PARTS}]
    assert "unknown name 'countdown'" in faults(layers=layers)["/layers/0/text"]


@pytest.mark.parametrize("name", ["locale", "time_zone"])
def test_the_inputs_of_a_countdown_cannot_use_the_countdown(name: str) -> None:
    text = "{% if countdown.ended %}x{% endif %}"
    assert list(faults(countdown=COUNTDOWN, **{name: text})) == [f"/{name}"]
    assert list(faults(countdown={"to": "{{ countdown.days }}"})) == ["/countdown/to"]


def test_every_property_of_a_countdown_is_validated() -> None:
    invalid: list[tuple[dict[str, Any], str]] = [
        ({}, "/countdown/to"),
        ({"to": "tomorrow"}, "/countdown/to"),
        ({"to": "2026-02-30"}, "/countdown/to"),
        ({"to": 1796083200}, "/countdown/to"),
        ({"to": "{{ when }}"}, "/countdown/to"),
        ({**COUNTDOWN, "frames": 0}, "/countdown/frames"),
        ({**COUNTDOWN, "frames": 121}, "/countdown/frames"),
        ({**COUNTDOWN, "frames": 1.5}, "/countdown/frames"),
        ({**COUNTDOWN, "loop": "yes"}, "/countdown/loop"),
        ({**COUNTDOWN, "frame": 3}, "/countdown/frame"),
    ]
    for properties, pointer in invalid:
        assert list(faults(countdown=properties)) == [pointer], properties
    assert "did you mean frames?" in faults(countdown={**COUNTDOWN, "frame": 3})["/countdown/frame"]


def test_the_pixels_of_all_frames_together_are_limited() -> None:
    largest = {"width": 800, "height": 500, "countdown": {**COUNTDOWN, "frames": 120}}
    assert faults(**largest) == {}
    found = faults(**{**largest, "height": 501})
    assert list(found) == ["/countdown/frames"] and "119 frames" in found["/countdown/frames"]


def test_omitted_properties_have_the_documented_defaults() -> None:
    text = document(countdown=COUNTDOWN)
    parsed = parse_document(text)
    assert parsed.countdown is not None
    assert (parsed.countdown.frames, parsed.countdown.loop) == (60, True)
    assert load_published(text) == parsed
    full = document(countdown={**COUNTDOWN, "frames": 90, "loop": False})
    assert load_published(full) == parse_document(full)


def test_the_json_schema_includes_the_countdown() -> None:
    schema = document_schema()["$defs"]["Countdown"]
    assert schema["required"] == ["to"]
    assert schema["properties"]["frames"]["maximum"] == 120


def test_a_template_with_a_countdown_depends_on_time() -> None:
    assert template(countdown=COUNTDOWN).depends_on_time


def test_a_link_may_set_the_end() -> None:
    fields = {"ends_at": {"type": "date", "default": "2026-11-30", "open": True}}
    layers = [{"type": "text", "text": ALL_PARTS}]
    compiled = template(layers=layers, fields=fields, countdown={"to": "{{ ends_at }}"})
    bound = bind(
        compiled, modifications_from_link(compiled, {"ends_at": "2026-12-24"}), mode="link"
    )
    evaluator = Evaluator(compiled, bound.values, at("2026-12-24T23:00"), lambda *_: None)
    assert (
        compiled.liquid_slots["/layers/0"][0].liquid_template.render(evaluator.text_context)
        == "0 01:00:00"
    )


def test_findings_for_countdowns_that_are_unused_or_shown_where_time_is_static() -> None:
    fields = {"at": {"type": "date", "default": "2026-11-30"}}
    shown = {"type": "text", "text": ALL_PARTS}
    properties: dict[str, Any] = {
        "height": 101,
        "countdown": {"to": "{{ at }}"},
        "fields": fields,
    }
    assert check_template(template(layers=[shown], **properties)) == ()
    static = template(layers=[shown], alt=ALL_PARTS, ended={"layers": [shown]}, **properties)
    findings = [(finding.code, finding.pointer) for finding in check_template(static)]
    assert findings == [("static_time", "/alt"), ("static_time", "/ended/layers/0/text")]
    unused = [(finding.code, finding.pointer) for finding in check_template(template(**properties))]
    assert unused == [("unused_countdown", "/countdown")]


def test_without_a_time_the_values_in_alt_text_are_empty() -> None:
    assert (
        bind_defaults(compiled := template(alt=f"Ends {ALL_PARTS}", countdown=COUNTDOWN)).alt_text(
            compiled
        )
        == "Ends  ::"
    )
    assert json.loads(document(countdown=COUNTDOWN))["countdown"] == COUNTDOWN
