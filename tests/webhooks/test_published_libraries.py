"""Signatures against the two published Standard Webhooks libraries, both ways."""

import datetime
import json
import random
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from postcard.events.event_body import event_body
from postcard.ports import WebhookRecord
from postcard.webhooks.delivery_verification import VerificationError, verify_delivery
from postcard.webhooks.signing import derive_secret, signature_headers, valid_secrets
from tests.local.node_packages import node_package

KEY, OTHER_KEY = "d" * 64, "e" * 64
VERIFY = Path(__file__).with_name("verify.cjs")
PIECES = (
    "Zoë",
    "😀",
    "👩‍🚀",
    "\u2028",
    "\u2029",
    "\u0000",
    '"',
    "\\",
    "</script>",
    "李",
    " ",
    "\n",
)
BODIES = 1000
HOUR = 3600


@dataclass(frozen=True)
class Sent:
    """A delivery as it is sent, and the secret that its receiver has."""

    secret: str
    headers: Mapping[str, str]
    body: str


def bodies() -> Sequence[str]:
    chance = random.Random(15)
    return [
        event_body(
            "batch.completed", {"name": "".join(chance.choices(PIECES, k=number % 50))}, at=number
        )
        for number in range(BODIES)
    ]


def deliveries(now: float) -> Sequence[Sent]:
    sent = []
    for number, body in enumerate(bodies()):
        secret = derive_secret(KEY, f"wh_{number}", 1)
        headers = signature_headers([secret], f"evt_{number}", body, now=now)
        sent.append(Sent(secret, headers, body))
    return sent


def verified_by_python(sent: Sent) -> bool:
    try:
        Webhook(sent.secret).verify(sent.body, dict(sent.headers))
    except (WebhookVerificationError, ValueError):  # ValueError: an entry without a comma
        return False
    return True


def verified_by_us(sent: Sent) -> bool:
    try:
        verify_delivery(sent.secret, sent.headers, sent.body.encode(), now=time.time())
    except VerificationError:
        return False
    return True


def answers_of_node(sent: Sequence[Sent]) -> Sequence[Mapping[str, object]]:
    package = node_package("standardwebhooks")
    lines = "".join(json.dumps(vars(each), default=dict) + "\n" for each in sent)
    run = subprocess.run(
        ["node", VERIFY, package],
        input=lines,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return [json.loads(line) for line in run.stdout.splitlines()]


def python_signature(sent: Sent) -> str:
    moment = datetime.datetime.fromtimestamp(int(sent.headers["webhook-timestamp"]), datetime.UTC)
    return str(Webhook(sent.secret).sign(sent.headers["webhook-id"], moment, sent.body))


def test_the_python_library_verifies_ours_and_signs_alike() -> None:
    for sent in deliveries(time.time()):
        assert verified_by_python(sent) and verified_by_us(sent)
        assert python_signature(sent) == sent.headers["webhook-signature"]


def test_the_node_library_verifies_ours_and_signs_alike() -> None:
    sent = deliveries(time.time())
    answers = answers_of_node(sent)
    assert [answer["verified"] for answer in answers] == [True] * BODIES
    signatures = [each.headers["webhook-signature"] for each in sent]
    assert [answer["signature"] for answer in answers] == signatures


def changed(sent: Sent, **headers: str) -> Sent:
    return replace(sent, headers={**sent.headers, **headers})


def wrong_deliveries() -> Mapping[str, Sent]:
    now = time.time()
    secret = derive_secret(KEY, "wh_1", 1)
    body = event_body("batch.failed", {"error": "ü"}, at=now)

    def signed(seconds: float = 0.0, *secrets: str) -> Sent:
        headers = signature_headers(secrets or [secret], "evt_1", body, now=now + seconds)
        return Sent(secret, headers, body)

    signature = signed().headers["webhook-signature"]
    return {
        "another body": replace(signed(), body=body.replace("ü", "u")),
        "another id": changed(signed(), **{"webhook-id": "evt_2"}),
        "another time": changed(signed(), **{"webhook-timestamp": str(int(now) - 1)}),
        "six minutes old": signed(-360),
        "six minutes ahead": signed(360),
        "another number": signed(0, derive_secret(KEY, "wh_1", 2)),
        "another webhook": signed(0, derive_secret(KEY, "wh_2", 1)),
        "another installation": signed(0, derive_secret(OTHER_KEY, "wh_1", 1)),
        "another version": changed(
            signed(), **{"webhook-signature": signature.replace("v1,", "v1a,")}
        ),
        "no signature": changed(signed(), **{"webhook-signature": ""}),
        "no comma": changed(signed(), **{"webhook-signature": "v1"}),
        "no time": changed(signed(), **{"webhook-timestamp": ""}),
    }


@pytest.mark.parametrize("name", list(wrong_deliveries()))
def test_what_was_changed_is_refused(name: str) -> None:
    sent = wrong_deliveries()[name]
    assert not verified_by_python(sent) and not verified_by_us(sent)


def test_the_node_library_refuses_what_was_changed() -> None:
    wrong = {
        name: sent
        for name, sent in wrong_deliveries().items()
        if name != "no time"  # of which that library's `sign` cannot make a date
    }
    answers = answers_of_node(list(wrong.values()))
    assert dict(zip(wrong, [a["verified"] for a in answers], strict=True)) == dict.fromkeys(
        wrong, False
    )


def rotated(now: float) -> WebhookRecord:
    """A webhook whose third secret is valid since a day before, and its second until `now`."""
    return WebhookRecord(
        "wh_1",
        "https://hooks.example.com/",
        ("batch.completed",),
        "",
        int(now) - 48 * HOUR,
        secret_number=3,
        old_secret_until=int(now),
    )


def test_both_secrets_verify_in_the_overlap_and_the_old_one_not_a_second_later() -> None:
    now, body = int(time.time()), bodies()[7]
    webhook = rotated(now)
    found = {}
    for moment in (now - 1, now):
        secrets = valid_secrets(KEY, webhook, now=moment)
        headers = signature_headers(secrets, "evt_7", body, now=moment)
        for number in (1, 2, 3):
            sent = Sent(derive_secret(KEY, "wh_1", number), headers, body)
            found[moment - now, number] = verified_by_python(sent)
            assert found[moment - now, number] == verified_by_us(sent)
    assert found == {
        (-1, 1): False,
        (-1, 2): True,
        (-1, 3): True,
        (0, 1): False,
        (0, 2): False,
        (0, 3): True,
    }


def test_a_signature_among_others_is_found() -> None:
    now, body = time.time(), bodies()[9]
    secret = derive_secret(KEY, "wh_1", 1)
    headers = signature_headers([secret], "evt_9", body, now=now)
    for entries in ("v2,AAAA {}", "v1a,AAAA {} v1,????", "v1,AAAA {}"):
        text = entries.format(headers["webhook-signature"])
        sent = changed(Sent(secret, headers, body), **{"webhook-signature": text})
        assert verified_by_us(sent)
    no_comma = changed(
        Sent(secret, headers, body),
        **{"webhook-signature": f"junk {headers['webhook-signature']}"},
    )
    assert verified_by_us(no_comma)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_?", "postcard_abc", "whsec_ü"])
def test_a_secret_that_is_none_is_a_clear_error(secret: str) -> None:
    now = time.time()
    headers = signature_headers([derive_secret(KEY, "wh_1", 1)], "evt_1", "{}", now=now)
    with pytest.raises(VerificationError, match="begins with whsec_, and the rest is base64"):
        verify_delivery(secret, headers, b"{}", now=now)
