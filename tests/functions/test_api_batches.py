"""`/v1/batches`: create, start, read, list, cancel, erase, results."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from postcard.adapters.pagination import encode_cursor
from postcard.campaigns.batches.batch_service import MAX_RUNNING
from postcard.campaigns.batches.plan import BatchSettings
from postcard.ports import BatchRecord
from tests.functions.in_memory_service import NOW, InMemoryService
from tests.functions.sample_events import Json, document

ROWS = [{"email": "zoe@example.com", "first_name": "Zoë"}, {"email": "bo@example.com"}]
DAY = 86_400


@pytest.fixture
def service() -> InMemoryService:
    service = InMemoryService()
    service.publish(document())
    return service


def create(service: InMemoryService, *, status: int = 202, key: str = "", **body: Any) -> Json:
    sent = {"template_id": "welcome", **body}
    given = {name: value for name, value in sent.items() if value is not None}
    reply = service.call("POST", "/v1/batches", given, key=key)
    assert reply.status == status, reply.body
    answer: Json = reply.json
    return answer


def uploaded(service: InMemoryService, body: bytes = b"first_name\r\nBo\r\n", **more: Any) -> str:
    """A batch whose file is there."""
    batch = create(service, upload={"bytes": len(body)}, **more)
    service.files.write(batch["upload"]["fields"]["key"], body, "text/csv")
    batch_id: str = batch["id"]
    return batch_id


def upload_key(batch_id: str) -> str:
    return f"batches/{batch_id}/upload"


def change(service: InMemoryService, batch_id: str, **changes: Any) -> BatchRecord:
    """What the state machine's steps would store."""
    assert service.batches.update(batch_id, changes, status_is=("waiting", "running", "completed"))
    record = service.batches.get(batch_id)
    assert record is not None
    return record


def complete(service: InMemoryService, batch_id: str, result: bytes, suffix: str = "csv") -> None:
    files = {"result": f"result-1.{suffix}", "report": "report.csv"}
    for name, file in files.items():
        service.files.write(f"batches/{batch_id}/{file}", result, "text/csv")
        files[name] = f"batches/{batch_id}/{file}"
    change(
        service,
        batch_id,
        status="completed",
        ended_at=int(service.now),
        total=2,
        ok=1,
        defaults=1,
        summary={name: {"key": file, "rows": 2} for name, file in files.items()},
    )


def test_rows_are_stored_as_json_lines_and_started_at_once(service: InMemoryService) -> None:
    batch = create(service, rows=ROWS, columns={"code": None}, metadata={"send": 7})
    assert (batch["status"], batch["success"], batch["upload"]) == ("running", True, None)
    assert batch["template_versions"] == {"welcome": 1}
    assert (batch["total"], batch["done"], batch["progress"]) == (None, 0, 0.0)
    assert batch["metadata"] == {"send": 7}
    assert batch["expires_at"] == "2026-11-29T10:00:00Z"
    stored = service.files.read(upload_key(batch["id"]), 0, 10_000).decode()
    assert [json.loads(line) for line in stored.splitlines()] == ROWS
    assert service.machine.started == [(f"{batch['id']}-1", batch["id"])]
    record = service.batches.get(batch["id"])
    assert record is not None and record.execution is not None
    assert record.settings["is_inline"] and record.settings["columns"] == {"code": None}
    assert "Zoë" not in repr(record)


def test_a_file_is_uploaded_by_a_form_and_then_started(service: InMemoryService) -> None:
    batch = create(service, upload={"bytes": 17, "content_type": "text/csv"}, mode="images")
    assert (batch["status"], batch["mode"]) == ("waiting", "images")
    assert batch["upload"]["fields"]["key"] == upload_key(batch["id"])
    early = service.call("POST", f"/v1/batches/{batch['id']}/start")
    assert (early.status, early.json["code"]) == (409, "not_uploaded")
    assert service.machine.started == []
    service.files.write(upload_key(batch["id"]), b"first_name\r\nBo\r\n", "text/csv")
    started = service.call("POST", f"/v1/batches/{batch['id']}/start")
    assert (started.status, started.json["status"]) == (202, "running")
    again = service.call("POST", f"/v1/batches/{batch['id']}/start")
    assert again.json == started.json
    assert service.machine.started == [(f"{batch['id']}-1", batch["id"])]


