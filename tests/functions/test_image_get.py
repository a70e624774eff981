"""A successful GET of a picture: render, storage, headers and log."""

import hashlib
import json
from dataclasses import replace

import pytest

from local.aws.freshness import http_date
from postcard.links.cache_path import cache_path
from postcard.links.parse import parse_link
from postcard.pipeline.template_loader import RECENT_SECONDS
from tests.functions.fake_services import HandlerResponse
from tests.functions.in_memory_service import NOW, ORIGIN_SECRET, InMemoryService
from tests.functions.sample_events import document, image_event

CACHE_CONTROL = "public, no-transform"


def test_the_first_get_of_a_link_is_one_render_and_one_put(world: InMemoryService) -> None:
    gets = world.pictures.gets
    before = world.renderer.renders, world.pictures.puts
    reply = world.open_link(world.sign_link({"first_name": "Zoe"}))
    assert (reply.status, reply.size) == (200, (120, 60))
    assert (world.renderer.renders, world.pictures.puts) == (before[0] + 1, before[1] + 1)
    assert world.pictures.gets == gets, "the CDN has just looked for it in S3"


def test_the_picture_of_a_link_is_stored_at_its_cache_path(world: InMemoryService) -> None:
    link = world.sign_link({"first_name": "Zoe"})
    reply = world.open_link(link)
    (key,) = world.pictures.keys("renders/")
    assert key.startswith("renders/7/welcome/1/") and key.endswith(".png")
    stored = world.pictures.get(key)
    assert stored is not None and stored.body == reply.body
    assert stored.content_type == "image/png"
    assert stored.cache_control == f"{CACHE_CONTROL}, max-age=86400"
    assert stored.etag == reply.headers["etag"]


def test_a_picture_has_all_its_headers(world: InMemoryService) -> None:
    reply = world.open_link(world.sign_link())
    digest = hashlib.md5(reply.body, usedforsecurity=False).hexdigest()
    timing = reply.headers.pop("server-timing")
    assert reply.headers == {
        "content-type": "image/png",
        "content-disposition": "inline",
        "x-content-type-options": "nosniff",
        "access-control-allow-origin": "*",
        "cross-origin-resource-policy": "cross-origin",
        "cache-control": f"{CACHE_CONTROL}, max-age=86400",
        "etag": f'"{digest}"',
        "x-postcard-render": "drawn",
    }
    assert "draw;dur=" in timing and "template;dur=" in timing


def test_the_same_link_gives_the_same_bytes(world: InMemoryService) -> None:
    assert world.open_link(world.sign_link()).body == world.open_link(world.sign_link()).body


@pytest.mark.parametrize(
    ("format", "content_type"),
    [
        ("png", "image/png"),
        ("jpg", "image/jpeg"),
        ("webp", "image/webp"),
        ("avif", "image/avif"),
        ("gif", "image/gif"),
    ],
)
def test_the_extension_sets_the_format(
    world: InMemoryService, format: str, content_type: str
) -> None:
    assert world.open_link(world.sign_link(format=format)).headers["content-type"] == content_type


def test_width_and_dpr_set_the_size(world: InMemoryService) -> None:
    assert world.open_link(world.sign_link(width=80, dpr=1.5)).size == (120, 60)
    assert world.open_link(world.sign_link(width=33, dpr=1)).size == (33, 17)


def test_a_dpr_over_the_limit_gives_the_largest_allowed_size(empty: InMemoryService) -> None:
    empty.publish(document(width=2000, height=2000))
    assert empty.open_link(empty.sign_link(dpr=3)).size == (4000, 4000)
    assert empty.open_link(empty.sign_link(width=3000, dpr=3)).size == (3000, 3000)


def test_a_link_may_be_longer_in_its_canonical_spelling(world: InMemoryService) -> None:
    """Raw characters are one byte as sent and three in the header of the edge function."""
    link = world.sign_link({}, open=("first_name",)) + "&first_name=" + "'" * 1000
    assert len(link) < 3000 < len(link.replace("'", "%27"))
    assert world.open_link(link).status == 200


