"""What preflight says of rows, of whole tables, and of the addresses of their pictures."""

import io
import json
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any

import pytest
from PIL import Image

from postcard.campaigns.preflight.contact_sheet import SheetPicture, contact_sheet
from postcard.campaigns.preflight.counts import (
    MAX_ADDRESSES,
    MAX_HOSTS,
    SAMPLED_ROWS,
    WORST_ROWS,
    PreflightCounts,
    merge,
    preflight_chunk,
)
from postcard.campaigns.preflight.estimates import PictureBytes, mailing_cost
from postcard.campaigns.preflight.remote_hosts import MAX_SECONDS, check_addresses
from postcard.campaigns.preflight.report import PreflightReport
from postcard.campaigns.preflight.row_check import LinkShape, PreflightRow, RowChecker
from postcard.errors import Fault
from postcard.links.signing import LinkKeys
from postcard.ports import FetchError
from tests.campaigns.mailing_people import welcome_rows
from tests.rendering.drawing import plain_picture, renderer
from tests.template.template_cases import template

FIELDS = {
    "name": {"default": "you", "max_length": 12},
    "code": {"pattern": "[A-Z]{3}", "required": True},
    "points": {"type": "number", "on_bad": "fallback"},
    "photo": {"type": "image"},
}
LAYERS = [
    {"type": "text", "name": "title", "text": "Hi {{ name }}", "width": 90, "height": 20,
     "fit": "shrink", "min_size": 12, "max_lines": 1},
    {"type": "text", "text": "{{ points }}"},
    {"type": "image", "source": "{{ photo }}", "width": 10, "height": 10},
]  # fmt: skip


def checker(**options: Any) -> RowChecker:
    compiled = template(fields=FIELDS, layers=LAYERS, width=100, height=50)
    return RowChecker(compiled, renderer().fonts, **options)


def row(number: int = 1, **values: Any) -> PreflightRow:
    given = {"code": "ABC", **values}
    return PreflightRow(number, [{"name": name, "value": v} for name, v in given.items()])


def codes(checked_row: PreflightRow, **options: Any) -> set[tuple[str, str]]:
    checked = checker(**options).check(checked_row)
    return {(finding.code, finding.place) for finding in checked.findings}


TITLE = "/layers/0"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"name": "Ann"}, set()),
        ({"name": ""}, {("default", "name")}),
        ({"name": None}, {("default", "name")}),
        ({"name": "null"}, {("default", "name")}),
        ({"name": "*|FNAME|*"}, {("unfilled", "name")}),
        ({"name": "{{ contact.first_name }}"}, {("unfilled", "name")}),
        ({"name": "Maximilian A"}, {("shrunk", TITLE)}),
        ({"name": "Maximilian Alexander"}, {("too_long", "name"), ("shrunk", TITLE)}),
        ({"name": "WWWWWWWWWWWW"}, {("cut", TITLE)}),
        ({"name": "\u16a0"}, {("glyph", TITLE)}),
        ({"code": ""}, {("missing", "code"), ("failed", "")}),
        ({"code": "{code}"}, {("unfilled", "code"), ("failed", "")}),
        ({"code": "abc"}, {("bad_value", "code"), ("failed", "")}),
        ({"points": "many"}, {("bad_value", "points"), ("failed", "")}),
        ({"photo": "not an address"}, {("bad_value", "photo")}),
        ({"photo": f"https://x.test/{'é' * 400}"}, {("long_link", "")}),
        ({"elsewhere": "1"}, {("failed", "")}),
    ],
)
def test_each_fault_of_a_row_has_its_finding(
    values: dict[str, Any], expected: set[tuple[str, str]]
) -> None:
    assert codes(row(**values)) == expected


def test_a_row_that_could_not_be_read_has_no_picture() -> None:
    broken = PreflightRow(3, fault=Fault("ragged", "", "There are 4 pictures for 3 columns."))
    assert codes(broken) == {("failed", "")}


