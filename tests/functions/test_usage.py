"""What each call of the API and each GET of a picture adds to the usage, and `GET /v1/usage`."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from postcard.adapters.memory import MemoryUsageStore
from postcard.delivery.assembly import image_service
from postcard.errors import ServiceUnavailable
from postcard.ports import UsageKey
from postcard.prices.usage_costs import usage_dollars
from postcard.usage.counter import BackgroundUsageCounter, TableUsageCounter
from tests.clocks import PATIENCE_SECONDS
from tests.functions.in_memory_service import NOW, InMemoryService
from tests.functions.sample_events import Json, document

DAY = 86_400
TODAY = "2026-11-22"
TIMED = {"type": "text", "text": "{{ now | date: '%H:%M' }}", "size": 14, "width": 100}
PHOTO = {"type": "image", "source": "https://example.com/a.png", "width": 20, "height": 20}
STRICT = {**document()["fields"], "first_name": {"required": True}}
SIZES = ("bytes", "ahead_bytes", "stored_bytes", "duration_ms")


def counted(world: InMemoryService, *, sizes: bool = False) -> dict[tuple[str, str], Json]:
    """The counts by template and campaign, without bytes and milliseconds."""
    return {
        (key.template_id, key.campaign): {
            name: number for name, number in counts.items() if sizes or name not in SIZES
        }
        for key, counts in world.usage.read("2026-01-01", "2027-12-31")
    }


def usage(world: InMemoryService, query: str = "", *, key: str = "") -> Json:
    reply = world.call("GET", f"/v1/usage{query}", key=key)
    assert reply.status == 200, reply.body
    found: Json = reply.json
    return found


def add(world: InMemoryService, day: str, template: str, campaign: str = "", **counts: int) -> None:
    """Counts that another process wrote."""
    number = sum(1 for _ in world.usage.read("2000-01-01", "2099-12-31"))
    key = UsageKey(day, template, campaign)
    world.usage.add(key, counts, writer=f"{number:08x}", token="1", expires_at=0)


# What is counted


def test_a_link_is_counted_when_the_api_signs_it(world: InMemoryService) -> None:
    for campaign in ("spring", "spring", None):
        body = {"template_id": "welcome", "campaign": campaign}
        assert world.call("POST", "/v1/links", body).status == 200
    assert (
        world.call("POST", "/v1/links", {"template_id": "welcome", "format": "bmp"}).status == 400
    )
    assert counted(world) == {("welcome", "spring"): {"links": 2}, ("welcome", ""): {"links": 1}}


def test_an_image_is_counted_by_the_post_that_makes_it_with_its_picture(
    world: InMemoryService,
) -> None:
    made = [world.create_image({"first_name": "Zoë"}, campaign="spring") for _ in range(3)]
    assert [reply.json["cached"] for reply in made] == [False, True, True]
    (counts,) = counted(world, sizes=True).values()
    assert {**counts, "duration_ms": 0} == {
        "images": 1,
        "drawn_ahead": 1,
        "duration_ms": 0,
        **dict.fromkeys(("bytes", "ahead_bytes"), made[0].json["bytes"]),
    }


def test_an_opaque_image_is_counted_in_the_campaign_of_its_first_post(
    world: InMemoryService, capsys: pytest.CaptureFixture[str]
) -> None:
    url = world.create_image(render="on_open", campaign="spring").json["url"]
    assert world.create_image(render="on_open", campaign="autumn").json["url"] == url
    capsys.readouterr()
    assert world.open_image(url).status == 200
    assert '"campaign":"spring"' in capsys.readouterr().out
    assert counted(world) == {("welcome", "spring"): {"images": 1, "first_opens": 1}}


def test_an_image_is_counted_once_though_another_post_draws_its_picture(
    world: InMemoryService,
) -> None:
    for render, campaign in (("on_open", "spring"), ("now", "autumn"), ("now", None)):
        assert world.create_image(render=render, campaign=campaign).status == 200
    assert counted(world) == {("welcome", "spring"): {"images": 1, "drawn_ahead": 1}}


def test_the_first_get_of_a_link_is_a_first_open_and_another_a_redraw(
    world: InMemoryService,
) -> None:
    link = world.sign_link({"first_name": "Ann"}, campaign="spring")
    sizes = [len(world.open_link(link).body) for _ in range(3)]
    (counts,) = counted(world, sizes=True).values()
    assert {**counts, "duration_ms": 0} == {
        "first_opens": 1,
        "redraws": 2,
        "duration_ms": 0,
        "bytes": sum(sizes),
        "stored_bytes": sizes[0],
    }


def test_campaigns_share_a_picture_of_which_only_one_has_the_first_open(
    world: InMemoryService,
) -> None:
    for campaign in ("spring", "autumn"):
        world.open_link(world.sign_link({"first_name": "Ann"}, campaign=campaign))
    assert counted(world) == {
        ("welcome", "spring"): {"first_opens": 1},
        ("welcome", "autumn"): {"redraws": 1},
    }


def test_a_picture_that_soon_changes_is_a_redraw(world: InMemoryService) -> None:
    world.publish(document(layers=[TIMED]), "clock")
    for _ in range(2):
        world.open_link(world.sign_link(template="clock"))
    world.open_link(world.sign_link(version=None))  # of the latest version, whichever it is
    assert counted(world) == {("clock", ""): {"redraws": 2}, ("welcome", ""): {"redraws": 1}}


def test_without_stored_pictures_each_miss_of_the_cdn_is_a_first_open() -> None:
    world = InMemoryService(stores_renders=False)
    world.publish(document())
    for _ in range(2):
        world.open_link(world.sign_link())
    assert counted(world) == {("welcome", ""): {"first_opens": 2}}


def paused(world: InMemoryService) -> str:
    world.call("PATCH", "/v1/templates/welcome", {"paused": True})
    return world.sign_link()


def over_its_budget(world: InMemoryService) -> str:
    world.call("PATCH", "/v1/templates/welcome", {"daily_renders": 1})
    world.open_link(world.sign_link({"first_name": "Ann"}))
    return world.sign_link()


def unknown(world: InMemoryService) -> str:
    return world.sign_link(version=9)


def broken(world: InMemoryService) -> str:
    world.renderer.failures_left = 1
    return world.sign_link()


def without_its_photo(world: InMemoryService) -> str:
    photo = {**PHOTO, "source": "{{ photo }}", "on_error": "hide"}
    fields = {**document()["fields"], "photo": {"type": "image"}}
    world.publish(document(layers=[photo], fields=fields))
    return world.sign_link({"photo": "https://example.com/b.png"}, version=2)


def ended(world: InMemoryService) -> str:
    return world.sign_link(expires=int(NOW) - 60)


@pytest.mark.parametrize(
    ("prepare", "reason"),
    [
        (paused, "paused"),
        (over_its_budget, "budget"),
        (unknown, "unknown"),
        (broken, "render"),
        (without_its_photo, "source"),
        (ended, "ended"),
    ],
    ids=["paused", "budget", "unknown", "render", "source", "ended"],
)
def test_a_fallback_picture_is_counted_by_its_reason(
    world: InMemoryService, prepare: Callable[[InMemoryService], str], reason: str
) -> None:
    link = prepare(world)
    world.usage = MemoryUsageStore()  # without what preparing it counted
    world.rebuild()
    size = len(world.open_link(link).body)
    counts = counted(world, sizes=True)["welcome", ""]
    assert {**counts, "duration_ms": 0} == {
        f"fallback_{reason}": 1,
        "duration_ms": 0,
        "bytes": size,
    }


def test_a_link_without_a_required_value_is_a_first_open_and_a_fallback(
    world: InMemoryService,
) -> None:
    world.publish(document(fields=STRICT), "strict")
    for _ in range(2):
        world.open_link(world.sign_link(template="strict"))
    assert counted(world) == {
        ("strict", ""): {"first_opens": 1, "redraws": 1, "fallback_missing_required": 2}
    }


def test_what_is_refused_is_not_counted(world: InMemoryService) -> None:
    link = world.sign_link({"first_name": "Ann"})
    refused = [
        world.get_picture("/renders/7/welcome/1/x.png", link.replace("Ann", "Bob")),
        world.get_picture("/images/img_none.png"),
        world.call("POST", "/v1/images", {"template_id": "nowhere"}),
        world.call("POST", "/v1/links", {"template_id": "welcome"}, key=None),
    ]
    assert all(reply.status >= 400 for reply in refused)
    assert counted(world) == {}


def test_a_template_that_changes_while_it_is_drawn_is_counted_once(world: InMemoryService) -> None:
    recalls = ["/v1/templates/welcome/versions/1/recall"]
    world.publish(document(background="#445566"))

    def recall_once() -> None:
        if recalls:
            assert world.call("POST", recalls.pop(), {"replace_with": 2}).status < 300

    world.renderer.on_render = recall_once
    world.open_link(world.sign_link())
    (counts,) = counted(world).values()
    assert sum(counts.values()) == 1


# Exactly


def test_usage_is_exactly_what_the_log_lines_say(
    world: InMemoryService, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = Random(15)
    world.publish(document(fields=STRICT), "strict")
    world.publish(document(layers=[TIMED]), "clock")
    images = [world.create_image({"first_name": "Ann"}, render="on_open").json["url"]]
    expected: dict[tuple[str, str], Counter[str]] = {}
    capsys.readouterr()
    world.usage = MemoryUsageStore()
    world.rebuild()
    for _ in range(120):
        campaign = chance.choice(("spring", "autumn", None))
        match chance.choice(("link", "image", "get", "get", "get", "open")):
            case "link":
                body = {"template_id": "welcome", "campaign": campaign}
                world.call("POST", "/v1/links", body)
            case "image":
                name, render = chance.choice("abcdef"), chance.choice(("now", "on_open"))
                reply = world.create_image({"first_name": name}, campaign=campaign, render=render)
                images.append(reply.json["url"])
            case "open":
                world.open_image(chance.choice(images))
            case "get":
                world.renderer.failures_left = chance.random() < 0.1
                template = chance.choice(("welcome", "strict", "clock"))
                values = {"first_name": chance.choice("abcdef")} if chance.random() < 0.7 else {}
                link = world.sign_link(values, template=template, campaign=campaign)
                world.open_link(link, method=chance.choice(("GET", "HEAD")))
                world.renderer.failures_left = 0
    image_ids: set[str] = set()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    for line in lines:
        if "template_id" in line and "message" in line:
            key = (line["template_id"], line.get("campaign") or "")
            expected.setdefault(key, Counter()).update(counts_of_line(line, image_ids))
    assert {key: +counts for key, counts in expected.items() if +counts} == {
        key: Counter({name: n for name, n in counts.items() if name != "duration_ms"})
        for key, counts in counted(world, sizes=True).items()
    }


def counts_of_line(line: Mapping[str, Any], image_ids: set[str]) -> Mapping[str, int]:
    """What an auditor counts for a line of either function's log; each image once."""
    outcome, size = line.get("outcome"), line.get("bytes") or 0
    if line["service"] == "api":
        if line["route"] == "/v1/links":
            return {"links": 1}
        drawn = {"drawn_ahead": 1, "bytes": size, "ahead_bytes": size} if outcome == "drawn" else {}
        is_new = outcome in ("drawn", "pending") and line["image_id"] not in image_ids
        image_ids.add(line["image_id"])
        return {"images": int(is_new), **drawn}
    if outcome == "fallback":
        return {f"fallback_{line['reason']}": 1, "bytes": size}
    is_redraw = line.get("already_stored") or line["template_id"] == "clock"
    missing = {"fallback_missing_required": 1} if line.get("missing_required") else {}
    drawn = {"redraws": 1} if is_redraw else {"first_opens": 1, "stored_bytes": size}
    return {**drawn, "bytes": size, **missing}


