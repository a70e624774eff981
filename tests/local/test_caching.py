"""Caching, counted: calls of functions, renders, operations at S3."""

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


def of(counted: dict[str, int], *names: str) -> int:
    return sum(counted.get(name, 0) for name in names)


def drawn(service: RunningService, name: str, **more: Any) -> tuple[str, bytes]:
    path = service.link(name, **more)
    answer = service.get(path)
    assert answer.status_code == 200
    return path, answer.content


def test_a_first_get_is_one_render_and_one_put(service: RunningService) -> None:
    path = service.link("Ann")
    counted = service.counter_changes(lambda: service.get(path))
    assert of(counted, IMAGE) == 1
    assert of(counted, *RENDERS) == 1
    assert of(counted, "s3.put") == 1
    assert of(counted, "cdn.miss") == 1


def test_a_second_get_is_served_by_the_cdn_without_any_call(service: RunningService) -> None:
    path, body = drawn(service, "Ben")
    answers: list[Any] = []
    counted = service.counter_changes(lambda: answers.append(service.get(path)))
    assert counted == {"cdn.hit": 1}
    assert answers[0].content == body
    assert answers[0].headers["X-Cache"] == "Hit from cloudfront"
    assert int(answers[0].headers["Age"]) >= 0


def test_without_the_cdn_s3_serves_and_no_function_is_called(service: RunningService) -> None:
    path, body = drawn(service, "Cem")
    service.server.cdn.invalidate_all()
    answers: list[Any] = []
    counted = service.counter_changes(lambda: answers.append(service.get(path)))
    assert counted == {"cdn.miss": 1, "s3.get": 1}
    assert answers[0].content == body


def test_without_s3_it_is_drawn_once_more_and_is_the_same_bytes(service: RunningService) -> None:
    path, body = drawn(service, "Dora")
    service.server.cdn.invalidate_all()
    service.server.empty_pictures()
    answers: list[Any] = []
    counted = service.counter_changes(lambda: answers.append(service.get(path)))
    assert (of(counted, IMAGE), of(counted, *RENDERS), of(counted, "s3.put")) == (1, 1, 1)
    assert answers[0].content == body
    service.server.upload_fallback_picture()


def test_the_cdn_and_s3_and_the_function_say_the_same(service: RunningService) -> None:
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
    path, body = drawn(service, "Fay")
    service.clock_offset[0] += 86_400
    answers: list[Any] = []
    counted = service.counter_changes(lambda: answers.append(service.get(path)))
    assert counted == {"cdn.refresh": 1, "s3.get": 1}
    assert answers[0].headers["X-Cache"] == "RefreshHit from cloudfront"
    assert answers[0].content == body


def test_a_reordered_query_is_a_hit(service: RunningService) -> None:
    path, body = drawn(service, "Gil")
    address, _, query = path.partition("?")
    reordered = f"{address}?" + "&amp;".join(reversed(query.split("&"))) + "&utm_source=mail"
    answers: list[Any] = []
    assert service.counter_changes(lambda: answers.append(service.get(reordered))) == {"cdn.hit": 1}
    assert answers[0].content == body


def test_another_campaign_is_a_hit(service: RunningService) -> None:
    drawn(service, "Hal", campaign="spring")
    path = service.link("Hal", campaign="summer")
    assert service.counter_changes(lambda: service.get(path)) == {"cdn.hit": 1}


def test_a_rotated_key_is_a_hit(service: RunningService) -> None:
    path, _ = drawn(service, "Ida")
    keyring = service.server.keys.key_rotation
    kid = keyring.rotate(now=0)
    keys: KeySet = keyring.read()
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
    path, _ = drawn(service, "Jo")
    address, _, query = path.partition("?")
    parts = dict(parse_qsl(query))
    parts[changed] = {"user_name": "Jane", "_sig": "A" * 43, "_v": "7"}[changed]
    answers: list[Any] = []
    forged = f"{address}?{urlencode(parts)}"
    assert service.counter_changes(lambda: answers.append(service.get(forged))) == {"cdn.edge": 1}
    assert answers[0].status_code == 403
    assert answers[0].headers["Cache-Control"] == "no-store"


def test_a_cached_picture_is_403_without_its_signature(service: RunningService) -> None:
    path, _ = drawn(service, "Kim")
    forged = path.replace(path[-5:], "AAAAA") if path[-6:-5] != "A" else path[:-5] + "BBBBB"
    answers: list[Any] = []
    assert service.counter_changes(lambda: answers.append(service.get(forged))) == {"cdn.edge": 1}
    assert answers[0].status_code == 403


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
        ("/", 404),
    ],
)
def test_what_is_no_address_ends_at_the_edge(
    service: RunningService, path: str, status: int
) -> None:
    answers: list[Any] = []
    assert service.counter_changes(lambda: answers.append(service.get(path))) == {"cdn.edge": 1}
    assert answers[0].status_code == status