def test_a_start_that_was_interrupted_before_the_machine_is_repeated(
    service: InMemoryService,
) -> None:
    batch_id = uploaded(service)
    change(service, batch_id, status="running", attempt=1, started_at=int(NOW))
    service.call("POST", f"/v1/batches/{batch_id}/start")
    assert service.machine.started == [(f"{batch_id}-1", batch_id)]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "invalid_request"),
        ({"rows": ROWS, "upload": {"bytes": 1}}, 400, "invalid_request"),
        ({"rows": []}, 400, "invalid_request"),
        ({"rows": [{}] * 1001}, 413, "too_many_rows"),
        ({"rows": ["x"]}, 400, "invalid_request"),
        ({"upload": {"bytes": 5_000_000_001}}, 413, "too_large"),
        ({"upload": {"bytes": 0}}, 400, "invalid_request"),
        ({"upload": {"bytes": 1, "content_type": "image/png"}}, 400, "invalid_request"),
        ({"rows": ROWS, "template_id": None}, 400, "no_template"),
        ({"rows": ROWS, "template_id": "nothing"}, 404, "not_found"),
        ({"rows": [{f"k{n}": n for n in range(201)}]}, 400, "bad_columns"),
        ({"rows": ROWS, "columns": {"nobody": 1}}, 400, "unknown_name"),
        ({"rows": ROWS, "encoding": "utf-16"}, 400, "invalid_request"),
        ({"rows": ROWS, "delimiter": ";"}, 400, "invalid_request"),
        (
            {"rows": ROWS, "mode": "images", "expires_at": "2027-01-01T00:00:00Z"},
            400,
            "invalid_request",
        ),
        ({"rows": ROWS, "columns": {"code": 0}}, 400, "invalid_request"),
        ({"rows": ROWS, "columns": {"code": 10**9}}, 400, "invalid_request"),
        ({"rows": ROWS, "columns": {"code": "x" * 1025}}, 400, "invalid_request"),
        ({"upload": {"bytes": 9}, "encoding": "klingon"}, 400, "unknown_encoding"),
        ({"upload": {"bytes": 9}, "delimiter": "\n"}, 400, "bad_dialect"),
        ({"upload": {"bytes": 9}, "delimiter": ";", "quote": ";"}, 400, "bad_dialect"),
        ({"rows": ROWS, "columns": {f"c{n}": n for n in range(1, 202)}}, 400, "bad_columns"),
        ({"rows": ROWS, "columns": {"a": 1.5}}, 400, "invalid_request"),
        ({"rows": ROWS, "mode": "pictures"}, 400, "invalid_request"),
        ({"rows": ROWS, "width": 5001}, 400, "invalid_request"),
        ({"rows": ROWS, "dpr": 4}, 400, "invalid_request"),
        ({"rows": ROWS, "expires_at": "2020-01-01T00:00:00Z"}, 400, "invalid_request"),
        ({"rows": ROWS, "expires_at": "tomorrow"}, 400, "invalid_request"),
        ({"rows": ROWS, "delimiter": ";;"}, 400, "invalid_request"),
        ({"rows": ROWS, "rate": 1001}, 400, "invalid_request"),
    ],
    ids=lambda case: str(case)[:40],
)
def test_a_request_that_cannot_become_a_batch_is_refused(
    service: InMemoryService, body: Mapping[str, Any], status: int, code: str
) -> None:
    problem = create(service, status=status, **body)
    assert problem["code"] == code, problem
    assert service.machine.started == []
    assert list(service.files.list("batches/")) == []


def test_a_laptop_says_that_the_file_is_too_large_here(service: InMemoryService) -> None:
    service.batch_bytes = 1000
    service.rebuild()
    problem = create(service, status=413, upload={"bytes": 1001})
    assert problem["code"] == "too_large_here" and "1,000 bytes" in problem["detail"]


