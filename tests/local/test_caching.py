"""What the CDN and S3 save: each test counts function calls, renders and S3 operations."""

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest

from postcard.keys.key_set import KeySet
from postcard.links.build import sign_link
from postcard.links.parse import parse_link
from tests.local.conftest import RunningService

IMAGE, API = "function.ImageFunction", "function.ApiFunction"
RENDERS = "metric.image.Renders", "metric.api.Renders"


def total(counts: dict[str, int], *names: str) -> int:
    return sum(counts.get(name, 0) for name in names)


def open_link(service: RunningService, name: str, **more: Any) -> tuple[str, bytes]:
    """A new link and its picture, which is then in the CDN and in S3."""
    path = service.link(name, **more)
    response = service.get(path)
    assert response.status_code == 200
    return path, response.content


def test_a_first_get_is_one_render_and_one_put(service: RunningService) -> None:
    path = service.link("Ann")
    counts = service.counter_changes(lambda: service.get(path))
    assert total(counts, IMAGE) == 1
    assert total(counts, *RENDERS) == 1
    assert total(counts, "s3.put") == 1
    assert total(counts, "cdn.miss") == 1


def test_a_second_get_is_served_by_the_cdn_alone(service: RunningService) -> None:
    path, body = open_link(service, "Ben")
    responses: list[Any] = []
    counts = service.counter_changes(lambda: responses.append(service.get(path)))
    assert counts == {"cdn.hit": 1}
    assert responses[0].content == body
    assert responses[0].headers["X-Cache"] == "Hit from cloudfront"
    assert int(responses[0].headers["Age"]) >= 0


def test_a_picture_that_left_the_cdn_comes_from_s3_without_a_function_call(
    service: RunningService,
) -> None:
    path, body = open_link(service, "Cem")
    service.server.cdn.invalidate_all()
    responses: list[Any] = []
    counts = service.counter_changes(lambda: responses.append(service.get(path)))
    assert counts == {"cdn.miss": 1, "s3.get": 1}
    assert responses[0].content == body


def test_a_picture_that_left_s3_too_is_drawn_again_with_the_same_bytes(
    service: RunningService,
) -> None:
    path, body = open_link(service, "Dora")
    service.server.cdn.invalidate_all()
    service.server.empty_pictures()
    responses: list[Any] = []
    counts = service.counter_changes(lambda: responses.append(service.get(path)))
    assert (total(counts, IMAGE), total(counts, *RENDERS), total(counts, "s3.put")) == (1, 1, 1)
    assert responses[0].content == body
    service.server.upload_fallback_picture()


def test_the_cdn_and_s3_and_the_function_send_the_same_headers(service: RunningService) -> None:
    path = service.link("Eve")
    first = service.get(path)
    service.server.cdn.invalidate_all()
    second = service.get(path)
    assert first.content == second.content
    for name in ("Content-Type", "Cache-Control", "ETag", "Content-Disposition"):
        assert first.headers[name] == second.headers[name]
    assert first.headers["Cache-Control"] == "public, no-transform, max-age=86400"


def test_a_day_later_an_unchanged_picture_costs_one_conditional_get(
    service: RunningService,
) -> None:
    path, body = open_link(service, "Fay")
    service.clock_offset[0] += 86_400
    responses: list[Any] = []
    counts = service.counter_changes(lambda: responses.append(service.get(path)))
    assert counts == {"cdn.refresh": 1, "s3.get": 1}
    assert responses[0].headers["X-Cache"] == "RefreshHit from cloudfront"
    assert responses[0].content == body


def test_a_reordered_query_is_a_hit(service: RunningService) -> None:
    path, body = open_link(service, "Gil")
    address, _, query = path.partition("?")
    reordered = f"{address}?" + "&amp;".join(reversed(query.split("&"))) + "&utm_source=mail"
    responses: list[Any] = []
    assert service.counter_changes(lambda: responses.append(service.get(reordered))) == {
        "cdn.hit": 1
    }
    assert responses[0].content == body


