"""Faults in single AWS calls of the image function: the reader sees a picture in any case, in time.

A row names the calls that fail and what readers must see; each row is tested with several kinds of
faults.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from postcard.wiring import AWS_CALL_SECONDS
from tests.clocks import PATIENCE_SECONDS
from tests.functions.fake_services import HandlerResponse
from tests.trust.faults.fault_proxy import BUCKET, SECRETS, TABLE, InjectedFault
from tests.trust.faults.moto_service import ImageWorker, MotoCloud
from tests.trust.run_scale import FULL, record_figure

LAMBDA_SECONDS = 15.0
CALL_SECONDS = AWS_CALL_SECONDS if FULL else PATIENCE_SECONDS
ONE_DAY = "public, no-transform, max-age=86400"
ONE_MINUTE = "public, no-transform, max-age=60"
NO_RESPONSE = ("reset", "hang", "drip", "cut", "403", "500", "503", "throttled")
WRONG_BODY = ("html", "other", "half", "flipped")


@dataclass(frozen=True)
class Row:
    """Which calls fail, how, and the expected response."""

    name: str
    fault: InjectedFault
    kinds: tuple[str, ...]
    reason: str = ""  # of the fallback; empty if the picture is right
    cold: bool = True  # in a new process; else in one that has drawn before
    max_faults: int = 2  # calls that may fail, retries included
    template: str = "welcome"
    clock_offset: float = 0.0  # of the worker's caches, in seconds
    fresh: bool = True  # False: read from an expired cache, so a recall may have been missed
    stored: bool | None = None  # whether the picture is in the bucket then; None: either


def sample(kinds: tuple[str, ...]) -> tuple[str, ...]:
    """All kinds in a full run, else two that do not wait."""
    if FULL:
        return kinds
    quick = [kind for kind in kinds if kind not in ("hang", "drip")]
    return tuple(quick[:: max(1, (len(quick) + 1) // 2)])


LAYERS = InjectedFault("", BUCKET, "get", "templates/welcome/1/static-layers/")
IMAGE = InjectedFault("", BUCKET, "get", "templates/welcome/1/sources/")
WRITE = InjectedFault("", BUCKET, "put", "renders/")
RECORD = InjectedFault("", TABLE, "GetItem", "record#")
VERSION = InjectedFault("", TABLE, "GetItem", "template#")
BUDGET = InjectedFault("", TABLE, "UpdateItem", "count#")
KEYS = InjectedFault("", SECRETS)
SLOW = ("slow",)

ROWS = [
    Row("S3, prerendered layers: no response", LAYERS, NO_RESPONSE, "dependency", stored=False),
    Row("S3, prerendered layers: 404", LAYERS, ("404",), stored=True),
    Row("S3, prerendered layers: wrong body", LAYERS, ("html", "other", "half"), stored=True),
    Row("S3, prerendered layers: flipped bits", LAYERS, ("flipped",), "dependency", stored=False),
    Row("S3, prerendered layers: slow", LAYERS, SLOW, max_faults=1, stored=True),
    Row("S3, images: no response", IMAGE, NO_RESPONSE, "dependency", stored=False),
    Row("S3, images: 404", IMAGE, ("404",), "source", stored=False),
    Row("S3, images: wrong body", IMAGE, ("html", "other", "half"), "source"),
    Row("S3, images: flipped bits", IMAGE, ("flipped",), "dependency", stored=False),
    Row("S3, images: slow", IMAGE, SLOW, max_faults=1, stored=True),
    Row(
        "S3, all reads, warm process",
        InjectedFault("", BUCKET, "get"),
        (*NO_RESPONSE, *WRONG_BODY),
        cold=False,
        max_faults=0,
        stored=True,
    ),
    Row("S3, writing: refused", WRITE, ("403", "404", "500", "503", "throttled"), stored=False),
    Row("S3, writing: no response", WRITE, ("reset", "hang"), stored=False),
    Row("S3, writing: the response is lost", WRITE, ("cut", "drip", "html"), stored=True),
    Row("S3, writing: slow", WRITE, SLOW, max_faults=1, stored=True),
    Row(
        "S3, all calls: no response",
        InjectedFault("", BUCKET),
        NO_RESPONSE,
        "dependency",
        max_faults=6,
        stored=False,
    ),
    Row("DynamoDB, a template: no response", RECORD, NO_RESPONSE, "dependency", stored=False),
    Row(
        "DynamoDB, a template: wrong body",
        RECORD,
        WRONG_BODY,
        "dependency",
        max_faults=1,
        stored=False,
    ),
    Row("DynamoDB, a template: slow", RECORD, SLOW, stored=True),
    Row("DynamoDB, a version: no response", VERSION, NO_RESPONSE, "dependency", stored=False),
    Row(
        "DynamoDB, a version: wrong body",
        VERSION,
        WRONG_BODY,
        "dependency",
        max_faults=1,
        stored=False,
    ),
    Row("DynamoDB, a version: slow", VERSION, SLOW, max_faults=1, stored=True),
    Row(
        "DynamoDB, the day's renders: no response",
        BUDGET,
        NO_RESPONSE,
        template="bounded",
        stored=True,
    ),
    Row("DynamoDB, the day's renders: wrong body", BUDGET, WRONG_BODY, template="bounded"),
    Row(
        "DynamoDB, all calls, warm process",
        InjectedFault("", TABLE),
        (*NO_RESPONSE, *WRONG_BODY),
        cold=False,
        fresh=False,
        stored=False,
    ),
    Row(
        "Secrets Manager, expired keys",
        KEYS,
        ("404", *NO_RESPONSE, *WRONG_BODY),
        cold=False,
        clock_offset=61.0,
        stored=True,
    ),
    Row("Secrets Manager, slow", KEYS, SLOW, max_faults=1, stored=True),
    Row(
        "connections refused, warm process",
        InjectedFault(""),
        ("refused", "reset"),
        cold=False,
        max_faults=12,
        fresh=False,
        stored=False,
    ),
]
ALL_CASES = [(row, kind) for row in ROWS for kind in row.kinds]
CASES = [(row, kind) for row in ROWS for kind in sample(row.kinds)]


@contextmanager
def process(cloud: MotoCloud, *, cold: bool) -> Iterator[ImageWorker]:
    proxy = cloud.proxy()
    worker = ImageWorker(cloud, proxy, call_seconds=CALL_SECONDS)
    if not cold:
        worker.open_link(cloud.sign_link())
        worker.open_link(cloud.sign_link(template="bounded"))
    proxy.reset_counts()
    yield worker
    proxy.close()


@dataclass(frozen=True)
class Outcome:
    """The response during a fault, and the response after it."""

    response: HandlerResponse
    seconds: float
    fault_count: int
    calls: int
    stored: bytes | None
    again: HandlerResponse


def inject(cloud: MotoCloud, row: Row, kind: str) -> Outcome:
    """Open a new link during the fault, and once more after it."""
    fault = InjectedFault(kind, row.fault.service, row.fault.operation, row.fault.key)
    link = cloud.sign_link({"first_name": f"{ROWS.index(row)} {kind}"}, template=row.template)
    with process(cloud, cold=row.cold) as worker:
        worker.clock_offset = row.clock_offset
        started = time.monotonic()
        with worker.proxy.inject(fault):
            response = worker.open_link(link)
            seconds = time.monotonic() - started
            fault_count, calls = worker.proxy.fault_count, sum(worker.proxy.calls.values())
        stored = cloud.stored_picture(cloud.cache_path(link).removeprefix("/"))
        worker.clock_offset = 0.0
        worker.restart()
        again = worker.open_link(link)
    return Outcome(response, seconds, fault_count, calls, stored, again)


Outcomes = Callable[[Row, str], Outcome]


@pytest.fixture(scope="module")
def outcomes(cloud: MotoCloud) -> Outcomes:
    """Returns the outcome of a case; in a full run all run concurrently, as most of them wait."""
    if not FULL:
        return lambda row, kind: inject(cloud, row, kind)
    with ThreadPoolExecutor(8) as pool:  # more would slow down each other past deadlines
        outcomes = dict(zip(CASES, pool.map(lambda case: inject(cloud, *case), CASES), strict=True))
    return lambda row, kind: outcomes[row, kind]


@pytest.fixture(scope="module")
def fallback_pictures(cloud: MotoCloud) -> set[bytes]:
    """The template's stored fallback, and the plain pictures."""
    faults = [
        InjectedFault("403", BUCKET),
        InjectedFault("403", TABLE),
        InjectedFault("403", key="template"),
    ]
    responses = []
    for fault in faults:
        with process(cloud, cold=True) as worker, worker.proxy.inject(fault):
            responses.append(worker.open_link(cloud.sign_link()))
    with process(cloud, cold=True) as worker:
        responses.append(worker.open_link(cloud.sign_link(version=9)))
    without_s3, without_table, without_template, unknown_version = responses
    assert without_s3.size == unknown_version.size == (120, 60)
    assert without_table.size == (1200, 600), "the size of the template is not known"
    assert without_template.size == (1200, 630), "nor are its proportions"
    return {each.body for each in responses}


