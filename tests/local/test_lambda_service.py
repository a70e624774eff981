"""Lambda on one machine: one call at a time in an environment, ended in time, logged, counted."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from local.aws.activity_counters import ActivityCounters
from local.aws.api_gateway import InvocationFailed
from local.aws.lambda_service import LambdaFunction, LambdaService, LogFile
from local.aws.stack_resources import FunctionSpec

Make = Callable[..., LambdaFunction]


@pytest.fixture
def logged() -> list[str]:
    return []


@pytest.fixture
def make(logged: list[str]) -> Iterator[Make]:
    made: list[LambdaFunction] = []

    def function(handler: str, *, timeout: int = 30, limit: int = 1) -> LambdaFunction:
        spec = FunctionSpec("Image", f"tests.local.handlers.{handler}", 512, timeout, {"A": "1"})
        variables = {"PYTHONPATH": str(Path.cwd()), "B": "2"}
        made.append(
            LambdaFunction(spec, variables, lambda _, line: logged.append(line), limit=limit)
        )
        return made[-1]

    yield function
    for each in made:
        each.close()


def test_a_handler_gets_its_event_and_knows_its_limits(make: Make) -> None:
    answer = make("echo").invoke({"name": "Zoë"})
    assert answer["event"] == {"name": "Zoë"}
    assert answer["memory"] == 512
    assert 25_000 < answer["remaining"] <= 30_000
    assert answer["arn"].endswith(":function:Image")
    assert len(answer["request_id"]) == 36


def test_a_handler_sees_its_own_variables_and_no_others(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "the developer's own")
    environment = make("echo").invoke({})["environment"]
    assert (environment["A"], environment["B"]) == ("1", "2")
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == "Image"
    assert "AWS_PROFILE" not in environment


def test_calls_one_after_the_other_share_an_environment(make: Make) -> None:
    function = make("echo", limit=2)
    assert function.invoke({})["process"] == function.invoke({})["process"] != os.getpid()


def test_calls_at_the_same_time_have_environments_of_their_own(make: Make) -> None:
    function = make("sleep", limit=2)
    processes: list[int] = []
    threads = [
        threading.Thread(target=lambda: processes.append(function.invoke({"seconds": 1})))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(processes)) == 2


def test_a_call_too_many_waits_its_turn(make: Make) -> None:
    function = make("sleep", limit=1)
    processes: list[int] = []
    threads = [
        threading.Thread(target=lambda: processes.append(function.invoke({"seconds": 0})))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(processes) == 4
    assert len(set(processes)) == 1


def test_what_a_handler_prints_is_its_log(make: Make, logged: list[str]) -> None:
    make("echo").invoke({})
    assert logged == ["said aloud"]


def test_a_handler_that_raises_fails_its_call_and_is_told_in_the_log(
    make: Make, logged: list[str]
) -> None:
    function = make("fail")
    for _ in range(2):
        with pytest.raises(InvocationFailed):
            function.invoke({})
    assert logged[-1] == "KeyError: 'what was it'"


def test_a_handler_out_of_time_is_ended_and_the_next_call_works(make: Make) -> None:
    function = make("sleep", timeout=1)
    with pytest.raises(InvocationFailed) as caught:
        function.invoke({"seconds": 30})
    assert isinstance(caught.value.__cause__, TimeoutError)
    assert function.invoke({"seconds": 0})


def test_an_answer_over_six_megabytes_fails(make: Make) -> None:
    with pytest.raises(InvocationFailed):
        make("overflow").invoke({})


def test_a_handler_that_is_not_there_fails_its_calls(make: Make, logged: list[str]) -> None:
    with pytest.raises(InvocationFailed):
        make("nowhere").invoke({})
    assert "nowhere" in logged[-1]


def test_calls_are_counted_by_function(make: Make) -> None:
    counters = ActivityCounters()
    functions = LambdaService([make("echo")], counters)
    functions.start_all()
    functions.invoke("Image", {})
    assert counters["function.Image"] == 1


def test_metrics_are_counted_before_the_call_has_answered(tmp_path: Path) -> None:
    counters = ActivityCounters()
    spec = FunctionSpec("Image", "tests.local.handlers.metric", 512, 30, {})
    variables = {"PYTHONPATH": str(Path.cwd())}
    with closing(LogFile(tmp_path / "log", counters)) as log:
        function = LambdaFunction(spec, variables, log, limit=1)
        with closing(function):
            function.invoke({})
            assert counters["metric.image.Renders"] == 3
    assert "CloudWatchMetrics" in (tmp_path / "log").read_text()
