"""Where the sandbox holds less than it should, a metric, the health check and an alarm say so."""

import json
from collections.abc import Iterator

import pytest

from postcard.canvas.codecs.sandboxed_decoder import WORKER_PROGRAM, SandboxedDecoder
from postcard.runtime.sandboxed_subprocess import unsealed_files
from tests.functions.fake_services import solid_png
from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import document

URL = "https://photos.example.com/x.png"
HOLDS = "from postcard.runtime import sandbox; sandbox.enter = lambda: sandbox.Seal({}, {}); "


class Service(InMemoryService):
    """A service whose decoder runs in subprocesses that say what holds in them."""

    def __init__(self, program: str) -> None:
        super().__init__()
        self.decoder = SandboxedDecoder(program=program)
        self.decode_with(self.decoder)
        self.web.pictures[URL] = solid_png()
        layer = {"type": "image", "width": 40, "height": 20, "source": "{{ photo }}"}
        self.publish(document(alt="", fields={"photo": {"type": "image"}}, layers=[layer]))
        unsealed_files.take()


@pytest.fixture
def service(request: pytest.FixtureRequest) -> Iterator[Service]:
    service = Service(request.param)
    yield service
    service.decoder.close()


def metric(capsys: pytest.CaptureFixture[str]) -> list[float] | None:
    """The value of the metric in the last line of the log."""
    *_, line = capsys.readouterr().out.splitlines()
    value: list[float] | None = json.loads(line).get("UnsealedDecoder")
    return value


@pytest.mark.parametrize("service", [HOLDS.format(True, False) + WORKER_PROGRAM], indirect=True)
def test_each_file_that_an_unsealed_process_reads_is_counted_in_a_metric(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    assert service.open_link(service.sign_link({"photo": URL})).status == 200
    assert metric(capsys) == [1.0]
    assert service.open_link(service.sign_link()).status == 200
    assert metric(capsys) == [0.0]
    service.upload_asset("photo", solid_png())
    assert service.call("GET", "/v1/assets/photo").json["status"] == "ready"
    assert metric(capsys) == [1.0]
    assert service.call("GET", "/v1/assets/photo").status == 200
    assert metric(capsys) is None


@pytest.mark.parametrize("service", [WORKER_PROGRAM], indirect=True)
def test_a_sealed_process_is_not_counted(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    assert service.open_link(service.sign_link({"photo": URL})).status == 200
    assert metric(capsys) == [0.0]


@pytest.mark.parametrize(
    ("service", "decoder"),
    [
        (WORKER_PROGRAM, "sealed"),
        (HOLDS.format(True, False) + WORKER_PROGRAM, "memory_not_protected"),
        (HOLDS.format(False, False) + WORKER_PROGRAM, "not_sealed"),
        ("raise SystemExit", "unavailable"),
    ],
    indirect=["service"],
)
def test_health_tells_what_holds(service: Service, decoder: str) -> None:
    for _ in range(2):
        health = service.call("GET", "/v1/health", key=None)
        assert (health.status, health.json["decoder"]) == (200, decoder)
    assert service.decoder.started_workers == 1


def test_health_says_that_nothing_holds_where_there_is_no_decoder(empty: InMemoryService) -> None:
    assert empty.call("GET", "/v1/health", key=None).json["decoder"] == "not_sealed"
