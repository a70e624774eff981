"""What every implementation of a store promises: one suite for memory, boto3, the lean client."""

import hashlib
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from postcard.errors import BadRequest, Conflict
from postcard.ports import ApiKeyRecord, AssetRecord, StoredObject, TemplateRecord, TemplateVersion
from tests.adapters.concurrency import run_concurrently
from tests.adapters.conftest import PortImplementations

SOURCES = {"asset:hero": "assets/hero/1", "https://example.com/a.png": "assets/fetched/2"}
PICTURE = StoredObject(
    body=bytes(range(256)) * 40,
    content_type="image/png",
    cache_control="public, no-transform, max-age=86400",
    expires=1_795_341_600,
    metadata={"alt": "hello"},
)


def published(
    world: PortImplementations, name: str = "welcome", versions: int = 1
) -> TemplateRecord:
    record = TemplateRecord(name, "Welcome", 1, 1_795_000_000)
    for number in range(1, versions + 1):
        record = replace(record, latest=number, revision=number)
        world.templates.publish(record, version_of(name, number))
    return record


def version_of(name: str, number: int, document: str = '{"name": "Ünïcode"}') -> TemplateVersion:
    finding = {"code": "contrast", "pointer": "/layers/0", "detail": "too little"}
    return TemplateVersion(name, number, document, 1_795_000_000 + number, (finding,), SOURCES)


def test_an_object_comes_back_with_its_headers_and_the_md5_as_its_etag(
    world: PortImplementations,
) -> None:
    world.objects.put("renders/1/a b+ü/1/x.png", PICTURE)
    etag = f'"{hashlib.md5(PICTURE.body).hexdigest()}"'
    assert world.objects.get("renders/1/a b+ü/1/x.png") == replace(PICTURE, etag=etag)


def test_an_object_without_optional_headers_comes_back_without_them(
    world: PortImplementations,
) -> None:
    world.objects.put("x.png", StoredObject(b"", "image/png"))
    stored = world.objects.get("x.png")
    assert stored is not None
    assert (stored.body, stored.cache_control, stored.expires, stored.metadata) == (
        b"",
        "",
        None,
        {},
    )


def test_a_missing_object_is_none(world: PortImplementations) -> None:
    assert world.objects.get("nothing.png") is None


def test_a_put_replaces_an_object(world: PortImplementations) -> None:
    world.objects.put("x.png", PICTURE)
    world.objects.put("x.png", replace(PICTURE, body=b"other"))
    stored = world.objects.get("x.png")
    assert stored is not None
    assert stored.body == b"other"


def test_adding_an_object_never_replaces_one(world: PortImplementations) -> None:
    assert world.objects.put_if_absent("x.png", PICTURE)
    assert not world.objects.put_if_absent("x.png", replace(PICTURE, body=b"other"))
    stored = world.objects.get("x.png")
    assert stored is not None
    assert stored.body == PICTURE.body


def test_keys_are_listed_by_prefix_and_deleted_even_when_some_are_not_there(
    world: PortImplementations,
) -> None:
    for key in ("b/2", "a/1", "b/1"):
        world.objects.put(key, PICTURE)
    assert list(world.objects.keys("b/")) == ["b/1", "b/2"]
    world.objects.delete(["b/1", "b/9", "b/2"])
    assert list(world.objects.keys("")) == ["a/1"]


def test_more_than_a_thousand_objects_are_listed_and_deleted(world: PortImplementations) -> None:
    keys = [f"many/{n:04d}" for n in range(1003)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda key: world.objects.put(key, StoredObject(b"x", "image/png")), keys))
    assert list(world.objects.keys("many/")) == keys
    world.objects.delete(keys)
    assert list(world.objects.keys("many/")) == []


def test_deleting_nothing_is_no_call(world: PortImplementations) -> None:
    world.objects.delete([])
    assert list(world.objects.keys("")) == []


def test_a_published_version_and_its_record_come_back(world: PortImplementations) -> None:
    record = published(world)
    assert world.templates.record("welcome") == record
    assert world.templates.version("welcome", 1) == version_of("welcome", 1)
    assert world.templates.record("other") is None
    assert world.templates.version("welcome", 2) is None


def test_a_record_keeps_everything_that_can_change(world: PortImplementations) -> None:
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


def test_a_document_of_256_kb_that_does_not_compress_fits(world: PortImplementations) -> None:
    document = random.Random(5).randbytes(128 * 1024).hex()
    record = TemplateRecord("big", "Big", 1, 0)
    world.templates.publish(record, version_of("big", 1, document))
    stored = world.templates.version("big", 1)
    assert stored is not None
    assert stored.document == document


def test_publishing_twice_from_the_same_revision_is_a_conflict_and_stores_neither(
    world: PortImplementations,
) -> None:
    record = published(world)
    stale = replace(record, latest=2, revision=1)
    with pytest.raises(Conflict):
        world.templates.publish(stale, version_of("welcome", 2))
    assert world.templates.version("welcome", 2) is None
    assert world.templates.record("welcome") == record


