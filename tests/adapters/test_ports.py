"""What every implementation of a port promises: one suite for memory, boto3 and the lean client."""

import hashlib
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from postcard.errors import BadRequest, Conflict, OtherBody
from postcard.ports import (
    ApiKeyRecord,
    AssetRecord,
    ImageRecord,
    StoredObject,
    TemplateRecord,
    TemplateVersion,
)
from tests.adapters.conftest import World

SOURCES = {"asset:hero": "assets/hero/1", "https://example.com/a.png": "assets/fetched/2"}
NOW = 1_795_341_600.25

PICTURE = StoredObject(
    body=bytes(range(256)) * 40,
    content_type="image/png",
    cache_control="public, no-transform, max-age=86400",
    expires=1_795_341_600,
    metadata={"alt": "hello"},
)


def published(world: World, name: str = "welcome", versions: int = 1) -> TemplateRecord:
    record = TemplateRecord(name, "Welcome", 1, 1_795_000_000)
    for number in range(1, versions + 1):
        record = replace(record, latest=number, revision=number)
        world.templates.publish(record, version_of(name, number))
    return record


def version_of(name: str, number: int, document: str = '{"name": "Ünïcode"}') -> TemplateVersion:
    finding = {"code": "contrast", "pointer": "/layers/0", "detail": "too little"}
    return TemplateVersion(name, number, document, 1_795_000_000 + number, (finding,), SOURCES)


def outcomes(work: Callable[[int], object], count: int) -> list[object]:
    def guarded(index: int) -> object:
        try:
            return work(index)
        except Conflict as conflict:
            return conflict

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(guarded, range(count)))


def test_an_object_comes_back_with_its_headers_and_the_md5_as_its_etag(world: World) -> None:
    world.objects.put("renders/1/a b+ü/1/x.png", PICTURE)
    etag = f'"{hashlib.md5(PICTURE.body).hexdigest()}"'
    assert world.objects.get("renders/1/a b+ü/1/x.png") == replace(PICTURE, etag=etag)


def test_an_object_without_optional_headers_comes_back_without_them(world: World) -> None:
    world.objects.put("x.png", StoredObject(b"", "image/png"))
    stored = world.objects.get("x.png")
    assert stored is not None
    assert (stored.body, stored.cache_control, stored.expires, stored.metadata) == (
        b"",
        "",
        None,
        {},
    )


def test_a_missing_object_is_none(world: World) -> None:
    assert world.objects.get("nothing.png") is None


def test_a_put_replaces_an_object(world: World) -> None:
    world.objects.put("x.png", PICTURE)
    world.objects.put("x.png", replace(PICTURE, body=b"other"))
    stored = world.objects.get("x.png")
    assert stored is not None
    assert stored.body == b"other"


def test_adding_an_object_never_replaces_one(world: World) -> None:
    assert world.objects.add("x.png", PICTURE)
    assert not world.objects.add("x.png", replace(PICTURE, body=b"other"))
    stored = world.objects.get("x.png")
    assert stored is not None
    assert stored.body == PICTURE.body


def test_keys_are_listed_by_prefix_and_deleted_even_when_some_are_not_there(world: World) -> None:
    for key in ("b/2", "a/1", "b/1"):
        world.objects.put(key, PICTURE)
    assert list(world.objects.keys("b/")) == ["b/1", "b/2"]
    world.objects.delete(["b/1", "b/9", "b/2"])
    assert list(world.objects.keys("")) == ["a/1"]


def test_more_than_a_thousand_objects_are_listed_and_deleted(world: World) -> None:
    keys = [f"many/{n:04d}" for n in range(1003)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda key: world.objects.put(key, StoredObject(b"x", "image/png")), keys))
    assert list(world.objects.keys("many/")) == keys
    world.objects.delete(keys)
    assert list(world.objects.keys("many/")) == []


def test_deleting_nothing_is_no_call(world: World) -> None:
    world.objects.delete([])
    assert list(world.objects.keys("")) == []