def test_another_campaign_is_a_hit(service: RunningService) -> None:
    open_link(service, "Hal", campaign="spring")
    path = service.link("Hal", campaign="summer")
    assert service.counter_changes(lambda: service.get(path)) == {"cdn.hit": 1}


def test_a_rotated_key_is_a_hit(service: RunningService) -> None:
    path, _ = open_link(service, "Ida")
    rotation = service.server.keys.key_rotation
    kid = rotation.rotate(now=0)
    keys: KeySet = rotation.read()
    link = parse_link(*path.split("?"))
    assert link.kid != kid
    again = sign_link(
        replace(keys.link_keys(), active_kid=kid),
        template=link.template,
        format=link.format,
        fields=link.fields,
        version=link.version,
        width=None,
        dpr=1,
        quality=None,
        expires=None,
        campaign=None,
    )
    assert f"_kid={kid}" in again
    assert service.counter_changes(lambda: service.get(again)) == {"cdn.hit": 1}
    assert service.counter_changes(lambda: service.get(path)) == {"cdn.hit": 1}


@pytest.mark.parametrize("changed", ["user_name", "_sig", "_v"])
def test_a_forged_link_is_403_at_the_edge(service: RunningService, changed: str) -> None:
    path, _ = open_link(service, "Jo")
    address, _, query = path.partition("?")
    parts = dict(parse_qsl(query))
    parts[changed] = {"user_name": "Jane", "_sig": "A" * 43, "_v": "7"}[changed]
    responses: list[Any] = []
    forged = f"{address}?{urlencode(parts)}"
    assert service.counter_changes(lambda: responses.append(service.get(forged))) == {"cdn.edge": 1}
    assert responses[0].status_code == 403
    assert responses[0].headers["Cache-Control"] == "no-store"


def test_a_cached_picture_is_403_without_its_signature(service: RunningService) -> None:
    path, _ = open_link(service, "Kim")
    forged = path.replace(path[-5:], "AAAAA") if path[-6:-5] != "A" else path[:-5] + "BBBBB"
    responses: list[Any] = []
    assert service.counter_changes(lambda: responses.append(service.get(forged))) == {"cdn.edge": 1}
    assert responses[0].status_code == 403


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/r/welcome.png", 400),
        ("/r/welcome.png?user_name=A", 400),
        ("/r/welcome.bmp?_kid=k1&_sig=x", 400),
        ("/i/img_aaaaaaaaaaaaaaaaaaaaaaaaaa.png", 404),
        ("/renders/1/welcome/1/0123.png", 404),
        ("/images/img_aaaaaaaaaaaaaaaaaaaaaaaaaa.png", 404),
        ("/nowhere", 404),
    ],
)
def test_an_invalid_address_is_rejected_at_the_edge(
    service: RunningService, path: str, status: int
) -> None:
    responses: list[Any] = []
    assert service.counter_changes(lambda: responses.append(service.get(path))) == {"cdn.edge": 1}
    assert responses[0].status_code == status


def test_a_viewers_internal_headers_reach_no_function(service: RunningService) -> None:
    path = service.link("Lars")
    other = service.link("Someone else")
    sent = {"X-Postcard-Link": other, "X-Postcard-Origin": "guessed"}
    assert service.get(path, **sent).status_code == 200
    service.server.cdn.invalidate_all()
    body = service.get(path).content
    assert service.get(path).content == body != service.get(other).content


def test_an_expired_link_shows_the_expired_picture_which_is_not_stored(
    service: RunningService,
) -> None:
    keys = service.server.keys.key_rotation.read().link_keys()
    link = sign_link(
        replace(keys, active_kid=service.server.local_json["signing_key_id"]),
        template="welcome",
        format="png",
        fields={"user_name": "Lia"},
        version=1,
        width=None,
        dpr=1,
        quality=None,
        expires=1_000_000_000,
        campaign=None,
    )
    responses: list[Any] = []
    counts = service.counter_changes(lambda: responses.append(service.get(link)))
    assert responses[0].status_code == 200
    assert responses[0].headers["Cache-Control"] == "public, no-transform, max-age=300"
    assert total(counts, "s3.put") == 0
    assert service.counter_changes(lambda: service.get(link)) == {"cdn.hit": 1}


