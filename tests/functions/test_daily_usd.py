"""A template's `daily_usd`: what its pictures may cost on a day."""

import pytest

from postcard.budgets.money_budget import LATCH_SECONDS
from postcard.budgets.picture_price import billionths, picture_price
from postcard.errors import ServiceUnavailable
from postcard.timestamps import format_rfc3339
from tests.functions.fake_services import HandlerResponse
from tests.functions.in_memory_service import InMemoryService

PRICE = picture_price("us-east-1")


@pytest.fixture
def limited(world: InMemoryService) -> InMemoryService:
    """The template may cost a cent a day."""
    assert world.call("PATCH", "/v1/templates/welcome", {"daily_usd": 0.01}).status == 200
    return world


def name_of(world: InMemoryService) -> str:
    return f"template#welcome#{format_rfc3339(world.now)[:10]}"


def test_the_template_shows_its_limits(limited: InMemoryService) -> None:
    change = {"daily_usd": 2.5, "daily_renders": 1_000, "on_budget": "stop"}
    for reply in (
        limited.call("PATCH", "/v1/templates/welcome", change),
        limited.call("GET", "/v1/templates/welcome"),
    ):
        assert {name: reply.json[name] for name in change} == change


def leave(world: InMemoryService, pictures: int) -> None:
    """Other processes have spent all but the cost of so many pictures of 80 ms."""
    limit = billionths(0.01)
    spent = limit - pictures * PRICE.cost(milliseconds=250, picture_bytes=60_000)
    held = world.budgets.hold(
        name_of(world), wanted=spent, at_least=1, limit=limit, expires_at=0, token="aaaaaaaa"
    )
    assert held == spent


def open_of(world: InMemoryService, name: str) -> HandlerResponse:
    return world.open_link(world.sign_link({"first_name": name}))


def reason_of(reply: HandlerResponse) -> str | None:
    assert reply.status == 200, "always a picture"
    return reply.headers.get("x-postcard-fallback")


def test_pictures_are_drawn_until_the_day_s_money_is_spent(limited: InMemoryService) -> None:
    leave(limited, 2)
    reasons = [reason_of(open_of(limited, name)) for name in "abcdefgh"]
    drawn = reasons.count(None)
    assert 2 <= drawn < 8
    assert reasons == [None] * drawn + ["budget"] * (8 - drawn)
    assert limited.budgets.held(name_of(limited)) <= billionths(0.01)
    (notice,) = limited.budget_notices.unannounced(format_rfc3339(limited.now)[:10])
    assert (notice.budget, notice.subject, notice.limit) == ("template_usd", "welcome", 0.01)
    limited.now += 86_400
    assert reason_of(open_of(limited, "h")) is None, "the next day"


def test_a_higher_limit_helps_after_half_a_minute(limited: InMemoryService) -> None:
    leave(limited, 0)
    assert reason_of(open_of(limited, "a")) == "budget"
    limited.call("PATCH", "/v1/templates/welcome", {"daily_usd": 1})
    limited.advance_monotonic(LATCH_SECONDS + 5)
    assert reason_of(open_of(limited, "a")) is None


def test_an_image_over_the_budget_is_pending_and_its_get_a_fallback(
    limited: InMemoryService,
) -> None:
    assert limited.create_image({"first_name": "a"}).json["status"] == "ready"
    held = limited.budgets.held(name_of(limited))
    assert 0 < held < billionths(0.01)
    leave_nothing = billionths(0.01) - held
    limited.budgets.hold(
        name_of(limited),
        wanted=leave_nothing,
        at_least=1,
        limit=billionths(0.01),
        expires_at=0,
        token="bbbbbbbb",
    )
    statuses = [limited.create_image({"first_name": f"b{n}"}).json for n in range(80)]
    pending = [each for each in statuses if each["status"] == "pending"]
    assert 1 <= len(pending) < 80, "the process's own lease is spent first"
    assert reason_of(limited.open_image(pending[-1]["url"])) == "budget"


@pytest.mark.parametrize("limit", [{"daily_usd": 0.01}, {"daily_renders": 1}], ids=str)
def test_a_template_that_is_to_stop_refuses_images_over_its_budget_and_shows_fallbacks(
    world: InMemoryService, limit: dict[str, float]
) -> None:
    world.call("PATCH", "/v1/templates/welcome", {**limit, "on_budget": "stop"})
    leave(world, 0)
    world.create_image({"first_name": "a"})
    refused = world.create_image({"first_name": "b"})
    assert (refused.status, refused.json["code"]) == (429, "over_budget")
    assert 0 < int(refused.headers["retry-after"]) <= 86_400
    assert refused.json["fallback_url"]
    assert reason_of(open_of(world, "c")) == "budget"
    on_open = world.create_image({"first_name": "d"}, render="on_open")
    assert on_open.json["status"] == "pending", "nothing is drawn for it now"
    world.call("PATCH", "/v1/templates/welcome", {"on_budget": "fallback"})
    assert world.create_image({"first_name": "e"}).json["status"] == "pending"
    world.now += int(refused.headers["retry-after"])
    world.advance_monotonic(LATCH_SECONDS)
    assert world.create_image({"first_name": "f"}).json["status"] == "ready"


def test_a_template_without_a_limit_asks_no_budget(world: InMemoryService) -> None:
    assert reason_of(open_of(world, "a")) is None
    assert world.create_image({"first_name": "b"}).json["status"] == "ready"
    assert world.budgets.held(name_of(world)) == 0


def test_the_lease_of_a_process_is_one_write_for_many_pictures(limited: InMemoryService) -> None:
    limited.call("PATCH", "/v1/templates/welcome", {"daily_usd": 5})
    helds = set()
    for number in range(20):
        assert reason_of(open_of(limited, f"n{number}")) is None
        helds.add(limited.budgets.held(name_of(limited)))
    assert len(helds) == 1


def test_drawing_that_fails_costs_its_time_and_no_bytes(
    limited: InMemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave(limited, 3)

    def fail(*args: object, **more: object) -> None:
        raise RuntimeError("no picture")

    monkeypatch.setattr(limited.image.pictures._pipeline, "draw", fail)
    reasons = [reason_of(open_of(limited, f"n{number}")) for number in range(30)]
    failed = reasons.count("render")
    assert reasons == ["render"] * failed + ["budget"] * (30 - failed)
    assert 3 <= failed <= 8, "as many as the money that is left pays for"


def test_while_budgets_cannot_be_reached_nothing_is_drawn_and_a_picture_is_shown(
    limited: InMemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(name: str, **more: object) -> int:
        raise ServiceUnavailable("the table is down")

    monkeypatch.setattr(limited.budgets, "hold", down)
    before = limited.renderer.renders
    reply = open_of(limited, "a")
    assert reason_of(reply) == "dependency"
    assert "max-age=60" in reply.headers["cache-control"]
    assert limited.create_image({"first_name": "a"}).status == 503
    assert limited.renderer.renders == before
    monkeypatch.undo()
    assert reason_of(open_of(limited, "a")) is None


@pytest.mark.parametrize("bad", [0, 0.001, -1, 1e7, "5", True])
def test_a_limit_is_an_amount_of_money(world: InMemoryService, bad: object) -> None:
    reply = world.call("PATCH", "/v1/templates/welcome", {"daily_usd": bad})
    assert (reply.status, reply.json["errors"][0]["pointer"]) == (400, "/daily_usd")


def test_the_list_of_templates_shows_the_limit(limited: InMemoryService) -> None:
    (line,) = limited.call("GET", "/v1/templates").json["items"]
    assert line["daily_usd"] == 0.01