def test_a_published_version_and_its_record_come_back(world: World) -> None:
    record = published(world)
    assert world.templates.record("welcome") == record
    assert world.templates.version("welcome", 1) == version_of("welcome", 1)
    assert world.templates.record("other") is None
    assert world.templates.version("welcome", 2) is None


def test_a_record_keeps_everything_that_can_change(world: World) -> None:
    record = replace(
        published(world),
        revision=2,
        paused=True,
        deleted=True,
        erased=True,
        daily_renders=200_000,
        recalls={3: 4, 1: 2},
    )
    world.templates.update(record)
    assert world.templates.record("welcome") == record


def test_a_document_of_256_kb_that_does_not_compress_fits(world: World) -> None:
    document = random.Random(5).randbytes(128 * 1024).hex()
    record = TemplateRecord("big", "Big", 1, 0)
    world.templates.publish(record, version_of("big", 1, document))
    stored = world.templates.version("big", 1)
    assert stored is not None
    assert stored.document == document


def test_publishing_twice_from_the_same_revision_is_a_conflict_and_stores_neither(
    world: World,
) -> None:
    record = published(world)
    stale = replace(record, latest=2, revision=1)
    with pytest.raises(Conflict):
        world.templates.publish(stale, version_of("welcome", 2))
    assert world.templates.version("welcome", 2) is None
    assert world.templates.record("welcome") == record


def test_a_version_is_never_replaced(world: World) -> None:
    record = published(world)
    with pytest.raises(Conflict):
        world.templates.publish(replace(record, revision=2), version_of("welcome", 1, "{}"))
    assert world.templates.version("welcome", 1) == version_of("welcome", 1)
    assert world.templates.record("welcome") == record


@pytest.mark.parametrize("revision", [0, 1, 3, 7])
def test_an_update_from_another_revision_than_the_last_is_a_conflict(
    world: World, revision: int
) -> None:
    record = published(world)
    with pytest.raises(Conflict):
        world.templates.update(replace(record, revision=revision, paused=True))
    assert world.templates.record("welcome") == record


def test_a_record_that_was_never_stored_begins_at_revision_one(world: World) -> None:
    with pytest.raises(Conflict):
        world.templates.update(TemplateRecord("new", "New", 1, 0, revision=2))


def test_of_many_who_publish_at_once_one_wins(world: World) -> None:
    record = published(world)

    def publish(index: int) -> str:
        document = f'{{"name": "{index}"}}'
        world.templates.publish(
            replace(record, name=str(index), latest=2, revision=2),
            version_of("welcome", 2, document),
        )
        return document

    won = [outcome for outcome in outcomes(publish, 12) if isinstance(outcome, str)]
    stored, version = world.templates.record("welcome"), world.templates.version("welcome", 2)
    assert stored is not None and version is not None
    assert won == [version.document] == [f'{{"name": "{stored.name}"}}']


def test_templates_are_listed_in_pages_without_gaps_or_doubles(world: World) -> None:
    names = [f"t{n}" for n in range(7)]
    for name in names:
        published(world, name)
    seen, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        page = world.templates.list(limit=3, cursor=cursor)
        seen += [record.template_id for record in page.items]
        cursor, pages = page.next_cursor, pages + 1
    assert (seen, pages) == (names, 3)


def test_a_page_that_takes_exactly_the_rest_has_no_next(world: World) -> None:
    published(world, "a")
    published(world, "b")
    assert world.templates.list(limit=2, cursor=None).next_cursor is None


def test_versions_are_listed_newest_first_in_pages(world: World) -> None:
    published(world, versions=11)
    first = world.templates.versions("welcome", limit=6, cursor=None)
    rest = world.templates.versions("welcome", limit=6, cursor=first.next_cursor)
    assert [v.version for v in (*first.items, *rest.items)] == list(range(11, 0, -1))
    assert rest.next_cursor is None


def test_a_cursor_that_we_never_gave_is_refused(world: World) -> None:
    for cursor in ("", "!", "ä", "////"):
        with pytest.raises(BadRequest):
            world.templates.list(limit=3, cursor=cursor)
        with pytest.raises(BadRequest):
            world.assets.list(limit=3, cursor=cursor)


