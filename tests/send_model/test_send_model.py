"""The model of a send makes the calls that the service makes, and bends where AWS's limits say."""

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, cast

import pytest

from postcard.adapters.aws.counters import DynamoCounters
from postcard.adapters.aws.table import Table, to_row
from postcard.adapters.aws.templates import RECORD_COPIES, DynamoTemplateStore
from postcard.adapters.aws.usage import DynamoUsageStore
from postcard.budgets.render_budget import renders_in_a_write
from postcard.links.parse import parse_link
from postcard.ports import StoredObject, TemplateVersion
from postcard.send_model.__main__ import main
from postcard.send_model.arrivals import opens_at_a_rate, opens_of_a_send
from postcard.send_model.assumptions import Assumptions, read_assumptions
from postcard.send_model.aws_load import AwsLoad, LoadTable
from postcard.send_model.capacity import bounds, opens_with_pictures
from postcard.send_model.simulation import Outcome, Send, SendSimulation
from tests.functions.fake_services import FakeObjects
from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import document


@pytest.fixture(scope="module")
def assumptions() -> Assumptions:
    return read_assumptions()


def run(
    send: Send, assumptions: Assumptions, rate: float, seconds: float = 3, ramp: float = 8
) -> Outcome:
    random = Random(3)
    arrivals = opens_at_a_rate(rate, seconds, ramp, random)
    return SendSimulation(send, assumptions, random).run(arrivals)


class CountedObjects(FakeObjects):
    """A bucket that counts what is put under each prefix."""

    def __init__(self, load: AwsLoad) -> None:
        super().__init__()
        self._load = load

    def put_if_absent(self, key: str, stored: StoredObject) -> bool:
        self._load.put(key.rpartition("/")[0] + "/")
        return super().put_if_absent(key, stored)


class CountedTemplates(DynamoTemplateStore):
    """The production adapter over counted calls; the version comes from memory."""

    published: TemplateVersion

    def version(self, template_id: str, version: int) -> TemplateVersion | None:
        return self.published


