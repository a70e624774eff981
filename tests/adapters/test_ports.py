"""The contract of the stores, in memory, with boto3 and with the light client."""

import hashlib
import random
import time
from dataclasses import replace
from typing import Any

import pytest

from postcard.errors import BadRequest, Conflict
from postcard.ports import (
    AnnouncedUpload,
    ApiKeyRecord,
    AssetRecord,
    DeletionRecord,
    DraftRecord,
    Invitation,
    Page,
    StoredObject,
    TemplateRecord,
    TemplateVersion,
    UsageShare,
)
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
    adapters: PortImplementations, name: str = "welcome", versions: int = 1
) -> TemplateRecord:
    record = TemplateRecord(name, "Welcome", 1, 1_795_000_000)
    for number in range(1, versions + 1):
        record = replace(record, latest=number, revision=number)
        adapters.templates.publish(record, version_of(name, number))
    return record


def version_of(name: str, number: int, document: str = '{"name": "Ünïcode"}') -> TemplateVersion:
    finding = {"code": "contrast", "pointer": "/layers/0", "detail": "too little"}
    return TemplateVersion(name, number, document, 1_795_000_000 + number, (finding,), SOURCES)


def test_an_object_is_read_with_its_headers_and_its_md5_as_etag(
    adapters: PortImplementations,
) -> None:
    adapters.objects.put("renders/1/a b+ü/1/x.png", PICTURE)
    etag = f'"{hashlib.md5(PICTURE.body).hexdigest()}"'
    assert adapters.objects.get("renders/1/a b+ü/1/x.png") == replace(PICTURE, etag=etag)


def test_an_object_without_optional_headers_is_read_without_them(
    adapters: PortImplementations,
) -> None:
    adapters.objects.put("x.png", StoredObject(b"", "image/png"))
    stored = adapters.objects.get("x.png")
    assert stored is not None
    assert (stored.body, stored.cache_control, stored.expires, stored.metadata) == (
        b"",
        "",
        None,
        {},
    )


def test_a_missing_object_is_none(adapters: PortImplementations) -> None:
    assert adapters.objects.get("nothing.png") is None


def test_a_put_replaces_an_object(adapters: PortImplementations) -> None:
    adapters.objects.put("x.png", PICTURE)
    adapters.objects.put("x.png", replace(PICTURE, body=b"other"))
    stored = adapters.objects.get("x.png")
    assert stored is not None
    assert stored.body == b"other"


def test_put_if_absent_never_replaces_an_object(adapters: PortImplementations) -> None:
    assert adapters.objects.put_if_absent("x.png", PICTURE)
    assert not adapters.objects.put_if_absent("x.png", replace(PICTURE, body=b"other"))
    stored = adapters.objects.get("x.png")
    assert stored is not None
    assert stored.body == PICTURE.body


def test_keys_are_listed_by_prefix_and_deleted_even_if_some_do_not_exist(
    adapters: PortImplementations,
) -> None:
    for key in ("b/2", "a/1", "b/1"):
        adapters.objects.put(key, PICTURE)
    assert list(adapters.objects.keys("b/")) == ["b/1", "b/2"]
    adapters.objects.delete(["b/1", "b/9", "b/2"])
    assert list(adapters.objects.keys("")) == ["a/1"]


def test_more_than_a_thousand_objects_are_listed_and_deleted(adapters: PortImplementations) -> None:
    keys = [f"many/{n:04d}" for n in range(1003)]
    adapters.put_many_objects(keys)
    assert list(adapters.objects.keys("many/")) == keys
    adapters.objects.delete(keys)
    assert list(adapters.objects.keys("many/")) == []


def test_objects_are_listed_page_by_page_with_the_time_they_were_put(
    adapters: PortImplementations,
) -> None:
    before = time.time()
    for key in ("a/1", "b/1", "b/2", "b/3"):
        adapters.objects.put(key, PICTURE)
    first = adapters.objects.page("b/", after="", limit=2)
    assert [each.key for each in first.items] == ["b/1", "b/2"]
    assert all(before - 2 < each.modified_at < time.time() + 2 for each in first.items)
    assert first.next_cursor is not None
    adapters.objects.delete(["b/1", "b/2"])
    second = adapters.objects.page("b/", after=first.next_cursor, limit=2)
    assert ([each.key for each in second.items], second.next_cursor) == (["b/3"], None)
    assert adapters.objects.page("c/", after="", limit=2) == Page([])