def image() -> ImageRecord:
    return ImageRecord(
        image_id="img_abc",
        template_id="welcome",
        version=3,
        values='{"name": "Zoë"}',
        format="jpg",
        width=1200,
        height=630,
        display_width=800,
        display_height=420,
        dpr=1.5,
        quality=82,
        max_bytes=None,
        alt="Hi Zoë",
        created_at=1_795_000_000,
        status="ready",
        bytes=4811,
    )


def test_an_image_record_comes_back_as_it_was_put(world: World) -> None:
    for record in (image(), replace(image(), dpr=2.0, quality=None, max_bytes=2000, bytes=None)):
        world.images.put(record)
        stored = world.images.get("img_abc")
        assert stored == record
        assert isinstance(stored.dpr, float)
    assert world.images.get("img_other") is None


def test_an_erased_image_keeps_no_values(world: World) -> None:
    world.images.put(image())
    world.images.put(replace(image(), values="", alt="", erased=True))
    stored = world.images.get("img_abc")
    assert stored is not None
    assert (stored.values, stored.alt, stored.erased) == ("", "", True)


def test_the_images_of_a_template_and_of_a_version_are_found(world: World) -> None:
    for number in range(130):
        world.images.put(replace(image(), image_id=f"img_{number}", version=number % 2 + 1))
    world.images.put(replace(image(), image_id="img_x", template_id="welcome2", version=1))
    world.images.put(replace(image(), image_id="img_0", version=1, erased=True))
    found = list(world.images.of("welcome", 1))
    assert sorted(r.image_id for r in found) == sorted(f"img_{n}" for n in range(0, 130, 2))
    assert [r.image_id for r in found if r.erased] == ["img_0"]
    assert len(list(world.images.of("welcome"))) == 130
    assert list(world.images.of("other")) == []


def api_key(number: int) -> ApiKeyRecord:
    return ApiKeyRecord(
        key_id=f"key_{number}",
        digest=f"{number:064x}",
        name="Shop",
        scopes=("images", "templates"),
        templates=("welcome",) if number else None,
        created_at=1_795_000_000 - number,
        expires_at=1_795_000_500 if number else None,
        monthly_quota=1000 if number else None,
    )


def test_api_keys_are_found_by_digest_and_listed_oldest_first(world: World) -> None:
    for number in range(3):
        world.api_keys.put(api_key(number))
    world.api_keys.put(replace(api_key(1), revoked_at=1_795_000_100))
    assert world.api_keys.by_digest(api_key(0).digest) == api_key(0)
    assert world.api_keys.by_digest("0" * 63) is None
    assert list(world.api_keys.list()) == [
        api_key(2),
        replace(api_key(1), revoked_at=1_795_000_100),
        api_key(0),
    ]


def test_an_asset_is_replaced_listed_and_deleted(world: World) -> None:
    hero = AssetRecord("hero", "image/png", 10, "assets/1", 5)
    world.assets.put(hero)
    world.assets.put(replace(hero, object_key="assets/2", status="ready"))
    world.assets.put(AssetRecord("avatar", "image/png", 10, "assets/3", 6))
    assert world.assets.get("hero") == replace(hero, object_key="assets/2", status="ready")
    page = world.assets.list(limit=1, cursor=None)
    assert [asset.asset_id for asset in page.items] == ["avatar"]
    page = world.assets.list(limit=1, cursor=page.next_cursor)
    assert ([asset.asset_id for asset in page.items], page.next_cursor) == (["hero"], None)
    world.assets.delete("hero")
    world.assets.delete("hero")
    assert world.assets.get("hero") is None


def test_the_secret_is_empty_until_it_is_written(world: World) -> None:
    assert world.secrets.read() == ""
    world.secrets.write('{"a": 1}')
    world.secrets.write('{"a": 2}')
    assert world.secrets.read() == '{"a": 2}'


