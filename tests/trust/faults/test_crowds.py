"""Many concurrent requests: of one link, and of ten thousand different links."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from tests.clocks import PATIENCE_SECONDS
from tests.trust.faults.fault_proxy import BUCKET, FaultProxy
from tests.trust.faults.moto_service import (
    ImageWorker,
    MotoCloud,
    WorkerPool,
    make_cdn,
    viewer_request,
)
from tests.trust.run_scale import record_figure, scaled

EDGE_LOCATIONS = 10  # of the CDN, each with its own cache and function


def patient_workers(cloud: MotoCloud, proxy: FaultProxy, count: int) -> list[ImageWorker]:
    """Workers that wait for moto as long as it takes, since moto handles one call at a time."""
    return [ImageWorker(cloud, proxy, call_seconds=PATIENCE_SECONDS) for _ in range(count)]


def test_a_thousand_first_requests_of_one_link_draw_it_at_most_ten_times(cloud: MotoCloud) -> None:
    proxy, readers = cloud.proxy(), scaled(100, 1_000)
    workers = patient_workers(cloud, proxy, EDGE_LOCATIONS)
    pools = [WorkerPool([worker], seconds=PATIENCE_SECONDS) for worker in workers]
    cdns = [make_cdn(cloud, proxy, pool.invoke) for pool in pools]
    link = cloud.sign_link({"first_name": "Everybody"})
    with ThreadPoolExecutor(100) as pool:
        nearest_cdns = (cdns[reader % EDGE_LOCATIONS][0] for reader in range(readers))
        responses = list(pool.map(lambda cdn: cdn.handle(viewer_request(link)), nearest_cdns))
    drawn = proxy.count(BUCKET, "put", "renders/")
    proxy.close()
    assert Counter(response.status for response in responses) == {200: readers}
    assert len({response.body for response in responses}) == 1
    assert not any("x-postcard-fallback" in response.headers for response in responses)
    assert 1 <= drawn <= EDGE_LOCATIONS
    stored = [
        name for name in cloud.picture_keys() if name == cloud.cache_path(link).removeprefix("/")
    ]
    assert len(stored) == 1 and cloud.stored_picture(stored[0]) == responses[0].body
    record_figure(
        "concurrent first requests of one link", requests=readers, drawn=drawn, objects=1, errors=0
    )


def test_ten_thousand_concurrent_new_links_result_in_pictures(cloud: MotoCloud) -> None:
    """Requests for which no worker is idle get the generic picture instead of a timeout."""
    proxy, links = cloud.proxy(), scaled(60, 10_000)
    workers = patient_workers(cloud, proxy, 8)
    cdn, _ = make_cdn(cloud, proxy, WorkerPool(workers, seconds=0.05).invoke)
    generic = cloud.stored_picture("errors/fallback.png")
    new_links = [cloud.sign_link({"first_name": f"{number}"}) for number in range(links)]
    with ThreadPoolExecutor(200) as pool:
        responses = list(pool.map(lambda link: cdn.handle(viewer_request(link)), new_links))
    fallbacks = [response for response in responses if response.body == generic]
    drawn = [response for response in responses if response.body != generic]
    proxy.close()
    assert Counter(response.status for response in responses) == {200: links}
    assert not any("x-postcard-fallback" in response.headers for response in drawn)
    assert all(response.headers["x-cache"] == "Error from cloudfront" for response in fallbacks)
    assert len(drawn) == proxy.count(BUCKET, "put", "renders/") >= len(workers)
    assert len({response.body for response in drawn}) == len(drawn), "each shows its own name"
    record_figure(
        "concurrent new links", links=links, drawn=len(drawn), generic=len(fallbacks), errors=0
    )
