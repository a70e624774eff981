"""`/v1/usage/shares` and the pages behind the links: read only, bounded, revocable."""

from typing import Any

import pytest

from api.routes.shared_usage import READS_A_SECOND
from postcard.ports import UsageKey
from postcard.usage.report.shared_pages import KEPT_SECONDS
from postcard.usage.report.shares import MAX_SHARES
from tests.functions.in_memory_service import NOW, InMemoryService

DAY = 86_400
PLAIN = {"accept-encoding": "identity"}


@pytest.fixture
def service() -> InMemoryService:
    service = InMemoryService()
    counts = {"first_opens": 20, "hits": 40, "misses": 20}
    for template_id, campaign in (("welcome", "spring"), ("receipt", "")):
        key = UsageKey("2026-11-21", template_id, campaign)
        service.usage.add(key, counts, writer=template_id, token="t", expires_at=2**31)
    return service


def share(service: InMemoryService, **body: Any) -> Any:
    reply = service.call("POST", "/v1/usage/shares", body)
    assert reply.status == 200, reply.body
    return reply.json


def page(service: InMemoryService, path: str) -> str:
    reply = service.call("GET", path, key=None, headers=PLAIN)
    assert reply.status == 200, reply.body
    return reply.body.decode()


def test_a_link_shows_the_chosen_usage_without_a_key_and_without_prices(
    service: InMemoryService,
) -> None:
    made = share(service, template_id="welcome")
    text = page(service, made["path"])
    assert "welcome" in text and "spring" in text and "20" in text
    assert "receipt" not in text and "$" not in text
    table = page(service, f"{made['path']}/usage.csv")
    assert table.splitlines()[1].startswith("welcome,spring,20,60,40,20,")
    assert "usd" not in table and "receipt" not in table


def test_prices_are_shown_where_they_were_asked_for(service: InMemoryService) -> None:
    made = share(service, prices=True)
    assert "Cost by service" in page(service, made["path"])
    assert "usd" in page(service, f"{made['path']}/usage.csv")


def test_the_page_is_kept_from_robots_caches_scripts_and_referrers(
    service: InMemoryService,
) -> None:
    path = share(service)["path"]
    for address in (path, f"{path}/usage.csv", "/usage/s/aaaaaaaaaaaaaaaaaaaaaa"):
        headers = service.call("GET", address, key=None).headers
        assert headers.get("x-robots-tag", "noindex, nofollow") == "noindex, nofollow"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "script-src" not in headers["content-security-policy"]
    text = page(service, path)
    assert '<meta name="robots" content="noindex, nofollow">' in text
    assert "<script" not in text and "style=" not in text


def test_the_link_reads_and_can_do_nothing_else(service: InMemoryService) -> None:
    path = share(service)["path"]
    token = path.rpartition("/")[2]
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert service.call(method, path, {}, key=None).status == 405
    for address in ("/v1/usage", "/v1/usage/report", "/v1/usage/shares", "/v1/templates"):
        assert service.call("GET", address, key=token).status == 401


def test_a_deleted_and_an_expired_and_an_unknown_link_look_alike(service: InMemoryService) -> None:
    deleted, expired = share(service), share(service, expires_at="2026-11-23T00:00:00Z")
    unknown = "/usage/s/" + "a" * 22
    assert service.call("DELETE", f"/v1/usage/shares/{deleted['id']}").status == 204
    assert service.call("DELETE", f"/v1/usage/shares/{deleted['id']}").status == 404
    page(service, expired["path"])
    service.now = NOW + DAY
    replies = [
        service.call("GET", path, key=None)
        for path in (deleted["path"], expired["path"], unknown, "/usage/s/x")
    ]
    assert {(reply.status, reply.body) for reply in replies} == {(404, replies[0].body)}
    assert service.call("GET", f"{unknown}/usage.csv", key=None).status == 404


def test_a_link_of_the_last_days_moves_on_and_one_of_fixed_days_stays(
    service: InMemoryService,
) -> None:
    moving = share(service, days=7)
    fixed = share(service, **{"from": "2026-11-15", "to": "2026-11-21"})
    assert (moving["days"], moving["from"]) == (7, None)
    assert (fixed["from"], fixed["to"], fixed["days"]) == ("2026-11-15", "2026-11-21", None)
    service.now = NOW + 10 * DAY
    assert "26 Nov to 2 Dec 2026" in page(service, moving["path"])
    assert "15 Nov to 21 Nov 2026" in page(service, fixed["path"])


def test_the_list_has_what_each_link_shows_and_no_link(service: InMemoryService) -> None:
    made = share(service, template_id="welcome", campaign="spring")
    reply = service.call("GET", "/v1/usage/shares")
    (listed,) = reply.json["items"]
    assert {name: made[name] for name in listed} == listed
    assert made["path"].rpartition("/")[2] not in reply.body.decode()
    stored = list(service.usage_shares.list())
    assert made["path"].rpartition("/")[2] not in repr(stored), "only its digest is stored"


def test_a_key_of_some_templates_shares_sees_and_deletes_these_alone(
    service: InMemoryService,
) -> None:
    whole, receipt = share(service), share(service, template_id="receipt")
    key = service.new_api_key(["usage"], templates=["welcome"])
    refused = service.call("POST", "/v1/usage/shares", {"template_id": "receipt"}, key=key)
    assert refused.status == 403
    own = service.call("POST", "/v1/usage/shares", {}, key=key).json
    assert "receipt" not in page(service, own["path"])
    listed = service.call("GET", "/v1/usage/shares", key=key).json["items"]
    assert [item["id"] for item in listed] == [own["id"]]
    for other in (whole, receipt):
        assert service.call("DELETE", f"/v1/usage/shares/{other['id']}", key=key).status == 403
    assert service.call("DELETE", f"/v1/usage/shares/{own['id']}", key=key).status == 204


