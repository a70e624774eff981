"""Outages of one AWS service: every mail program gets a picture through the CDN."""

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from random import Random

import pytest

from local.aws.cloudfront import CloudFront
from local.aws.http_messages import Response
from tests.trust.faults.fault_proxy import BUCKET, SECRETS, TABLE, InjectedFault
from tests.trust.faults.moto_service import (
    ImageWorker,
    MotoCloud,
    WorkerPool,
    make_cdn,
    viewer_request,
)
from tests.trust.run_scale import FULL, record_figure, scaled

WORKERS, VIEWERS = scaled(6, 16), scaled(12, 32)
WORKER_SECONDS = 60.0  # how long a call may wait for a worker; long, as this tests AWS's faults
OUTAGES = [
    *(InjectedFault(kind, BUCKET) for kind in ("403", "500", "503", "reset", "hang")),
    *(InjectedFault(kind, TABLE) for kind in ("500", "throttled", "reset", "slow", "hang")),
    *(InjectedFault(kind, SECRETS) for kind in ("500", "reset", "hang")),
]
TESTED_OUTAGES = OUTAGES if FULL else OUTAGES[2::5]
REQUESTS = scaled(500, 7_700)  # for each outage
OPENED_LINKS = scaled(6, 20)  # of which the pictures are in the CDN, and as many in S3 alone
numbers = count()


class Delivery:
    """A CDN, its workers (half of them start during the outage), and links."""

    def __init__(self, cloud: MotoCloud) -> None:
        self.cloud, self.proxy = cloud, cloud.proxy()
        self.workers = [ImageWorker(cloud, self.proxy) for _ in range(WORKERS)]
        self.cdn: CloudFront = make_cdn(
            cloud, self.proxy, WorkerPool(self.workers, seconds=WORKER_SECONDS).invoke
        )[0]
        self.generic = cloud.stored_picture("errors/fallback.png")
        self.expected: dict[str, bytes] = {}

    def prepare(self) -> tuple[list[str], list[str]]:
        """Links whose pictures are in the CDN, and links whose pictures are in S3 alone."""
        cached, stored = ([self.link() for _ in range(OPENED_LINKS)] for _ in range(2))
        for link in cached:
            self.expected[link] = self.cdn.handle(viewer_request(link)).body
        for link in stored:
            self.expected[link] = self.workers[0].open_link(link).body
        for number, worker in enumerate(self.workers):
            worker.clock_offset += 61.0
            if number % 2:
                worker.restart()
            else:
                worker.open_link(self.link())
                worker.clock_offset += 61.0
        return cached, stored

    def link(self) -> str:
        return self.cloud.sign_link({"first_name": f"Reader {next(numbers)}"})

    def outcome(self, link: str, response: Response) -> str:
        """ "right", "fallback", or something that must not happen: "wrong" or a status."""
        if response.status != 200 or not response.headers["content-type"].startswith("image/"):
            return f"{response.status}"
        if "x-postcard-fallback" in response.headers:
            return "fallback"
        if response.body == self.generic and response.headers["x-cache"][:5] == "Error":
            return "fallback"
        if link not in self.expected:
            self.expected[link] = self.workers[0].open_link(link).body
        return "right" if response.body == self.expected[link] else "wrong"


@pytest.fixture(scope="module")
def delivery(cloud: MotoCloud) -> Delivery:
    return Delivery(cloud)


@pytest.mark.parametrize(
    "outage", TESTED_OUTAGES, ids=[f"{f.service} {f.kind}" for f in TESTED_OUTAGES]
)
def test_every_reader_sees_a_picture_and_cached_pictures_stay(
    delivery: Delivery, outage: InjectedFault
) -> None:
    cached, stored = delivery.prepare()
    random = Random(outage.kind)
    share = 0.01 if outage.kind == "hang" else scaled(4, 10) / 100
    links = [delivery.link() for _ in range(max(2, int(REQUESTS * share / 2)))]
    links += random.choices(stored, k=len(links))
    links += random.choices(cached, k=REQUESTS - len(links))
    random.shuffle(links)
    with delivery.proxy.inject(outage), ThreadPoolExecutor(VIEWERS) as pool:
        responses = list(pool.map(lambda link: delivery.cdn.handle(viewer_request(link)), links))
    outcomes = [delivery.outcome(*pair) for pair in zip(links, responses, strict=True)]
    pictures = sum(outcome in ("right", "fallback") for outcome in outcomes)
    assert pictures == len(links), sorted(set(outcomes))
    hits = [
        (response.headers["x-cache"], outcome)
        for link, response, outcome in zip(links, responses, outcomes, strict=True)
        if link in cached
    ]
    assert set(hits) == {("Hit from cloudfront", "right")}
    record_figure(
        "an outage, seen through the CDN",
        outage=f"{outage.service} {outage.kind}",
        gets=len(links),
        right=outcomes.count("right"),
        fallback=outcomes.count("fallback"),
        neither=len(links) - pictures,
        cached=len(hits),
    )