@pytest.mark.parametrize(
    ("inserted", "shown"),
    [
        ("O%26%23x27%3BBrien", "O'Brien"),
        ("O%26%2339%3BBrien %26amp%3B%26nbsp%3BCo", "O'Brien &\xa0Co"),
        ("%26amp%3Bamp%3Blt%3B3", "<3"),
        ("%26amp%3Bamp%3Bamp%3Blt%3B", "&lt;"),
        ("%26QUOT%3BA%26%23X22%3B %26copy %26lt B %26bogus%3B", '"A" &copy &lt B &bogus;'),
        ("%26%23xD800%3B%26%230%3B", "\ufffd\ufffd"),
    ],
)
def test_html_entities_in_an_inserted_value_are_undone(
    world: InMemoryService, inserted: str, shown: str
) -> None:
    link = world.sign_link({}, open=("first_name",), encoding="u")
    reply = world.open_link(f"{link}&first_name={inserted}&_end=(")
    right = world.open_image(world.create_image({"first_name": shown}).json["url"])
    assert reply.body == right.body


def test_links_with_the_same_address_undo_entities_alike(world: InMemoryService) -> None:
    merge = world.sign_link({}, open=("first_name",)) + "&first_name=A%26amp%3BB"
    signed = world.sign_link({"first_name": "A&amp;B"})
    first = world.open_link(signed).body
    assert world.open_link(merge).body == first
    assert len(list(world.pictures.keys("renders/"))) == 1


def test_entities_in_a_closed_field_are_shown_as_they_are(world: InMemoryService) -> None:
    fields = {"first_name": {"default": "x"}, "code": {"default": "x"}}
    world.publish(document(fields=fields))
    links = [world.sign_link({"code": code}, version=2) for code in ("A&amp;B", "A&B")]
    assert world.open_link(links[0]).body != world.open_link(links[1]).body


def test_what_a_platform_appended_is_neither_drawn_nor_in_the_address(
    world: InMemoryService,
) -> None:
    link = world.sign_link({"first_name": "Alex"})
    right = world.open_link(link)
    for appended in ("&code=EVIL&dm_i=1", "&__hstc=1&_bhlid=x&discount=50%"):
        assert world.open_link(link + appended).body == right.body
    assert len(list(world.pictures.keys("renders/"))) == 1
    unsigned = world.open_link(world.sign_link({}) + "&first_name=Eve")
    assert unsigned.body == world.open_link(world.sign_link({})).body


@pytest.mark.parametrize("seconds", [1, 60, 3600, 86_400, 86_401, 3650 * 86_400])
def test_a_link_with_exp_is_cached_until_then_and_a_day_at_most(
    world: InMemoryService, seconds: int
) -> None:
    reply = world.open_link(world.sign_link(expires=int(NOW) + seconds))
    lifetime = min(seconds, 86_400)
    assert reply.headers["cache-control"] == f"{CACHE_CONTROL}, max-age={lifetime}"
    assert reply.headers["expires"] == http_date(NOW + lifetime)
    (key,) = world.pictures.keys("renders/")
    stored = world.pictures.get(key)
    # Its headers cannot count down, so it has no max-age.
    assert stored is not None and stored.cache_control == CACHE_CONTROL
    assert stored.expires == int(NOW) + lifetime


def test_no_picture_of_a_link_is_cached_past_its_exp(empty: InMemoryService) -> None:
    empty.publish(document(layers=[{"type": "text", "width": 90, "text": "{{ now }}"}]))
    links = [empty.sign_link(expires=int(NOW) + 5, version=version) for version in (1, None)]
    found = [empty.open_link(link).headers["cache-control"] for link in links]
    empty.call("PATCH", "/v1/templates/welcome", {"paused": True})
    empty.monotonic_now += RECENT_SECONDS
    paused = empty.open_link(empty.sign_link(expires=int(NOW) + 5))
    assert paused.headers["x-postcard-fallback"] == "paused"
    assert {*found, paused.headers["cache-control"]} == {f"{CACHE_CONTROL}, max-age=5"}