def test_a_deletion_advances_one_step_of_its_own_run(adapters: PortImplementations) -> None:
    store = adapters.deletions
    record = DeletionRecord("welcome", 2, (1, 2), "run1", 7, 1_795_000_000, 1_795_000_000)
    assert store.get("welcome", 2) is None
    store.begin(record)
    assert store.get("welcome", 2) == record and store.get("welcome", None) is None
    first = replace(record, step=1, walk_began_at=1_795_000_001.5, place=3, after="k", deleted=9)
    assert store.advance(first) and not store.advance(first)
    assert store.get("welcome", 2) == first
    other = replace(record, run="run2")
    store.begin(other)
    assert not store.advance(replace(first, step=2))
    erased = replace(record, version=None, versions=())
    store.begin(erased)
    found = store.of_template("welcome")
    assert len(found) == 2 and other in found and erased in found
    assert store.of_template("welcome2") == []


def test_no_keys_can_be_deleted(adapters: PortImplementations) -> None:
    adapters.objects.delete([])
    assert list(adapters.objects.keys("")) == []


def test_a_published_version_and_its_record_are_read(adapters: PortImplementations) -> None:
    record = published(adapters)
    assert adapters.templates.record("welcome") == record
    assert adapters.templates.version("welcome", 1) == version_of("welcome", 1)
    assert adapters.templates.record("other") is None
    assert adapters.templates.version("welcome", 2) is None


def test_every_field_of_a_record_is_stored(adapters: PortImplementations) -> None:
    record = replace(
        published(adapters),
        revision=2,
        paused=True,
        deleted=True,
        erased=True,
        daily_renders=200_000,
        recalls={3: 4, 1: 2},
    )
    adapters.templates.update(record)
    assert adapters.templates.record("welcome") == record


def test_a_document_of_256_kb_that_does_not_compress_fits(adapters: PortImplementations) -> None:
    document = random.Random(5).randbytes(128 * 1024).hex()
    record = TemplateRecord("big", "Big", 1, 0)
    adapters.templates.publish(record, version_of("big", 1, document))
    stored = adapters.templates.version("big", 1)
    assert stored is not None
    assert stored.document == document


def test_publishing_twice_from_one_revision_is_a_conflict_and_stores_neither(
    adapters: PortImplementations,
) -> None:
    record = published(adapters)
    outdated = replace(record, latest=2, revision=1)
    with pytest.raises(Conflict):
        adapters.templates.publish(outdated, version_of("welcome", 2))
    assert adapters.templates.version("welcome", 2) is None
    assert adapters.templates.record("welcome") == record


def test_a_version_is_never_replaced(adapters: PortImplementations) -> None:
    record = published(adapters)
    with pytest.raises(Conflict):
        adapters.templates.publish(replace(record, revision=2), version_of("welcome", 1, "{}"))
    assert adapters.templates.version("welcome", 1) == version_of("welcome", 1)
    assert adapters.templates.record("welcome") == record


@pytest.mark.parametrize("revision", [0, 1, 3, 7])
def test_an_update_from_another_revision_than_the_stored_one_is_a_conflict(
    adapters: PortImplementations, revision: int
) -> None:
    record = published(adapters)
    with pytest.raises(Conflict):
        adapters.templates.update(replace(record, revision=revision, paused=True))
    assert adapters.templates.record("welcome") == record


def test_a_new_record_must_have_revision_one(adapters: PortImplementations) -> None:
    with pytest.raises(Conflict):
        adapters.templates.update(TemplateRecord("new", "New", 1, 0, revision=2))


def test_of_concurrent_publications_one_succeeds(adapters: PortImplementations) -> None:
    record = published(adapters)

    def publish(index: int) -> str:
        document = f'{{"name": "{index}"}}'
        adapters.templates.publish(
            replace(record, name=str(index), latest=2, revision=2),
            version_of("welcome", 2, document),
        )
        return document

    published_documents = [
        result for result in run_concurrently(publish, 12) if isinstance(result, str)
    ]
    stored, version = adapters.templates.record("welcome"), adapters.templates.version("welcome", 2)
    assert stored is not None and version is not None
    assert published_documents == [version.document] == [f'{{"name": "{stored.name}"}}']