@pytest.mark.parametrize(("row", "kind"), CASES, ids=[f"{row.name}: {kind}" for row, kind in CASES])
def test_a_reader_sees_the_right_picture_or_a_fallback(
    outcomes: Outcomes, fallback_pictures: set[bytes], row: Row, kind: str
) -> None:
    outcome = outcomes(row, kind)
    response, again = outcome.response, outcome.again
    assert again.status == 200 and "x-postcard-fallback" not in again.headers, "after the fault"
    assert response.status == 200
    assert response.headers["content-type"] == "image/png"
    assert response.headers.get("x-postcard-fallback", "") == row.reason
    assert response.headers["cache-control"] == (
        ONE_DAY if row.fresh and not row.reason else ONE_MINUTE
    )
    if not row.reason:
        assert response.body == again.body
    elif row.reason == "dependency":
        assert response.body in fallback_pictures
    # A busy machine may take longer for one call than a table is left alone after a failure.
    times = 1 if row.fresh or FULL else 2
    assert outcome.fault_count <= times * row.max_faults or kind == "refused"
    assert outcome.fault_count >= min(row.max_faults, 1) or kind == "refused"
    assert outcome.calls <= 16
    if row.stored is not None:
        assert (outcome.stored is not None) == row.stored
    assert outcome.stored in (None, again.body)
    if FULL:
        assert outcome.seconds < LAMBDA_SECONDS
    record_figure("a fault and its response", row=row.name, kind=kind, shown=row.reason or "right")


def test_there_are_at_least_28_rows_and_120_cases() -> None:
    assert len(ROWS) >= 28
    assert len(ALL_CASES) >= 120
