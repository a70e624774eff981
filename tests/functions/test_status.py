"""The status function and `/status`: checks and messages of alarms in, the page and JSON out."""

import base64
import hashlib
import json
import re
from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest

from deploy.template_check import read_template
from postcard.ports import StoredObject
from postcard.services.health import check_all, dependency_checks
from postcard.status.alarms import MEANINGS, OPERATOR_ALARMS, PARTS
from postcard.status.history_copy import COPY, WAITING, HistoryCopy
from postcard.status.status_recorder import PAGE_KEY, StatusRecorder
from status.app import handle_event
from tests.functions.fake_services import FakeLambdaContext, HandlerResponse
from tests.functions.in_memory_service import NOW, InMemoryService
from tests.functions.sample_events import EVENTS, Json

RECORDED = [json.loads((EVENTS / f"status-alarm{end}.json").read_text()) for end in ("", "-over")]
CHECK = json.loads((EVENTS / "status-check.json").read_text())
ALARM, OK, UNKNOWN = "ALARM", "OK", "INSUFFICIENT_DATA"
REPLACED = "Some pictures were replaced by a neutral one."
MINUTE, DAY = 60, 86_400


class StatusWorld(InMemoryService):
    """A service with the function that writes its status."""

    def __init__(self, *, is_public: bool = True) -> None:
        super().__init__()
        self.restart(is_public=is_public)

    def restart(self, *, is_public: bool) -> None:
        self.public_status = is_public
        self.rebuild()
        checks = dependency_checks(
            self.templates, self.pictures, self.store, lambda: self.link_keys
        )
        self.recorder = StatusRecorder(
            self.status,
            HistoryCopy(self.store),
            self.pictures,
            lambda: check_all(checks),
            is_public=is_public,
            clock=lambda: self.now,
        )

    def handle(self, event: Json) -> None:
        handle_event(event, FakeLambdaContext(30_000), self.recorder)

    def check(self, minutes: int = 1) -> None:
        """What the schedule does in so many minutes."""
        for _ in range(minutes):
            self.handle({**CHECK, "time": iso(self.now)})
            self.now += MINUTE

    def alarm(self, name: str, state: str, at: float) -> None:
        self.handle(message(name, state, at))

    def take_table_away(self, away: bool = True) -> None:
        self.status.down = self.templates.down = away

    def json(self, **more: Any) -> Json:
        reply = self.call("GET", "/v1/status", key=None, **more)
        assert reply.status == 200, reply.body
        found: Json = reply.json
        return found

    def page(self) -> str:
        reply = self.call("GET", "/status", key=None)
        assert reply.status == 200, reply.body
        return reply.body.decode()

    def stored_page(self) -> StoredObject:
        """The copy of the page that the CDN serves."""
        stored = self.pictures.get(PAGE_KEY)
        assert stored is not None
        return stored

    def minutes(self) -> str:
        """The checks of today since ten o'clock."""
        day = self.status.day("2026-11-22")
        assert day is not None
        return day.minutes[600:]


@pytest.fixture
def world() -> StatusWorld:
    return StatusWorld()