def test_templates_are_listed_in_pages_without_gaps_or_duplicates(
    adapters: PortImplementations,
) -> None:
    names = [f"t{n}" for n in range(7)]
    for name in names:
        published(adapters, name)
    listed, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        page = adapters.templates.list(limit=3, cursor=cursor)
        listed += [record.template_id for record in page.items]
        cursor, pages = page.next_cursor, pages + 1
    assert (listed, pages) == (names, 3)


def test_the_last_page_has_no_next_cursor(adapters: PortImplementations) -> None:
    published(adapters, "a")
    published(adapters, "b")
    assert adapters.templates.list(limit=2, cursor=None).next_cursor is None


def test_versions_are_listed_newest_first_in_pages(adapters: PortImplementations) -> None:
    published(adapters, versions=11)
    first = adapters.templates.versions("welcome", limit=6, cursor=None)
    second = adapters.templates.versions("welcome", limit=6, cursor=first.next_cursor)
    assert [v.version for v in (*first.items, *second.items)] == list(range(11, 0, -1))
    assert second.next_cursor is None


def test_a_malformed_cursor_is_refused(adapters: PortImplementations) -> None:
    for cursor in ("", "!", "ä", "////"):
        with pytest.raises(BadRequest):
            adapters.templates.list(limit=3, cursor=cursor)
        with pytest.raises(BadRequest):
            adapters.assets.list(limit=3, cursor=cursor)


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


def test_api_keys_are_found_by_digest_and_listed_oldest_first(
    adapters: PortImplementations,
) -> None:
    for number in range(3):
        adapters.api_keys.put(api_key(number))
    adapters.api_keys.put(replace(api_key(1), revoked_at=1_795_000_100))
    assert adapters.api_keys.by_digest(api_key(0).digest) == api_key(0)
    assert adapters.api_keys.by_digest("0" * 63) is None
    adapters.api_keys.record_use(api_key(2).digest, 1_795_000_200)
    adapters.api_keys.record_use("0" * 63, 1_795_000_200)
    assert list(adapters.api_keys.list()) == [
        replace(api_key(2), last_used_at=1_795_000_200),
        replace(api_key(1), revoked_at=1_795_000_100),
        api_key(0),
    ]


def test_a_key_is_renewed_unless_it_was_revoked_or_is_unknown(
    adapters: PortImplementations,
) -> None:
    session = replace(api_key(1), renewable_until=1_795_900_000)
    adapters.api_keys.put(session)
    assert adapters.api_keys.by_digest(session.digest) == session
    assert adapters.api_keys.renew(session.digest, 1_795_000_900)
    assert adapters.api_keys.by_digest(session.digest) == replace(session, expires_at=1_795_000_900)
    ended = replace(session, revoked_at=1_795_000_600)
    adapters.api_keys.put(ended)
    assert not adapters.api_keys.renew(session.digest, 1_795_000_999)
    assert adapters.api_keys.by_digest(session.digest) == ended
    assert not adapters.api_keys.renew("0" * 63, 1_795_000_999)
    assert adapters.api_keys.by_digest("0" * 63) is None


def test_of_several_calls_at_once_one_takes_an_invitation(adapters: PortImplementations) -> None:
    anna = Invitation("d1", "Anna", ("drafts",), None, 1_795_000_000, 1_795_000_900, 86_400)
    ben = replace(anna, digest="d2", name="Ben", templates=("welcome",))
    for invitation in (anna, ben):
        adapters.invitations.put(invitation)
    taken = run_concurrently(lambda _: adapters.invitations.take("d1"), 12)
    assert [invitation for invitation in taken if invitation is not None] == [anna]
    assert adapters.invitations.take("d1") is adapters.invitations.take("d3") is None
    assert adapters.invitations.take("d2") == ben


def test_links_to_usage_are_stored_found_listed_and_deleted(adapters: PortImplementations) -> None:
    moving = UsageShare(
        *("d1", "shr_a", "welcome", None, None, None, None),
        days=30,
        prices=False,
        created_by="Anna",
        created_at=1,
        expires_at=2**31,
    )
    limited = replace(moving, digest="d2", share_id="shr_b", templates=("a", "b"), campaign="x")
    fixed = replace(moving, digest="d3", first_day="2026-11-01", last_day="2026-11-22", days=None)
    for share in (moving, limited, fixed):
        adapters.usage_shares.put(share)
        assert adapters.usage_shares.by_digest(share.digest) == share
    adapters.usage_shares.delete("d2")
    adapters.usage_shares.delete("unknown")
    assert adapters.usage_shares.by_digest("d2") is None
    stored = sorted(adapters.usage_shares.list(), key=lambda share: share.digest)
    assert stored == [moving, fixed]