def test_an_end_that_comes_while_a_picture_is_drawn_is_not_passed(world: InMemoryService) -> None:
    link = world.sign_link(expires=int(NOW) + 2)
    parsed = parse_link(*link.partition("?")[::2])
    path = cache_path(world.link_keys, parsed, now=NOW)
    world.now = NOW + 5
    reply = world.get_picture(path, parsed.canonical_url)
    assert (reply.status, reply.headers["cache-control"]) == (200, f"{CACHE_CONTROL}, max-age=0")


def test_a_link_to_the_latest_version_is_cached_for_five_minutes_and_not_stored(
    world: InMemoryService,
) -> None:
    world.publish(document(background="#ff0000"))
    puts = world.pictures.puts
    live = world.open_link(world.sign_link(version=None))
    assert live.headers["cache-control"] == f"{CACHE_CONTROL}, max-age=300"
    assert live.body == world.open_link(world.sign_link(version=2)).body
    assert world.pictures.puts == puts + 1, "the versioned one alone is stored"


def test_a_timed_template_is_cached_for_ten_seconds_and_not_stored(empty: InMemoryService) -> None:
    text = {"type": "text", "width": 100, "text": "{{ now | date: 'HH:mm' }}"}
    empty.publish(document(layers=[text]))
    reply = empty.open_link(empty.sign_link())
    assert reply.headers["cache-control"] == f"{CACHE_CONTROL}, max-age=10"
    assert list(empty.pictures.keys("")) == []


def test_a_link_past_its_exp_shows_the_ended_picture_as_a_success(world: InMemoryService) -> None:
    renders = world.renderer.renders
    reply = world.open_link(world.sign_link(expires=int(NOW) - 1, width=60))
    assert (reply.status, reply.size) == (200, (60, 30))
    assert reply.headers["cache-control"] == f"{CACHE_CONTROL}, max-age=300"
    assert reply.headers["x-postcard-render"] == "stored"
    assert "x-postcard-fallback" not in reply.headers
    assert world.renderer.renders == renders
    assert list(world.pictures.keys("")) == []


def test_a_link_past_its_exp_shows_the_fallback_if_there_is_no_ended_picture(
    empty: InMemoryService,
) -> None:
    empty.publish(document(ended=None))
    ended = empty.open_link(empty.sign_link(expires=int(NOW) - 1))
    assert "x-postcard-fallback" not in ended.headers
    empty.call("PATCH", "/v1/templates/welcome", {"paused": True})
    assert ended.body == empty.open_link(empty.sign_link()).body


def test_an_invalid_value_in_a_link_becomes_the_default(world: InMemoryService) -> None:
    bad, default = (
        world.open_link(world.sign_link({"code": "no good"})),
        world.open_link(world.sign_link()),
    )
    assert bad.body == default.body
    assert bad.headers["cache-control"] == f"{CACHE_CONTROL}, max-age=86400"
    assert "x-postcard-fallback" not in bad.headers
    assert len(list(world.pictures.keys("renders/"))) == 2


def test_unknown_names_in_a_link_are_ignored(world: InMemoryService) -> None:
    assert (
        world.open_link(world.sign_link({"nobody": "x"})).body
        == world.open_link(world.sign_link()).body
    )


def test_a_required_value_that_is_missing_shows_the_fallback_as_a_success(
    empty: InMemoryService,
) -> None:
    empty.publish(document(fields={"first_name": {"required": True}, "code": {}}))
    reply = empty.open_link(empty.sign_link())
    assert reply.headers["cache-control"] == f"{CACHE_CONTROL}, max-age=86400"
    assert "x-postcard-fallback" not in reply.headers
    assert empty.renderer.renders == 1, "only the example at publish was drawn"
    assert len(list(empty.pictures.keys("renders/"))) == 1


