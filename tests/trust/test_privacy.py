"""Personal values and keys appear in no log, metric, error or S3 key, only in pictures."""

import contextlib
import io
import json
from collections.abc import Callable
from random import Random
from typing import Any

from postcard.events.event_types import EVENT_TYPES
from postcard.keys.api_keys import generate_api_key
from postcard.ports import StoredObject
from postcard.webhooks.budget_events import BudgetEvents
from tests.functions.in_memory_service import ORIGIN_SECRET, InMemoryService
from tests.functions.sample_events import document
from tests.trust.run_scale import record_figure, scaled

CANARY = "Kanarie7q3"
FIELDS = {
    "first_name": {"default": "there", "max_length": 40, "open": True},
    "email": {"default": "", "erase_by": True},
    "code": {"default": "SAVE10", "pattern": "[A-Z0-9]{4,12}"},
    "amount": {"type": "number", "default": 1},
    "day": {"type": "date", "default": "2026-01-01"},
    "vip": {"type": "boolean", "default": False},
    "kind": {"choices": ["a", "b"], "default": "a"},
    "tint": {"type": "color", "default": "#ff0000"},
    "photo": {"type": "image", "allowed_hosts": ["photos.example.com"]},
}
LAYERS = [
    {
        "type": "text",
        "name": "title",
        "width": 110,
        "text": "{{ first_name }} {{ email }} {{ code }}",
    },
    {"type": "image", "name": "face", "width": 20, "height": 20, "source": "{{ photo }}"},
]
VALUES: list[Any] = [
    CANARY,
    f"{CANARY}@example.com",
    f"{CANARY}\n\x00",
    f"https://photos.example.com/{CANARY}.png",
    f"https://{CANARY}.internal/x.png",
    f"asset:{CANARY}",
    f"{{{{ {CANARY} }}}}",
    CANARY * 30,
    [CANARY],
    {"a": CANARY},
]

Call = Callable[[InMemoryService, Random], Any]


def random_modifications(random: Random) -> list[dict[str, Any]]:
    names = random.sample([*FIELDS, "title", "face"], random.randrange(1, 5))
    word = random.choice(["value", "text", "image_url", "color"])
    return [{"name": name, word: random.choice(VALUES)} for name in names]


def post(service: InMemoryService, random: Random) -> Any:
    path = random.choice(["/v1/images", "/v1/links", "/v1/previews"])
    body: dict[str, Any] = {"template_id": "welcome", "modifications": random_modifications(random)}
    if path == "/v1/images" and service.webhooks.list() == []:
        body["metadata"] = {"ref": CANARY}  # else it comes back in the event, as it should
    if path == "/v1/images" and random.random() < 0.3:
        body["render"] = "on_open"
    if random.random() < 0.5:
        body["on_invalid"] = "default"
    return service.call("POST", path, body, headers={"idempotency-key": CANARY})


def send_truncated_json(service: InMemoryService, random: Random) -> Any:
    raw = json.dumps({"template_id": "welcome", "first_name": CANARY}).encode()
    return service.call("POST", "/v1/images", raw=raw[: random.randrange(len(raw))])


def send_invalid_template(service: InMemoryService, random: Random) -> Any:
    layer = {"type": "text", "name": "title", "text": CANARY, "width": 20}
    invalid = document(background="nope", layers=[layer], alt=CANARY)
    return service.call("PUT", "/v1/templates/other", invalid)


def send_wrong_key(service: InMemoryService, random: Random) -> Any:
    key = random.choice([f"postcard_{CANARY}", generate_api_key(), CANARY])
    return service.call("GET", "/v1/templates", key=key, headers={"cookie": CANARY})


def open_link(service: InMemoryService, random: Random) -> Any:
    fields = {name: str(random.choice(VALUES[:5])) for name in ("first_name", "email", "photo")}
    link = service.sign_link(fields, width=random.randrange(40, 200))
    if random.random() < 0.4:
        link = link.replace("_sig=", random.choice(["_sig=A", "_sug=", f"{CANARY}=1&_sig="]))
        return service.get_picture("/renders/7/welcome/1/0.png", link)
    return service.open_link(link)


def open_merge_link(service: InMemoryService, random: Random) -> Any:
    return service.open_link(
        f"{service.sign_link(open=('first_name',))}&first_name={CANARY}{random.random()}"
    )