def test_the_empty_quote_says_that_nothing_is_quoted(service: InMemoryService) -> None:
    batch_id = create(service, upload={"bytes": 9}, quote="")["id"]
    record = service.batches.get(batch_id)
    assert record is not None and BatchSettings.from_json(record.settings).quote == ""


def test_the_template_may_come_from_a_column(service: InMemoryService) -> None:
    batch = create(service, template_id=None, template_column="template", rows=ROWS)
    assert (batch["template_id"], batch["template_versions"]) == (None, {})


def test_progress_and_the_time_that_remains_follow_from_the_rows(service: InMemoryService) -> None:
    batch_id = uploaded(service)
    service.call("POST", f"/v1/batches/{batch_id}/start")
    service.now += 10
    change(
        service,
        batch_id,
        total=400,
        ok=90,
        defaults=8,
        failed=2,
        summary={"encoding": "utf-8", "encoding_by": "content", "mapping": {"first_name": 1}},
    )
    batch = service.call("GET", f"/v1/batches/{batch_id}").json
    assert (batch["total"], batch["done"], batch["progress"]) == (400, 100, 0.25)
    assert batch["remaining_seconds"] == 30
    assert (batch["ok"], batch["defaults"], batch["failed"]) == (90, 8, 2)
    assert (batch["encoding"], batch["mapping"]) == ("utf-8", {"first_name": 1})
    change(service, batch_id, ok=500)
    over = service.call("GET", f"/v1/batches/{batch_id}").json
    assert over["done"] == 400 and over["progress"] < 1


def test_the_results_of_rows_are_paged_and_those_of_a_file_are_addresses(
    service: InMemoryService,
) -> None:
    rows = [{**row, "personalized_image_url": "https://…", "status": "ok"} for row in ROWS]
    batch_id = create(service, rows=ROWS)["id"]
    early = service.call("GET", f"/v1/batches/{batch_id}/results")
    assert (early.status, early.json["code"]) == (409, "not_ready")
    complete(service, batch_id, "".join(f"{json.dumps(row)}\n" for row in rows).encode(), "jsonl")
    first = service.call("GET", f"/v1/batches/{batch_id}/results?limit=1").json
    assert first["items"] == rows[:1] and first["result"] is None
    cursor = first["next_cursor"]
    second = service.call("GET", f"/v1/batches/{batch_id}/results?cursor={cursor}").json
    assert (second["items"], second["next_cursor"]) == (rows[1:], None)
    bad = service.call("GET", f"/v1/batches/{batch_id}/results?cursor=eHl6")
    assert (bad.status, bad.json["code"]) == (400, "invalid_request")

    batch_id = uploaded(service)
    service.call("POST", f"/v1/batches/{batch_id}/start")
    complete(service, batch_id, b"some,bytes\r\n")
    files = service.call("GET", f"/v1/batches/{batch_id}/results").json
    assert f"{batch_id}-result.csv" in files["result"]["url"]
    assert (files["result"]["bytes"], files["result"]["rows"]) == (12, 2)
    assert files["result"]["expires_at"] == "2026-11-22T10:15:00Z"
    assert files["report"]["url"] and files["contact_sheet"] is None
    done = service.call("GET", f"/v1/batches/{batch_id}").json
    assert (done["progress"], done["remaining_seconds"]) == (1.0, None)


def test_a_cursor_that_points_into_a_row_is_refused(service: InMemoryService) -> None:
    batch_id = create(service, rows=ROWS)["id"]
    complete(service, batch_id, b'{"a": 1}\n{"a": 2}\n')
    reply = service.call("GET", f"/v1/batches/{batch_id}/results?cursor={encode_cursor('5')}")
    assert (reply.status, reply.json["errors"][0]["pointer"]) == (400, "/cursor")