def test_a_viewers_own_headers_reach_no_function(service: RunningService) -> None:
    path = service.link("Lars")
    other = service.link("Someone else")
    sent = {"X-Postcard-Link": other, "X-Postcard-Origin": "guessed"}
    assert service.get(path, **sent).status_code == 200
    service.server.cdn.invalidate_all()
    body = service.get(path).content
    assert service.get(path).content == body != service.get(other).content


def test_past_its_end_a_link_shows_the_ended_picture_unstored(service: RunningService) -> None:
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
    answers: list[Any] = []
    counted = service.counter_changes(lambda: answers.append(service.get(link)))
    assert answers[0].status_code == 200
    assert answers[0].headers["Cache-Control"] == "public, no-transform, max-age=300"
    assert of(counted, "s3.put") == 0
    assert service.counter_changes(lambda: service.get(link)) == {"cdn.hit": 1}


def test_when_the_edge_has_no_keys_the_function_decides_and_nothing_is_kept(
    service: RunningService, tmp_path: Path
) -> None:
    path = service.link("Liv")
    answers: list[Any] = []
    edge = Path(service.server.adapters.environment["POSTCARD_KVS_ARN"].removeprefix("file:"))
    aside = (edge / "postcard").rename(tmp_path / "postcard")
    try:
        for _ in range(2):
            counted = service.counter_changes(lambda: answers.append(service.get(path)))
            assert (of(counted, IMAGE), of(counted, "s3.put")) == (1, 0)
        forged = service.get(path.replace("Liv", "Eve"))
    finally:
        aside.rename(edge / "postcard")
    assert [answer.headers["Cache-Control"] for answer in answers] == ["no-store"] * 2
    assert answers[0].headers["Content-Type"] == "image/png"
    assert forged.status_code == 403


def test_the_latest_version_is_kept_for_five_minutes_and_never_stored(
    service: RunningService,
) -> None:
    path = service.link("Lea", template_version="latest")
    answers: list[Any] = []
    counted = service.counter_changes(lambda: answers.append(service.get(path)))
    assert answers[0].headers["Cache-Control"] == "public, no-transform, max-age=300"
    assert (of(counted, *RENDERS), of(counted, "s3.put")) == (1, 0)
    assert service.counter_changes(lambda: service.get(path)) == {"cdn.hit": 1}


def test_head_and_if_none_match_of_a_cached_picture_call_nothing(service: RunningService) -> None:
    path, body = drawn(service, "Max")
    etag = service.get(path).headers["ETag"]
    answers: list[Any] = []

    def ask() -> None:
        answers.append(service.call("HEAD", path))
        answers.append(service.get(path, **{"If-None-Match": etag}))

    assert service.counter_changes(ask) == {"cdn.hit": 2}
    assert answers[0].headers["Content-Length"] == str(len(body))
    assert answers[1].status_code == 304


def test_the_same_post_is_the_same_id_and_one_render(service: RunningService) -> None:
    bodies: list[dict[str, Any]] = []

    def post() -> None:
        bodies.append(service.call("POST", "/v1/images", service.payload).json())

    first, second = service.counter_changes(post), service.counter_changes(post)
    assert (of(first, *RENDERS), of(second, *RENDERS)) == (1, 0)
    assert bodies[0]["id"] == bodies[1]["id"]
    assert bodies[0]["created_at"] == bodies[1]["created_at"]
    assert [body["cached"] for body in bodies] == [False, True]


def test_an_image_that_was_posted_is_served_by_s3_and_then_by_the_cdn(
    service: RunningService,
) -> None:
    asked = {**service.payload, "modifications": [{"name": "user_name", "text": "Nell"}]}
    posted = service.call("POST", "/v1/images", asked).json()
    path = posted["url"].removeprefix(service.url)
    answers: list[Any] = []
    counted = service.counter_changes(lambda: answers.append(service.get(path)))
    assert counted == {"cdn.miss": 1, "s3.get": 1}
    assert len(answers[0].content) == posted["bytes"]
    assert service.counter_changes(lambda: service.get(path)) == {"cdn.hit": 1}


def test_an_erased_image_leaves_the_cdn_at_once(service: RunningService) -> None:
    asked = {**service.payload, "modifications": [{"name": "user_name", "text": "Olga"}]}
    posted = service.call("POST", "/v1/images", asked).json()
    path = posted["url"].removeprefix(service.url)
    before = service.get(path)
    assert service.call("DELETE", f"/v1/images/{posted['id']}").status_code == 204
    after = service.get(path)
    assert after.status_code == 200
    assert after.headers["X-Postcard-Fallback"] == "erased"
    assert after.content != before.content


def test_the_generic_picture_is_there(service: RunningService) -> None:
    answer = service.get("/errors/fallback.png")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Cache-Control"] == "public, no-transform, max-age=60"
    assert base64.b64encode(answer.content).startswith(b"iVBORw0KGgo")
