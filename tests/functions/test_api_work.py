"""Responses to faulty bodies of the largest size have a bounded length and take bounded work."""

from typing import Any

import pytest

from postcard.errors import MAX_FAULTS
from tests.functions.in_memory_service import InMemoryService
from tests.steps import count_steps

LONG = "k" * 100_000


def names(count: int) -> dict[str, Any]:
    return {f"k{index}": 0 for index in range(count)}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/images", {"template_id": "welcome", **names(20_000)}),
        ("POST", "/v1/images", {"template_id": "welcome", LONG * 2: 0}),
        ("POST", "/v1/images", {"template_id": "welcome", "modifications": [0] * 60_000}),
        ("POST", "/v1/images", {"template_id": "w", "modifications": [{"name": LONG}]}),
        (
            "POST",
            "/v1/images",
            {"template_id": "welcome", "modifications": [{"name": "code", **names(15_000)}]},
        ),
        (
            "POST",
            "/v1/previews",
            {"document": {"width": 9, "height": 9, "fields": {LONG: names(9_000)}, "layers": []}},
        ),
        ("PUT", "/v1/templates/x", {"width": 9, "height": 9, "layers": [{"type": LONG}] * 2}),
        ("PUT", "/v1/templates/x", {"width": 9, "height": 9, "layers": [0] * 60_000}),
        (
            "POST",
            "/v1/links",
            {"template_id": "welcome", "esp": "klaviyo", "open": {"first_name": LONG}},
        ),
        ("POST", "/v1/links", {"template_id": "welcome", "open": {LONG: ""}, "esp": LONG}),
    ],
)
def test_a_faulty_body_of_any_size_gets_a_short_list_of_faults(
    world: InMemoryService, method: str, path: str, body: Any
) -> None:
    reply = world.call(method, path, body)
    assert 400 <= reply.status < 500
    assert len(reply.json["errors"]) <= MAX_FAULTS
    assert len(reply.body) < 100_000


def test_the_detail_says_that_there_are_more_faults_than_are_listed(
    world: InMemoryService,
) -> None:
    reply = world.create_image(**names(500))
    assert reply.json["detail"].endswith(
        "And at least 100 more faults: see errors for the first ones."
    )
    assert len(reply.json["errors"]) == MAX_FAULTS


def test_unknown_properties_past_the_hundredth_cost_no_search_for_a_similar_name(
    world: InMemoryService,
) -> None:
    def steps(count: int) -> int:
        return count_steps(lambda: world.create_image(**names(count)))

    few, many = steps(MAX_FAULTS + 1), steps(4_000)
    assert many - few < 4_000 * 300