def test_an_asset_is_replaced_listed_and_deleted(adapters: PortImplementations) -> None:
    hero = AssetRecord("hero", "image/png", 10, "assets/1", 5)
    adapters.assets.put(hero)
    ready = replace(hero, object_key="assets/2", status="ready", revision=2)
    adapters.assets.put(ready)
    adapters.assets.put(AssetRecord("avatar", "image/png", 10, "assets/3", 6))
    assert adapters.assets.get("hero") == ready
    assert adapters.assets.get_many(["hero"]) == {"hero": ready}
    assert set(adapters.assets.get_many(["avatar", "none", "hero"])) == {"avatar", "hero"}
    page = adapters.assets.list(limit=1, cursor=None)
    assert [asset.asset_id for asset in page.items] == ["avatar"]
    page = adapters.assets.list(limit=1, cursor=page.next_cursor)
    assert ([asset.asset_id for asset in page.items], page.next_cursor) == (["hero"], None)
    adapters.assets.delete("hero")
    adapters.assets.delete("hero")
    assert adapters.assets.get("hero") is None


def test_an_asset_stores_the_description_of_its_font_or_why_it_was_refused(
    adapters: PortImplementations,
) -> None:
    font = {"family": "Kite", "weights": (400, 700), "italic": False, "scripts": ("Latn",)}
    kite = AssetRecord("kite", "font/ttf", 10, "assets/kite/1", 5, "ready", font=font)
    odd = AssetRecord("odd", "font/otf", 10, "uploads/odd", 5, "refused", detail="It is broken.")
    for record in (kite, odd):
        adapters.assets.put(record)
        assert adapters.assets.get(record.asset_id) == record
    assert adapters.assets.list(limit=9, cursor=None).items == [kite, odd]


def test_an_asset_stores_its_templates_its_size_and_its_replacement(
    adapters: PortImplementations,
) -> None:
    upload = AnnouncedUpload("uploads/hero/2", "image/jpeg", 12, 1_795_000_009)
    hero = AssetRecord(
        "hero",
        "image/png",
        10,
        "assets/hero/1",
        5,
        "ready",
        template_ids=("welcome", "coupon"),
        width=640,
        height=480,
        replacement=upload,
    )
    adapters.assets.put(hero)
    assert adapters.assets.get("hero") == hero
    changed = replace(hero, replacement=None, revision=2)
    adapters.assets.put(changed)
    assert adapters.assets.list(limit=9, cursor=None).items == [changed]


def test_an_asset_that_was_changed_or_deleted_meanwhile_is_a_conflict(
    adapters: PortImplementations,
) -> None:
    hero = AssetRecord("hero", "image/png", 10, "uploads/hero/1", 5)
    for missing in (2, 3):
        with pytest.raises(Conflict):
            adapters.assets.put(replace(hero, revision=missing))
    adapters.assets.put(hero)
    adapters.assets.put(second := replace(hero, status="ready", revision=2))
    for outdated in (hero, replace(second, bytes=11), replace(second, revision=4)):
        with pytest.raises(Conflict):
            adapters.assets.put(outdated)
    assert adapters.assets.get("hero") == second


def test_of_concurrent_announcements_of_one_id_one_succeeds(adapters: PortImplementations) -> None:
    def announce(index: int) -> str:
        key = f"uploads/hero/{index}"
        adapters.assets.put(AssetRecord("hero", "image/png", 10, key, 5))
        return key

    keys = [result for result in run_concurrently(announce, 12) if isinstance(result, str)]
    stored = adapters.assets.get("hero")
    assert stored is not None and keys == [stored.object_key]


def test_a_version_stores_its_custom_fonts(adapters: PortImplementations) -> None:
    record = TemplateRecord("welcome", "Welcome", 1, 1_795_000_000)
    keys = ("templates/welcome/1/sources/1", "templates/welcome/1/sources/2")
    version = replace(version_of("welcome", 1), fonts={"Kite": keys, "asset:sail": keys[:1]})
    adapters.templates.publish(record, version)
    stored = adapters.templates.version("welcome", 1)
    assert stored is not None and stored.fonts == version.fonts


