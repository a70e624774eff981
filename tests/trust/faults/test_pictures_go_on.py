"""AWS on a bad day, call by call, seen from the mail: a picture in any case, and in time.

A row is what is struck; its injections are the ways in which it is.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from tests.functions.fake_services import HandlerResponse
from tests.trust.faults.fault_proxy import BUCKET, SECRETS, TABLE, InjectedFault
from tests.trust.faults.moto_service import ImageWorker, MotoCloud
from tests.trust.run_scale import FULL, record_figure

LAMBDA_SECONDS = 15.0
KEPT = "public, no-transform, max-age=86400"
BRIEFLY = "public, no-transform, max-age=60"
AWAY = ("reset", "hang", "drip", "cut", "403", "500", "503", "throttled")
WRONG = ("html", "other", "half", "flipped")


@dataclass(frozen=True)
class Row:
    """What is struck, how, and what readers are to see.

    `reason`: of the fallback; empty where the picture is right; `sure` unless it may have been
    taken back meanwhile. `cold`: in a new process; else it has drawn before. `most`: calls of the
    kind that is struck.
    """

    name: str
    fault: InjectedFault
    kinds: tuple[str, ...]
    reason: str = ""
    cold: bool = True
    most: int = 2
    template: str = "welcome"
    ahead: float = 0.0
    sure: bool = True
    stored: bool | None = None  # whether the picture lies in the bucket then; None: it may


def sample(kinds: tuple[str, ...]) -> tuple[str, ...]:
    """All of them in a whole run; else two that are over at once."""
    if FULL:
        return kinds
    quick = [kind for kind in kinds if kind not in ("hang", "drip")]
    return tuple(quick[:: max(1, (len(quick) + 1) // 2)])


GROUND = InjectedFault("", BUCKET, "get", "templates/welcome/1/grounds/")
OWN = InjectedFault("", BUCKET, "get", "templates/welcome/1/sources/")
WRITE = InjectedFault("", BUCKET, "put", "renders/")
RECORD = InjectedFault("", TABLE, "GetItem", "templates/")
VERSION = InjectedFault("", TABLE, "GetItem", "template#")
BUDGET = InjectedFault("", TABLE, "UpdateItem", "count#")
KEYS = InjectedFault("", SECRETS)
SLOW = ("slow",)

ROWS = [
    Row("S3, reading a ground: no answer", GROUND, AWAY, "dependency", stored=False),
    Row("S3, reading a ground: refused as missing", GROUND, ("404",), stored=True),
    Row("S3, reading a ground: other bytes", GROUND, ("html", "other", "half"), stored=True),
    Row("S3, reading a ground: flipped bits", GROUND, ("flipped",), "dependency", stored=False),
    Row("S3, reading a ground: slow", GROUND, SLOW, most=1, stored=True),
    Row("S3, reading a picture: no answer", OWN, AWAY, "dependency", stored=False),
    Row("S3, reading a picture: refused as missing", OWN, ("404",), "source", stored=False),
    Row("S3, reading a picture: other bytes", OWN, ("html", "other", "half"), "source"),
    Row("S3, reading a picture: flipped bits", OWN, ("flipped",), "dependency", stored=False),
    Row("S3, reading a picture: slow", OWN, SLOW, most=1, stored=True),
    Row("S3, reading, in a process that has drawn", InjectedFault("", BUCKET, "get"), (*AWAY, *WRONG),
        cold=False, most=0, stored=True),
    Row("S3, writing: refused", WRITE, ("403", "404", "500", "503", "throttled"), stored=False),
    Row("S3, writing: no answer", WRITE, ("reset", "hang"), stored=False),
    Row("S3, writing: the answer is lost", WRITE, ("cut", "drip", "html"), stored=True),
    Row("S3, writing: slow", WRITE, SLOW, most=1, stored=True),
    Row("S3, all of it: no answer", InjectedFault("", BUCKET), AWAY, "dependency", most=6, stored=False),
    Row("DynamoDB, a template: no answer", RECORD, AWAY, "dependency", stored=False),
    Row("DynamoDB, a template: other bytes", RECORD, WRONG, "dependency", most=1, stored=False),
    Row("DynamoDB, a template: slow", RECORD, SLOW, stored=True),
    Row("DynamoDB, a version: no answer", VERSION, AWAY, "dependency", stored=False),
    Row("DynamoDB, a version: other bytes", VERSION, WRONG, "dependency", most=1, stored=False),
    Row("DynamoDB, a version: slow", VERSION, SLOW, most=1, stored=True),
    Row("DynamoDB, the day's renders: no answer", BUDGET, AWAY, template="bounded", stored=True),
    Row("DynamoDB, the day's renders: other bytes", BUDGET, WRONG, template="bounded"),
    Row("DynamoDB, all of it, in a process that has drawn", InjectedFault("", TABLE), (*AWAY, *WRONG),
        cold=False, sure=False, stored=False),
    Row("Secrets Manager, keys that are known", KEYS, ("404", *AWAY, *WRONG), cold=False,
        ahead=61.0, stored=True),
    Row("Secrets Manager, slow", KEYS, SLOW, most=1, stored=True),
    Row("nobody listens, in a process that has drawn", InjectedFault(""), ("refused", "reset"),
        cold=False, most=12, sure=False, stored=False),
]  # fmt: skip
EVERY = [(row, kind) for row in ROWS for kind in row.kinds]
CASES = [(row, kind) for row in ROWS for kind in sample(row.kinds)]


@contextmanager
def process(cloud: MotoCloud, *, cold: bool) -> Iterator[ImageWorker]:
    proxy = cloud.proxy()
    worker = ImageWorker(cloud, proxy)
    if not cold:
        worker.open_link(cloud.sign_link())
        worker.open_link(cloud.sign_link(template="bounded"))
    proxy.reset_counts()
    yield worker
    proxy.close()


@dataclass(frozen=True)
class Outcome:
    """What came of one injection."""

    reply: HandlerResponse
    seconds: float
    struck: int
    calls: int
    stored: bytes | None
    again: HandlerResponse


def injected(cloud: MotoCloud, row: Row, kind: str) -> Outcome:
    """A link of its own, opened while the fault is there, and once more when it is gone."""
    fault = InjectedFault(kind, row.fault.service, row.fault.operation, row.fault.key)
    link = cloud.sign_link({"first_name": f"{ROWS.index(row)} {kind}"}, template=row.template)
    with process(cloud, cold=row.cold) as worker:
        worker.clock_offset = row.ahead
        began = time.monotonic()
        with worker.proxy.inject(fault):
            reply = worker.open_link(link)
            spent = time.monotonic() - began
            struck, calls = worker.proxy.fault_count, sum(worker.proxy.calls.values())
        stored = cloud.stored_picture(cloud.cache_path(link).removeprefix("/"))
        worker.clock_offset = 0.0
        worker.restart()
        again = worker.open_link(link)
    return Outcome(reply, spent, struck, calls, stored, again)


Outcomes = Callable[[Row, str], Outcome]


@pytest.fixture(scope="module")
def outcomes(cloud: MotoCloud) -> Outcomes:
    """The outcome of an injection; in a whole run all are made side by side: most of them wait."""
    if not FULL:
        return lambda row, kind: injected(cloud, row, kind)
    with ThreadPoolExecutor(24) as pool:
        made = dict(zip(CASES, pool.map(lambda case: injected(cloud, *case), CASES), strict=True))
    return lambda row, kind: made[row, kind]


@pytest.fixture(scope="module")
def stand_ins(cloud: MotoCloud) -> set[bytes]:
    """The template's own fallback at the template's size, and the plain cards."""
    down = [
        InjectedFault("403", BUCKET),
        InjectedFault("403", TABLE),
        InjectedFault("403", key="template"),
    ]
    replies = []
    for fault in down:
        with process(cloud, cold=True) as worker, worker.proxy.inject(fault):
            replies.append(worker.open_link(cloud.sign_link()))
    with process(cloud, cold=True) as worker:
        replies.append(worker.open_link(cloud.sign_link(version=9)))
    own, fitted, white, unknown = replies
    assert own.size == unknown.size == (120, 60)
    assert fitted.size == (1200, 600), "who cannot read the template knows no size"
    assert white.size == (1200, 630), "nor its proportions"
    return {each.body for each in replies}


@pytest.mark.parametrize(("row", "kind"), CASES, ids=[f"{row.name}: {kind}" for row, kind in CASES])
def test_a_reader_sees_the_right_picture_or_one_that_stands_in(
    outcomes: Outcomes, stand_ins: set[bytes], row: Row, kind: str
) -> None:
    outcome = outcomes(row, kind)
    reply, again = outcome.reply, outcome.again
    assert again.status == 200 and "x-postcard-fallback" not in again.headers, "it is over"
    assert reply.status == 200
    assert reply.headers["content-type"] == "image/png"
    assert reply.headers.get("x-postcard-fallback", "") == row.reason
    assert reply.headers["cache-control"] == (KEPT if row.sure and not row.reason else BRIEFLY)
    if not row.reason:
        assert reply.body == again.body
    elif row.reason == "dependency":
        assert reply.body in stand_ins
    assert outcome.struck <= row.most or kind == "refused"
    assert outcome.struck >= min(row.most, 1) or kind == "refused"
    assert outcome.calls <= 16
    if row.stored is not None:
        assert (outcome.stored is not None) == row.stored
    assert outcome.stored in (None, again.body)
    assert outcome.seconds < LAMBDA_SECONDS
    record_figure("a fault and its answer", row=row.name, kind=kind, shown=row.reason or "right")


def test_there_are_rows_and_injections_enough() -> None:
    assert len(ROWS) >= 28
    assert len(EVERY) >= 120
