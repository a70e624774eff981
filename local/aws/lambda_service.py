"""Imitates Lambda: runs handlers in processes of their own, one call at a time, with time limits.

Not imitated: memory limits, asynchronous invocations, the freeze between two calls.
"""

import json
import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from local.aws.activity_counters import ActivityCounters
from local.aws.api_gateway import InvocationFailed
from local.aws.lambda_worker import SEPARATOR
from local.aws.stack_resources import ACCOUNT, REGION, FunctionSpec

MAX_RESPONSE_BYTES = 6 * 1024 * 1024
_INIT_SECONDS = 60
_MAX_LOG_BYTES = 10_000_000
_INHERITED_VARIABLES = ("HOME", "LANG", "PATH", "SSL_CERT_DIR", "SSL_CERT_FILE", "TMPDIR")
LogLine = Callable[[str, str], None]  # takes a function's name and a line that it printed


class ExecutionEnvironment:
    """One process that has loaded one handler. Not safe for two threads at once."""

    def __init__(self, spec: FunctionSpec, variables: Mapping[str, str], log: LogLine) -> None:
        self._spec = spec
        self._log = log
        self._last_line = ""
        inherited = {name: os.environ[name] for name in _INHERITED_VARIABLES if name in os.environ}
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "local.aws.lambda_worker", spec.handler],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**inherited, **_lambda_variables(spec), **spec.environment, **variables},
            start_new_session=True,  # Ctrl-C must reach only the server, which stops its workers
            text=True,
            encoding="utf-8",
            errors="backslashreplace",
        )
        try:
            self._read_message(_INIT_SECONDS)
        except InvocationFailed:
            self.close()
            raise

    @property
    def alive(self) -> bool:
        """Whether the process still runs, so that it can take another call."""
        return self._process.poll() is None

    def invoke(self, event: Mapping[str, Any]) -> Any:
        """Call the handler; `InvocationFailed` if it raises, or times out and its process ends."""
        call = {"event": event, "context": self._context()}
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(call) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise InvocationFailed(f"{self._spec.name}: its process has ended") from error
        message = self._read_message(self._spec.timeout)
        if "error" in message:
            raised = message["error"]
            raise InvocationFailed(f"{self._spec.name}: {raised['message']}", raised["type"])
        return message["result"]

    def close(self) -> None:
        """Kill the process, and with it a running call."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            with suppress(BrokenPipeError):  # closing flushes what the process did not read
                stream.close()

    def _context(self) -> dict[str, Any]:
        spec = self._spec
        return {
            "function_name": spec.name,
            "memory_limit_in_mb": spec.memory,
            "aws_request_id": str(uuid.uuid4()),
            "invoked_function_arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{spec.name}",
            "log_group_name": f"/postcard/local/{spec.name}",
            "deadline": time.time() + spec.timeout,
        }

    def _read_message(self, seconds: float) -> dict[str, Any]:
        """The worker's next message within `seconds`; lines before it go to the log."""
        timed_out = threading.Event()

        def kill() -> None:
            timed_out.set()
            self._process.kill()

        timer = threading.Timer(seconds, kill)
        timer.daemon = True
        timer.start()
        try:
            text = self._next_message()
        finally:
            timer.cancel()
        if text is not None and len(text) <= MAX_RESPONSE_BYTES:
            message: dict[str, Any] = json.loads(text)
            return message
        self._process.kill()
        self._process.wait()  # else `alive` is true for another moment
        if timed_out.is_set():
            error = f"{self._spec.name} timed out after {seconds} s"
            raise InvocationFailed(error) from TimeoutError()
        reason = "its response is over 6 MB" if text is not None else self._last_line
        raise InvocationFailed(f"{self._spec.name} failed: {reason}")

    def _next_message(self) -> str | None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            logged, separator, message = line.partition(SEPARATOR)
            if logged.strip():
                self._last_line = logged.strip()
                self._log(self._spec.name, logged.rstrip("\n"))
            if separator:
                return message
        return None


def _lambda_variables(spec: FunctionSpec) -> dict[str, str]:
    """The environment variables that Lambda itself sets."""
    return {
        "AWS_LAMBDA_FUNCTION_NAME": spec.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "PYTHONUTF8": "1",
        "TZ": ":UTC",
    }