def iso(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"


def message(name: str, state: str, at: float, **more: Any) -> Json:
    """The recorded message with another alarm, state and time."""
    event: Json = json.loads(json.dumps(RECORDED[0]))
    sns = event["Records"][0]["Sns"]
    named = f"postcard-prod-{name}-1QH3XK7Z5T0WB"
    changed = {
        "AlarmName": named,
        "NewStateValue": state,
        "StateChangeTime": f"{iso(at)[:-1]}.482+0000",
        **more,
    }
    sns["Message"] = json.dumps({**json.loads(sns["Message"]), **changed})
    return event


def incidents(world: StatusWorld) -> list[tuple[str, str, str, str | None]]:
    world.now += MINUTE  # a report is good for some seconds
    found = world.json()["incidents"]
    return [(each["part"], each["summary"], each["started_at"], each["ended_at"]) for each in found]


def test_recorded_messages_become_incidents_with_a_sentence(world: StatusWorld) -> None:
    alarm, over = RECORDED
    world.handle(alarm)
    began = json.loads(json.dumps(over).replace("09:48:02", "09:31:00"))
    text = began["Records"][0]["Sns"]["Message"]
    began["Records"][0]["Sns"]["Message"] = text.replace(
        '"NewStateValue": "OK"', '"NewStateValue": "ALARM"'
    )
    world.handle(began)
    world.handle(over)
    assert incidents(world) == [
        ("api", "Some calls of the API failed.", "2026-11-22T09:31:00Z", "2026-11-22T09:48:02Z"),
        ("pictures", REPLACED, "2026-11-22T09:20:31Z", None),
    ]
    status = world.json()
    assert status["status"] == "degraded"
    assert {each["id"]: each["status"] for each in status["parts"]} == {
        **dict.fromkeys(PARTS, "ok"),
        "pictures": "degraded",
    }
    assert status["days"][-1]["incident_minutes"] == {"api": 18, "pictures": 41}
    page = world.page()
    assert '<h1 id="now">Trouble with pictures in mail</h1>' in page and REPLACED in page


def test_doubled_and_reordered_messages_tell_the_same_story(world: StatusWorld) -> None:
    times = (NOW - 7200, NOW - 6000, NOW - 3600, NOW - 3000)
    story = [
        message("ImageErrorsAlarm", state, at)
        for state, at in zip((ALARM, OK, ALARM, OK), times, strict=True)
    ]
    expected = [
        ("pictures", REPLACED, iso(NOW - 3600), iso(NOW - 3000)),
        ("pictures", REPLACED, iso(NOW - 7200), iso(NOW - 6000)),
    ]
    for order in permutations(range(4)):
        world = StatusWorld()
        for n in (*order, *order[:2]):
            world.handle(story[n])
        assert incidents(world) == expected, order


def test_a_state_without_data_neither_begins_nor_ends_an_incident(world: StatusWorld) -> None:
    world.alarm("ImageErrorsAlarm", UNKNOWN, NOW - 3600)
    assert incidents(world) == []
    world.alarm("ImageErrorsAlarm", ALARM, NOW - 1800)
    world.alarm("ImageErrorsAlarm", UNKNOWN, NOW - 1200)
    assert incidents(world) == [("pictures", REPLACED, iso(NOW - 1800), None)]
    world.alarm("ImageErrorsAlarm", OK, NOW - 600)
    assert incidents(world) == [("pictures", REPLACED, iso(NOW - 1800), iso(NOW - 600))]


def test_alarms_of_one_part_that_follow_each_other_are_one_incident(world: StatusWorld) -> None:
    for name, state, minutes_ago in (
        ("ImageErrorsAlarm", ALARM, 100),
        ("FallbacksAlarm", ALARM, 99),
        ("ImageErrorsAlarm", OK, 95),
        ("FallbacksAlarm", OK, 90),
        ("ImageErrorsAlarm", ALARM, 81),  # nine minutes later
        ("ImageErrorsAlarm", OK, 80),
        ("ImageErrorsAlarm", ALARM, 60),
        ("ImageErrorsAlarm", OK, 59),
    ):
        world.alarm(name, state, NOW - MINUTE * minutes_ago)
    both = f"{REPLACED} Some pictures were replaced by their fallback picture."
    assert incidents(world) == [
        ("pictures", REPLACED, iso(NOW - 3600), iso(NOW - 3540)),
        ("pictures", both, iso(NOW - 6000), iso(NOW - 4800)),
    ]


def template_alarms() -> list[str]:
    return [
        name
        for name, resource in read_template()["Resources"].items()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    ]


def test_every_alarm_of_the_stack_has_a_sentence_or_a_reason_for_none(world: StatusWorld) -> None:
    alarms = template_alarms()
    assert set(alarms) <= MEANINGS.keys() | OPERATOR_ALARMS.keys()
    assert not MEANINGS.keys() & OPERATOR_ALARMS.keys()
    for name in alarms:
        world = StatusWorld()
        world.alarm(name, ALARM, NOW - 3600)
        expected = MEANINGS.get(name)
        assert incidents(world) == (
            [(expected.part, expected.sentence, iso(NOW - 3600), None)] if expected else []
        )


def test_sentences_are_for_people() -> None:
    for meaning in MEANINGS.values():
        assert meaning.part in PARTS
        assert re.fullmatch(r"[A-Z][A-Za-z ,-]+\.", meaning.sentence), "one sentence, no figures"
        assert not re.search(r"(?i)lambda|dynamo|s3|cloudfront|queue|throttle", meaning.sentence)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '"ALARM"',
        "[" * 100_000,
        "{}",
        '{"AlarmName": 7, "NewStateValue": "ALARM", "StateChangeTime": "2026-11-22T09:20:31Z"}',
        '{"AlarmName": "x-ImageErrorsAlarm-1QH3XK7Z5T0WB", "NewStateValue": "ALARM"}',
        '{"AlarmName": "ImageErrorsAlarm", "NewStateValue": "ALARM", "StateChangeTime": "soon"}',
        '{"AlarmName": "ImageErrorsAlarm", "NewStateValue": "ALARM", "StateChangeTime": 5}',
    ],
    ids=range(11),
)
def test_what_is_no_message_of_an_alarm_is_logged_and_changes_nothing(
    world: StatusWorld, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    event: Json = json.loads(json.dumps(RECORDED[0]))
    event["Records"][0]["Sns"]["Message"] = text
    world.handle(event)
    assert incidents(world) == []
    (line,) = capsys.readouterr().out.splitlines()[:1]
    assert json.loads(line)["level"] == "ERROR"


@pytest.mark.parametrize(
    ("name", "at"),
    [
        ("SomebodyElsesAlarm", NOW),
        ("ImageErrorsAlarm", NOW + 2 * 3600),
        ("ImageErrorsAlarm", NOW - 91 * DAY),
    ],
)
def test_other_alarms_and_impossible_times_are_not_shown(
    world: StatusWorld, name: str, at: float
) -> None:
    world.alarm(name, ALARM, at)
    assert incidents(world) == []


def test_nothing_of_a_message_but_its_meaning_is_shown_or_copied(world: StatusWorld) -> None:
    for event in RECORDED:
        world.handle(event)
    world.check(2)
    shown = world.page() + json.dumps(world.json()) + world.stored_page().body.decode()
    for secret in ("123456789012", "arn:", "postcard-prod", "Frankfurt", "hreshold", "Errors"):
        assert secret not in shown.replace("ImageErrorsAlarm", "Errors")
    stored = world.store.get(COPY)
    assert stored is not None
    copied = stored.body.decode()
    assert "arn:" not in copied and "123456789012" not in copied


def test_each_minute_counts_once_and_under_its_own_time(world: StatusWorld) -> None:
    world.now = NOW + 65  # two calls that are late for their minute
    world.pictures.down = True
    world.handle({**CHECK, "time": iso(NOW)})
    world.pictures.down, world.store.down = False, True
    world.handle({**CHECK, "time": iso(NOW)})
    world.store.down = False
    world.now = NOW + 66
    world.handle({**CHECK, "time": iso(NOW + MINUTE)})
    for wrong in ("yesterday", iso(NOW - DAY)):  # the time of the call, then
        world.handle({**CHECK, "time": wrong})
    today = world.json()["days"][-1]
    assert (today["day"], today["checked_minutes"]) == ("2026-11-22", 2)
    assert today["unavailable_minutes"] == {"pictures": 1, "store": 1}
    assert world.minutes() == "60"


def test_the_page_has_ninety_days_and_their_share_of_checks(world: StatusWorld) -> None:
    world.now = NOW - 2 * MINUTE
    world.store.down = True
    world.check()
    world.store.down = False
    world.check(2)
    status = world.json()
    days = status["days"]
    assert (len(days), days[0]["day"], days[-1]["day"]) == (90, "2026-08-25", "2026-11-22")
    assert status["checked_at"] == iso(NOW) and status["status"] == "ok"
    page = world.page()
    assert "Everything works" in page
    assert "available in 66.66 % of checks" in page and "available in 100 % of checks" in page
    assert "<title>22 November: 1 minute of trouble</title>" in page
    assert '<th scope="row">22 November</th><td>Store of templates and files: 1 minute' in page


def test_the_page_works_without_the_table_and_says_so(world: StatusWorld) -> None:
    world.alarm("ImageErrorsAlarm", ALARM, NOW - 7200)
    world.alarm("ImageErrorsAlarm", OK, NOW - 3600)
    world.check(10)
    world.take_table_away()
    world.check(3)
    world.alarm("ApiErrorsAlarm", ALARM, world.now - 30)
    world.check()
    status, page = world.json(), world.page()
    assert status["dependencies"]["table"] == "unavailable"
    assert [each["part"] for each in status["incidents"]] == ["api", "pictures"]
    assert status["days"][-1]["unavailable_minutes"] == {"table": 4}
    assert "The database is unavailable." in page and "comes from a copy of" in page
    assert REPLACED in page
    copy = world.stored_page().body.decode()
    assert "Trouble with the API and the database" in copy


def test_a_late_message_without_the_table_still_belongs_before_the_other(
    world: StatusWorld,
) -> None:
    world.alarm("ImageErrorsAlarm", OK, NOW - 600)
    world.check()
    world.take_table_away()
    world.alarm("ImageErrorsAlarm", ALARM, NOW - 1200)
    world.check()
    (incident,) = world.json()["incidents"]
    assert (incident["started_at"], incident["ended_at"]) == (iso(NOW - 1200), iso(NOW - 600))


def test_checks_and_alarms_without_the_table_are_in_it_later(world: StatusWorld) -> None:
    world.check(3)
    world.take_table_away()
    world.check(7)
    world.alarm("ImageErrorsAlarm", ALARM, world.now)
    assert list(world.store.keys(WAITING))
    world.take_table_away(False)
    world.check(6)
    assert world.minutes() == "000" + "1" * 7 + "0" * 6
    assert [change.alarm for change in world.status.changes(limit=9)] == ["ImageErrorsAlarm"]
    assert list(world.store.keys(WAITING)) == []
    assert world.json()["days"][-1]["unavailable_minutes"] == {"table": 7}


def test_an_alarm_that_can_be_stored_nowhere_comes_again(world: StatusWorld) -> None:
    world.take_table_away()
    world.store.down = True
    with pytest.raises(Exception, match="down"):
        world.alarm("ImageErrorsAlarm", ALARM, NOW)
    world.check()  # of a minute that is lost: nothing fails
    world.take_table_away(False)
    world.store.down = False
    world.alarm("ImageErrorsAlarm", ALARM, NOW)
    assert len(incidents(world)) == 1


def test_without_table_and_copy_the_page_still_says_what_works_now(world: StatusWorld) -> None:
    world.check()
    world.take_table_away()
    world.store.down = True
    assert world.json()["history_as_of"] is None
    page = world.page()
    assert "What happened before cannot be read now." in page
    assert "Trouble with the database and the store of files" in page


@pytest.mark.parametrize("text", ["", "{", "[]", '{"days": {}}', "\ufeff"], ids=range(5))
def test_a_copy_that_cannot_be_read_is_written_again(world: StatusWorld, text: str) -> None:
    world.store.put(COPY, StoredObject(text.encode(), "application/json"))
    world.take_table_away()
    assert "cannot be read now" in world.page()
    world.check()
    world.now += MINUTE
    assert world.json()["days"][-1]["unavailable_minutes"] == {"table": 1}


def test_the_page_says_when_the_checks_have_stopped(world: StatusWorld) -> None:
    assert "not checked yet" in world.page()
    world.now += MINUTE
    world.check()
    last = world.now - MINUTE
    world.now += 9 * MINUTE
    assert "The last check of each minute" not in world.page()
    world.now += 2 * MINUTE
    assert f'The last check of each minute was on <time datetime="{iso(last)}">' in world.page()


def basic(key: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"anna:{key}".encode()).decode()}


