"""Pagination of lists by `limit` and `cursor`."""

import pytest

from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import document

LISTS = ("/v1/templates", "/v1/templates/welcome/versions", "/v1/assets")
INVALID_LIMITS = [
    f"limit={text}"
    for text in ("0", "201", "x", "1_0", "%2B5", "%205", "5%20", "5.0", "05", "5e0", "%D9%A5", "")
]


def test_lists_take_limit_and_cursor(empty: InMemoryService) -> None:
    for name in ("a", "b", "c"):
        empty.publish(document(), name)
    first = empty.call("GET", "/v1/templates?limit=2").json
    assert [item["id"] for item in first["items"]] == ["a", "b"]
    rest = empty.call("GET", f"/v1/templates?limit=2&cursor={first['next_cursor']}").json
    assert [item["id"] for item in rest["items"]] == ["c"] and rest["next_cursor"] is None
    assert set(first["items"][0]) == {
        "id",
        "version",
        "name",
        "created_at",
        "published_at",
        "paused",
        "daily_renders",
        "daily_usd",
        "on_budget",
        "width",
        "height",
        "thumbnail_url",
        "draft",
    }


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("query", [*INVALID_LIMITS, "cursor=%21"])
def test_a_limit_outside_1_to_200_or_a_made_up_cursor_is_400(
    world: InMemoryService, path: str, query: str
) -> None:
    reply = world.call("GET", f"{path}?{query}")
    assert (reply.status, reply.error_locations()[0][1]) == (400, f"/{query.partition('=')[0]}")


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("limit", [1, 200])
def test_limits_1_and_200_are_accepted(world: InMemoryService, path: str, limit: int) -> None:
    page = world.call("GET", f"{path}?limit={limit}").json
    assert set(page) == {"items", "next_cursor"} and page["next_cursor"] is None


def test_a_page_has_50_items_by_default(empty: InMemoryService) -> None:
    sent = {"content_type": "image/png", "bytes": 321}
    for number in range(51):
        empty.now += 1
        empty.call("POST", "/v1/assets", {**sent, "id": f"a{number:02}"})
    first = empty.call("GET", "/v1/assets").json
    assert len(first["items"]) == 50
    rest = empty.call("GET", f"/v1/assets?cursor={first['next_cursor']}").json
    assert [item["id"] for item in rest["items"]] == ["a50"] and rest["next_cursor"] is None
    assert len(empty.call("GET", "/v1/assets?limit=51").json["items"]) == 51


def test_the_last_value_of_a_repeated_query_parameter_counts(empty: InMemoryService) -> None:
    for name in ("a", "b"):
        empty.publish(document(), name)
    assert len(empty.call("GET", "/v1/templates?limit=2&limit=1").json["items"]) == 1