class LambdaFunction:
    """A function and its execution environments: one for each concurrent call, up to `limit`."""

    def __init__(
        self, spec: FunctionSpec, variables: Mapping[str, str], log: LogLine, *, limit: int
    ) -> None:
        self.spec = spec
        self._variables = variables
        self._log = log
        self._limit = limit
        self._idle: list[ExecutionEnvironment] = []
        self._busy: set[ExecutionEnvironment] = set()
        self._starting = 0
        self._closed = False
        self._changed = threading.Condition()

    def start_one(self) -> None:
        """Start one environment before the first call."""
        self._release(self._acquire())

    def invoke(self, event: Mapping[str, Any]) -> Any:
        """Call the handler in an idle environment or a new one; at the limit, wait for one."""
        environment = self._acquire()
        try:
            return environment.invoke(event)
        finally:
            self._release(environment)

    def close(self) -> None:
        """Stop all environments."""
        with self._changed:
            self._closed = True
            environments = [*self._idle, *self._busy]
            self._idle.clear()
        for environment in environments:
            environment.close()

    def _acquire(self) -> ExecutionEnvironment:
        with self._changed:
            self._changed.wait_for(self._has_capacity)
            if self._idle:
                environment = self._idle.pop()
                self._busy.add(environment)
                return environment
            self._starting += 1
        try:
            environment = ExecutionEnvironment(self.spec, self._variables, self._log)
            with self._changed:
                self._busy.add(environment)
        finally:
            with self._changed:
                self._starting -= 1
                self._changed.notify()
        return environment

    def _has_capacity(self) -> bool:
        return bool(self._idle) or len(self._busy) + self._starting < self._limit

    def _release(self, environment: ExecutionEnvironment) -> None:
        alive = environment.alive
        with self._changed:
            self._busy.discard(environment)
            if alive and not self._closed:
                self._idle.append(environment)
            self._changed.notify()
        if not alive:
            environment.close()


class LambdaService:
    """All functions by their logical id; counts calls as `function.{id}`."""

    def __init__(self, functions: list[LambdaFunction], counters: ActivityCounters) -> None:
        self._functions = {function.spec.name: function for function in functions}
        self._counters = counters

    def start(self, names: Iterable[str]) -> None:
        """Start one environment of each of these functions, concurrently; `InvocationFailed`."""
        with ThreadPoolExecutor() as threads:
            list(threads.map(LambdaFunction.start_one, [self._functions[name] for name in names]))

    def invoke(self, name: str, event: dict[str, Any]) -> Any:
        """Call a function by its logical id."""
        self._counters.add(f"function.{name}")
        return self._functions[name].invoke(event)

    def close(self) -> None:
        """Stop all environments of all functions."""
        for function in self._functions.values():
            function.close()


class LogFile:
    """Appends the lines that functions print to one file, and counts the metrics in them.

    Metrics are in CloudWatch's embedded metric format; each increases `metric.{service}.{name}` by
    its values.
    """

    def __init__(self, path: Path, counters: ActivityCounters) -> None:
        self._counters = counters
        self._lock = threading.Lock()
        if path.exists() and path.stat().st_size > _MAX_LOG_BYTES:
            path.replace(path.with_suffix(".1.jsonl"))
        self._file = path.open("a", encoding="utf-8", buffering=1)

    def __call__(self, function: str, line: str) -> None:
        """Write one line, and count its metrics."""
        with self._lock:
            if not self._file.closed:
                self._file.write(f"{line}\n")
        if '"_aws"' in line:
            self._count_metrics(line)

    def _count_metrics(self, line: str) -> None:
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:
            return  # a line of text that contains "_aws"
        for directive in entry["_aws"]["CloudWatchMetrics"]:
            for metric in directive["Metrics"]:
                values = entry[metric["Name"]]
                total = sum(values) if isinstance(values, list) else values
                self._counters.add(f"metric.{entry.get('service', '')}.{metric['Name']}", total)

    def close(self) -> None:
        """Close the file; later lines are dropped."""
        with self._lock:
            self._file.close()