class UnreliableUsage(MemoryUsageStore):
    """A store that can be down; `on_add` runs before each write."""

    down = False
    on_add: Callable[[], object] = staticmethod(lambda: None)

    def add(
        self, key: UsageKey, counts: Mapping[str, int], *, writer: str, token: str, expires_at: int
    ) -> None:
        self.on_add()
        if self.down:
            raise ServiceUnavailable("DynamoDB is down.")
        super().add(key, counts, writer=writer, token=token, expires_at=expires_at)


def test_pictures_and_links_are_answered_while_nothing_can_be_counted(
    world: InMemoryService,
) -> None:
    world.usage = store = UnreliableUsage()
    world.rebuild()
    store.down = True
    assert world.open_link(world.sign_link({"first_name": "Ann"})).status == 200
    assert world.call("POST", "/v1/links", {"template_id": "welcome"}).status == 200
    assert counted(world) == {}
    store.down = False
    world.advance_monotonic(60)
    assert world.open_link(world.sign_link({"first_name": "Bob"})).status == 200
    assert world.call("POST", "/v1/links", {"template_id": "welcome"}).status == 200
    assert counted(world) == {("welcome", ""): {"first_opens": 2, "links": 2}}


def test_counts_are_written_before_the_function_ends_also_if_it_fails(
    world: InMemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished: list[float] = []
    world.image = replace(world.image, finish_usage=finished.append)
    world.open_link(world.sign_link())
    world.get_picture("/images/nothing.png")
    assert len(finished) == 2
    monkeypatch.setattr(type(world.image.pictures), "get", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        world.open_link(world.sign_link())
    assert len(finished) == 3


def test_a_picture_is_counted_while_its_record_is_read_once_more(world: InMemoryService) -> None:
    """Neither call waits for the other: each goes on only once the other has begun."""
    world.usage = store = UnreliableUsage()
    world.monotonic = time.monotonic
    counter = BackgroundUsageCounter(TableUsageCounter(store))
    world.image = image_service(replace(world._dependencies(world.caches), usage=counter))
    both = threading.Barrier(2, timeout=PATIENCE_SECONDS)
    store.on_add = both.wait
    read, thread, met = world.templates.record, threading.get_ident(), []

    def read_record(template_id: str, *, consistent: bool = True) -> Any:
        if list(world.pictures.keys("renders/")) and threading.get_ident() == thread:
            met.append(both.wait())
        return read(template_id, consistent=consistent)

    world.templates.record = read_record  # type: ignore[method-assign]
    assert world.open_link(world.sign_link()).status == 200
    assert len(met) == 1
    assert counted(world) == {("welcome", ""): {"first_opens": 1}}


# GET /v1/usage


def test_usage_is_reported_by_day_template_and_campaign_with_its_sums(
    world: InMemoryService,
) -> None:
    world.open_link(world.sign_link({"first_name": "Ann"}, campaign="spring"))
    world.call("POST", "/v1/links", {"template_id": "welcome"})
    key = UsageKey(TODAY, "welcome", "spring")
    log = {"hits": 7, "misses": 2, "refusals": 1, "sent_bytes": 9_000}
    world.usage.set_total(key, log, expires_at=0)
    world.usage.set_log_complete_to("2026-11-22T09:00:00Z")
    found = usage(world)
    assert [(item["day"], item["template_id"], item["campaign"]) for item in found["items"]] == [
        (TODAY, "welcome", ""),
        (TODAY, "welcome", "spring"),
    ]
    spring, totals = found["items"][1], found["totals"]
    assert (spring["first_opens"], spring["fetches"]) == (1, 9)
    assert {name: spring[name] for name in log} == log
    assert (totals["links"], totals["first_opens"], totals["hits"]) == (1, 1, 7)
    assert totals["usd"] == pytest.approx(sum(item["usd"] for item in found["items"]), abs=2e-6)
    assert found["as_of"] == "2026-11-22T10:00:00Z"
    assert found["log_complete_to"] == "2026-11-22T09:00:00Z"
    assert found["next_cursor"] is None
    assert found["note"].startswith("Fetches, not people.")


def test_dollars_are_those_of_the_price_table(world: InMemoryService) -> None:
    size = 6 * 10**10
    counts = {"first_opens": 10**6, "bytes": size, "stored_bytes": size, "duration_ms": 80 * 10**6}
    add(world, TODAY, "welcome", "spring", **counts)
    assert usage(world)["totals"]["usd"] == pytest.approx(float(usage_dollars(counts)), abs=1e-6)
    assert usage(world)["totals"]["usd"] == pytest.approx(20, abs=1)  # README's figure


def test_by_says_what_the_numbers_are_separated_by(world: InMemoryService) -> None:
    for day in ("2026-11-20", "2026-11-21"):
        for template in ("hello", "welcome"):
            for campaign in ("", "spring"):
                add(world, day, template, campaign, links=1)
    for by, count in (
        ("day", 2),
        ("template_id", 2),
        ("campaign", 2),
        ("template_id,campaign", 4),
        ("campaign,day", 4),
        ("day,template_id,campaign", 8),
    ):
        found = usage(world, f"?by={by}")
        assert len(found["items"]) == count, by
        assert {item["links"] for item in found["items"]} == {8 // count}
        assert found["totals"]["links"] == 8
        for item in found["items"]:
            named = [name for name in ("day", "template_id", "campaign") if item[name] is not None]
            assert set(named) == set(by.split(","))


def test_usage_can_be_filtered(world: InMemoryService) -> None:
    for template in ("hello", "welcome"):
        for campaign in ("", "spring"):
            add(world, TODAY, template, campaign, links=1)
    for query, links in (
        ("template_id=hello", 2),
        ("campaign=spring", 2),
        ("campaign=", 2),
        ("template_id=hello&campaign=spring", 1),
        ("campaign=nothing", 0),
    ):
        found = usage(world, f"?{query}")
        assert (found["totals"]["links"], len(found["items"])) == (links, links), query


@pytest.mark.parametrize("by", ["day,template_id,campaign", "template_id,campaign", "campaign,day"])
def test_pages_hold_each_item_once_and_the_first_has_the_totals(
    world: InMemoryService, by: str
) -> None:
    for day in range(10, 22):
        for campaign in ("", "-", "autumn", "spring"):
            add(world, f"2026-11-{day}", "welcome", campaign, links=day)
    whole = usage(world, f"?by={by}&limit=1000")
    pages: list[list[Json]] = []
    cursor = ""
    while True:
        page = usage(world, f"?by={by}&limit=7{cursor}")
        assert (page["totals"] == whole["totals"]) is (not pages)
        assert page["totals"] is None or not pages
        pages.append(page["items"])
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert all(len(page) == 7 for page in pages[:-1])
    assert [item for page in pages for item in page] == whole["items"]


@pytest.mark.parametrize("by", ["campaign", "template_id"])
def test_the_cursor_behind_a_group_without_a_name_is_a_text(
    world: InMemoryService, by: str
) -> None:
    add(world, TODAY, "", links=1)
    add(world, TODAY, "welcome", "spring", links=1)
    first = usage(world, f"?by={by}&limit=1")
    assert first["items"][0][by] == "" and first["next_cursor"]
    second = usage(world, f"?by={by}&limit=1&cursor={first['next_cursor']}")
    assert second["items"][0][by] in ("welcome", "spring") and second["next_cursor"] is None


def test_without_days_it_reports_the_last_thirty(world: InMemoryService) -> None:
    for day in ("2026-10-23", "2026-10-24", "2026-11-22"):
        add(world, day, "welcome", links=1)
    assert [item["day"] for item in usage(world)["items"]] == ["2026-10-24", "2026-11-22"]
    first = usage(world, "?from=2026-10-23&to=2026-10-24")
    assert [item["day"] for item in first["items"]] == ["2026-10-23", "2026-10-24"]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("from=yesterday", "/from"),
        ("from=2026-02-30", "/from"),
        ("to=2026-11-22T00:00:00Z", "/to"),
        ("from=2026-11-23&to=2026-11-22", "/from"),
        ("from=2024-01-01&to=2026-11-22", "/from"),
        ("to=2027-01-01", "/to"),
        ("by=hour", "/by"),
        ("by=day,day,day,day", "/by"),
        ("by=", "/by"),
        ("template_id=a%20b", "/template_id"),
        ("campaign=A_B", "/campaign"),
        ("limit=0", "/limit"),
        ("limit=1001", "/limit"),
        ("cursor=2026-11-22", "/cursor"),
        ("cursor=/x/y/z", "/cursor"),
        ("cursor=2026-11-22/a/b", "/cursor"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused_with_a_reason(
    world: InMemoryService, query: str, pointer: str
) -> None:
    reply = world.call("GET", f"/v1/usage?{query}")
    assert reply.status == 400, reply.body
    assert [error["pointer"] for error in reply.json["errors"]] == [pointer]


def test_a_key_needs_a_scope_that_reads_usage(world: InMemoryService) -> None:
    for scopes, status in ((("usage",), 200), (("admin",), 200), (("images", "batches"), 403)):
        key = world.new_api_key(scopes)
        assert world.call("GET", "/v1/usage", key=key).status == status


def test_a_limited_key_sees_its_own_templates_and_no_others(world: InMemoryService) -> None:
    for template in ("hello", "welcome"):
        add(world, TODAY, template, links=1)
    key = world.new_api_key(("usage",), templates=["hello"])
    found = usage(world, key=key)
    assert [item["template_id"] for item in found["items"]] == ["hello"]
    assert found["totals"]["links"] == 1
    assert usage(world, "?template_id=hello", key=key)["totals"]["links"] == 1
    assert world.call("GET", "/v1/usage?template_id=welcome", key=key).status == 403


def test_a_report_of_many_rows_keeps_little_more_than_a_page(world: InMemoryService) -> None:
    read: list[str] = []

    class LongStore(MemoryUsageStore):
        def read(self, first_day: str, last_day: str) -> Any:
            for day in range(1, 23):
                if f"2026-11-{day:02}" >= first_day:
                    read.append(f"2026-11-{day:02}")
                    for number in range(100):
                        key = UsageKey(read[-1], "welcome", f"c{number:03}")
                        yield key, {"links": 1}

    world.usage = LongStore()
    world.rebuild()
    first = usage(world, "?from=2026-11-01&limit=150")
    assert first["totals"]["links"] == 2_200
    read.clear()
    second = usage(world, f"?from=2026-11-01&limit=150&cursor={first['next_cursor']}")
    assert (second["items"][0]["day"], second["items"][0]["campaign"]) == ("2026-11-02", "c050")
    assert read == ["2026-11-02", "2026-11-03", "2026-11-04", "2026-11-05"]
