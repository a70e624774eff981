"""Lambda's end is near at each step: there is an answer before it."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from tests.trust.faults.proxy import BUCKET, SECRETS, TABLE, Fault
from tests.trust.faults.stack import Cloud, Worker
from tests.trust.run_scale import FULL, tell

LEFT = (800, 1_500, 2_500, 3_500, 5_000, 9_000, 15_000) if FULL else (1_500,)


@dataclass(frozen=True)
class Step:
    """Where an answer does not come, or comes late; `closed`: no keys, no service."""

    name: str
    fault: Fault
    cold: bool = True
    closed: bool = False
    template: str = "welcome"


STEPS = [
    Step("the keys, cold", Fault("hang", SECRETS), closed=True),
    Step("the keys, old", Fault("hang", SECRETS), cold=False),
    Step("the template", Fault("hang", TABLE, "GetItem", "templates/")),
    Step("its version", Fault("hang", TABLE, "GetItem", "template#")),
    Step("the day's renders", Fault("hang", TABLE, "UpdateItem"), template="bounded"),
    Step("the ground", Fault("hang", BUCKET, "get", "templates/welcome/1/grounds")),
    Step("a picture that drips", Fault("drip", BUCKET, "get", "templates/welcome/1/sources")),
    Step("all that is read from S3", Fault("drip", BUCKET, "get")),
    Step("storing", Fault("hang", BUCKET, "put")),
    Step("everything, warm", Fault("hang"), cold=False),
    Step("everything 2.9 s late", Fault("slow", seconds=2.9), cold=False),
    Step("everything 1.2 s late, cold", Fault("slow", seconds=1.2), closed=True),
]
CASES = [(step, left) for step in STEPS for left in LEFT]


def spent(cloud: Cloud, step: Step, left: int) -> tuple[int, float]:
    """The status, and the seconds that it took."""
    proxy = cloud.proxy()
    worker = Worker(cloud, proxy)
    if not step.cold:
        worker.open(cloud.link())
        worker.ahead = 61.0
    link = cloud.link({"first_name": f"{STEPS.index(step)} {left}"}, template=step.template)
    with proxy.during(step.fault):
        began = time.monotonic()
        reply = worker.open(link, left=left)
        seconds = time.monotonic() - began
    proxy.close()
    return reply.status, seconds


@pytest.fixture(scope="module")
def answers(cloud: Cloud) -> dict[tuple[str, int], tuple[int, float]]:
    with ThreadPoolExecutor(8) as pool:
        made = pool.map(lambda case: spent(cloud, *case), CASES)
        return {(step.name, left): one for (step, left), one in zip(CASES, made, strict=True)}


@pytest.mark.parametrize(("step", "left"), CASES, ids=[f"{s.name}: {left} ms" for s, left in CASES])
def test_there_is_an_answer_before_lambda_ends_the_call(
    answers: dict[tuple[str, int], tuple[int, float]], step: Step, left: int
) -> None:
    status, seconds = answers[step.name, left]
    assert status in ((200, 503) if step.closed else (200,))
    assert seconds < left / 1000
    tell("an answer before Lambda's end", step=step.name, left=left / 1000, took=round(seconds, 2))
