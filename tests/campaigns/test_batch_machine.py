"""Batches through the state machine in moto's interpreter: failures, kills, cancelling."""

import csv
import io
import threading
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import pytest

from postcard.ports import JsonObject
from tests.campaigns.batch_machine import BatchMachine, OnStep, batch_machine
from tests.functions.in_memory_service import InMemoryService

ROWS = 11
CHUNKS = 6  # of two rows


class Start(Protocol):
    def __call__(self, *, on_step: OnStep = ...) -> AbstractContextManager[BatchMachine]: ...


@pytest.fixture
def start(world: InMemoryService, tmp_path: Path) -> Start:
    return partial(batch_machine, world, tmp_path)


def people(count: int = ROWS) -> bytes:
    lines = [f"p{n}@example.com,Canary{n}" for n in range(count)]
    return "\r\n".join(["email,first_name", *lines, ""]).encode()


def names(machine: BatchMachine, batch_id: str) -> list[str]:
    return [row["first_name"] for row in csv.DictReader(io.StringIO(machine.result(batch_id)))]


EVERYBODY = [f"Canary{n}" for n in range(ROWS)]


def test_a_file_goes_through_all_states_and_no_value_leaves_it(
    start: Start, world: InMemoryService, capsys: pytest.CaptureFixture[str]
) -> None:
    with start() as machine:
        record = machine.run(people())
        assert (record.status, record.total, record.ok) == ("completed", ROWS, ROWS)
        assert names(machine, record.batch_id) == EVERYBODY
        assert machine.execution(record.batch_id)["status"] == "SUCCEEDED"
        assert machine.calls == {"split": 1, "work": CHUNKS, "join": 1}
        kept = (record, machine.execution(record.batch_id), machine.history(record.batch_id))
        assert "Canary" not in repr(kept) and "email" not in repr(kept)
        assert "first_name" in repr(record)  # the field's name, not the header's
    printed = capsys.readouterr().out
    assert f'"batch":"{record.batch_id}"' in printed and "Canary" not in printed


def test_chunks_that_a_successful_map_has_lost_are_worked_on_in_a_second_round(
    start: Start,
) -> None:
    lost: list[int] = []

    def lose(step: JsonObject) -> None:
        if step["step"] == "work" and step["chunk"]["n"] in (1, 4) and len(lost) < 2:
            lost.append(step["chunk"]["n"])
            raise MemoryError("killed at Canary7")

    with start(on_step=lose) as machine:
        record = machine.run(people())
        assert sorted(lost) == [1, 4]
        assert (record.status, record.rounds, record.ok) == ("completed", 1, ROWS)
        assert names(machine, record.batch_id) == EVERYBODY
        assert machine.calls == {"split": 1, "work": CHUNKS + 2, "join": 2}


def test_a_chunk_that_always_fails_ends_the_batch_after_three_rounds(start: Start) -> None:
    def fail(step: JsonObject) -> None:
        if step["step"] == "work" and step["chunk"]["n"] == 2:
            raise MemoryError

    with start(on_step=fail) as machine:
        record = machine.run(people())
        assert (record.status, (record.error or {})["code"]) == ("failed", "incomplete")
        assert machine.execution(record.batch_id)["status"] == "FAILED"
        assert machine.calls["join"] == 3
        assert len(machine.parts(record.batch_id)) == CHUNKS - 1


def test_a_batch_that_failed_goes_on_where_it_was_when_it_is_started_again(start: Start) -> None:
    broken = True

    def fail(step: JsonObject) -> None:
        if broken and step["step"] == "work" and step["chunk"]["n"] == 2:
            raise MemoryError

    with start(on_step=fail) as machine:
        record = machine.run(people())
        assert record.status == "failed"
        broken = False
        machine.calls.clear()
        machine.start(record.batch_id)
        machine.wait(record.batch_id)
        record = machine.record(record.batch_id)
        assert (record.status, record.attempt, record.ok) == ("completed", 2, ROWS)
        assert names(machine, record.batch_id) == EVERYBODY


def test_a_bad_file_is_refused_once_and_is_no_failure_of_the_machine(start: Start) -> None:
    with start() as machine:
        record = machine.run(b'email,first_name\r\np0,"Canary\r\n' + b"p,x\r\n" * 300)
        assert (record.status, (record.error or {})["code"]) == ("failed", "open_quote")
        assert (record.error or {})["line"] == 2
        assert machine.execution(record.batch_id)["status"] == "SUCCEEDED"
        assert machine.calls == {"split": 1, "fail": 1}
        assert "Canary" not in repr((record, machine.history(record.batch_id)))


