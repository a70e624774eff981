"""POSTs to endpoints of webhooks: where they may go, and endpoints that misbehave."""

import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from postcard.adapters.http.public_addresses import is_public
from postcard.adapters.http.webhook_sender import HttpWebhookSender
from postcard.ports import FetchError, WebhookResponse
from tests.adapters.scripted_server import ReceivedRequest, ScriptedServer, http_response
from tests.clocks import PATIENCE_SECONDS
from tests.corpus import files
from tests.security.loopback_internet import (
    PUBLIC_ADDRESS,
    SELF_SIGNED_ADDRESS,
    SILENT_ADDRESS,
    LoopbackInternet,
)

BODY = '{"type":"image.rendered","data":{"text":"Zoë 😀"}}'
HEADERS = {"webhook-id": "evt_1", "webhook-timestamp": "1", "webhook-signature": "v1,x v1,y"}
SECONDS = 0.4  # that an endpoint has which takes longer
PRIVATE = [
    case
    for case in files.ssrf_cases()
    if case["cls"]
    in ("v4-literal", "v4-obfuscated", "v6-literal", "metadata", "name", "authority", "scheme")
    and case["expect"] == "block"
]
MakeSender = Callable[..., HttpWebhookSender]


@pytest.fixture
def make_sender(internet: LoopbackInternet, certificates: Path) -> MakeSender:
    trusted = ssl.create_default_context(cafile=str(certificates))

    def make(**options: Any) -> HttpWebhookSender:
        defaults: dict[str, Any] = {
            "resolve": internet.resolve,
            "connect": internet.connect,
            "tls": lambda: trusted,
            "seconds": PATIENCE_SECONDS,
        }
        return HttpWebhookSender(**(defaults | options))

    return make


def post(
    sender: HttpWebhookSender, url: str, *, seconds: float = PATIENCE_SECONDS
) -> WebhookResponse:
    return sender.post(url, BODY, HEADERS, seconds=seconds)


def test_an_endpoint_gets_the_body_and_the_headers_and_nothing_else(
    make_sender: MakeSender, internet: LoopbackInternet
) -> None:
    response = post(make_sender(), "https://public.test/hooks?a=1&b=ë")
    assert response.status == 200
    public = internet.servers[PUBLIC_ADDRESS]
    [head], [body] = public.requests, public.bodies
    assert isinstance(head, str)
    assert head.split("\r\n") == [
        "POST /hooks?a=1&b=%C3%AB HTTP/1.1",
        "Host: public.test",
        "User-Agent: Postcard-Webhooks",
        "Content-Type: application/json",
        "Accept-Encoding: identity",
        "Connection: close",
        f"Content-Length: {len(BODY.encode())}",
        "webhook-id: evt_1",
        "webhook-timestamp: 1",
        "webhook-signature: v1,x v1,y",
        "",
    ]
    assert body == BODY.encode()


@pytest.mark.parametrize("case", PRIVATE, ids=[case["id"] for case in PRIVATE])
def test_an_address_that_is_not_public_is_refused_when_created_and_when_sent_to(
    make_sender: MakeSender, internet: LoopbackInternet, case: dict[str, str]
) -> None:
    host = case["url"].partition("://")[2].partition("/")[0]
    words = (word.strip(",") for word in case["dns"].split())
    found = [word for word in words if word.count(".") == 3 or "::" in word]
    internet.names = {host: found or [host], "localhost": ["127.0.0.1"]}
    sender = make_sender(seconds=SECONDS)
    for url in {case["url"], case["url"].replace("http://", "https://", 1)}:
        with pytest.raises(FetchError):
            sender.check(url)
        assert post(sender, url, seconds=SECONDS).status is None
    assert internet.connections == []


@pytest.mark.parametrize(
    ("url", "detail"),
    [
        ("http://public.test/", "The webhook URL must begin with https://."),
        ("https://public.test:8443/", "must not name another port than the default"),
        ("https://me:secret@public.test/", "and have no user name"),
        ("https://127.0.0.1/", "not on the public internet"),
        ("http://127.0.0.1:4000/", "must not name another port than the default"),
        ("https://public.test/" + "a" * 2048, "too long"),
        ("ftp://public.test/", "must begin with https://"),
    ],
)
def test_a_refused_url_says_what_to_change(make_sender: MakeSender, url: str, detail: str) -> None:
    with pytest.raises(FetchError, match="(?i)" + detail.replace(".", "[.]")):
        make_sender().check(url)