def test_names_become_text_of_the_page(service: InMemoryService) -> None:
    key = UsageKey("2026-11-21", "welcome", "<b>&\"'")
    service.usage.add(key, {"first_opens": 99}, writer="x", token="t", expires_at=2**31)
    text = page(service, share(service)["path"])
    assert "<b>" not in text and "&lt;b&gt;&amp;&quot;&#x27;" in text


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"expires_at": "2026-11-22T09:59:59Z"}, "expires_at must be a time of the next 400 days"),
        ({"expires_at": "2028-01-01T00:00:00Z"}, "expires_at must be a time of the next 400 days"),
        ({"expires_at": "soon"}, "Write a time such as"),
        ({"from": "2026-11-22", "to": "2026-11-01"}, "from is after to"),
        ({"from": "2026-11-01", "days": 7}, "either days, or from and to"),
        ({"days": 401}, "days"),
        ({"secret": 1}, "secret"),
    ],
)
def test_a_wrong_share_is_refused(service: InMemoryService, body: Any, words: str) -> None:
    reply = service.call("POST", "/v1/usage/shares", body)
    assert reply.status == 400 and words in reply.body.decode(), reply.body
    assert service.call("GET", "/v1/usage/shares").json["items"] == []


def test_there_are_at_most_a_hundred_links_that_work(service: InMemoryService) -> None:
    for _ in range(MAX_SHARES):
        service.now += 1  # a key may call a hundred times a second
        share(service, expires_at="2026-11-23T00:00:00Z")
    reply = service.call("POST", "/v1/usage/shares", {})
    assert reply.status == 409 and "delete one first" in reply.json["detail"]
    service.now = NOW + DAY
    share(service)


def test_a_link_is_read_some_times_a_second(service: InMemoryService) -> None:
    path = share(service)["path"]
    replies = [service.call("GET", path, key=None) for _ in range(READS_A_SECOND + 1)]
    assert [reply.status for reply in replies] == [*[200] * READS_A_SECOND, 429]
    assert replies[-1].headers["retry-after"]
    service.now += 1
    page(service, path)


def test_who_loads_a_page_too_often_or_while_the_table_is_away_gets_a_page(
    service: InMemoryService,
) -> None:
    path = share(service)["path"]
    replies = [
        service.call("GET", path, key=None, headers=PLAIN) for _ in range(READS_A_SECOND + 1)
    ]
    service.limiter.down = True
    replies.append(service.call("GET", path, key=None, headers=PLAIN))
    for reply, status, words in zip(replies[-2:], (429, 503), ("too often", "again"), strict=True):
        assert (reply.status, reply.headers["content-type"]) == (status, "text/html; charset=utf-8")
        assert words in reply.body.decode() and "DynamoDB" not in reply.body.decode()
        assert reply.headers["cache-control"] == "no-store"


def test_a_page_and_its_csv_are_made_once_a_minute_and_end_at_once(
    service: InMemoryService,
) -> None:
    made = share(service)
    for tail in ("", "/usage.csv"):
        service.now += 1
        before = page(service, made["path"] + tail)
        key = UsageKey("2026-11-21", "welcome", "spring")
        service.usage.add(key, {"first_opens": 9}, writer="new", token=tail, expires_at=2**31)
        assert page(service, made["path"] + tail) == before
        service.now += KEPT_SECONDS
        assert page(service, made["path"] + tail) != before
    assert page(service, share(service, prices=True)["path"]) != page(service, made["path"])
    service.call("DELETE", f"/v1/usage/shares/{made['id']}")
    for tail in ("", "/usage.csv"):
        assert service.call("GET", made["path"] + tail, key=None).status == 404


def test_a_link_without_days_says_how_many_it_shows(service: InMemoryService) -> None:
    assert share(service)["days"] == 30
    (listed,) = service.call("GET", "/v1/usage/shares").json["items"]
    assert listed["days"] == 30


def test_without_the_log_the_page_says_that_fetches_are_unknown(service: InMemoryService) -> None:
    path = share(service)["path"]
    row = '<span class="name">–</span></td><td class="numeric">20</td><td class="numeric">'
    assert f"{row}–</td>" in page(service, path) and "Fetches by" not in page(service, path)
    service.usage.set_log_complete_to("2026-11-21T23:00:00Z")
    service.now += KEPT_SECONDS
    assert f"{row}60</td>" in page(service, path) and "Fetches by" in page(service, path)


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/usage", "/studio/usage"),
        ("/usage/", "/studio/usage"),
        ("/usage?days=7&campaign=", "/studio/usage?days=7&campaign="),
        (
            "/usage?days=%0d%0aX-Evil:%201&b=//evil",
            "/studio/usage?days=%0D%0AX-Evil%3A+1&b=%2F%2Fevil",
        ),
    ],
)
def test_the_address_usage_leads_to_the_page(
    service: InMemoryService, path: str, location: str
) -> None:
    reply = service.call("GET", path, key=None)
    assert (reply.status, reply.headers["location"]) == (302, location)