def test_a_chunk_that_is_delivered_twice_is_counted_once(start: Start) -> None:
    twice: set[int] = set()
    failures: list[BaseException] = []

    def deliver_again(step: JsonObject) -> None:
        if step["step"] != "work" or step["chunk"]["n"] in twice:
            return
        twice.add(step["chunk"]["n"])

        def work() -> None:
            try:
                machine.do_step(step)
            except BaseException as failure:
                failures.append(failure)

        other = threading.Thread(target=work)
        other.start()
        others.append(other)

    others: list[threading.Thread] = []
    with start(on_step=deliver_again) as machine:
        record = machine.run(people())
        for other in others:
            other.join()
        assert not failures and len(twice) == CHUNKS
        record = machine.record(record.batch_id)
        assert (record.status, record.ok, record.failed) == ("completed", ROWS, 0)
        assert names(machine, record.batch_id) == EVERYBODY


def test_a_cancelled_batch_makes_no_further_part(start: Start) -> None:
    third = threading.Event()

    def cancel(step: JsonObject) -> None:
        if step["step"] == "work" and step["chunk"]["n"] == 2 and not third.is_set():
            third.set()
            assert machine.world.call("DELETE", f"/v1/batches/{step['batch']}").status == 204

    with start(on_step=cancel) as machine:
        batch_id = machine.create(people())
        machine.start(batch_id)
        third.wait()
        assert machine.wait(batch_id) == "ABORTED"
        assert machine.record(batch_id).status == "cancelled"
        assert not {"000004", "000005"} & set(machine.parts(batch_id))
        reply = machine.world.call("GET", f"/v1/batches/{batch_id}/results")
        assert (reply.status, reply.json["code"]) == (409, "cancelled")
        assert machine.world.call("DELETE", f"/v1/batches/{batch_id}").status == 204
        assert machine.world.call("GET", f"/v1/batches/{batch_id}").status == 404


def test_an_execution_that_was_aborted_by_hand_fails_its_batch(start: Start) -> None:
    def abort(step: JsonObject) -> None:
        if step["step"] == "split":
            machine.machines.stop()

    with start(on_step=abort) as machine:
        batch_id = machine.create(people())
        machine.start(batch_id)
        assert machine.wait(batch_id) == "ABORTED"
        record = machine.record(batch_id)
        assert (record.status, (record.error or {})["code"]) == ("failed", "internal")
        assert machine.calls["ended"] == 1
        assert machine.state.executions() == []


def test_a_batch_goes_on_after_its_server_was_killed_and_no_part_is_made_twice(
    start: Start,
) -> None:
    killed = threading.Event()

    def kill(step: JsonObject) -> None:
        if killed.is_set() or (step["step"] == "work" and step["chunk"]["n"] == 3):
            killed.set()
            raise MemoryError  # from here on nothing works: the process is gone

    with start(on_step=kill) as machine:
        batch_id = machine.create(people())
        machine.start(batch_id)
        killed.wait()
        made = {
            part: machine.files.head(f"batches/{batch_id}/parts/{part}") for part in ("000000",)
        }
        assert all(made.values())
        assert machine.record(batch_id).status == "running"
        running = machine.state.executions()
    writes: list[Any] = []
    with start(on_step=writes.append) as machine:
        assert [name for _, name, _ in running] == [f"{batch_id}-1"]
        assert machine.wait(batch_id) == "SUCCEEDED"
        record = machine.record(batch_id)
        assert (record.status, record.ok) == ("completed", ROWS)
        assert names(machine, batch_id) == EVERYBODY
        assert machine.state.executions() == []


def test_the_result_of_an_equal_file_is_not_made_again(start: Start) -> None:
    with start() as machine:
        first = machine.run(people())
        machine.calls.clear()
        second = machine.run(people())
        assert second.summary["same_as"] == first.batch_id
        assert (second.status, second.ok) == ("completed", ROWS)
        assert machine.calls["work"] == 0


def test_rows_of_a_request_come_back_with_their_links(start: Start) -> None:
    rows = [{"email": f"p{n}", "first_name": f"Canary{n}", "tags": ["a", n]} for n in range(3)]
    with start() as machine:
        reply = machine.world.call("POST", "/v1/batches", {"template_id": "welcome", "rows": rows})
        machine.wait(reply.json["id"])
        path = f"/v1/batches/{reply.json['id']}/results"
        items: list[JsonObject] = []
        query: str | None = "?limit=2"
        while query:
            page = machine.world.call("GET", path + query).json
            items += page["items"]
            cursor = page["next_cursor"]
            query = cursor and f"?limit=2&cursor={cursor}"
        assert [{name: item[name] for name in rows[0]} for item in items] == rows
        for item in items:
            assert item["status"] == "ok"
            link = item["personalized_image_url"].partition("example.com")[2]
            assert machine.world.open_link(link).status == 200