def test_a_status_that_is_not_public_needs_a_key_with_its_scope() -> None:
    world = StatusWorld(is_public=False)
    reader, other = world.new_api_key(["usage"]), world.new_api_key(["images"])

    def get(path: str, **headers: str) -> HandlerResponse:
        return world.call("GET", path, key=None, headers=headers)

    for path in ("/status", "/v1/status"):
        assert get(path).status == 401
        assert get(path, **{"x-api-key": other}).status == 403
        reply = get(path, **{"x-api-key": reader})
        assert (reply.status, reply.headers["cache-control"]) == (200, "no-store")
    assert get("/v1/status").headers["www-authenticate"].startswith("Bearer")
    assert get("/v1/status", **basic(reader)).status == 401, "it is for browsers"
    assert get("/status").headers["www-authenticate"].startswith("Basic realm=")
    assert get("/status", **basic(reader)).status == 200
    for wrong in ("Basic", "Basic !", "Basic YQ==", "Basic /w==", *basic(other[:-1]).values()):
        assert get("/status", authorization=wrong).status == 401, wrong
    assert get("/status", **basic(other)).status == 403


def test_a_public_status_may_be_cached_for_some_seconds(world: StatusWorld) -> None:
    for path in ("/status", "/status/", "/v1/status"):
        reply = world.call("GET", path, key=None)
        assert (reply.status, reply.headers["cache-control"]) == (200, "public, max-age=15")


