"""The worker function: a batch of messages in, the messages that failed out."""

import json
from typing import Any

import pytest

from postcard.adapters.aws.call_failed import AwsCallFailed
from postcard.ports import JsonObject
from postcard.services.worker import WorkerService
from tests.functions.fake_services import FakeLambdaContext
from worker.app import RESERVE_SECONDS, handle_batch, handle_scheduled

Handled = list[tuple[JsonObject, float]]


def batch(*bodies: str) -> dict[str, Any]:
    records = [
        {"messageId": f"m{n}", "body": body, "attributes": {"ApproximateReceiveCount": "2"}}
        for n, body in enumerate(bodies)
    ]
    return {"Records": records}


@pytest.fixture
def handled() -> Handled:
    return []


@pytest.fixture
def worker(handled: Handled) -> WorkerService:
    def handle(task: JsonObject, *, deadline: float) -> JsonObject:
        if task.get("broken"):
            raise ValueError("a secret value")
        handled.append((task, deadline))
        return {"outcome": "finished", "deleted": 3}

    return WorkerService({"delete": handle}, lambda instant: None, monotonic=lambda: 100.0)


def test_only_the_messages_that_failed_come_back(worker: WorkerService, handled: Handled) -> None:
    bodies = (
        '{"task": "delete"}',
        '{"task": "delete", "broken": true}',
        "{",
        '{"task": "?"}',
        "[]",
    )
    result = handle_batch(batch(*bodies), FakeLambdaContext(30_000), worker)
    failed = [each["itemIdentifier"] for each in result["batchItemFailures"]]
    assert failed == ["m1", "m2", "m3", "m4"]
    assert [task for task, _ in handled] == [{"task": "delete"}]


def test_the_messages_of_a_batch_share_the_functions_time(
    worker: WorkerService, handled: Handled
) -> None:
    handle_batch(batch(*['{"task": "delete"}'] * 4), FakeLambdaContext(30_000), worker)
    time = 30 - RESERVE_SECONDS
    assert [deadline for _, deadline in handled] == [
        100 + time / 4,
        100 + time / 3,
        100 + time / 2,
        100 + time,
    ]


def test_each_message_has_a_log_line_without_the_text_of_its_failure(
    worker: WorkerService, capsys: pytest.CaptureFixture[str]
) -> None:
    bodies = (
        '{"task": "delete", "template_id": "welcome", "step": 4}',
        '{"task": "delete", "broken": 1}',
    )
    handle_batch(batch(*bodies), FakeLambdaContext(30_000), worker)
    done, failed = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (done["template_id"], done["step"], done["deleted"]) == ("welcome", 4, 3)
    assert (done["service"], done["received"], done["outcome"]) == ("worker", 2, "finished")
    assert failed["level"] == "ERROR" and failed["error"].startswith("ValueError at ")
    assert "secret" not in json.dumps(failed)


def test_the_log_line_names_the_call_of_aws_that_failed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refuse(task: JsonObject, *, deadline: float) -> JsonObject:
        raise AwsCallFailed("delete_objects", "AccessDenied", 403)

    worker = WorkerService({"delete": refuse}, lambda instant: None)
    handle_batch(batch('{"task": "delete"}'), FakeLambdaContext(30_000), worker)
    line = json.loads(capsys.readouterr().out)
    assert line["dependency"] == "delete_objects: AccessDenied (403)"


def test_a_schedules_event_is_a_task_that_has_all_of_the_functions_time(
    worker: WorkerService, handled: Handled, capsys: pytest.CaptureFixture[str]
) -> None:
    assert handle_scheduled({"task": "delete"}, FakeLambdaContext(30_000), worker) == {}
    assert handled == [({"task": "delete"}, 130 - RESERVE_SECONDS)]
    (line,) = capsys.readouterr().out.splitlines()
    assert (json.loads(line)["task"], json.loads(line)["outcome"]) == ("delete", "finished")


def test_a_schedules_task_that_fails_is_an_error_of_the_function(
    worker: WorkerService, capsys: pytest.CaptureFixture[str]
) -> None:
    event = {"task": "delete", "broken": True}
    with pytest.raises(ValueError, match="a secret value"):
        handle_scheduled(event, FakeLambdaContext(30_000), worker)
    assert json.loads(capsys.readouterr().out)["level"] == "ERROR"
