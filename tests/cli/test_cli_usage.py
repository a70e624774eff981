"""`postcard usage`: its table, CSV and JSON."""

import contextlib
import csv
import io
from collections import Counter
from collections.abc import Mapping

import pytest

from postcard.cli.api_client import problem_from_response
from postcard.cli.target import ServiceTarget
from postcard.ports import JsonObject, UsageKey
from tests.cli.runner import clean_environment, run_postcard
from tests.functions.in_memory_service import InMemoryService

__all__ = ["clean_environment"]


class Api:
    """The API in memory."""

    def __init__(self, service: InMemoryService) -> None:
        self.service = service
        self.calls: Counter[str] = Counter()

    def call(self, method: str, path: str) -> JsonObject:
        self.calls[method] += 1
        with contextlib.redirect_stdout(io.StringIO()):  # the function's log
            reply = self.service.call(method, path)
        if reply.status >= 400:
            raise problem_from_response(reply.status, reply.body)
        answer: JsonObject = reply.json
        return answer


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    api = Api(InMemoryService())
    monkeypatch.setattr(ServiceTarget, "api_client", lambda target: api)
    return api


def add(api: Api, day: str, template: str, campaign: str, counts: Mapping[str, int]) -> None:
    key = UsageKey(day, template, campaign)
    api.service.usage.add(key, counts, writer=f"{day}{template}", token=campaign, expires_at=0)


def test_a_table_has_a_row_for_each_item_and_the_total(api: Api) -> None:
    counts = {"links": 1_200, "first_opens": 12, "fallback_source": 1, "fallback_budget": 2}
    add(api, "2026-11-21", "welcome", "spring", counts)
    add(api, "2026-11-22", "welcome", "", {"links": 34})
    output = run_postcard("usage")
    lines = [line.split() for line in output.stdout.splitlines()]
    assert lines[1][:4] == ["2026-11-21", "welcome", "spring", "1,200"]
    assert lines[1][-2] == "3"  # fallbacks
    assert lines[2][:4] == ["2026-11-22", "welcome", "(none)", "34"]
    assert lines[3][:2] == ["total", "1,234"]
    assert "Fetches, not people." in output.stderr
    assert "not counted yet" in output.stderr


def test_an_empty_table_says_that_nothing_was_counted(api: Api) -> None:
    output = run_postcard("usage", "--campaign", "summer")
    assert output.exit_code == 0 and "Nothing was counted" in output.stderr


def test_csv_has_all_rows_of_all_pages_and_a_column_for_each_reason(api: Api) -> None:
    for number in range(1_050):
        add(api, "2026-11-22", "welcome", f"c{number:04}", {"links": number})
    add(api, "2026-11-22", "hello", "", {"fallback_source": 2})
    output = run_postcard("usage", "--csv")
    rows = list(csv.DictReader(io.StringIO(output.stdout)))
    assert api.calls["GET"] == 2
    assert (rows[0]["template_id"], rows[0]["fallback_source"]) == ("hello", "2")
    assert [int(row["links"]) for row in rows[1:]] == list(range(1_050))
    assert [row["campaign"] for row in rows[1:3]] == ["c0000", "c0001"]


def test_json_has_all_items_of_all_pages_and_their_totals(api: Api) -> None:
    for number in range(1_050):
        add(api, "2026-11-22", "welcome", f"c{number:04}", {"links": 1})
    found = run_postcard("usage", "--json").json_output
    assert (len(found["items"]), found["totals"]["links"]) == (1_050, 1_050)
    assert found["next_cursor"] is None


def test_a_long_table_ends_with_a_hint_and_with_the_total_of_all_rows(api: Api) -> None:
    for number in range(201):
        add(api, "2026-11-22", "welcome", f"c{number:04}", {"links": 1})
    output = run_postcard("usage")
    assert len(output.stdout.splitlines()) == 202
    assert output.stdout.splitlines()[-1].split()[:2] == ["total", "201"]
    assert "--csv prints all of them" in output.stderr


def test_options_choose_days_template_campaign_and_what_rows_stand_for(api: Api) -> None:
    for day in ("2026-11-20", "2026-11-21", "2026-11-22"):
        for template in ("hello", "welcome"):
            for campaign in ("", "spring"):
                add(api, day, template, campaign, {"links": 1})
    for options, links, items in (
        (("--from", "2026-11-21"), 8, 8),
        (("--from", "2026-11-20", "--to", "2026-11-20"), 4, 4),
        (("--days", 2, "--to", "2026-11-21"), 8, 8),
        (("--template", "hello"), 6, 6),
        (("--campaign", "spring"), 6, 6),
        (("--campaign", ""), 6, 6),
        (("--by", "day"), 12, 3),
        (("--by", "template", "--by", "campaign"), 12, 4),
    ):
        found = run_postcard("usage", *options, "--json").json_output
        assert (found["totals"]["links"], len(found["items"])) == (links, items), options


@pytest.mark.parametrize(
    ("options", "exit_code", "message"),
    [
        (("--days", 7, "--from", "2026-11-01"), 2, "either --days or --from"),
        (("--from", "1 November"), 2, "is not a time such as"),
        (("--by", "hour"), 2, "'hour' is not one of"),
        (("--from", "2026-11-22", "--to", "2026-11-21"), 1, "from is after to"),
        (("--campaign", "Spring Sale"), 1, "campaign"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_with_a_reason(
    api: Api, options: tuple[object, ...], exit_code: int, message: str
) -> None:
    output = run_postcard("usage", *options)
    assert (output.exit_code, output.stdout) == (exit_code, "")
    assert message in output.stderr