def test_many_readers_cost_one_report(world: StatusWorld) -> None:
    reads = world.templates.reads
    for _ in range(50):
        world.json()
        world.now += 0.2
    assert (world.status.reads, world.templates.reads - reads) == (1, 1)
    world.now += 5
    world.json()
    assert world.status.reads == 2


def test_the_copy_of_a_public_page_is_whole_and_goes_when_it_is_public_no_more(
    world: StatusWorld,
) -> None:
    world.check()
    stored = world.stored_page()
    assert (stored.content_type, stored.cache_control) == (
        "text/html; charset=utf-8",
        "public, max-age=60",
    )
    page = stored.body.decode()
    assert "This copy of the page is from" in page
    assert re.findall(r'(?:src|href)="([^"]*)"', page) == ["data:,"]
    world.restart(is_public=False)
    world.check(5)
    assert world.pictures.get(PAGE_KEY) is None


def test_while_everything_works_a_copy_is_written_every_five_minutes(world: StatusWorld) -> None:
    world.check()
    puts = world.pictures.puts
    world.check(30)
    assert world.pictures.puts - puts == 6
    world.pictures.down = True
    world.check(3)
    world.pictures.down = False
    puts = world.pictures.puts
    world.check()
    assert world.pictures.puts - puts == 1, "at once, when something changes"


