"""Planted words and keys come out in pictures alone: not in logs, metrics, errors, S3 keys."""

import contextlib
import io
import json
from collections.abc import Callable
from random import Random
from typing import Any

from postcard.keys.api_keys import generate_api_key
from postcard.ports import StoredObject
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


def given(random: Random) -> list[dict[str, Any]]:
    names = random.sample([*FIELDS, "title", "face"], random.randrange(1, 5))
    word = random.choice(["value", "text", "image_url", "color"])
    return [{"name": name, word: random.choice(VALUES)} for name in names]


def post(world: InMemoryService, random: Random) -> Any:
    path = random.choice(["/v1/images", "/v1/links", "/v1/previews"])
    body: dict[str, Any] = {"template_id": "welcome", "modifications": given(random)}
    if path == "/v1/images":
        body["metadata"] = {"ref": CANARY}
    if random.random() < 0.5:
        body["on_invalid"] = "default"
    return world.call("POST", path, body, headers={"idempotency-key": CANARY})


def torn(world: InMemoryService, random: Random) -> Any:
    raw = json.dumps({"template_id": "welcome", "first_name": CANARY}).encode()
    return world.call("POST", "/v1/images", raw=raw[: random.randrange(len(raw))])


def template(world: InMemoryService, random: Random) -> Any:
    words = {"type": "text", "name": "title", "text": CANARY, "width": 20}
    broken = document(background="nope", layers=[words], alt=CANARY)
    return world.call("PUT", "/v1/templates/other", broken)


def stranger(world: InMemoryService, random: Random) -> Any:
    key = random.choice([f"postcard_{CANARY}", generate_api_key(), CANARY])
    return world.call("GET", "/v1/templates", key=key, headers={"cookie": CANARY})


def opened(world: InMemoryService, random: Random) -> Any:
    fields = {name: str(random.choice(VALUES[:5])) for name in ("first_name", "email", "photo")}
    link = world.sign_link(fields, width=random.randrange(40, 200))
    if random.random() < 0.4:
        link = link.replace("_sig=", random.choice(["_sig=A", "_sug=", f"{CANARY}=1&_sig="]))
        return world.get_picture("/renders/7/welcome/1/0.png", link)
    return world.open_link(link)


def merged(world: InMemoryService, random: Random) -> Any:
    return world.open_link(
        f"{world.sign_link(open=('first_name',))}&first_name={CANARY}{random.random()}"
    )


def broken(world: InMemoryService, random: Random) -> Any:
    world.renderer.failures_left = random.randrange(3)
    reply = world.open_link(world.sign_link({"first_name": f"{CANARY}{random.random()}"}))
    world.renderer.failures_left = 0
    return reply


def down(world: InMemoryService, random: Random) -> Any:
    world.pictures.down = world.templates.down = True
    reply = random.choice([post, opened, merged])(world, random)
    world.pictures.down = world.templates.down = False
    return reply


CALLS: list[Call] = [post, post, torn, template, stranger, opened, merged, broken, down]


def secrets(world: InMemoryService) -> list[str]:
    keys = world.link_keys
    return [
        CANARY.lower(),
        ORIGIN_SECRET,
        world.key,
        *(
            key
            for key in (
                *keys.signing_keys.values(),
                keys.cache_path_key,
                keys.image_id_checksum_key,
                keys.image_id_key,
            )
        ),
    ]


def test_what_was_planted_comes_out_nowhere() -> None:
    world, random = InMemoryService(), Random(8)
    world.publish(document(fields=FIELDS, layers=LAYERS))
    world.store.put("assets/x", StoredObject(b"", "image/png"))
    lines, calls, statuses = 0, 0, set()
    while lines < scaled(2_000, 100_000):
        log = io.StringIO()
        with contextlib.redirect_stdout(log):
            reply = random.choice(CALLS)(world, random)
        calls += 1
        assert log.getvalue().count("\n") >= 2, "a call leaves a log line and its metrics"
        lines += log.getvalue().count("\n")
        statuses.add(reply.status)
        assert "_sig=" not in log.getvalue(), "a whole link in the log"
        for secret in secrets(world):
            assert secret not in log.getvalue().lower(), secret
            if reply.status >= 400:
                assert secret not in reply.body.decode().lower(), (secret, reply.body)
    for bucket in (world.pictures, world.store):
        assert CANARY.lower() not in " ".join(bucket.keys("")).lower()
    assert {200, 400, 401} <= statuses
    record_figure(
        "log lines searched for planted words and keys", lines=lines, calls=calls, found=0
    )
