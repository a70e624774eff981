"""The API while AWS services fail: a 503 with Retry-After, before Lambda's timeout."""

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
API_KEY = InjectedFault("", TABLE, "GetItem", "keys/")
RATE = InjectedFault("", TABLE, "UpdateItem", "rate#")
TEMPLATE = InjectedFault("", TABLE, "GetItem", "record#")
IMAGES = InjectedFault("", TABLE, "GetItem", "image#")
PUTS = InjectedFault("", TABLE, "PutItem", "image")
STORE = InjectedFault("", BUCKET, "get", "templates/")
WRITE = InjectedFault("", BUCKET, "put", "images/")
TABLE_ROWS = [
    ("DynamoDB, reading the API key", API_KEY, "an image", DOWN),
    ("DynamoDB, counting the key's rate", RATE, "a link", DOWN),
    ("DynamoDB, reading a template", TEMPLATE, "a template", DOWN),
    ("DynamoDB, listing", InjectedFault("", TABLE, "Query"), "templates", DOWN),
    ("DynamoDB, reading an image's record", IMAGES, "an image", DOWN),
    ("DynamoDB, writing an image's record", PUTS, "an image", ("reset", "503", "throttled")),
    ("S3, reading for an image", STORE, "an image", ("reset", "503", "403", "cut", "flipped")),
    ("S3, writing an image", WRITE, "an image", ("reset", "503", "403")),
    ("Secrets Manager", InjectedFault("", SECRETS), "a link", DOWN),
    ("connections refused", InjectedFault(""), "a link", ("refused",)),
]
CASES = [
    (name, fault, call, kind)
    for name, fault, call, kinds in TABLE_ROWS
    for kind in (kinds if FULL else kinds[-1:])
]


@dataclass
class Api:
    """The API with its own caches, connected to AWS through `proxy`."""

    cloud: MotoCloud
    proxy: FaultProxy

    def __post_init__(self) -> None:
        self.service = wiring.api_service(
            Settings.from_environ(self.cloud.environment(self.proxy.url))
        )

    def call(self, what: str, *, left: int = 29_000, name: str = "") -> HandlerResponse:
        """Make one of `CALLS`, `left` milliseconds before Lambda's timeout."""
        method, path = CALLS[what]
        modifications = [{"name": "first_name", "value": name}] if name else []
        body = {**IMAGE, "modifications": modifications} if method == "POST" else None
        return self.cloud.call(self.service, method, path, body, left=left)


@pytest.fixture(scope="module")
def api(cloud: MotoCloud) -> Iterator[Api]:
    """Shared by all tests, because boto3's clients are slow to create."""
    proxy = cloud.proxy()
    api = Api(cloud, proxy)
    assert api.call("a link").status == 200
    yield api
    proxy.close()


@pytest.fixture
def cold_api(cloud: MotoCloud) -> Iterator[Api]:
    """A new process, which has not read the signing keys yet."""
    proxy = cloud.proxy()
    yield Api(cloud, proxy)
    proxy.close()


def assert_unavailable(response: HandlerResponse) -> None:
    assert response.status == 503, response.body
    assert response.headers["content-type"] == "application/problem+json"
    assert int(response.headers["retry-after"]) >= 1
    assert json.loads(response.body)["code"] == "service_unavailable"


@pytest.mark.parametrize(
    ("name", "fault", "call", "kind"), CASES, ids=[f"{c[0]}: {c[3]}" for c in CASES]
)
def test_a_failed_dependency_is_a_503_with_retry_after(
    api: Api, request: pytest.FixtureRequest, name: str, fault: InjectedFault, call: str, kind: str
) -> None:
    if fault.service in (SECRETS, BUCKET):
        api = request.getfixturevalue("cold_api")
    first_name = f"{name.partition(', ')[2][:20]} {kind}"  # another picture for each case
    api.proxy.reset_counts()
    with api.proxy.inject(InjectedFault(kind, fault.service, fault.operation, fault.key)):
        response = api.call(call, name=first_name)
        fault_count = api.proxy.fault_count
    assert_unavailable(response)
    assert kind == "refused" or 1 <= fault_count <= 4
    assert api.call(call, name=first_name).status == 200, "after the fault"
    record_figure("a fault and its response", row=f"API: {name}", kind=kind, shown="503")


def test_a_slow_dependency_delays_the_response_only(api: Api) -> None:
    with api.proxy.inject(InjectedFault("slow", seconds=0.05)):
        assert api.call("an image", name="Slow").status == 200


@pytest.mark.skipif(not FULL, reason="half a minute of waiting")
@pytest.mark.parametrize("service", [TABLE, BUCKET, SECRETS])
def test_a_dependency_that_hangs_is_abandoned_before_lambdas_timeout(
    cold_api: Api, service: str
) -> None:
    started = time.monotonic()
    with cold_api.proxy.inject(InjectedFault("hang", service)):
        response = cold_api.call("an image", name=f"Hang {service}")
    seconds = time.monotonic() - started
    assert_unavailable(response)
    assert seconds < API_SECONDS / 2, "one call, tried twice"
    record_figure(
        "the API's time with a dependency that hangs", service=service, seconds=round(seconds, 1)
    )


def test_no_call_is_started_that_could_outlast_lambdas_timeout(api: Api) -> None:
    api.proxy.reset_counts()
    with api.proxy.inject(InjectedFault("hang")):
        response = api.call("an image", left=4_500)
    assert_unavailable(response)
    assert api.proxy.fault_count == 0
    assert api.call("an image").status == 200


@pytest.mark.skipif(not FULL, reason="half a minute of waiting")
def test_many_slow_calls_end_before_lambdas_timeout(api: Api) -> None:
    started, left = time.monotonic(), 12.0
    with api.proxy.inject(InjectedFault("slow", seconds=2.8)):
        assert_unavailable(api.call("an image", name="Slower", left=int(left * 1000)))
    seconds = time.monotonic() - started
    assert seconds < left
    record_figure("the API's time with calls that take 2.8 s each", seconds=round(seconds, 1))
