"""The imitated Lambda: processes with one call at a time, timeouts, log lines, counters."""

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

MakeFunction = Callable[..., LambdaFunction]


@pytest.fixture
def log() -> list[str]:
    return []


@pytest.fixture
def make_function(log: list[str]) -> Iterator[MakeFunction]:
    functions: list[LambdaFunction] = []

    def make(handler: str, *, timeout: int = 30, limit: int = 1) -> LambdaFunction:
        spec = FunctionSpec("Image", f"tests.local.handlers.{handler}", 512, timeout, {"A": "1"})
        variables = {"PYTHONPATH": str(Path.cwd()), "B": "2"}
        functions.append(
            LambdaFunction(spec, variables, lambda _, line: log.append(line), limit=limit)
        )
        return functions[-1]

    yield make
    for function in functions:
        function.close()


def test_a_handler_gets_its_event_and_a_context_with_its_limits(
    make_function: MakeFunction,
) -> None:
    result = make_function("echo").invoke({"name": "Zoë"})
    assert result["event"] == {"name": "Zoë"}
    assert result["memory"] == 512
    assert 0 < result["remaining"] <= 30_000
    assert result["arn"].endswith(":function:Image")
    assert len(result["request_id"]) == 36


def test_a_handler_sees_only_its_own_environment_variables(
    make_function: MakeFunction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "the developer's own")
    environment = make_function("echo").invoke({})["environment"]
    assert (environment["A"], environment["B"]) == ("1", "2")
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == "Image"
    assert "AWS_PROFILE" not in environment


def test_consecutive_calls_share_a_process(make_function: MakeFunction) -> None:
    function = make_function("echo", limit=2)
    assert function.invoke({})["process"] == function.invoke({})["process"] != os.getpid()


def test_concurrent_calls_run_in_different_processes(
    make_function: MakeFunction, tmp_path: Path
) -> None:
    function = make_function("meet", timeout=600, limit=2)
    processes: list[int] = []
    event = {"folder": str(tmp_path), "count": 2}
    threads = [
        threading.Thread(target=lambda: processes.append(function.invoke(event))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(processes)) == 2


def test_a_call_over_the_limit_waits_for_an_idle_process(make_function: MakeFunction) -> None:
    function = make_function("sleep", limit=1)
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


def test_lines_that_a_handler_prints_are_logged(
    make_function: MakeFunction, log: list[str]
) -> None:
    make_function("echo").invoke({})
    assert log == ["a log line"]


def test_a_handler_that_raises_fails_its_call_and_its_error_is_logged(
    make_function: MakeFunction, log: list[str]
) -> None:
    function = make_function("fail")
    for _ in range(2):
        with pytest.raises(InvocationFailed) as caught:
            function.invoke({})
        assert caught.value.error_type == "KeyError"
    assert log[-1] == "KeyError: 'missing'"


def test_a_handler_that_raises_is_called_again_in_the_same_process(
    make_function: MakeFunction,
) -> None:
    function = make_function("fail")
    processes = set()
    for _ in range(2):
        with pytest.raises(InvocationFailed, match="missing"):
            function.invoke({})
        (environment,) = function._idle
        processes.add(environment._process.pid)
    assert len(processes) == 1


def test_a_process_that_ends_is_another_failure_than_an_exception(
    make_function: MakeFunction,
) -> None:
    with pytest.raises(InvocationFailed) as caught:
        make_function("leave").invoke({})
    assert caught.value.error_type == "Runtime.ExitError"


def test_a_handler_that_times_out_is_killed_and_the_next_call_works(
    make_function: MakeFunction,
) -> None:
    function = make_function("sleep", timeout=1)
    with pytest.raises(InvocationFailed) as caught:
        function.invoke({"seconds": 30})
    assert isinstance(caught.value.__cause__, TimeoutError)
    assert function.invoke({"seconds": 0})


def test_a_result_over_six_megabytes_fails(make_function: MakeFunction) -> None:
    with pytest.raises(InvocationFailed):
        make_function("overflow").invoke({})


def test_a_missing_handler_fails_its_calls(make_function: MakeFunction, log: list[str]) -> None:
    with pytest.raises(InvocationFailed):
        make_function("nowhere").invoke({})
    assert "nowhere" in log[-1]


def test_calls_are_counted_by_function(make_function: MakeFunction) -> None:
    counters = ActivityCounters()
    functions = LambdaService([make_function("echo")], counters)
    functions.start(["Image"])
    functions.invoke("Image", {})
    assert counters["function.Image"] == 1


def test_metrics_are_counted_before_the_call_returns(tmp_path: Path) -> None:
    counters = ActivityCounters()
    spec = FunctionSpec("Image", "tests.local.handlers.metric", 512, 30, {})
    variables = {"PYTHONPATH": str(Path.cwd())}
    with closing(LogFile(tmp_path / "log", counters)) as log:
        function = LambdaFunction(spec, variables, log, limit=1)
        with closing(function):
            function.invoke({})
            assert counters["metric.image.Renders"] == 3
    assert "CloudWatchMetrics" in (tmp_path / "log").read_text()