def test_rows_with_any_fault_have_no_picture_where_the_batch_says_so() -> None:
    assert ("failed", "") in codes(row(name=""), on_invalid="error")
    assert codes(row(name="Ann"), on_invalid="error") == set()


def test_the_link_is_as_long_as_the_one_that_is_sent() -> None:
    """Whatever the key; its length counts against what mail software takes."""
    keys = LinkKeys(9, {"k1": "ab" * 32}, "k1", "cd" * 32, "ef" * 32, "01" * 32)
    plain, keyed = (
        checker(link=LinkShape("https://p.test", dpr=2, keys=each)).check(row(name="Ann"))
        for each in (LinkShape().keys, keys)
    )
    assert plain.link_length == keyed.link_length - 1  # of the longer key id
    assert plain.link_digest != keyed.link_digest


def rows_of_a_table() -> Iterator[PreflightRow]:
    addresses = [f"https://host{number % 3}.test/{number}.png" for number in range(8)]
    for number, values in enumerate(welcome_rows(120, seed=5), 1):
        given = {"name": values["user_name"][:14], "code": "ABC" if number % 7 else "x"}
        yield row(number, **given, photo=addresses[number % 8])


def test_the_counts_of_chunks_are_those_of_the_table_in_whatever_order() -> None:
    rows, one = list(rows_of_a_table()), checker()
    whole = preflight_chunk(rows, one)
    parts = [preflight_chunk(rows[start : start + 13], one) for start in range(0, 120, 13)]
    stored = [json.loads(json.dumps(part.to_json())) for part in reversed(parts)]
    merged = merge(map(PreflightCounts.from_json, stored))
    assert comparable(merge([merge([merged]), PreflightCounts()])) == comparable(whole)
    assert whole.rows == 120 and whole.findings["failed"] == whole.findings["bad_value"] == 17
    assert len(whole.sample) == SAMPLED_ROWS and len(whole.worst_rows()) == WORST_ROWS


def comparable(counts: PreflightCounts) -> Any:
    fields = counts.to_json()
    hosts = {host: uses for host, (uses, _) in counts.hosts.items()}
    return {**fields, "hosts": hosts}


def test_equal_links_are_duplicates_also_across_chunks() -> None:
    one = checker()
    first = preflight_chunk([row(1, name="Ann"), row(2, name="Bob")], one)
    second = preflight_chunk([row(3, name="Bob"), row(4, name="Ann"), row(5, code="")], one)
    merged = merge([first, second])
    assert (merged.distinct_links, merged.duplicate_links) == (2, 2)


def test_the_worst_rows_are_a_few_of_each_kind_and_the_gravest_come_first() -> None:
    rows = [row(number, name="\u16a0") for number in range(1, 40)]
    rows += [row(number, name="") for number in range(40, 60)]
    rows += [row(60, code=""), row(61, name="WWWWWWWWWWWW"), row(62, name="Ann")]
    worst = preflight_chunk(rows, checker()).worst_rows()
    assert [each.number for each in worst[:3]] == [60, 61, 1]
    kinds = [each.findings[0][0] for each in worst]
    assert len(worst) == WORST_ROWS and kinds.count("default") == 4


def test_rows_without_a_picture_are_not_sampled_and_say_why() -> None:
    one, fault = checker(), Fault("ragged", "", "This row has 4 cells.")
    counts = preflight_chunk([row(1), PreflightRow(2, line=3, fault=fault), row(3, code="")], one)
    assert [each.number for _, each in counts.sample] == [1]
    text = "\n".join(PreflightReport(one.template, counts).lines())
    assert "row 2 (line 3): This row has 4 cells." in text


def test_hosts_are_bounded_and_the_rest_is_counted() -> None:
    rows = [
        row(number, photo=f"https://host{number % (MAX_HOSTS + 10)}.test/{number}.png")
        for number in range((MAX_HOSTS + 10) * 5)
    ]
    counts = preflight_chunk(rows, checker())
    assert len(counts.hosts) == MAX_HOSTS
    assert all(uses == 5 and len(some) == MAX_ADDRESSES for uses, some in counts.hosts.values())
    assert counts.unlisted_addresses == 50