def test_one_private_address_of_two_is_enough_to_refuse(
    make_sender: MakeSender, internet: LoopbackInternet
) -> None:
    internet.names = {"public.test": [PUBLIC_ADDRESS, "169.254.169.254"]}
    assert post(make_sender(), "https://public.test/").error.endswith("public internet.")
    assert internet.connections == []


def test_a_host_that_gets_a_private_address_later_is_refused_then(
    make_sender: MakeSender, internet: LoopbackInternet
) -> None:
    answers = iter([[PUBLIC_ADDRESS], [PUBLIC_ADDRESS], ["10.0.0.5"]])
    internet.names = {"rebind.test": lambda: next(answers)}
    sender = make_sender()
    sender.check("https://rebind.test/")
    assert post(sender, "https://rebind.test/").status == 200
    assert post(sender, "https://rebind.test/").status is None
    assert all(is_public(each.rpartition(":")[0]) for each in internet.connections)


@pytest.mark.parametrize("status", ["204", "410", "429", "500"])
def test_a_status_is_an_answer(make_sender: MakeSender, status: str) -> None:
    response = post(make_sender(), f"https://public.test/{status}")
    assert (response.status, response.error) == (int(status), "")


def test_a_redirect_is_not_followed(make_sender: MakeSender, internet: LoopbackInternet) -> None:
    url = "https://public.test/?to=https://169.254.169.254/&status=307"
    assert post(make_sender(), url).status == 307
    assert internet.connections == [f"{PUBLIC_ADDRESS}:443"]


@pytest.mark.parametrize(
    "path", ["/hang-before-headers", "/drip", "/drip-headers", "/1xx-flood", "/100-flood"]
)
def test_an_endpoint_that_takes_too_long_has_failed_in_time(
    make_sender: MakeSender, path: str
) -> None:
    started_at = time.monotonic()
    response = post(make_sender(), f"https://public.test{path}", seconds=SECONDS)
    assert path == "/1xx-flood" or response.status is None
    assert time.monotonic() - started_at < 15


@pytest.mark.parametrize(
    ("address", "detail"),
    [(SELF_SIGNED_ADDRESS, "no trusted certificate"), (SILENT_ADDRESS, "cannot be reached")],
)
def test_an_endpoint_without_tls_that_can_be_trusted_has_failed(
    make_sender: MakeSender, internet: LoopbackInternet, address: str, detail: str
) -> None:
    internet.names = {"public.test": [address]}
    response = post(make_sender(), "https://public.test/", seconds=SECONDS * 2)
    assert response.status is None and detail in response.error


@pytest.mark.parametrize("path", ["/http09", "/rst-mid-body", "/line-for-ever", "/chunked-cut"])
def test_an_answer_that_is_no_http_is_a_failure(make_sender: MakeSender, path: str) -> None:
    response = post(make_sender(), f"https://public.test{path}")
    assert response.status is None
    assert response.error.startswith("The response was incomplete or malformed")


@pytest.mark.parametrize("path", ["/no-content-length-endless", "/content-length-huge"])
def test_of_a_large_answer_the_status_counts(make_sender: MakeSender, path: str) -> None:
    response = post(make_sender(), f"https://public.test{path}")
    assert (response.status, response.body) == (200, "(a response of more than 64 KB)")


def respond(request: ReceivedRequest, before: int) -> Any:
    return http_response("é".encode() * 2_000 + b"\xff", 503, ["Retry-After: 120"], close=True)


def test_the_beginning_of_an_answer_is_kept_and_its_retry_after() -> None:
    server = ScriptedServer(respond)
    try:
        sender = HttpWebhookSender(allow_loopback=True)
        for host in ("127.0.0.1", "localhost"):
            url = f"http://{host}:{server.port}/hooks"
            sender.check(url)
            response = post(sender, url)
            assert response == WebhookResponse(503, "", "é" * 512, "120")
        assert server.requests[0].body == BODY.encode()
        assert server.requests[0].request_line == "POST /hooks HTTP/1.1"
    finally:
        server.close()
    assert post(sender, url).error == f"Nothing listens on port {server.port} of this machine."


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.2:4000/",
        "http://127.0.0.1/",
        "http://10.0.0.1:4000/",
        "http://localhost.example.com:4000/",
        "http://127.0.0.1:99999/",
        "https://127.0.0.1:4000/",
        "http://127.0.0.1:4000@example.com/",
        "http://127.0.0.1:4000\r\nHost: x/",
    ],
)
def test_of_this_machine_only_its_ports_can_be_allowed(
    make_sender: MakeSender, internet: LoopbackInternet, url: str
) -> None:
    assert post(make_sender(allow_loopback=True), url, seconds=SECONDS).status is None
    assert internet.connections == []