def test_a_bucket_gives_its_rate_at_once_and_refuses_the_next(world: World) -> None:
    taken = [world.limiter.take("k", rate=5, now=NOW) for _ in range(7)]
    assert [answer.allowed for answer in taken] == [True] * 5 + [False] * 2
    assert [answer.remaining for answer in taken] == [4, 3, 2, 1, 0, 0, 0]
    assert all(answer.reset == 1 for answer in taken)


def test_a_bucket_fills_by_its_rate_a_second(world: World) -> None:
    for _ in range(10):
        world.limiter.take("k", rate=10, now=NOW)
    again = [world.limiter.take("k", rate=10, now=NOW + 0.31).allowed for _ in range(5)]
    assert again == [True, True, True, False, False]
    assert world.limiter.take("k", rate=10, now=NOW + 60).remaining == 9


def test_buckets_do_not_share_tokens_and_a_rate_of_nothing_allows_nothing(world: World) -> None:
    assert world.limiter.take("a", rate=1, now=NOW).allowed
    assert world.limiter.take("b", rate=1, now=NOW).allowed
    assert not world.limiter.take("a", rate=1, now=NOW).allowed
    assert not world.limiter.take("c", rate=0, now=NOW).allowed


def test_of_many_who_take_at_once_exactly_the_rate_is_let_through(world: World) -> None:
    world.limiter.take("k", rate=20, now=NOW - 5)
    answers = outcomes(lambda _: world.limiter.take("k", rate=20, now=NOW).allowed, 60)
    assert answers.count(True) == 20


def test_a_counter_counts_every_call_once(world: World) -> None:
    later = int(NOW) + 86_400
    counted = outcomes(lambda _: world.counters.add("day", expires_at=later), 20)
    assert sorted(counted, key=str) == sorted(range(1, 21), key=str)
    assert world.counters.add("other", expires_at=later) == 1


def test_the_first_call_works_and_the_second_gets_its_answer(world: World) -> None:
    assert world.idempotency.begin("k", "digest", now=NOW) is None
    world.idempotency.finish("k", '{"answer": "ü"}', now=NOW)
    assert world.idempotency.begin("k", "digest", now=NOW + 86_000) == '{"answer": "ü"}'


def test_a_second_call_while_the_first_is_at_work_is_in_progress(world: World) -> None:
    world.idempotency.begin("k", "digest", now=NOW)
    with pytest.raises(Conflict) as conflict:
        world.idempotency.begin("k", "digest", now=NOW + 20)
    assert conflict.value.code == "in_progress"


def test_another_body_under_the_same_key_is_refused_at_work_and_after(world: World) -> None:
    world.idempotency.begin("k", "digest", now=NOW)
    with pytest.raises(OtherBody):
        world.idempotency.begin("k", "other", now=NOW)
    world.idempotency.finish("k", "answer", now=NOW)
    with pytest.raises(OtherBody):
        world.idempotency.begin("k", "other", now=NOW)


def test_an_abandoned_key_is_free_at_once_and_stays_so_if_finished_late(world: World) -> None:
    world.idempotency.begin("k", "digest", now=NOW)
    world.idempotency.abandon("k")
    world.idempotency.finish("k", "late", now=NOW)
    assert world.idempotency.begin("k", "other", now=NOW) is None


def test_a_key_whose_first_caller_died_is_free_after_a_minute(world: World) -> None:
    world.idempotency.begin("k", "digest", now=NOW)
    assert world.idempotency.begin("k", "digest", now=NOW + 61) is None


def test_an_answer_is_kept_for_a_day(world: World) -> None:
    world.idempotency.begin("k", "digest", now=NOW)
    world.idempotency.finish("k", "answer", now=NOW)
    assert world.idempotency.begin("k", "other", now=NOW + 86_401) is None


def test_of_many_who_begin_at_once_one_does_the_work(world: World) -> None:
    begun = outcomes(lambda _: world.idempotency.begin("k", "digest", now=NOW), 16)
    assert begun.count(None) == 1
    assert all(isinstance(o, Conflict) for o in begun if o is not None)
