"""Dependencies that hang, with little time left: the response comes before Lambda's timeout."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from tests.trust.faults.fault_proxy import BUCKET, SECRETS, TABLE, InjectedFault
from tests.trust.faults.moto_service import ImageWorker, MotoCloud
from tests.trust.run_scale import FULL, record_figure

# Milliseconds until Lambda's timeout.
LEFT = (800, 1_500, 2_500, 3_500, 5_000, 9_000, 15_000) if FULL else (1_500,)


@dataclass(frozen=True)
class Step:
    """A step of rendering whose dependency hangs or is slow."""

    name: str
    fault: InjectedFault
    cold: bool = True  # in a new process
    may_fail: bool = False  # a 503 is allowed: no link verifies without keys
    template: str = "welcome"


STEPS = [
    Step("reading the keys, cold", InjectedFault("hang", SECRETS), may_fail=True),
    Step("reading the keys, expired", InjectedFault("hang", SECRETS), cold=False),
    Step("reading the template", InjectedFault("hang", TABLE, "GetItem", "templates/")),
    Step("reading the version", InjectedFault("hang", TABLE, "GetItem", "template#")),
    Step(
        "counting the day's renders", InjectedFault("hang", TABLE, "UpdateItem"), template="bounded"
    ),
    Step(
        "reading the prerendered layers",
        InjectedFault("hang", BUCKET, "get", "templates/welcome/1/grounds"),
    ),
    Step(
        "reading an image, slowly",
        InjectedFault("drip", BUCKET, "get", "templates/welcome/1/sources"),
    ),
    Step("all reads of S3", InjectedFault("drip", BUCKET, "get")),
    Step("storing the picture", InjectedFault("hang", BUCKET, "put")),
    Step("everything, warm", InjectedFault("hang"), cold=False),
    Step("everything 2.9 s late", InjectedFault("slow", seconds=2.9), cold=False),
    Step("everything 1.2 s late, cold", InjectedFault("slow", seconds=1.2), may_fail=True),
]
CASES = [(step, left) for step in STEPS for left in LEFT]


def open_link(cloud: MotoCloud, step: Step, left: int) -> tuple[int, float]:
    """Open a link during the fault; returns the status and the time in seconds."""
    proxy = cloud.proxy()
    worker = ImageWorker(cloud, proxy)
    if not step.may_fail:
        worker.service.origin()  # reads the keys
    if not step.cold:
        worker.open_link(cloud.sign_link())
        worker.clock_offset = 61.0
    link = cloud.sign_link({"first_name": f"{STEPS.index(step)} {left}"}, template=step.template)
    with proxy.inject(step.fault):
        started = time.monotonic()
        response = worker.open_link(link, left=left)
        seconds = time.monotonic() - started
    proxy.close()
    return response.status, seconds


@pytest.fixture(scope="module")
def results(cloud: MotoCloud) -> dict[tuple[str, int], tuple[int, float]]:
    """The results of all cases, which run concurrently because most of them wait.

    A dependency that hangs does so until the response has come, so each response shows that the
    function gave up by itself; full runs measure when.
    """
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda case: open_link(cloud, *case), CASES))
    return {(step.name, left): each for (step, left), each in zip(CASES, results, strict=True)}


@pytest.mark.parametrize(("step", "left"), CASES, ids=[f"{s.name}: {left} ms" for s, left in CASES])
def test_the_response_comes_before_lambdas_timeout(
    results: dict[tuple[str, int], tuple[int, float]], step: Step, left: int
) -> None:
    status, seconds = results[step.name, left]
    assert status in ((200, 503) if step.may_fail else (200,))
    if FULL:
        assert seconds < left / 1000
    record_figure(
        "a response before Lambda's timeout",
        step=step.name,
        left=left / 1000,
        took=round(seconds, 2),
    )
