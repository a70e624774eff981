"""Signatures that the published Standard Webhooks library verifies, and secrets that rotate."""

import json
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from postcard.events.event_body import event_body
from postcard.ports import WebhookRecord
from postcard.webhooks.signing import derive_secret, sign, signature_headers, valid_secrets

KEY = "0123456789abcdef" * 4
HOUR = 3_600
ROTATED_AT = 1_795_341_600
TEXTS = ("Zoë", "😀", "\u2028", "日本語", '"\\', "\x00", "é" * 40, "<&>", "\ud83d")
WEBHOOK = WebhookRecord(
    "wh_a1b2c3d4e5",
    "https://hooks.example.com/",
    ("image.rendered",),
    "",
    0,
    secret_number=2,
    old_secret_until=ROTATED_AT + 24 * HOUR,
)


def now_or(seconds: float = 0) -> float:
    """The library compares with its own clock."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).timestamp()


def bodies(count: int) -> list[str]:
    random = Random(15)
    return [
        event_body(
            "image.rendered",
            {"id": f"img_{n}", "text": "".join(random.choices(TEXTS, k=5))},
            at=ROTATED_AT + n,
        )
        for n in range(count)
    ]


def test_the_published_library_verifies_a_thousand_bodies_and_signs_them_alike() -> None:
    secret = derive_secret(KEY, "wh_a1b2c3d4e5", 1)
    library = Webhook(secret)
    for number, body in enumerate(bodies(1_000)):
        now = now_or()
        headers = signature_headers([secret], f"evt_{number:026d}", body, now=now)
        assert library.verify(body, dict(headers)) == json.loads(body)
        at = datetime.fromtimestamp(int(now), UTC)
        assert headers["webhook-signature"] == library.sign(f"evt_{number:026d}", at, body)


@pytest.mark.parametrize("change", ["body", "id", "old", "new", "secret"])
def test_what_was_changed_or_is_old_is_refused(change: str) -> None:
    secret = derive_secret(KEY, "wh_a1b2c3d4e5", 1)
    [body] = bodies(1)
    shift = {"old": -360, "new": 360}.get(change, 0)
    headers = dict(signature_headers([secret], "evt_1", body, now=now_or(shift)))
    if change == "id":
        headers["webhook-id"] = "evt_2"
    if change == "secret":
        secret = derive_secret(KEY, "wh_a1b2c3d4e5", 2)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body + " " if change == "body" else body, headers)


def test_a_secret_is_that_of_its_webhook_number_and_key() -> None:
    secrets = {
        derive_secret(key, webhook, number)
        for key in (KEY, "f" * 64)
        for webhook in ("wh_a1b2c3d4e5", "wh_a1b2c3d4e6")
        for number in (1, 2, 12)
    }
    assert len(secrets) == 12
    assert all(secret.startswith("whsec_") and len(secret) == 50 for secret in secrets)
    expected = "whsec_lPxb8G9bc3F/8ToFzmLLCG8AKBoHzO1iOXd+Tf+r/yU="
    assert derive_secret(KEY, "wh_a1b2c3d4e5", 1) == expected, "receivers keep it for years"


@pytest.mark.parametrize(("after", "valid"), [(-1, True), (0, False), (1, False)])
def test_the_old_secret_signs_until_the_overlap_ends(after: int, valid: bool) -> None:
    now = ROTATED_AT + 24 * HOUR + after
    old, new = (derive_secret(KEY, WEBHOOK.webhook_id, number) for number in (1, 2))
    secrets = valid_secrets(KEY, WEBHOOK, now=now)
    assert list(secrets) == ([new, old] if valid else [new])
    signatures = signature_headers(secrets, "evt_1", "{}", now=now)["webhook-signature"].split(" ")
    assert sign(new, "evt_1", now, "{}") in signatures
    assert (sign(old, "evt_1", now, "{}") in signatures) == valid


def test_in_the_overlap_receivers_with_either_secret_verify() -> None:
    old, new = (derive_secret(KEY, WEBHOOK.webhook_id, number) for number in (1, 2))
    headers = dict(signature_headers([new, old], "evt_1", "{}", now=now_or()))
    for secret in (old, new):
        assert Webhook(secret).verify("{}", headers) == {}
