"""Runs the stack's state machines in moto's interpreter, and what Step Functions calls on AWS.

moto calls Lambda over HTTP, at its own port: a WSGI middleware before it answers these calls. When
an execution ends in a way that a rule of EventBridge names, the rule's function is called.

Differences from AWS: an execution that had not ended when the server was stopped or killed starts
again from its first state, under the same name, at the next start.
"""

import json
import os
import re
import threading
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import unquote, urlsplit
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from local.aws.api_gateway import InvocationFailed, Invoke
from local.aws.moto_server import MotoAccount
from local.aws.moto_state import MotoStateFile
from local.aws.stack_resources import ACCOUNT, REGION, RuleSource, StateMachineSpec

_INVOKE_PATH = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")
_RUNNING = "RUNNING"


class StepFunctionsMiddleware:
    """WSGI middleware before moto: answers Lambda's Invoke with the functions of the stack.

    An answer has the headers that moto's interpreter reads: without a request id it would lose the
    call, and end the map that the call is part of as if it had succeeded. `before_use` is called
    before each call of Step Functions.
    """

    def __init__(
        self, app: WSGIApplication, invoke: Invoke, *, before_use: Callable[[], None]
    ) -> None:
        self._app = app
        self._invoke = invoke
        self._before_use = before_use

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Handle one call (WSGI)."""
        if environ.get("HTTP_X_AMZ_TARGET", "").startswith("AWSStepFunctions."):
            self._before_use()
        match = _INVOKE_PATH.fullmatch(unquote(environ["PATH_INFO"]))
        if match is None or environ["REQUEST_METHOD"] != "POST":
            return self._app(environ, start)
        length = int(environ.get("CONTENT_LENGTH") or 0)
        event = json.loads(environ["wsgi.input"].read(length) or b"{}")
        status, headers, answer = self._answer(_function_name(match[1]), event)
        content = json.dumps(answer).encode()
        start(status, [*headers, *_ANSWER_HEADERS, ("Content-Length", str(len(content)))])
        return [content]

    def _answer(self, name: str, event: Any) -> tuple[str, list[tuple[str, str]], Any]:
        headers = [("x-amzn-RequestId", str(uuid.uuid4()))]
        try:
            return "200 OK", headers, self._invoke(name, event)
        except KeyError:
            error = {"Type": "User", "Message": f"Function not found: {name}"}
            headers.append(("x-amzn-ErrorType", "ResourceNotFoundException"))
            return "404 Not Found", headers, error
        except InvocationFailed as failure:
            timed_out = isinstance(failure.__cause__, TimeoutError)
            kind = "Sandbox.Timedout" if timed_out else failure.error_type
            headers.append(("X-Amz-Function-Error", "Unhandled"))
            return "200 OK", headers, {"errorType": kind, "errorMessage": str(failure)}


_ANSWER_HEADERS = (("Content-Type", "application/json"), ("X-Amz-Executed-Version", "$LATEST"))


def _function_name(text: str) -> str:
    """The logical id in a name, an ARN, or an ARN with an alias."""
    return text.rpartition("function:")[2].partition(":")[0]


class StateMachines:
    """The state machines of the stack, in moto; `url` is where moto's HTTP server listens.

    They are created at the first use: moto's interpreter takes seconds to import. `definition_of`
    may change a definition before: tests leave out its waits.
    """

    def __init__(
        self,
        account: MotoAccount,
        state: MotoStateFile,
        specs: Sequence[StateMachineSpec],
        *,
        url: str,
        definition_of: Callable[[StateMachineSpec], str] = lambda spec: spec.definition,
    ) -> None:
        self._account = account
        self._state = state
        self._specs = specs
        self._url = url
        self._definition_of = definition_of
        self._lock = threading.Lock()
        self._are_created = False

    def create_once(self) -> None:
        """Create the machines, unless they are there."""
        with self._lock:
            if not self._are_created:
                self._create()
            self._are_created = True

    def _create(self) -> None:
        from moto.core.config import default_user_config

        default_user_config["stepfunctions"] = {"execute_state_machine": True}
        os.environ["MOTO_PORT"] = str(urlsplit(self._url).port)  # where its interpreter calls AWS
        for spec in self._specs:
            arguments = {
                "name": spec.name,
                "definition": self._definition_of(spec),
                "roleArn": f"arn:aws:iam::{ACCOUNT}:role/{spec.name}",
            }
            self._call("CreateStateMachine", arguments)

    def create_soon(self) -> None:
        """Create them in the background: somebody is about to use them."""
        if not self._are_created and not self._lock.locked():
            threading.Thread(target=self.create_once, daemon=True).start()

    def start_again(self) -> None:
        """Start what had not ended when the server was stopped or killed."""
        for arn, name, text in self._state.executions():
            self.create_once()
            arguments = {"stateMachineArn": arn, "name": name, "input": text}
            self._call("StartExecution", arguments)

    def stop(self) -> None:
        """End all executions without a trace in the state, so that the next start goes on."""
        for arn, name, _ in self._state.executions():
            with suppress(RuntimeError):  # it was never started, or has ended
                self._call("StopExecution", {"executionArn": execution_arn(arn, name)})

    def describe(self, machine_arn: str, name: str) -> dict[str, Any]:
        """An execution as DescribeExecution gives it."""
        return self._call("DescribeExecution", {"executionArn": execution_arn(machine_arn, name)})

    def _call(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return self._account.call_json("states", f"AWSStepFunctions.{name}", arguments)


def execution_arn(machine_arn: str, name: str) -> str:
    """The ARN of an execution."""
    return f"{machine_arn.replace(':stateMachine:', ':execution:')}:{name}"


class ExecutionWatcher:
    """Looks for executions that have ended, and calls the functions of the rules that name them."""

    def __init__(
        self,
        machines: StateMachines,
        state: MotoStateFile,
        rules: Sequence[RuleSource],
        invoke: Invoke,
    ) -> None:
        self._machines = machines
        self._state = state
        self._rules = rules
        self._invoke = invoke
        self._lock = threading.Lock()

    def poll(self) -> int:
        """Handle the executions that have ended; returns how many there were.

        One whose function fails is looked at again.
        """
        ended = 0
        with self._lock:
            for machine_arn, name, _ in self._state.executions():
                execution = self._machines.describe(machine_arn, name)
                if execution["status"] != _RUNNING:
                    ended += self._end(machine_arn, name, execution)
        return ended

    def _end(self, machine_arn: str, name: str, execution: Mapping[str, Any]) -> int:
        detail = {
            "executionArn": execution["executionArn"],
            "stateMachineArn": machine_arn,
            "name": name,
            "status": execution["status"],
            "input": execution["input"],
        }
        event = _status_change(detail)
        try:
            for rule in self._rules:
                if rule.matches(event):
                    self._invoke(rule.function, event)
        except InvocationFailed:
            return 0
        self._state.forget_execution(machine_arn, name)
        return 1


def _status_change(detail: Mapping[str, Any]) -> dict[str, Any]:
    """The event that EventBridge sends when the status of an execution changes."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Step Functions Execution Status Change",
        "source": "aws.states",
        "account": ACCOUNT,
        "region": REGION,
        "resources": [detail["executionArn"]],
        "detail": dict(detail),
    }
