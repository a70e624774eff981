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


class LambdaInvokeMiddleware:
    """WSGI middleware before moto: answers Lambda's Invoke with the functions of the stack.

    An answer has the headers that moto's interpreter reads: without a request id it would lose the
    call, and end the map that the call is part of as if it had succeeded.
    """

    def __init__(self, app: WSGIApplication, invoke: Invoke) -> None:
        self._app = app
        self._invoke = invoke

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Handle one call (WSGI)."""
        match = _INVOKE_PATH.fullmatch(unquote(environ["PATH_INFO"]))
        if match is None or environ["REQUEST_METHOD"] != "POST":
            return self._app(environ, start)
        name = match[1].rpartition("function:")[2].partition(":")[0]
        length = int(environ.get("CONTENT_LENGTH") or 0)
        event = json.loads(environ["wsgi.input"].read(length) or b"{}")
        headers = [
            ("Content-Type", "application/json"),
            ("X-Amz-Executed-Version", "$LATEST"),
            ("x-amzn-RequestId", str(uuid.uuid4())),
        ]
        status = "200 OK"
        try:
            body = json.dumps(self._invoke(name, event))
        except KeyError:
            status = "404 Not Found"
            headers.append(("x-amzn-ErrorType", "ResourceNotFoundException"))
            body = json.dumps({"Type": "User", "Message": f"Function not found: {name}"})
        except InvocationFailed as failure:
            headers.append(("X-Amz-Function-Error", "Unhandled"))
            timed_out = isinstance(failure.__cause__, TimeoutError)
            error = "Sandbox.Timedout" if timed_out else failure.error_type
            body = json.dumps({"errorType": error, "errorMessage": str(failure)})
        content = body.encode()
        start(status, [*headers, ("Content-Length", str(len(content)))])
        return [content]


class StateMachines:
    """The state machines of the stack, in moto; `url` is where moto's HTTP server listens.

    `definition_of` may change a definition before it is used: tests leave out its waits.
    """

    def __init__(
        self,
        account: MotoAccount,
        state: MotoStateFile,
        *,
        url: str,
        definition_of: Callable[[StateMachineSpec], str] = lambda spec: spec.definition,
    ) -> None:
        from moto.core.config import default_user_config

        default_user_config["stepfunctions"] = {"execute_state_machine": True}
        os.environ["MOTO_PORT"] = str(urlsplit(url).port)  # where its interpreter calls AWS
        self._account = account
        self._state = state
        self._definition_of = definition_of

    def create(self, machines: Sequence[StateMachineSpec]) -> None:
        """Create the machines, and start again what had not ended when the server was stopped."""
        for machine in machines:
            arguments = {
                "name": machine.name,
                "definition": self._definition_of(machine),
                "roleArn": f"arn:aws:iam::{ACCOUNT}:role/{machine.name}",
            }
            self._call("CreateStateMachine", arguments)
        for arn, name, text in self._state.executions():
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
