"""What Step Functions calls: Lambda's Invoke, as moto's interpreter reads its answers."""

import json
from io import BytesIO
from typing import Any

import pytest

from local.aws.api_gateway import InvocationFailed
from local.aws.state_machines import StepFunctionsMiddleware, execution_arn

ARN = "arn:aws:lambda:us-east-1:123456789012:function:BatchFunction:live"


def invoke(name: str, event: dict[str, Any]) -> Any:
    if name != "BatchFunction":
        raise KeyError(name)
    if event.get("step") == "late":
        raise InvocationFailed("timed out") from TimeoutError()
    if event.get("step") == "bad":
        raise InvocationFailed("open_quote", "BatchRefused")
    return {"n": event["n"]}


def call(path: str, event: object, **more: str) -> tuple[str, dict[str, str], Any]:
    body = json.dumps(event).encode()
    uses: list[bool] = []

    def other(environ: Any, start: Any) -> list[bytes]:
        start("200 OK", [])
        return [json.dumps({"passed": environ["PATH_INFO"], "uses": len(uses)}).encode()]

    answers: list[tuple[str, list[tuple[str, str]]]] = []
    app = StepFunctionsMiddleware(other, invoke, before_use=lambda: uses.append(True))
    environ = {
        "PATH_INFO": path,
        "REQUEST_METHOD": "POST",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": BytesIO(body),
        **more,
    }
    start: Any = lambda status, headers: answers.append((status, headers))  # noqa: E731
    content = b"".join(app(environ, start))
    ((status, headers),) = answers
    return status, dict(headers), json.loads(content)


@pytest.mark.parametrize("name", ["BatchFunction", ARN, ARN.removesuffix(":live")])
def test_a_function_is_called_by_its_name_or_arn(name: str) -> None:
    status, headers, answer = call(f"/2015-03-31/functions/{name}/invocations", {"n": 7})
    assert (status, answer) == ("200 OK", {"n": 7})
    assert headers["x-amzn-RequestId"] and "X-Amz-Function-Error" not in headers


@pytest.mark.parametrize(("step", "error"), [("bad", "BatchRefused"), ("late", "Sandbox.Timedout")])
def test_a_failed_call_has_the_name_that_retries_depend_on(step: str, error: str) -> None:
    path = f"/2015-03-31/functions/{ARN}/invocations"
    status, headers, answer = call(path, {"step": step})
    assert (status, headers["X-Amz-Function-Error"]) == ("200 OK", "Unhandled")
    assert answer["errorType"] == error and headers["x-amzn-RequestId"]


def test_a_function_that_is_not_there_is_a_404() -> None:
    status, headers, _ = call("/2015-03-31/functions/Other/invocations", {})
    assert status == "404 Not Found"
    assert headers["x-amzn-ErrorType"] == "ResourceNotFoundException"


def test_other_calls_are_passed_on_and_the_machines_are_made_before_their_first_use() -> None:
    _, _, answer = call("/bucket/key", {})
    assert answer == {"passed": "/bucket/key", "uses": 0}
    _, _, answer = call("/", {}, HTTP_X_AMZ_TARGET="AWSStepFunctions.StartExecution")
    assert answer == {"passed": "/", "uses": 1}


def test_the_arn_of_an_execution_follows_from_its_name() -> None:
    machine = "arn:aws:states:us-east-1:123456789012:stateMachine:batches"
    assert execution_arn(machine, "bat_1-1") == (
        "arn:aws:states:us-east-1:123456789012:execution:batches:bat_1-1"
    )
