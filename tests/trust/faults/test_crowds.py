"""Many at once: everybody opens one link, and ten thousand links are opened at one moment."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from tests.trust.faults.fault_proxy import BUCKET
from tests.trust.faults.moto_service import (
    ImageWorker,
    MotoCloud,
    WorkerPool,
    make_cdn,
    viewer_request,
)
from tests.trust.run_scale import record_figure, scaled

PLACES = 10  # of the CDN, each with a cache and a function of its own


def test_a_thousand_first_requests_of_one_link_draw_it_ten_times_at_most(cloud: MotoCloud) -> None:
    proxy, readers = cloud.proxy(), scaled(100, 1_000)
    workers = [ImageWorker(cloud, proxy) for _ in range(PLACES)]
    places = [make_cdn(cloud, proxy, WorkerPool([worker], seconds=20).invoke) for worker in workers]
    link = cloud.sign_link({"first_name": "Everybody"})
    with ThreadPoolExecutor(100) as pool:
        asked = (places[at % PLACES][0] for at in range(readers))
        answers = list(pool.map(lambda place: place.answer(viewer_request(link)), asked))
    drawn = proxy.count(BUCKET, "put", "renders/")
    proxy.close()
    assert Counter(answer.status for answer in answers) == {200: readers}
    assert len({answer.body for answer in answers}) == 1
    assert not any("x-postcard-fallback" in answer.headers for answer in answers)
    assert 1 <= drawn <= PLACES
    kept = [
        name for name in cloud.picture_keys() if name == cloud.cache_path(link).removeprefix("/")
    ]
    assert len(kept) == 1 and cloud.stored_picture(kept[0]) == answers[0].body
    record_figure(
        "first requests of one link at once", requests=readers, drawn=drawn, objects=1, errors=0
    )


def test_ten_thousand_new_links_at_once_end_in_pictures(cloud: MotoCloud) -> None:
    """Whom Lambda has no room for sees the generic picture; nobody waits for a time-out."""
    proxy, links = cloud.proxy(), scaled(60, 10_000)
    workers = [ImageWorker(cloud, proxy) for _ in range(8)]
    place, _ = make_cdn(cloud, proxy, WorkerPool(workers, seconds=0.05).invoke)
    generic = cloud.stored_picture("errors/fallback.png")
    asked = [cloud.sign_link({"first_name": f"{number}"}) for number in range(links)]
    with ThreadPoolExecutor(200) as pool:
        answers = list(pool.map(lambda link: place.handle(viewer_request(link)), asked))
    stood_in = [answer for answer in answers if answer.body == generic]
    drawn = [answer for answer in answers if answer.body != generic]
    proxy.close()
    assert Counter(answer.status for answer in answers) == {200: links}
    assert not any("x-postcard-fallback" in answer.headers for answer in drawn)
    assert all(answer.headers["x-cache"] == "Error from cloudfront" for answer in stood_in)
    assert len(drawn) == proxy.count(BUCKET, "put", "renders/") >= len(workers)
    assert len({answer.body for answer in drawn}) == len(drawn), "each shows its own name"
    record_figure(
        "new links at once", links=links, drawn=len(drawn), generic=len(stood_in), errors=0
    )
