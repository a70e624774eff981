"""The contract says of each event what is in its data."""

import json
import re

import pytest

from postcard.ports import BudgetNotice
from postcard.webhooks.budget_events import BudgetEvents
from tests.functions.fake_services import ROOT
from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import Json, document

CONTRACT = (ROOT / "docs/contract/api.md").read_text(encoding="utf-8")
SECTION = CONTRACT[CONTRACT.index("\n### Events\n") :]
EXAMPLES: dict[str, Json] = {
    event["type"]: event
    for event in map(json.loads, re.findall("```json\n(.*?)```", SECTION, re.S))
}


@pytest.fixture
def told(empty: InMemoryService) -> dict[str, Json]:
    """A real event of each type that the contract has an example of, and of a publication."""
    empty.subscribe("template.published", *EXAMPLES)
    empty.publish(document())
    empty.create_image({"first_name": "Alex"}, metadata={"order": "A-1007"})
    notice = BudgetNotice("template_renders", "welcome", 1000, "2026-11-22", empty.now + 60)
    empty.budget_notices.add(notice)
    BudgetEvents(empty.budget_notices, empty.deliveries, empty.outbox()).announce(empty.now + 60)
    return {event["type"]: event for event in empty.events()}


def test_examples_have_the_names_of_real_events(told: dict[str, Json]) -> None:
    assert set(EXAMPLES) == {"image.rendered", "budget.exceeded"}
    for event_type, example in EXAMPLES.items():
        real = told[event_type]
        assert [*example, *example["data"]] == [*real, *real["data"]]
    assert EXAMPLES["budget.exceeded"] == told["budget.exceeded"]


def test_the_names_of_a_publication_are_listed(told: dict[str, Json]) -> None:
    listed = re.findall("`([a-z_]+)`", SECTION[SECTION.index("| `template.published` | `id`") :])
    names = [*told["template.published"]["data"]]
    assert listed[: len(names)] == names