INSTANTS = [*(0.2 * n for n in range(25)), *(5 + 1.5 * n for n in range(15))]
INSTANT = {"draw": 1e-9, "draw_sigma": 0.0, "s3_put": 1e-9, "s3_put_sigma": 0.0}
KINDS: dict[str, tuple[bool, int | None]] = {
    "links": (False, None),
    "links of a template with a small limit": (False, 60),
    "links of a template with a large limit": (False, 1_000_000),
    "one merge link": (True, None),
    "one merge link of a template with a limit": (True, 100_000),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_model_makes_the_calls_that_the_handler_makes(
    kind: str, assumptions: Assumptions
) -> None:
    """By item: one process, some opens faster than a record gets old, some slower."""
    is_merge, limit = KINDS[kind]
    world, load = InMemoryService(), AwsLoad(assumptions)
    world.publish(document())
    signed = world.sign_link({}, open=("first_name",)) if is_merge else None
    signature = parse_link(*f"{signed}&first_name=A".split("?")).signature if signed else None
    send = Send(merge_signature=signature, cache_epoch=7, daily_renders=limit)
    exact = replace(
        assumptions, seconds=assumptions.seconds | INSTANT | {"dynamodb_call": 0.0, "start": 0.0}
    )
    modelled = SendSimulation(send, exact, Random(1), choose_copy=copies_in_turn()).run(INSTANTS)

    record, version = world.templates.record("welcome"), world.templates.version("welcome", 1)
    table = cast(Table, LoadTable(load, to_row(replace(record, daily_renders=limit))))
    templates = CountedTemplates(table, choose_copy=copies_in_turn())
    templates.published = version
    ports: Any = world
    ports.templates, ports.counters = templates, DynamoCounters(table)
    ports.usage = DynamoUsageStore(table, clock=lambda: world.now)
    ports.pictures = CountedObjects(load)
    world.cold_start()
    for number, instant in enumerate(INSTANTS):
        world.monotonic_now = load.now = instant
        link = (
            f"{signed}&first_name=N{number}"
            if signed
            else world.sign_link({"code": f"N{number:04}"})
        )
        assert world.open_link(link).headers["x-postcard-render"] == "drawn"
    assert dynamodb_and_s3(load) == dynamodb_and_s3(modelled.load)
    assert modelled.drawn == len(INSTANTS)


def copies_in_turn() -> Callable[[int], int]:
    turn = count()
    return lambda copies: next(turn) % copies


def dynamodb_and_s3(load: AwsLoad) -> Counter[tuple[str, str]]:
    """The calls by item; those of the usage together, since each process has a part of it."""
    calls: Counter[tuple[str, str]] = Counter()
    for (service, item), number in load.calls.items():
        if service in ("dynamodb.read", "dynamodb.write", "s3.put"):
            calls[service, re.sub(r"^usage#.*", "usage", item)] += number
    return calls


def test_5000_first_opens_a_second_hold_and_none_shows_a_fallback(assumptions: Assumptions) -> None:
    outcome = run(Send(concurrency=1200), assumptions, rate=5_000, seconds=2, ramp=30)
    assert (outcome.fallbacks, outcome.refused) == (0, 0)
    assert outcome.drawn == outcome.opens == 85_000
    assert 800 < outcome.concurrency < 1_100
    assert outcome.load.throttled.keys() <= {"s3.put", "s3.get", "dynamodb.write"}
    assert outcome.load.peak("dynamodb.read") < 1_000
    assert 0 < outcome.unstored < outcome.opens * 0.35


def test_3000_first_opens_a_second_are_all_stored(assumptions: Assumptions) -> None:
    outcome = run(Send(merge_signature="m", table_partitions=8), assumptions, rate=3_000)
    assert (outcome.unstored, outcome.load.throttled) == (0, {})


def test_on_a_new_table_some_usage_is_counted_late_and_pictures_are_stored_all_the_same(
    assumptions: Assumptions,
) -> None:
    outcome = run(Send(), assumptions, rate=3_000)
    assert (outcome.unstored, set(outcome.load.throttled)) == (0, {"dynamodb.write"})
    assert 0 < outcome.uncounted < 2 * outcome.concurrency  # it stops at full speed


def test_s3_stores_all_once_it_has_split_the_prefix(assumptions: Assumptions) -> None:
    assert run(Send(s3_parts=2), assumptions, rate=4_500, seconds=2).unstored == 0


@pytest.mark.parametrize("concurrency", [100, 200])
def test_it_bends_where_the_arithmetic_says(concurrency: int, assumptions: Assumptions) -> None:
    bound = opens_with_pictures(bounds(assumptions, concurrency))
    below = run(Send(concurrency=concurrency), assumptions, 0.6 * bound.opens_per_second, ramp=25)
    above = run(Send(concurrency=concurrency), assumptions, 1.15 * bound.opens_per_second, 8)
    assert below.fallbacks == 0
    assert above.fallbacks > 0.03 * above.opens


def test_a_send_that_begins_at_its_full_rate_shows_fallback_pictures_at_first(
    assumptions: Assumptions,
) -> None:
    """New environments take a second: readers of the first seconds find none that is free."""
    arrivals = opens_at_a_rate(4_000, 6, ramp=0, random=Random(3))
    outcome = SendSimulation(Send(), assumptions, Random(3)).run(arrivals)
    assert 0 < outcome.fallbacks < 4_000 * 2


@pytest.mark.parametrize(("limit", "renders"), [(None, 20), (1_000_000, 200), (6_000, 1), (1, 1)])
def test_one_write_of_a_counter_stands_for_many_renders(limit: int | None, renders: int) -> None:
    assert renders_in_a_write(limit) == renders


def test_a_spent_budget_shows_fallback_pictures(assumptions: Assumptions) -> None:
    outcome = run(Send(daily_renders=500), assumptions, rate=100)
    assert outcome.drawn == 500
    assert outcome.fallbacks == outcome.opens - 500


def test_a_record_is_read_from_all_its_copies(assumptions: Assumptions) -> None:
    outcome = run(Send(), assumptions, rate=300)
    reads = {item: n for (name, item), n in outcome.load.calls.items() if name == "dynamodb.read"}
    assert sorted(reads) == [f"record#welcome#{copy}" for copy in range(RECORD_COPIES)]
    assert max(reads.values()) < 1.5 * min(reads.values())


def test_every_row_of_a_send_is_opened_once_after_it_was_sent(assumptions: Assumptions) -> None:
    opens = opens_of_a_send(5_000, 10, assumptions, Random(1))
    assert len(opens) == 5_000
    assert opens == sorted(opens)
    assert opens[0] >= 0
    assert sum(curve["share"] for curve in assumptions.curves.values()) == pytest.approx(1)


def test_each_assumption_has_a_source() -> None:
    text = files("postcard.send_model").joinpath("assumptions.json").read_text("utf-8")
    document = json.loads(text)
    for table in ("limits", "seconds", "opens"):
        assert all(entry["source"] for entry in document[table].values())
    assert "Assumed." in document["curves"]["note"]


def test_the_page_has_the_bounds_of_the_arithmetic(assumptions: Assumptions) -> None:
    page = Path("docs/large-sends.md").read_text(encoding="utf-8")
    rows = [
        f"| {bound.service} | {bound.opens_per_second:,.0f} | {bound.past_it} |"
        for bound in bounds(assumptions, 1000)
    ]
    assert "\n".join(rows) in page
    reserved = opens_with_pictures(bounds(assumptions, 800)).opens_per_second
    assert f"it does so above {reserved:,.0f}." in page
    assert f"{assumptions.warm_open_seconds:.3f} s" in page


def test_the_command_prints_the_figures_and_fails_if_a_reader_gets_a_fallback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--rows", "2000", "--minutes", "5"]) == 0
    printed = capsys.readouterr().out
    assert "2,000 first opens" in printed
    assert "up to 6,061 first opens a second (Lambda: concurrent executions)." in printed
    assert main(["--rate", "200", "--minutes", "1", "--concurrency", "10", "--json"]) == 1
    figures = json.loads(capsys.readouterr().out)
    assert figures["fallbacks"] > 0
    assert figures["concurrency"] == 10


@pytest.mark.parametrize("number", ["0", "1e6", "-5", "99999999999", "x", ""])
def test_the_command_bounds_its_numbers(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--rows", number])
    assert "a whole number from 1 to 10,000,000 is needed" in capsys.readouterr().err


def test_the_command_wants_a_template_id(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--template", "a/b"])
    assert '"a/b" is no template id' in capsys.readouterr().err
