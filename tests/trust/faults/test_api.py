"""The API on AWS's bad days: an answer within its own time, and one that says when to try again."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from postcard import wiring
from postcard.settings import Settings
from tests.functions.fake_services import HandlerResponse
from tests.trust.faults.fault_proxy import BUCKET, SECRETS, TABLE, FaultProxy, InjectedFault
from tests.trust.faults.moto_service import MotoCloud
from tests.trust.run_scale import FULL, record_figure

API_SECONDS = 29.0
IMAGE = {"template_id": "welcome", "modifications": []}
CALLS = {
    "an image": ("POST", "/v1/images"),
    "a link": ("POST", "/v1/links"),
    "a template": ("GET", "/v1/templates/welcome"),
    "templates": ("GET", "/v1/templates"),
    "fonts": ("GET", "/v1/fonts"),
}
DOWN = ("reset", "500", "503", "throttled", "403", "cut", "html")
KEY = InjectedFault("", TABLE, "GetItem", "keys/")
RATE = InjectedFault("", TABLE, "UpdateItem", "rate#")
TEMPLATE = InjectedFault("", TABLE, "GetItem", "template")
IMAGES = InjectedFault("", TABLE, "GetItem", "image#")
PUTS = InjectedFault("", TABLE, "PutItem", "image")
STORE = InjectedFault("", BUCKET, "get", "templates/")
WRITE = InjectedFault("", BUCKET, "put", "images/")
TABLE_ROWS = [
    ("DynamoDB, a key", KEY, "an image", DOWN),
    ("DynamoDB, its rate", RATE, "a link", DOWN),
    ("DynamoDB, the template of a call", TEMPLATE, "a template", DOWN),
    ("DynamoDB, a list", InjectedFault("", TABLE, "Query"), "templates", DOWN),
    ("DynamoDB, what is known of an image", IMAGES, "an image", DOWN),
    ("DynamoDB, noting an image", PUTS, "an image", ("reset", "503", "throttled")),
    ("S3, reading for an image", STORE, "an image", ("reset", "503", "403", "cut", "flipped")),
    ("S3, writing an image", WRITE, "an image", ("reset", "503", "403")),
    ("Secrets Manager", InjectedFault("", SECRETS), "a link", DOWN),
    ("nobody listens", InjectedFault(""), "a link", ("refused",)),
]
CASES = [
    (name, fault, call, kind)
    for name, fault, call, kinds in TABLE_ROWS
    for kind in (kinds if FULL else kinds[-1:])
]


@dataclass
class Api:
    """The API in a process of its own, on a proxy of its own."""

    cloud: MotoCloud
    proxy: FaultProxy

    def __post_init__(self) -> None:
        self.service = wiring.api_service(
            Settings.from_environ(self.cloud.environment(self.proxy.url))
        )

    def call(self, what: str, *, left: int = 29_000, name: str = "") -> HandlerResponse:
        method, path = CALLS[what]
        more = [{"name": "first_name", "value": name}] if name else []
        body = {**IMAGE, "modifications": more} if method == "POST" else None
        return self.cloud.call(self.service, method, path, body, left=left)


@pytest.fixture(scope="module")
def api(cloud: MotoCloud) -> Iterator[Api]:
    """One for all: making boto3's clients takes longer than most calls."""
    proxy = cloud.proxy()
    api = Api(cloud, proxy)
    assert api.call("a link").status == 200
    yield api
    proxy.close()


@pytest.fixture
def begun(cloud: MotoCloud) -> Iterator[Api]:
    """Another that knows no keys yet."""
    proxy = cloud.proxy()
    yield Api(cloud, proxy)
    proxy.close()


def down(reply: HandlerResponse) -> None:
    """A problem that says: later."""
    assert reply.status == 503, reply.body
    assert reply.headers["content-type"] == "application/problem+json"
    assert int(reply.headers["retry-after"]) >= 1
    assert json.loads(reply.body)["code"] == "service_unavailable"


@pytest.mark.parametrize(
    ("name", "fault", "call", "kind"), CASES, ids=[f"{c[0]}: {c[3]}" for c in CASES]
)
def test_what_is_down_is_a_503_with_retry_after(
    api: Api, request: pytest.FixtureRequest, name: str, fault: InjectedFault, call: str, kind: str
) -> None:
    if fault.service in (SECRETS, BUCKET):
        api = request.getfixturevalue("begun")
    api.proxy.reset_counts()
    with api.proxy.inject(InjectedFault(kind, fault.service, fault.operation, fault.key)):
        reply = api.call(call, name=f"{name[-20:]} {kind}")
        struck = api.proxy.fault_count
    down(reply)
    assert kind == "refused" or 1 <= struck <= 4
    assert api.call(call, name=f"{name[-20:]} {kind}").status == 200, "it is over"
    record_figure("a fault and its answer", row=f"API: {name}", kind=kind, shown="503")


def test_a_service_that_is_slow_costs_time_and_no_more(api: Api) -> None:
    with api.proxy.inject(InjectedFault("slow", seconds=0.05)):
        assert api.call("an image", name="Slow").status == 200


@pytest.mark.skipif(not FULL, reason="half a minute of waiting")
@pytest.mark.parametrize("service", [TABLE, BUCKET, SECRETS])
def test_a_service_that_hangs_is_given_up_before_the_call_is_ended(
    begun: Api, service: str
) -> None:
    began = time.monotonic()
    with begun.proxy.inject(InjectedFault("hang", service)):
        reply = begun.call("an image", name=f"Hang {service}")
    spent = time.monotonic() - began
    down(reply)
    assert spent < API_SECONDS / 2, "one call, tried twice"
    record_figure("the API waits for what hangs", service=service, seconds=round(spent, 1))


def test_what_could_last_beyond_the_call_is_not_begun(api: Api) -> None:
    api.proxy.reset_counts()
    began = time.monotonic()
    with api.proxy.inject(InjectedFault("hang")):
        reply = api.call("an image", left=4_500)
    down(reply)
    assert time.monotonic() - began < 0.5 and api.proxy.fault_count == 0
    assert api.call("an image").status == 200


@pytest.mark.skipif(not FULL, reason="half a minute of waiting")
def test_many_slow_answers_end_in_time_too(api: Api) -> None:
    began, left = time.monotonic(), 12.0
    with api.proxy.inject(InjectedFault("slow", seconds=2.8)):
        down(api.call("an image", name="Slower", left=int(left * 1000)))
    spent = time.monotonic() - began
    assert spent < left
    record_figure("the API ends in time where each answer takes 2.8 s", seconds=round(spent, 1))
