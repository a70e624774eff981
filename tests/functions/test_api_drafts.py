"""Drafts, documents as they were put, versions' notes, and the list of templates."""

import io
import json
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from PIL import Image

from postcard.studio.drafts import LIFETIME_SECONDS, MAX_NEW_DRAFTS, DraftChange
from tests.functions.fake_services import HandlerResponse
from tests.functions.in_memory_service import NOW, InMemoryService
from tests.functions.sample_events import document

PATH = "/v1/templates/welcome/draft"
FIRST = {"if-none-match": "*"}
TEXT = '{ "name": "Wélcome",\n  "layers": [ {"type": "no such layer", "x": 1e2} ] }\n'


def put(
    world: InMemoryService,
    body: Any = TEXT,
    *,
    path: str = PATH,
    etag: str | None = None,
    key: str = "",
) -> HandlerResponse:
    """PUT a draft: the first one, or instead of that with `etag`."""
    headers = FIRST if etag is None else {"if-match": f'"{etag}"'}
    return world.call("PUT", path, body, headers=headers, key=key)


def stored(world: InMemoryService, body: Any = TEXT, **more: Any) -> dict[str, Any]:
    reply = put(world, body, **more)
    assert reply.status == 200, reply.body
    return dict(reply.json)


def overtake(world: InMemoryService, value: dict[str, Any], *, etag: str) -> None:
    """Store a draft as another process does while a call of this one goes on."""
    world.drafts.before_put = lambda: None
    text = json.dumps(value)
    change = DraftChange("welcome", text, value, by="other", key_id="key_other", if_match=etag)
    world.api.drafts.save(change, now=world.now)


def size_of(reply: HandlerResponse) -> tuple[int, int]:
    with Image.open(io.BytesIO(reply.body)) as image:
        return image.size


def code(reply: HandlerResponse) -> tuple[int, str]:
    return reply.status, reply.json["code"]


def test_a_document_is_read_with_the_bytes_that_were_put(world: InMemoryService) -> None:
    text = json.dumps(document(name="Wélcome"), indent=1, ensure_ascii=False) + "\n\n"
    world.publish(text)  # type: ignore[arg-type]
    latest = world.call("GET", "/v1/templates/welcome/document")
    assert (latest.body, latest.headers["etag"]) == (text.encode(), '"2"')
    assert latest.headers["content-type"] == "application/json"
    second = world.call("GET", "/v1/templates/welcome/versions/2/document")
    assert (second.body, second.headers["etag"]) == (latest.body, '"2"')
    first = world.call("GET", "/v1/templates/welcome/versions/1/document")
    assert (json.loads(first.body), first.headers["etag"]) == (document(), '"1"')
    missing = world.call("GET", "/v1/templates/welcome/versions/3/document")
    assert code(missing) == (404, "not_found")
    assert world.call("GET", "/v1/templates/other/document").status == 404


def test_a_draft_keeps_its_bytes_whether_it_is_a_template_or_not(world: InMemoryService) -> None:
    draft = stored(world)
    assert draft == {
        "template_id": "welcome",
        "etag": draft["etag"],
        "base": 1,
        "created_at": "2026-11-22T10:00:00Z",
        "updated_at": "2026-11-22T10:00:00Z",
        "expires_at": "2027-02-20T10:00:00Z",
        "by": "test",
        "bytes": len(TEXT.encode()),
    }
    read = world.call("GET", PATH)
    assert (read.json, read.headers["etag"]) == (draft, f'"{draft["etag"]}"')
    whole = world.call("GET", f"{PATH}/document")
    assert (whole.body, whole.headers["etag"]) == (TEXT.encode(), f'"{draft["etag"]}"')


def test_one_call_reads_what_an_editor_opens(world: InMemoryService) -> None:
    def opened(template_id: str = "welcome") -> HandlerResponse:
        return world.call("GET", f"/v1/templates/{template_id}/draft/document?or_latest=true")

    latest = world.call("GET", "/v1/templates/welcome/document")
    assert (opened().body, opened().headers["etag"]) == (latest.body, '"1"')
    assert "postcard-base" not in opened().headers
    etag = stored(world)["etag"]
    for whole in (opened(), world.call("GET", f"{PATH}/document")):
        assert (whole.body, whole.headers["etag"]) == (TEXT.encode(), f'"{etag}"')
        assert whole.headers["postcard-base"] == "1"
    assert code(opened("other")) == (404, "not_found")
    stored(world, path="/v1/templates/other/draft")
    assert opened("other").body == TEXT.encode()
    assert "postcard-base" not in opened("other").headers  # it began from no version
    world.now += LIFETIME_SECONDS
    assert (opened().body, opened().headers["etag"]) == (latest.body, '"1"')
    world.call("DELETE", "/v1/templates/welcome?erase=true")
    assert opened().status == 410


