"""Lambda's end is near at each step: there is an answer before it."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from tests.trust.faults.fault_proxy import BUCKET, SECRETS, TABLE, InjectedFault
from tests.trust.faults.moto_service import ImageWorker, MotoCloud
from tests.trust.run_scale import FULL, record_figure

LEFT = (800, 1_500, 2_500, 3_500, 5_000, 9_000, 15_000) if FULL else (1_500,)


@dataclass(frozen=True)
class Step:
    """Where an answer does not come, or comes late; `closed`: no keys, no service."""

    name: str
    fault: InjectedFault
    cold: bool = True
    closed: bool = False
    template: str = "welcome"


STEPS = [
    Step("the keys, cold", InjectedFault("hang", SECRETS), closed=True),
    Step("the keys, old", InjectedFault("hang", SECRETS), cold=False),
    Step("the template", InjectedFault("hang", TABLE, "GetItem", "templates/")),
    Step("its version", InjectedFault("hang", TABLE, "GetItem", "template#")),
    Step("the day's renders", InjectedFault("hang", TABLE, "UpdateItem"), template="bounded"),
    Step("the ground", InjectedFault("hang", BUCKET, "get", "templates/welcome/1/grounds")),
    Step(
        "a picture that drips", InjectedFault("drip", BUCKET, "get", "templates/welcome/1/sources")
    ),
    Step("all that is read from S3", InjectedFault("drip", BUCKET, "get")),
    Step("storing", InjectedFault("hang", BUCKET, "put")),
    Step("everything, warm", InjectedFault("hang"), cold=False),
    Step("everything 2.9 s late", InjectedFault("slow", seconds=2.9), cold=False),
    Step("everything 1.2 s late, cold", InjectedFault("slow", seconds=1.2), closed=True),
]
CASES = [(step, left) for step in STEPS for left in LEFT]


def spent(cloud: MotoCloud, step: Step, left: int) -> tuple[int, float]:
    """The status, and the seconds that it took."""
    proxy = cloud.proxy()
    worker = ImageWorker(cloud, proxy)
    if not step.cold:
        worker.open_link(cloud.sign_link())
        worker.clock_offset = 61.0
    link = cloud.sign_link({"first_name": f"{STEPS.index(step)} {left}"}, template=step.template)
    with proxy.inject(step.fault):
        began = time.monotonic()
        reply = worker.open_link(link, left=left)
        seconds = time.monotonic() - began
    proxy.close()
    return reply.status, seconds


@pytest.fixture(scope="module")
def answers(cloud: MotoCloud) -> dict[tuple[str, int], tuple[int, float]]:
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
    record_figure(
        "an answer before Lambda's end", step=step.name, left=left / 1000, took=round(seconds, 2)
    )