def test_a_version_is_never_replaced(world: PortImplementations) -> None:
    record = published(world)
    with pytest.raises(Conflict):
        world.templates.publish(replace(record, revision=2), version_of("welcome", 1, "{}"))
    assert world.templates.version("welcome", 1) == version_of("welcome", 1)
    assert world.templates.record("welcome") == record


@pytest.mark.parametrize("revision", [0, 1, 3, 7])
def test_an_update_from_another_revision_than_the_last_is_a_conflict(
    world: PortImplementations, revision: int
) -> None:
    record = published(world)
    with pytest.raises(Conflict):
        world.templates.update(replace(record, revision=revision, paused=True))
    assert world.templates.record("welcome") == record


def test_a_record_that_was_never_stored_begins_at_revision_one(world: PortImplementations) -> None:
    with pytest.raises(Conflict):
        world.templates.update(TemplateRecord("new", "New", 1, 0, revision=2))


def test_of_many_who_publish_at_once_one_wins(world: PortImplementations) -> None:
    record = published(world)

    def publish(index: int) -> str:
        document = f'{{"name": "{index}"}}'
        world.templates.publish(
            replace(record, name=str(index), latest=2, revision=2),
            version_of("welcome", 2, document),
        )
        return document

    won = [outcome for outcome in run_concurrently(publish, 12) if isinstance(outcome, str)]
    stored, version = world.templates.record("welcome"), world.templates.version("welcome", 2)
    assert stored is not None and version is not None
    assert won == [version.document] == [f'{{"name": "{stored.name}"}}']


def test_templates_are_listed_in_pages_without_gaps_or_doubles(world: PortImplementations) -> None:
    names = [f"t{n}" for n in range(7)]
    for name in names:
        published(world, name)
    seen, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        page = world.templates.list(limit=3, cursor=cursor)
        seen += [record.template_id for record in page.items]
        cursor, pages = page.next_cursor, pages + 1
    assert (seen, pages) == (names, 3)


def test_a_page_that_takes_exactly_the_rest_has_no_next(world: PortImplementations) -> None:
    published(world, "a")
    published(world, "b")
    assert world.templates.list(limit=2, cursor=None).next_cursor is None


def test_versions_are_listed_newest_first_in_pages(world: PortImplementations) -> None:
    published(world, versions=11)
    first = world.templates.versions("welcome", limit=6, cursor=None)
    rest = world.templates.versions("welcome", limit=6, cursor=first.next_cursor)
    assert [v.version for v in (*first.items, *rest.items)] == list(range(11, 0, -1))
    assert rest.next_cursor is None


def test_a_cursor_that_we_never_gave_is_refused(world: PortImplementations) -> None:
    for cursor in ("", "!", "ä", "////"):
        with pytest.raises(BadRequest):
            world.templates.list(limit=3, cursor=cursor)
        with pytest.raises(BadRequest):
            world.assets.list(limit=3, cursor=cursor)


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


def test_api_keys_are_found_by_digest_and_listed_oldest_first(world: PortImplementations) -> None:
    for number in range(3):
        world.api_keys.put(api_key(number))
    world.api_keys.put(replace(api_key(1), revoked_at=1_795_000_100))
    assert world.api_keys.by_digest(api_key(0).digest) == api_key(0)
    assert world.api_keys.by_digest("0" * 63) is None
    world.api_keys.record_use(api_key(2).digest, 1_795_000_200)
    world.api_keys.record_use("0" * 63, 1_795_000_200)
    assert list(world.api_keys.list()) == [
        replace(api_key(2), last_used_at=1_795_000_200),
        replace(api_key(1), revoked_at=1_795_000_100),
        api_key(0),
    ]


def test_an_asset_is_replaced_listed_and_deleted(world: PortImplementations) -> None:
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


def test_an_asset_remembers_what_its_font_can_or_why_it_was_refused(
    world: PortImplementations,
) -> None:
    told = {"family": "Kite", "weights": (400, 700), "italic": False, "scripts": ("Latn",)}
    kite = AssetRecord("kite", "font/ttf", 10, "assets/kite/1", 5, "ready", font=told)
    odd = AssetRecord("odd", "font/otf", 10, "uploads/odd", 5, "refused", detail="It is broken.")
    for record in (kite, odd):
        world.assets.put(record)
        assert world.assets.get(record.asset_id) == record
    assert world.assets.list(limit=9, cursor=None).items == [kite, odd]


def test_a_version_remembers_its_own_fonts(world: PortImplementations) -> None:
    record = TemplateRecord("welcome", "Welcome", 1, 1_795_000_000)
    keys = ("templates/welcome/1/sources/1", "templates/welcome/1/sources/2")
    version = replace(version_of("welcome", 1), fonts={"Kite": keys, "asset:sail": keys[:1]})
    world.templates.publish(record, version)
    found = world.templates.version("welcome", 1)
    assert found is not None and found.fonts == version.fonts


def test_the_secret_is_empty_until_it_is_written(world: PortImplementations) -> None:
    assert world.secrets.read() == ""
    world.secrets.write('{"a": 1}', instead_of="")
    world.secrets.write('{"a": 2}', instead_of='{"a": 1}')
    assert world.secrets.read() == '{"a": 2}'