def test_the_secret_is_empty_until_it_is_written(adapters: PortImplementations) -> None:
    assert adapters.secrets.read() == ""
    adapters.secrets.write('{"a": 1}', instead_of="")
    adapters.secrets.write('{"a": 2}', instead_of='{"a": 1}')
    assert adapters.secrets.read() == '{"a": 2}'


def a_draft(template_id: str, revision: int = 7, **more: Any) -> DraftRecord:
    draft = DraftRecord(template_id, revision, 3, 10, 20, 1_900_000_000, "Zoë", 9)
    return replace(draft, **more)


def test_a_draft_is_read_as_it_was_put(adapters: PortImplementations) -> None:
    assert adapters.drafts.get("welcome") is None and adapters.drafts.read("welcome") is None
    draft, text = a_draft("welcome", name="Täglich", width=600, height=200), '{ "ü": [1]}\n'
    adapters.drafts.put(draft, text, instead_of=None)
    assert adapters.drafts.get("welcome") == draft
    assert adapters.drafts.read("welcome") == (draft, text)
    bare = a_draft("welcome", 8, base=None)
    adapters.drafts.put(bare, "{}", instead_of=7)
    assert adapters.drafts.read("welcome") == (bare, "{}")


def test_a_draft_of_the_largest_size_that_no_packing_makes_smaller_is_stored(
    adapters: PortImplementations,
) -> None:
    chance = random.Random(1)
    text = "".join(chr(chance.randrange(0x10000, 0x110000)) for _ in range(64 * 1024))
    adapters.drafts.put(a_draft("welcome"), text, instead_of=None)
    assert adapters.drafts.read("welcome") == (a_draft("welcome"), text)


def test_a_draft_that_somebody_else_changed_is_neither_replaced_nor_deleted(
    adapters: PortImplementations,
) -> None:
    with pytest.raises(Conflict):
        adapters.drafts.put(a_draft("welcome", 8), "{}", instead_of=7)
    adapters.drafts.put(a_draft("welcome"), '{"first": 1}', instead_of=None)
    for instead_of in (None, 6, 8):
        with pytest.raises(Conflict):
            adapters.drafts.put(a_draft("welcome", 9), "{}", instead_of=instead_of)
    with pytest.raises(Conflict):
        adapters.drafts.delete("welcome", revision=6)
    assert adapters.drafts.read("welcome") == (a_draft("welcome"), '{"first": 1}')
    adapters.drafts.delete("welcome", revision=7)
    assert adapters.drafts.get("welcome") is None and adapters.drafts.read("welcome") is None
    adapters.drafts.delete("welcome")  # also if there is none


def test_a_draft_is_published_and_deleted_or_neither(adapters: PortImplementations) -> None:
    adapters.drafts.put(a_draft("welcome"), "{}", instead_of=None)
    first, second = TemplateRecord("welcome", "W", 1, 5), TemplateRecord("welcome", "W", 2, 5)
    with pytest.raises(Conflict):
        adapters.drafts.publish(first, version_of("welcome", 1), revision=6)
    assert adapters.templates.record("welcome") is None
    assert adapters.templates.version("welcome", 1) is None
    adapters.drafts.publish(first, version_of("welcome", 1), revision=7)
    assert adapters.templates.record("welcome") == first
    assert adapters.templates.version("welcome", 1) == version_of("welcome", 1)
    assert adapters.drafts.get("welcome") is None and adapters.drafts.read("welcome") is None
    adapters.drafts.put(a_draft("welcome", 20), "{}", instead_of=None)
    with pytest.raises(Conflict):  # the record has not the revision that it should have
        adapters.drafts.publish(second, version_of("welcome", 2), revision=20)
    assert adapters.drafts.get("welcome") == a_draft("welcome", 20)
    assert adapters.templates.version("welcome", 2) is None


def test_drafts_are_listed_by_id_in_pages(adapters: PortImplementations) -> None:
    for name in ("c", "a", "d", "b"):
        adapters.drafts.put(a_draft(name), "{}", instead_of=None)
    first = adapters.drafts.list(limit=3, cursor=None)
    assert [draft.template_id for draft in first.items] == ["a", "b", "c"]
    assert adapters.drafts.list(limit=3, cursor=first.next_cursor) == Page([a_draft("d")])