def test_half_of_a_character_is_left_out_of_rows(service: InMemoryService) -> None:
    batch_id = create(service, rows=[{"first_name": "Zo\ud83d"}])["id"]
    stored = service.files.read(upload_key(batch_id), 0, 1000)
    assert json.loads(stored) == {"first_name": "Zo"}


def test_results_expire(service: InMemoryService) -> None:
    batch_id = uploaded(service)
    complete(service, batch_id, b"some,bytes\r\n")
    service.now += 7 * DAY - 1
    assert service.call("GET", f"/v1/batches/{batch_id}/results").status == 200
    service.now += 1
    gone = service.call("GET", f"/v1/batches/{batch_id}/results")
    assert (gone.status, gone.json["code"]) == (410, "expired")
    assert service.call("GET", f"/v1/batches/{batch_id}").status == 200


def test_the_same_upload_has_the_result_of_the_first_batch(service: InMemoryService) -> None:
    first, second = uploaded(service), uploaded(service)
    complete(service, first, b"some,bytes\r\n")
    change(service, second, status="completed", summary={"same_as": first}, total=2, ok=2)
    batch = service.call("GET", f"/v1/batches/{second}").json
    assert batch["same_as"] == first
    assert service.call("GET", f"/v1/batches/{second}/results").json["result"]["bytes"] == 12


def test_a_running_batch_is_cancelled_and_an_ended_one_erased(service: InMemoryService) -> None:
    batch_id = uploaded(service)
    service.call("POST", f"/v1/batches/{batch_id}/start")
    record = service.batches.get(batch_id)
    assert record is not None
    assert service.call("DELETE", f"/v1/batches/{batch_id}").status == 204
    assert service.machine.stopped == [record.execution]
    assert service.call("GET", f"/v1/batches/{batch_id}").json["status"] == "cancelled"
    for path, method in (("results", "GET"), ("start", "POST")):
        refused = service.call(method, f"/v1/batches/{batch_id}/{path}")
        assert (refused.status, refused.json["code"]) == (409, "cancelled")
    assert service.call("DELETE", f"/v1/batches/{batch_id}").status == 204
    assert service.call("GET", f"/v1/batches/{batch_id}").status == 404
    assert service.call("DELETE", f"/v1/batches/{batch_id}").status == 404
    assert list(service.files.list("batches/")) == []


def test_a_batch_that_failed_by_itself_is_started_again_and_one_with_a_bad_file_is_not(
    service: InMemoryService,
) -> None:
    batch_id = uploaded(service)
    service.call("POST", f"/v1/batches/{batch_id}/start")
    error = {"code": "open_quote", "detail": "A quote is never closed.", "line": 7}
    change(service, batch_id, status="failed", error=error)
    same = service.call("POST", f"/v1/batches/{batch_id}/start").json
    assert (same["status"], same["error"]) == ("failed", error)
    refused = service.call("GET", f"/v1/batches/{batch_id}/results")
    assert refused.json["code"] == "not_ready" and "never closed" in refused.json["detail"]

    batch_id = uploaded(service)
    service.call("POST", f"/v1/batches/{batch_id}/start")
    change(service, batch_id, status="failed", error={"code": "incomplete", "detail": "2 chunks"})
    again = service.call("POST", f"/v1/batches/{batch_id}/start").json
    assert (again["status"], again["error"]) == ("running", None)
    assert service.machine.started[-1] == (f"{batch_id}-2", batch_id)


def test_batches_are_listed_newest_first_for_each_key(service: InMemoryService) -> None:
    ids = []
    for _ in range(3):
        ids.append(uploaded(service))
        service.now += 1
    first = service.call("GET", "/v1/batches?limit=2").json
    assert [batch["id"] for batch in first["items"]] == [ids[2], ids[1]]
    second = service.call("GET", f"/v1/batches?limit=2&cursor={first['next_cursor']}").json
    assert ([batch["id"] for batch in second["items"]], second["next_cursor"]) == ([ids[0]], None)
    other = service.new_api_key()
    assert service.call("GET", "/v1/batches", key=other).json["items"] == []