def test_missing_and_ignored_values_of_a_link_are_counted_and_not_logged(
    empty: InMemoryService, capsys: pytest.CaptureFixture[str]
) -> None:
    code = {"default": "A", "max_length": 3, "too_long": "default"}
    empty.publish(document(fields={"first_name": {"required": True}, "code": code}))
    capsys.readouterr()
    empty.open_link(empty.sign_link({"code": "far-too-long", "nobody": "a-person"}))
    out = capsys.readouterr().out
    line, metrics = (json.loads(text) for text in out.splitlines())
    assert (line["ignored_values"], line["missing_required"]) == (2, 1)
    assert metrics["MissingRequired"] == [1.0] and metrics["Fallbacks"] == [0.0]
    assert "far-too-long" not in out and "a-person" not in out and "nobody" not in out


def test_head_responds_as_get_without_the_body(world: InMemoryService) -> None:
    link = world.sign_link()
    got, head = world.open_link(link), world.open_link(link, method="HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(got.body))
    assert head.headers["etag"] == got.headers["etag"]


@pytest.mark.parametrize("form", ["{}", "W/{}", '"x", {}', "*"])
def test_a_matching_if_none_match_is_304(world: InMemoryService, form: str) -> None:
    link = world.sign_link()
    etag = world.open_link(link).headers["etag"]
    again = world.open_link(link, headers={"If-None-Match": form.format(etag)})
    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == etag
    assert again.headers["cache-control"] == f"{CACHE_CONTROL}, max-age=86400"


def test_a_different_etag_gets_the_picture(world: InMemoryService) -> None:
    assert world.open_link(world.sign_link(), headers={"if-none-match": '"other"'}).status == 200


def refused(reply: HandlerResponse, status: int) -> None:
    assert reply.status == status
    assert reply.headers["cache-control"] == "no-store"
    assert not reply.headers["content-type"].startswith("image/")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_405(world: InMemoryService, method: str) -> None:
    reply = world.open_link(world.sign_link(), method=method)
    refused(reply, 405)
    assert reply.headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize("secret", ["", "wrong", ORIGIN_SECRET + "s", "ß"])
def test_a_call_without_the_origin_secret_is_403(world: InMemoryService, secret: str) -> None:
    link = world.sign_link()
    refused(world.open_link(link, headers={"x-postcard-origin": secret}), 403)


def test_a_malformed_link_is_400_and_a_forged_one_403(world: InMemoryService) -> None:
    link = parse_link(*world.sign_link({"first_name": "Alex"}).split("?"))
    path = f"/renders/7/welcome/1/{'0' * 64}.png"
    refused(world.get_picture(path, "/r/welcome.png?_v=1"), 400)
    refused(world.get_picture(path, ""), 400)
    refused(world.get_picture(path, link.canonical_url.replace("Alex", "Evil")), 403)


def test_the_path_must_be_the_link_s_own(world: InMemoryService) -> None:
    link = parse_link(*world.sign_link().split("?"))
    refused(world.get_picture(f"/renders/7/welcome/1/{'0' * 64}.png", link.canonical_url), 400)
    refused(world.get_picture(f"/renders/8/welcome/1/{'0' * 64}.png", link.canonical_url), 400)


def test_a_link_that_opens_a_closed_field_is_403(world: InMemoryService) -> None:
    renders = world.renderer.renders
    refused(world.open_link(world.sign_link(open=("code",)) + "&code=SAVE99"), 403)
    assert world.renderer.renders == renders
    assert world.open_link(world.sign_link(open=("first_name",)) + "&first_name=Zoe").status == 200


def test_an_open_value_has_the_cache_path_of_the_same_signed_value(world: InMemoryService) -> None:
    world.open_link(world.sign_link({"first_name": "Zoe"}))
    renders = list(world.pictures.keys("renders/"))
    world.open_link(world.sign_link(open=("first_name",)) + "&first_name=Zoe")
    assert list(world.pictures.keys("renders/")) == renders


def test_a_link_that_the_edge_could_not_verify_is_verified_here_and_not_cached(
    world: InMemoryService, capsys: pytest.CaptureFixture[str]
) -> None:
    for link in (world.sign_link(), world.sign_link(expires=int(NOW) - 1)):
        parsed = parse_link(*link.split("?"))
        digest = hashlib.sha256(parsed.canonical_url.encode()).hexdigest()
        reply = world.get_picture(
            f"/renders/0/welcome/unverified/{digest}.png", parsed.canonical_url
        )
        assert reply.status == 200
        assert reply.headers["cache-control"] == "no-store"
        assert '"Unverified":[1.0]' in capsys.readouterr().out
    assert reply.body == world.open_link(world.sign_link(expires=int(NOW) - 1)).body
    assert list(world.pictures.keys("")) == []


def test_an_image_is_stored_at_its_id_and_cached_for_a_day(world: InMemoryService) -> None:
    made = world.create_image({"first_name": "Zoe"}, render="on_open").json
    reply = world.open_image(made["url"])
    assert reply.headers["cache-control"] == f"{CACHE_CONTROL}, max-age=86400"
    assert list(world.pictures.keys("")) == [f"images/{made['id']}.png"]


def test_an_image_ignores_the_link_header(world: InMemoryService) -> None:
    made = world.create_image({"first_name": "Zoe"}).json
    reply = world.open_image(made["url"], headers={"x-postcard-link": "/r/other.png?nonsense"})
    assert reply.status == 200


def test_an_image_that_was_never_created_or_has_another_extension_is_404(
    world: InMemoryService,
) -> None:
    made = world.create_image({"first_name": "Zoe"}).json
    refused(world.open_image(made["url"].replace(".png", ".jpg")), 404)
    refused(world.open_image(made["url"].replace(".png", "")), 404)
    refused(world.get_picture(f"/images/img_{'a' * 26}.png"), 404)
    refused(world.get_picture("/images/x/y.png"), 404)


def test_a_picture_that_was_already_stored_is_counted(
    world: InMemoryService, capsys: pytest.CaptureFixture[str]
) -> None:
    world.open_link(world.sign_link())
    capsys.readouterr()
    assert world.open_link(world.sign_link()).status == 200
    assert '"AlreadyStored":[1.0]' in capsys.readouterr().out


def test_the_sample_events_are_payload_2_0() -> None:
    event = image_event("GET", "/images/x.png")
    assert event["version"] == "2.0" and event["requestContext"]["http"]["method"] == "GET"


@pytest.mark.parametrize("ahead", [-1, 1])
@pytest.mark.parametrize("version", [1, None])
@pytest.mark.parametrize("expires", [None, int(NOW) - 60])
def test_while_the_epoch_is_raised_the_edge_and_the_function_may_differ_by_one(
    world: InMemoryService, ahead: int, version: int | None, expires: int | None
) -> None:
    link = world.sign_link({"first_name": "Zoe"}, version=version, expires=expires)
    of_the_edge = replace(world.link_keys, epoch=world.link_keys.epoch + ahead)
    path = cache_path(of_the_edge, parse_link(*link.partition("?")[::2]), now=NOW)
    reply = world.get_picture(path, link)
    assert reply.status == 200 and "x-postcard-fallback" not in reply.headers
    is_stored = version is not None and expires is None
    assert list(world.pictures.keys("renders/")) == ([path[1:]] if is_stored else [])


def test_a_path_of_another_epoch_is_refused(world: InMemoryService) -> None:
    link = world.sign_link({"first_name": "Zoe"})
    for epoch in (1, world.link_keys.epoch - 2, world.link_keys.epoch + 2):
        keys = replace(world.link_keys, epoch=epoch)
        path = cache_path(keys, parse_link(*link.partition("?")[::2]), now=NOW)
        assert world.get_picture(path, link).status == 400
