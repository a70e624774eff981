"""One service is out for everybody: what mail programs see through the CDN meanwhile."""

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
PATIENCE = 60.0  # seconds that a call may wait for a worker: what is tested here is AWS
OUTAGES = [
    *(InjectedFault(kind, BUCKET) for kind in ("403", "500", "503", "reset", "hang")),
    *(InjectedFault(kind, TABLE) for kind in ("500", "throttled", "reset", "slow", "hang")),
    *(InjectedFault(kind, SECRETS) for kind in ("500", "reset", "hang")),
]
STRUCK = OUTAGES if FULL else OUTAGES[2::5]
EACH = scaled(500, 7_700)
KNOWN = scaled(6, 20)  # links that were opened before
numbers = count()


class Scene:
    """A CDN, its workers (half of them begin during the outage), links old and new."""

    def __init__(self, cloud: MotoCloud) -> None:
        self.cloud, self.proxy = cloud, cloud.proxy()
        self.workers = [ImageWorker(cloud, self.proxy) for _ in range(WORKERS)]
        self.cdn: CloudFront = make_cdn(
            cloud, self.proxy, WorkerPool(self.workers, seconds=PATIENCE).invoke
        )[0]
        self.generic = cloud.stored_picture("errors/fallback.png")
        self.right: dict[str, bytes] = {}

    def begin(self) -> tuple[list[str], list[str]]:
        """Links that lie at the CDN, and those that lie in the bucket alone."""
        cached, stored = ([self.link() for _ in range(KNOWN)] for _ in range(2))
        for link in cached:
            self.right[link] = self.cdn.handle(viewer_request(link)).body
        for link in stored:
            self.right[link] = self.workers[0].open_link(link).body
        for at, worker in enumerate(self.workers):
            worker.clock_offset += 61.0
            if at % 2:
                worker.restart()
            else:
                worker.open_link(self.link())
                worker.clock_offset += 61.0
        return cached, stored

    def link(self) -> str:
        return self.cloud.sign_link({"first_name": f"Reader {next(numbers)}"})

    def shown(self, link: str, answer: Response) -> str:
        """`right`, `marked`, or what is neither."""
        if answer.status != 200 or not answer.headers["content-type"].startswith("image/"):
            return f"{answer.status}"
        marked = "x-postcard-fallback" in answer.headers
        if marked or (answer.body == self.generic and answer.headers["x-cache"][:5] == "Error"):
            return "marked"
        if link not in self.right:
            self.right[link] = self.workers[0].open_link(link).body
        return "right" if answer.body == self.right[link] else "wrong"


@pytest.fixture(scope="module")
def scene(cloud: MotoCloud) -> Scene:
    return Scene(cloud)


@pytest.mark.parametrize("outage", STRUCK, ids=[f"{f.service} {f.kind}" for f in STRUCK])
def test_every_reader_sees_a_picture_and_what_is_cached_stays(
    scene: Scene, outage: InjectedFault
) -> None:
    cached, stored = scene.begin()
    random = Random(outage.kind)
    share = 0.01 if outage.kind == "hang" else scaled(4, 10) / 100
    asked = [scene.link() for _ in range(max(2, int(EACH * share / 2)))]
    asked += random.choices(stored, k=len(asked))
    asked += random.choices(cached, k=EACH - len(asked))
    random.shuffle(asked)
    with scene.proxy.inject(outage), ThreadPoolExecutor(VIEWERS) as pool:
        answers = list(pool.map(lambda link: scene.cdn.handle(viewer_request(link)), asked))
    outcomes = [scene.shown(link, got) for link, got in zip(asked, answers, strict=True)]
    good = sum(outcome in ("right", "marked") for outcome in outcomes)
    assert good == len(asked), sorted(set(outcomes))
    hits = [
        (got.headers["x-cache"], outcome)
        for link, got, outcome in zip(asked, answers, outcomes, strict=True)
        if link in cached
    ]
    assert set(hits) == {("Hit from cloudfront", "right")}
    record_figure(
        "an outage, seen through the CDN",
        outage=f"{outage.service} {outage.kind}",
        gets=len(asked),
        right=outcomes.count("right"),
        marked=outcomes.count("marked"),
        neither=len(asked) - good,
        cached=len(hits),
    )