def test_without_keys_at_the_edge_the_function_verifies_and_nothing_is_cached(
    service: RunningService, tmp_path: Path
) -> None:
    path = service.link("Liv")
    responses: list[Any] = []
    edge = Path(service.server.adapters.environment["POSTCARD_KVS_ARN"].removeprefix("file:"))
    moved = (edge / "postcard").rename(tmp_path / "postcard")
    try:
        for _ in range(2):
            counts = service.counter_changes(lambda: responses.append(service.get(path)))
            assert (total(counts, IMAGE), total(counts, "s3.put")) == (1, 0)
        forged = service.get(path.replace("Liv", "Eve"))
    finally:
        moved.rename(edge / "postcard")
    assert [response.headers["Cache-Control"] for response in responses] == ["no-store"] * 2
    assert responses[0].headers["Content-Type"] == "image/png"
    assert forged.status_code == 403


def test_the_latest_version_is_cached_for_five_minutes_and_never_stored(
    service: RunningService,
) -> None:
    path = service.link("Lea", template_version="latest")
    responses: list[Any] = []
    counts = service.counter_changes(lambda: responses.append(service.get(path)))
    assert responses[0].headers["Cache-Control"] == "public, no-transform, max-age=300"
    assert (total(counts, *RENDERS), total(counts, "s3.put")) == (1, 0)
    assert service.counter_changes(lambda: service.get(path)) == {"cdn.hit": 1}


def test_head_and_if_none_match_of_a_cached_picture_call_nothing(service: RunningService) -> None:
    path, body = open_link(service, "Max")
    etag = service.get(path).headers["ETag"]
    responses: list[Any] = []

    def send() -> None:
        responses.append(service.call("HEAD", path))
        responses.append(service.get(path, **{"If-None-Match": etag}))

    assert service.counter_changes(send) == {"cdn.hit": 2}
    assert responses[0].headers["Content-Length"] == str(len(body))
    assert responses[1].status_code == 304


def test_the_same_post_is_the_same_id_and_one_render(service: RunningService) -> None:
    bodies: list[dict[str, Any]] = []

    def post() -> None:
        bodies.append(service.call("POST", "/v1/images", service.payload).json())

    first, second = service.counter_changes(post), service.counter_changes(post)
    assert (total(first, *RENDERS), total(second, *RENDERS)) == (1, 0)
    assert bodies[0]["id"] == bodies[1]["id"]
    assert bodies[0]["created_at"] == bodies[1]["created_at"]
    assert [body["cached"] for body in bodies] == [False, True]


def test_an_image_created_by_api_is_served_by_s3_and_then_by_the_cdn(
    service: RunningService,
) -> None:
    body = {**service.payload, "modifications": [{"name": "user_name", "text": "Nell"}]}
    posted = service.call("POST", "/v1/images", body).json()
    path = posted["url"].removeprefix(service.url)
    responses: list[Any] = []
    counts = service.counter_changes(lambda: responses.append(service.get(path)))
    assert counts == {"cdn.miss": 1, "s3.get": 1}
    assert len(responses[0].content) == posted["bytes"]
    assert service.counter_changes(lambda: service.get(path)) == {"cdn.hit": 1}


def test_an_erased_image_leaves_the_cdn_at_once(service: RunningService) -> None:
    body = {**service.payload, "modifications": [{"name": "user_name", "text": "Olga"}]}
    posted = service.call("POST", "/v1/images", body).json()
    path = posted["url"].removeprefix(service.url)
    before = service.get(path)
    assert service.call("DELETE", f"/v1/images/{posted['id']}").status_code == 204
    after = service.get(path)
    assert after.status_code == 200
    assert after.headers["X-Postcard-Fallback"] == "erased"
    assert after.content != before.content


def test_the_generic_fallback_picture_is_served(service: RunningService) -> None:
    response = service.get("/errors/fallback.png")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "image/png"
    assert response.headers["Cache-Control"] == "public, no-transform, max-age=60"
    assert base64.b64encode(response.content).startswith(b"iVBORw0KGgo")