class FakeHosts:
    """Hosts that answer at once, slowly or not at all; `seconds` is their clock."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.seconds = 0.0

    def probe(self, url: str, *, allowed_hosts: Sequence[str] | None, deadline: float) -> None:
        self.asked.append(url)
        if "dead" in url:
            raise FetchError("dead.test answered 404.")
        if "slow" in url:
            self.seconds += 2.5


def test_hosts_that_do_not_answer_come_first_and_slow_ones_after_them() -> None:
    probe = FakeHosts()
    hosts = {
        "ok.test": (9, ("https://ok.test/1", "https://ok.test/2")),
        "slow.test": (2, ("https://slow.test/1",)),
        "dead.test": (1, ("https://ok.test/3", "https://dead.test/1")),
    }
    checked = check_addresses(hosts, probe, monotonic=lambda: probe.seconds)
    assert (checked[0].host, checked[0].status) == ("dead.test", "dead")
    assert {host.host: host.uses for host in checked} == {n: uses for n, (uses, _) in hosts.items()}
    assert sorted(probe.asked) == sorted(url for _, urls in hosts.values() for url in urls)


def test_addresses_that_there_is_no_time_for_are_unchecked() -> None:
    clock = count(0.0, MAX_SECONDS)
    (host,) = check_addresses(
        {"a.test": (1, ("https://a.test/1",))}, FakeHosts(), monotonic=lambda: next(clock)
    )
    assert host.status == "unchecked"


def test_the_bytes_of_a_picture_have_an_error_that_falls_with_the_sample() -> None:
    few, many = (PictureBytes.of([1000, 1400] * times) for times in (4, 400))
    assert few and many and few.mean == many.mean == 1200
    assert many.margin < 20 < few.margin < 200
    assert PictureBytes.of([]) is None


def test_a_mailing_costs_what_its_pictures_weigh() -> None:
    light, heavy = (mailing_cost(1_000_000, size)["dollars"] for size in (10_000, 100_000))
    assert 8 < light["us-east-1"] < heavy["us-east-1"] < 40
    for pictures in (1, 1_000_000):
        cost = mailing_cost(pictures, 100_000)
        assert cost["each"]["us-east-1"] * 1_000_000 == pytest.approx(heavy["us-east-1"], abs=0.01)


def test_the_report_names_fields_and_layers_and_never_a_value() -> None:
    rows = [row(1, name="Wolfeschlegel"), row(2, name="WWWWWWWWWWWW"), row(3, name="*|X|*")]
    one = checker()
    report = PreflightReport(
        one.template, preflight_chunk(rows, one), hosts=[], unmapped=["points"]
    )
    text = "\n".join(report.lines())
    assert "0 of 3 rows are right." in text
    assert "text cut                            2 (title 2): row 1, 2" in text
    assert "No column gives points: every picture shows the default." in text
    everything = text + json.dumps(report.to_json())
    assert not any(value in everything for value in ("Wolfe", "WWW", "*|"))
    assert report.fails(["cut"]) and not report.fails(["glyph", "failed"])


def test_the_contact_sheet_has_four_pictures_in_a_row_with_their_captions() -> None:
    picture = plain_picture("#c03040", (60, 30))
    pictures = [
        SheetPicture(f"Row {n}", "text cut: {{ title }}", picture, (60, 30)) for n in range(5)
    ]
    pictures.append(SheetPicture("Row 9", "no picture", None, (60, 30)))
    sheet = Image.open(io.BytesIO(contact_sheet("people.csv", pictures, renderer()))).convert("RGB")
    red = (0xC0, 0x30, 0x40)
    columns = [24 + 150 + column * 320 for column in range(4)]
    rows = [24 + 46 + 75 + line * (150 + 58 + 20) for line in range(2)]
    at = [[sheet.getpixel((x, y)) for x in columns] for y in rows]
    assert at[0] == [red] * 4 and at[1][0] == red and red not in at[1][1:]