def test_the_page_has_no_script_and_only_its_own_style(world: StatusWorld) -> None:
    reply = world.call("GET", "/status", key=None)
    html = reply.body.decode()
    assert "<script" not in html and " style=" not in html and not re.search(r" on\w+=", html)
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.S)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = reply.headers["content-security-policy"]
    assert f"style-src 'sha256-{digest}'" in policy
    assert "script-src" not in policy and "default-src 'none'" in policy and "unsafe" not in policy
    assert len(html) < 60_000


def test_a_stormy_quarter_is_bounded(world: StatusWorld) -> None:
    world.now = NOW - 89 * DAY
    for n in range(3_000):
        world.alarm("ImageErrorsAlarm", ALARM if n % 2 == 0 else OK, NOW - DAY + 28 * n)
    world.now = NOW
    for hour in range(60 * 24):
        world.alarm("ApiErrorsAlarm", ALARM, NOW - 60 * DAY + hour * 3600)
        world.alarm("ApiErrorsAlarm", OK, NOW - 60 * DAY + hour * 3600 + 60)
    assert len(world.json()["incidents"]) <= 100
    assert len(world.page()) < 100_000
    world.check()
    stored = world.store.get(COPY)
    assert stored is not None and len(json.loads(stored.body)["changes"]) == 2_000