def test_a_draft_of_the_largest_size_is_stored_and_one_byte_more_is_not(
    world: InMemoryService,
) -> None:
    whole = b'{"a":"%s"}' % (b"x" * (256 * 1024 - 8))
    reply = world.call("PUT", PATH, raw=whole, headers=FIRST)
    assert (reply.status, reply.json["bytes"]) == (200, 256 * 1024)
    assert world.call("GET", f"{PATH}/document").body == whole
    larger = world.call("PUT", PATH, raw=whole[:-2] + b'x"}', headers={"if-match": "*"})
    assert code(larger) == (413, "body_too_large")


@pytest.mark.parametrize("body", ["[]", '"text"', "1", "null", "true"])
def test_a_draft_is_a_json_object(world: InMemoryService, body: str) -> None:
    assert code(put(world, body)) == (400, "invalid_request")
    assert code(put(world, "{")) == (400, "invalid_json")
    assert world.drafts.get("welcome") is None


def test_a_change_says_which_draft_it_changes(world: InMemoryService) -> None:
    bare = world.call("PUT", PATH, TEXT)
    assert code(bare) == (428, "precondition_required")
    assert "If-None-Match: *" in bare.json["detail"]
    assert world.call("PUT", PATH, TEXT, headers={"if-none-match": '"d1"'}).status == 428
    assert code(put(world, etag="d7")) == (412, "precondition_failed")
    first = stored(world)
    assert code(put(world, {"a": 1})) == (412, "precondition_failed")
    second = stored(world, {"a": 1}, etag=first["etag"])
    assert second["etag"] != first["etag"]
    assert code(put(world, {"a": 2}, etag=first["etag"])) == (412, "precondition_failed")
    assert world.call("GET", f"{PATH}/document").json == {"a": 1}
    for tag in ("*", second["etag"], f'W/"{second["etag"]}"'):  # leniently, as for versions
        reply = world.call("PUT", PATH, {"a": 1}, headers={"if-match": tag})
        assert reply.status == 200, tag
        second = reply.json


def test_a_stale_change_is_told_who_changed_the_draft_and_when(world: InMemoryService) -> None:
    first = stored(world)
    world.now += 60
    world.call(
        "PUT",
        PATH,
        {"a": 1},
        headers={"if-match": "*"},
        key=world.new_api_key(["drafts"]),
    )
    detail = put(world, {"a": 2}, etag=first["etag"]).json["detail"]
    assert detail == "test changed this draft at 2026-11-22T10:01:00Z: read it again."


def test_a_repeated_change_whose_response_was_lost_succeeds(world: InMemoryService) -> None:
    first = stored(world)
    assert stored(world) == first
    second = stored(world, {"a": 1}, etag=first["etag"])
    world.now += 5
    assert stored(world, {"a": 1}, etag=first["etag"]) == second
    assert put(world, TEXT, etag=first["etag"]).status == 412


def test_of_two_changes_of_one_draft_at_the_same_moment_one_is_refused(
    world: InMemoryService,
) -> None:
    first = stored(world)
    world.drafts.before_put = lambda: overtake(world, {"winner": 1}, etag=first["etag"])
    assert code(put(world, {"loser": 1}, etag=first["etag"])) == (412, "precondition_failed")
    assert world.call("GET", f"{PATH}/document").json == {"winner": 1}


def test_an_etag_of_a_deleted_draft_never_fits_a_later_one(world: InMemoryService) -> None:
    seen = {stored(world)["etag"]}
    for number in range(5):
        assert world.call("DELETE", PATH).status == 204
        world.now += 0.01
        seen.add(stored(world, {"n": number})["etag"])
    assert len(seen) == 6


def test_a_draft_is_deleted_unless_somebody_else_changed_it(world: InMemoryService) -> None:
    first = stored(world)
    second = stored(world, {"a": 1}, etag=first["etag"])
    stale = world.call("DELETE", PATH, headers={"if-match": f'"{first["etag"]}"'})
    assert code(stale) == (412, "precondition_failed")
    assert world.call("DELETE", PATH, headers={"if-match": f'"{second["etag"]}"'}).status == 204
    for method, path in (("GET", PATH), ("GET", f"{PATH}/document"), ("DELETE", PATH)):
        assert code(world.call(method, path)) == (404, "not_found")
    assert code(put(world, {"a": 2}, etag=second["etag"])) == (412, "precondition_failed")