def fail_to_render(service: InMemoryService, random: Random) -> Any:
    service.renderer.failures_left = random.randrange(3)
    response = service.open_link(service.sign_link({"first_name": f"{CANARY}{random.random()}"}))
    service.renderer.failures_left = 0
    return response


def open_pending_image(service: InMemoryService, random: Random) -> Any:
    named = [{"name": "first_name", "value": f"{CANARY}{random.random()}"}]
    body = {"template_id": "welcome", "modifications": named, "render": "on_open"}
    made = service.call("POST", "/v1/images", body)
    return service.open_image(made.json["url"])


def name_a_missing_photo(service: InMemoryService, random: Random) -> Any:
    photo = f"https://photos.example.com/{CANARY}{random.random()}.png"
    body = {"template_id": "welcome", "modifications": [{"name": "photo", "value": photo}]}
    return service.call("POST", "/v1/images", body)


def lose_storage(service: InMemoryService, random: Random) -> Any:
    service.pictures.down = service.templates.down = True
    response = random.choice([post, open_link, open_merge_link])(service, random)
    service.pictures.down = service.templates.down = False
    return response


CALLS: list[Call] = [
    post,
    post,
    send_truncated_json,
    send_invalid_template,
    send_wrong_key,
    open_link,
    open_merge_link,
    fail_to_render,
    lose_storage,
]


def store_events(service: InMemoryService) -> int:
    """Tell of every picture and budget, as S3 and the tick do; returns how many events there are.

    No event and no hint may hold a value of a person.
    """
    service.pictures_were_stored(*service.pictures.keys("images/"))
    BudgetEvents(service.budget_notices, service.deliveries, service.outbox()).announce(service.now)
    hints = []
    while (hint := service.hints.receive()) is not None:
        hints.append(hint)
    deliveries = service.deliveries_of()
    for secret in secrets(service):
        assert secret not in f"{deliveries} {hints}".lower(), secret
    return len(deliveries)


def secrets(service: InMemoryService) -> list[str]:
    keys = service.link_keys
    return [
        CANARY.lower(),
        ORIGIN_SECRET,
        service.key,
        *keys.signing_keys.values(),
        keys.cache_path_key,
        keys.image_id_checksum_key,
        keys.image_id_key,
    ]


def test_planted_values_and_keys_appear_in_no_log_error_or_s3_key() -> None:
    service, random = InMemoryService(), Random(8)
    service.publish(document(fields=FIELDS, layers=LAYERS))
    service.store.put("assets/x", StoredObject(b"", "image/png"))
    lines, calls, statuses = 0, 0, set()
    while lines < scaled(2_000, 100_000):
        log = io.StringIO()
        with contextlib.redirect_stdout(log):
            response = random.choice(CALLS)(service, random)
        calls += 1
        assert log.getvalue().count("\n") >= 2, "a call leaves a log line and its metrics"
        lines += log.getvalue().count("\n")
        statuses.add(response.status)
        assert "_sig=" not in log.getvalue(), "a whole link in the log"
        for secret in secrets(service):
            assert secret not in log.getvalue().lower(), secret
            if response.status >= 400:
                assert secret not in response.body.decode().lower(), (secret, response.body)
    for bucket in (service.pictures, service.store):
        assert CANARY.lower() not in " ".join(bucket.keys("")).lower()
    assert {200, 400, 401} <= statuses
    record_figure(
        "log lines searched for planted values and keys", lines=lines, calls=calls, found=0
    )


def test_planted_values_and_keys_appear_in_no_event_and_no_hint() -> None:
    service, random = InMemoryService(merge_renders=3), Random(9)
    service.publish(document(fields=FIELDS, layers=LAYERS))
    service.call("PATCH", "/v1/templates/welcome", {"daily_renders": scaled(60, 10_000)})
    service.subscribe(*EVENT_TYPES)
    calls = [post, post, open_link, open_merge_link, open_pending_image, name_a_missing_photo]
    count = scaled(150, 20_000)
    with contextlib.redirect_stdout(io.StringIO()):
        service.publish(document(fields=FIELDS, layers=LAYERS, name="Second"))
        for _ in range(count):
            service.now += 1  # within the rate limit
            random.choice(calls)(service, random)
    events = store_events(service)
    types = {event["type"] for event in service.events()}
    assert {"template.published", "image.rendered", "image.failed", "budget.exceeded"} <= types
    record_figure(
        "events searched for planted values and keys", calls=count, events=events, found=0
    )