def test_a_key_runs_at_most_ten_batches_at_once(service: InMemoryService) -> None:
    ids = [create(service, rows=ROWS)["id"] for _ in range(MAX_RUNNING)]
    problem = create(service, rows=ROWS, status=429)
    assert problem["code"] == "too_many_batches"
    waiting = uploaded(service)
    refused = service.call("POST", f"/v1/batches/{waiting}/start")
    assert (refused.status, refused.headers["retry-after"]) == (429, "30")
    assert len(service.call("GET", "/v1/batches").json["items"]) == MAX_RUNNING + 1
    other = service.new_api_key()
    assert create(service, rows=ROWS, key=other)["status"] == "running"
    complete(service, ids[3], b"")
    assert service.call("POST", f"/v1/batches/{waiting}/start").json["status"] == "running"


def test_a_key_of_some_templates_sees_only_their_batches(service: InMemoryService) -> None:
    service.publish(document(), "other")
    confined = service.new_api_key(templates=("welcome",))
    assert create(service, rows=ROWS, template_id="other", key=confined, status=403)["code"] == (
        "template_not_allowed"
    )
    other, own = uploaded(service, template_id="other"), uploaded(service)
    by_column = uploaded(service, template_id=None, template_column="t")
    for batch_id, status in ((other, 404), (by_column, 404), (own, 200)):
        assert service.call("GET", f"/v1/batches/{batch_id}", key=confined).status == status
    for method, path in (("DELETE", ""), ("POST", "/start"), ("GET", "/results")):
        reply = service.call(method, f"/v1/batches/{other}{path}", key=confined)
        assert reply.status == 404
    created = create(service, rows=ROWS, template_id=None, template_column="t", key=confined)
    record = service.batches.get(created["id"])
    assert record is not None
    assert BatchSettings.from_json(record.settings).key_templates == ["welcome"]


def test_batches_need_their_scope(service: InMemoryService) -> None:
    key = service.new_api_key(scopes=("images", "templates"))
    for method, path in (("GET", ""), ("POST", ""), ("GET", "/bat_" + "a" * 20)):
        reply = service.call(
            method, f"/v1/batches{path}", {} if method == "POST" else None, key=key
        )
        assert (reply.status, reply.json["code"]) == (403, "missing_scope")


def test_an_idempotency_key_makes_one_batch(service: InMemoryService) -> None:
    body = {"template_id": "welcome", "rows": ROWS}
    headers = {"idempotency-key": "send-7"}
    first = service.call("POST", "/v1/batches", body, headers=headers)
    again = service.call("POST", "/v1/batches", body, headers=headers)
    assert (first.status, again.status, again.json) == (202, 202, first.json)
    assert len(service.machine.started) == 1
    other = service.call("POST", "/v1/batches", {**body, "rate": 5}, headers=headers)
    assert (other.status, other.json["code"]) == (422, "idempotency_mismatch")


def test_no_id_of_another_form_is_looked_up(service: InMemoryService) -> None:
    for path in ("bat_1", "x", "bat_" + "A" * 20):
        assert service.call("GET", f"/v1/batches/{path}").status == 404


@pytest.mark.parametrize("is_inline", [False, True])
def test_a_dry_run_has_a_preflight_and_no_result(service: InMemoryService, is_inline: bool) -> None:
    if is_inline:
        body = {"template_id": "welcome", "rows": [{"first_name": "Zoë"}], "dry_run": True}
        batch_id = service.call("POST", "/v1/batches", body).json["id"]
    else:
        batch_id = uploaded(service, dry_run=True)
        service.call("POST", f"/v1/batches/{batch_id}/start")
    key = f"batches/{batch_id}/preflight.json"
    service.files.write(key, b"{}", "application/json")
    changes = {"status": "completed", "summary": {"preflight": {"key": key}}}
    service.batches.update(batch_id, changes, status_is=("running",))
    results = service.call("GET", f"/v1/batches/{batch_id}/results")
    assert results.status == 200 and results.json["result"] is None
    assert results.json["preflight"]["bytes"] == 2 and results.json["items"] is None