def test_a_draft_that_changes_while_it_is_deleted_stays(
    world: InMemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = stored(world)
    delete = world.drafts.delete

    def delete_late(template_id: str, *, revision: int | None = None) -> None:
        overtake(world, {"a": 1}, etag=first["etag"])
        delete(template_id, revision=revision)

    monkeypatch.setattr(world.drafts, "delete", delete_late)
    late = world.call("DELETE", PATH, headers={"if-match": f'"{first["etag"]}"'})
    assert code(late) == (412, "precondition_failed")
    assert world.call("GET", f"{PATH}/document").json == {"a": 1}


def test_a_draft_ends_ninety_days_after_its_last_change(world: InMemoryService) -> None:
    first = stored(world)
    world.now += LIFETIME_SECONDS - 1
    second = stored(world, {"a": 1}, etag=first["etag"])
    assert (second["created_at"], second["expires_at"] > first["expires_at"]) == (
        first["created_at"],
        True,
    )
    world.now += LIFETIME_SECONDS
    assert world.call("GET", PATH).status == 404
    assert world.call("GET", f"{PATH}/document").status == 404
    assert put(world, {"a": 2}, etag=second["etag"]).status == 412
    (line,) = world.call("GET", "/v1/templates").json["items"]
    assert line["draft"] is None
    assert stored(world, {"a": 3})["etag"] not in (first["etag"], second["etag"])


def test_the_version_that_a_draft_begins_from_stays_until_it_is_changed(
    world: InMemoryService,
) -> None:
    first = stored(world)
    world.publish(document(background="#000000"))
    second = stored(world, {"a": 1}, etag=first["etag"])
    assert (first["base"], second["base"]) == (1, 1)
    rebased = stored(world, {"a": 1}, etag=second["etag"], path=f"{PATH}?base=2")
    assert (rebased["base"], rebased["etag"] == second["etag"]) == (2, False)
    unknown = put(world, {"a": 1}, etag=rebased["etag"], path=f"{PATH}?base=3")
    assert unknown.error_locations() == [("invalid_request", "/base")]
    assert put(world, {"a": 1}, etag=rebased["etag"], path=f"{PATH}?base=0").status == 400
    assert stored(world, path="/v1/templates/new/draft")["base"] is None


def test_a_draft_is_never_drawn(world: InMemoryService) -> None:
    before = world.open_link(world.sign_link()).body
    stored(world, document(background="#ff0000"))
    assert world.open_link(world.sign_link({"first_name": "there"}, version=None)).status == 200
    world.cold_start()
    assert world.open_link(world.sign_link()).body == before
    stored(world, document(), path="/v1/templates/new/draft")
    assert code(world.call("POST", "/v1/images", {"template_id": "new"})) == (404, "not_found")
    assert code(world.call("POST", "/v1/links", {"template_id": "new"})) == (404, "not_found")
    assert world.open_link(world.sign_link(template="new")).headers["x-postcard-fallback"]
    rows = {"template_id": "new", "rows": [{"first_name": "Zoë"}]}
    assert code(world.call("POST", "/v1/batches", rows)) == (404, "not_found")


def test_publishing_with_a_draft_deletes_it(world: InMemoryService) -> None:
    draft = stored(world, document(background="#ff0000"))
    reply = world.call(
        "PUT",
        "/v1/templates/welcome",
        document(background="#ff0000"),
        headers={"if-match": '"1"', "postcard-draft": f'"{draft["etag"]}"'},
    )
    assert (reply.status, reply.json["version"]) == (200, 2)
    assert world.call("GET", PATH).status == 404


def test_publishing_an_id_for_the_first_time_deletes_its_draft(empty: InMemoryService) -> None:
    draft = stored(empty, document())
    headers = {"if-none-match": "*", "postcard-draft": f'"{draft["etag"]}"'}
    assert empty.call("PUT", "/v1/templates/welcome", document(), headers=headers).status == 200
    (line,) = empty.call("GET", "/v1/templates").json["items"]
    assert (line["version"], line["draft"]) == (1, None)


def test_publishing_with_a_draft_that_was_changed_publishes_nothing(
    world: InMemoryService,
) -> None:
    draft = stored(world)
    stored(world, {"newer": True}, etag=draft["etag"])
    headers = {"postcard-draft": f'"{draft["etag"]}"'}
    reply = world.call("PUT", "/v1/templates/welcome", document(width=130), headers=headers)
    assert code(reply) == (412, "precondition_failed")
    assert world.call("GET", "/v1/templates/welcome").json["version"] == 1
    assert world.call("GET", f"{PATH}/document").json == {"newer": True}
    missing = world.call(
        "PUT", "/v1/templates/other", document(), headers={"postcard-draft": '"d1"'}
    )
    assert code(missing) == (412, "precondition_failed")


def test_a_draft_that_is_changed_while_it_is_published_is_not_lost(
    world: InMemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = stored(world)
    publish = world.drafts.publish

    def overtaken(*arguments: Any, **more: Any) -> None:
        overtake(world, {"newer": True}, etag=draft["etag"])
        publish(*arguments, **more)

    monkeypatch.setattr(world.drafts, "publish", overtaken)
    headers = {"postcard-draft": f'"{draft["etag"]}"'}
    reply = world.call("PUT", "/v1/templates/welcome", document(width=130), headers=headers)
    assert code(reply) == (409, "conflict")
    assert world.call("GET", "/v1/templates/welcome").json["version"] == 1
    assert world.call("GET", f"{PATH}/document").json == {"newer": True}


def test_a_refused_document_leaves_its_draft(world: InMemoryService) -> None:
    draft = stored(world)
    headers = {"postcard-draft": f'"{draft["etag"]}"'}
    assert world.call("PUT", "/v1/templates/welcome", TEXT, headers=headers).status == 400
    assert world.call("GET", PATH).json == draft


def test_publishing_a_draft_that_equals_the_latest_version_deletes_it(
    world: InMemoryService,
) -> None:
    draft = stored(world, document())
    headers = {"postcard-draft": f'"{draft["etag"]}"'}
    reply = world.call("PUT", "/v1/templates/welcome", document(), headers=headers)
    assert (reply.status, reply.json["version"]) == (200, 1)
    assert world.call("GET", PATH).status == 404


def test_publishing_without_the_draft_leaves_it(world: InMemoryService) -> None:
    draft = stored(world)
    world.publish(document(width=130))
    assert world.call("GET", PATH).json == draft


@pytest.mark.parametrize("query", ["", "?erase=true"])
def test_deleting_a_template_deletes_its_draft(world: InMemoryService, query: str) -> None:
    stored(world, {"person": "Zoë"})
    world.call("DELETE", f"/v1/templates/welcome{query}")
    assert world.drafts.read("welcome") is None
    for method, body in (("GET", None), ("PUT", TEXT), ("DELETE", None)):
        reply = world.call(method, PATH, body, headers=FIRST)
        assert code(reply) == (410, "deleted")
    assert code(world.call("GET", f"{PATH}/document")) == (410, "deleted")
    assert world.call("GET", "/v1/templates").json["items"] == []


def test_a_draft_that_is_stored_while_its_template_is_erased_does_not_stay(
    world: InMemoryService,
) -> None:
    def erase() -> None:
        assert world.api.templates.delete("welcome", erase=True) is not None

    world.drafts.before_put = erase
    assert code(put(world)) == (410, "deleted")
    assert world.drafts.read("welcome") is None


def test_an_erasure_that_was_cut_off_before_the_draft_is_completed_by_the_next_call(
    world: InMemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored(world, {"person": "Zoë"})
    with monkeypatch.context() as cut_off:
        cut_off.setattr(world.drafts, "delete", lambda *_, **__: None)
        assert world.call("DELETE", "/v1/templates/welcome?erase=true").status == 202
    assert world.drafts.read("welcome") is not None
    assert world.call("DELETE", "/v1/templates/welcome?erase=true").status == 202
    assert world.drafts.read("welcome") is None


def test_a_key_begins_a_bounded_number_of_drafts_a_day(empty: InMemoryService) -> None:
    key = empty.new_api_key(["drafts"], rate=100_000)
    (key_id,) = (each.key_id for each in empty.api_keys.list() if each.scopes == ("drafts",))
    empty.counters.increment(f"drafts#{key_id}#2026-11-22", expires_at=0, by=MAX_NEW_DRAFTS - 1)
    draft = stored(empty, key=key)
    refused = put(empty, path="/v1/templates/one-more/draft", key=key)
    assert code(refused) == (429, "rate_limited")
    assert int(refused.headers["retry-after"]) == 14 * 3600
    stored(empty, {"a": 1}, etag=draft["etag"], key=key)
    empty.now += 86_400
    assert put(empty, path="/v1/templates/one-more/draft", key=key).status == 200


@pytest.mark.parametrize("scope", ["templates", "drafts"])
def test_drafts_need_the_scope_templates_or_drafts(world: InMemoryService, scope: str) -> None:
    key = world.new_api_key([scope])
    draft = stored(world, key=key)
    assert world.call("GET", PATH, key=key).json == draft
    assert world.call("GET", f"{PATH}/document", key=key).status == 200
    assert world.call("GET", "/v1/templates/welcome/document", key=key).status == 200
    assert world.call("DELETE", PATH, key=key).status == 204
    other = world.new_api_key(["images", "batches", "admin"])
    for method, path in (("GET", PATH), ("GET", f"{PATH}/document"), ("DELETE", PATH)):
        assert code(world.call(method, path, key=other)) == (403, "missing_scope")
    assert code(put(world, key=other)) == (403, "missing_scope")


def test_a_confined_key_reaches_the_drafts_of_its_templates_only(world: InMemoryService) -> None:
    key = world.new_api_key(["drafts", "templates"], templates=["mine"])
    stored(world)
    stored(world, path="/v1/templates/mine/draft", key=key)
    for method, path in (("GET", PATH), ("GET", f"{PATH}/document"), ("DELETE", PATH)):
        assert code(world.call(method, path, key=key)) == (403, "template_not_allowed")
    assert code(put(world, key=key)) == (403, "template_not_allowed")
    listed = world.call("GET", "/v1/templates", key=key).json["items"]
    assert [line["id"] for line in listed] == ["mine"]


def test_a_line_of_the_list_has_what_a_grid_of_templates_shows(world: InMemoryService) -> None:
    world.now += 60
    world.publish(document(width=900, height=300, name="Wide"))
    draft = stored(world)
    (line,) = world.call("GET", "/v1/templates").json["items"]
    thumbnail = line.pop("thumbnail_url")
    assert line == {
        "id": "welcome",
        "version": 2,
        "name": "Wide",
        "created_at": "2026-11-22T10:00:00Z",
        "published_at": "2026-11-22T10:01:00Z",
        "paused": False,
        "daily_renders": None,
        "daily_usd": None,
        "on_budget": "fallback",
        "width": 900,
        "height": 300,
        "draft": {name: value for name, value in draft.items() if name != "template_id"},
    }
    picture = world.open_link(thumbnail.removeprefix("https://pictures.example.com"))
    assert (picture.status, picture.headers["content-type"]) == (200, "image/webp")
    assert size_of(picture) == (320, 107)


def test_a_small_template_is_not_enlarged_in_the_list(world: InMemoryService) -> None:
    (line,) = world.call("GET", "/v1/templates").json["items"]
    picture = world.open_link(line["thumbnail_url"].removeprefix("https://pictures.example.com"))
    assert size_of(picture) == (120, 60)


def test_the_picture_in_the_list_shows_the_examples_of_the_fields(world: InMemoryService) -> None:
    fields = {"first_name": {"required": True, "example": "Zoë"}, "points": {"default": "none"}}
    assert thumbnail_values(world, fields) == {"first_name": ["Zoë"]}


def test_the_picture_in_the_list_shows_defaults_where_the_examples_are_long(
    world: InMemoryService,
) -> None:
    fields = {"story": {"max_length": 2000, "example": "A long story. " * 80}}
    assert thumbnail_values(world, fields) == {}


def thumbnail_values(world: InMemoryService, fields: dict[str, Any]) -> dict[str, list[str]]:
    layers = [{"type": "text", "text": f"{{{{ {name} }}}}"} for name in fields]
    world.publish(document(fields=fields, layers=layers, alt=""))
    (line,) = world.call("GET", "/v1/templates").json["items"]
    query = parse_qs(urlsplit(line["thumbnail_url"]).query)
    return {name: values for name, values in query.items() if not name.startswith("_")}


def test_a_draft_of_an_id_without_a_version_is_in_the_list(world: InMemoryService) -> None:
    draft = stored(world, document(name="Täglich"), path="/v1/templates/daily/draft")
    first, second = world.call("GET", "/v1/templates").json["items"]
    assert first == {
        "id": "daily",
        "version": None,
        "name": "Täglich",
        "created_at": "2026-11-22T10:00:00Z",
        "published_at": None,
        "paused": False,
        "daily_renders": None,
        "daily_usd": None,
        "on_budget": "fallback",
        "width": 120,
        "height": 60,
        "thumbnail_url": None,
        "draft": {name: value for name, value in draft.items() if name != "template_id"},
    }
    assert (second["id"], second["draft"]) == ("welcome", None)


@pytest.mark.parametrize(
    "odd",
    [
        {"name": 7, "width": "600", "height": True},
        {"name": "\ud800" * 9, "width": 0, "height": 5001},
        {"name": "x" * 5000, "width": 1.5, "height": -1},
        {"name": "  ", "width": None},
    ],
)
def test_whatever_a_draft_says_of_itself_the_list_is_readable(
    empty: InMemoryService, odd: dict[str, Any]
) -> None:
    stored(empty, odd)
    (line,) = empty.call("GET", "/v1/templates").json["items"]
    assert (line["width"], line["height"]) == (None, None)
    assert 0 < len(line["name"]) <= 200


def test_the_list_is_read_in_two_calls_of_the_table(empty: InMemoryService) -> None:
    for number in range(12):
        empty.publish(document(), f"t{number:02}")
        stored(empty, path=f"/v1/templates/t{number:02}/draft")
        stored(empty, path=f"/v1/templates/u{number:02}/draft")
    tables = (empty.templates, empty.drafts)
    before = sum(table.reads for table in tables), empty.templates.version_reads
    lists = empty.templates.list_reads
    assert len(empty.call("GET", "/v1/templates").json["items"]) == 24
    assert sum(table.reads for table in tables) == before[0] + 1  # the list of drafts
    assert empty.templates.version_reads == before[1]
    assert empty.templates.list_reads == lists + 1


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 11])
def test_every_template_and_draft_is_listed_once_whatever_the_pages(
    empty: InMemoryService, limit: int
) -> None:
    for name in ("b", "c", "f", "g"):
        empty.publish(document(), name)
    for name in ("a", "c", "d", "e", "h"):
        stored(empty, path=f"/v1/templates/{name}/draft")
    empty.call("DELETE", "/v1/templates/f")
    listed, cursor = [], ""
    while True:
        page = empty.call("GET", f"/v1/templates?limit={limit}{cursor}").json
        assert len(page["items"]) <= limit
        listed += [(line["id"], line["version"], bool(line["draft"])) for line in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert listed == [
        ("a", None, True),
        ("b", 1, False),
        ("c", 1, True),
        ("d", None, True),
        ("e", None, True),
        ("g", 1, False),
        ("h", None, True),
    ]


def test_a_version_keeps_its_note_and_who_published_it(world: InMemoryService) -> None:
    note = "Grün statt rot, 50 % 🎉"
    headers = {"postcard-note": quote(note)}
    world.call("PUT", "/v1/templates/welcome", document(width=130), headers=headers)
    world.call("PUT", "/v1/templates/welcome", document(width=131))
    items = world.call("GET", "/v1/templates/welcome/versions").json["items"]
    assert [(item["version"], item["note"], item["by"]) for item in items] == [
        (3, None, "test"),
        (2, note, "test"),
        (1, None, "test"),
    ]


def test_a_note_has_at_most_two_hundred_characters_as_people_count(
    world: InMemoryService,
) -> None:
    family = "👨‍👩‍👧‍👦"
    headers = {"postcard-note": quote(family * 200)}
    reply = world.call("PUT", "/v1/templates/welcome", document(width=130), headers=headers)
    assert reply.status == 200
    for bad in (family + "x" * 200, "x" * 201, "a\nb", "a\x00b", "e" + "\u0301" * 2000):
        headers = {"postcard-note": quote(bad)}
        reply = world.call("PUT", "/v1/templates/welcome", document(width=131), headers=headers)
        assert reply.error_locations() == [("invalid_request", "/Postcard-Note")], bad
    for raw in ("Grün", "%ff%fe"):
        reply = world.call(
            "PUT", "/v1/templates/welcome", document(width=131), headers={"postcard-note": raw}
        )
        assert "encodeURIComponent" in reply.json["detail"]
    assert world.call("GET", "/v1/templates/welcome").json["version"] == 2


def test_a_draft_s_name_is_bounded_by_characters_that_a_table_can_hold() -> None:
    world = InMemoryService()
    stored(world, '{"name": "\\ud800"}')
    record = world.drafts.get("welcome")
    assert record is not None and record.name == "?"
    assert record.updated_at == int(NOW)
