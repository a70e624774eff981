"""Lambda on one machine: environments of their own, one call at a time in each, ended in time."""

import json
import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Mapping
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
LogLine = Callable[[str, str], None]  # a function's name and a line that it printed


class ExecutionEnvironment:
    """One process with one handler in it. Not for two threads at once."""

    def __init__(self, spec: FunctionSpec, variables: Mapping[str, str], log: LogLine) -> None:
        self._spec = spec
        self._log = log
        self._last_line = ""
        kept = {name: os.environ[name] for name in _INHERITED_VARIABLES if name in os.environ}
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "local.aws.lambda_worker", spec.handler],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**kept, **_lambda_variables(spec), **spec.environment, **variables},
            start_new_session=True,  # Ctrl-C is for the server, which then ends its environments
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
        """Whether it can take another call."""
        return self._process.poll() is None

    def invoke(self, event: Mapping[str, Any]) -> Any:
        """Call the handler; `InvocationFailed` if it raises or is out of time (then: ended)."""
        call = {"event": event, "context": self._context()}
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(call) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise InvocationFailed(f"{self._spec.name} is gone") from error
        return self._read_message(self._spec.timeout)["answer"]

    def close(self) -> None:
        """End the process; a call under way is cut."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            with suppress(BrokenPipeError):  # what was still to be sent has no reader any more
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
        """The next answer; lines before it are the handler's log."""
        late = threading.Event()

        def end() -> None:
            late.set()
            self._process.kill()

        timer = threading.Timer(seconds, end)
        timer.daemon = True
        timer.start()
        try:
            answer = self._next_message()
        finally:
            timer.cancel()
        if answer is not None and len(answer) <= MAX_RESPONSE_BYTES:
            message: dict[str, Any] = json.loads(answer)
            return message
        self._process.kill()
        self._process.wait()  # so that nobody takes it for alive until the system has noticed
        if late.is_set():
            raise InvocationFailed(f"{self._spec.name} ran out of time") from TimeoutError()
        said = "an answer over 6 MB" if answer is not None else self._last_line
        raise InvocationFailed(f"{self._spec.name} failed: {said}")

    def _next_message(self) -> str | None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            logged, marked, answer = line.partition(SEPARATOR)
            if logged.strip():
                self._last_line = logged.strip()
                self._log(self._spec.name, logged.rstrip("\n"))
            if marked:
                return answer
        return None


def _lambda_variables(spec: FunctionSpec) -> dict[str, str]:
    """What Lambda itself puts into an environment."""
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
    """A function with as many environments as there is work, up to `limit`."""

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
        """Call the handler in an environment that is free, or in a new one."""
        environment = self._acquire()
        try:
            return environment.invoke(event)
        finally:
            self._release(environment)

    def close(self) -> None:
        """End all environments."""
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
    """All functions by name, counted: `function.{name}` is raised by each call."""

    def __init__(self, functions: list[LambdaFunction], counters: ActivityCounters) -> None:
        self._functions = {function.spec.name: function for function in functions}
        self._counters = counters

    def start_all(self) -> None:
        """Start an environment of each function, side by side; `InvocationFailed`."""
        with ThreadPoolExecutor() as threads:
            list(threads.map(LambdaFunction.start_one, self._functions.values()))

    def invoke(self, name: str, event: dict[str, Any]) -> Any:
        """Call a function by its logical id."""
        self._counters.add(f"function.{name}")
        return self._functions[name].invoke(event)

    def close(self) -> None:
        """End everything."""
        for function in self._functions.values():
            function.close()


class LogFile:
    """Appends what functions print to one file, and counts the metrics among it (EMF)."""

    def __init__(self, path: Path, counters: ActivityCounters) -> None:
        self._counters = counters
        self._lock = threading.Lock()
        if path.exists() and path.stat().st_size > _MAX_LOG_BYTES:
            path.replace(path.with_suffix(".1.jsonl"))
        self._file = path.open("a", encoding="utf-8", buffering=1)

    def __call__(self, function: str, line: str) -> None:
        """Keep one line; `metric.{service}.{name}` is raised by a metric's values."""
        with self._lock:
            if not self._file.closed:
                self._file.write(f"{line}\n")
        if '"_aws"' in line:
            self._count_metrics(line)

    def _count_metrics(self, line: str) -> None:
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:
            return  # a log line that happens to speak of _aws
        for directive in entry["_aws"]["CloudWatchMetrics"]:
            for metric in directive["Metrics"]:
                values = entry[metric["Name"]]
                total = sum(values) if isinstance(values, list) else values
                self._counters.add(f"metric.{entry.get('service', '')}.{metric['Name']}", total)

    def close(self) -> None:
        """Write no more."""
        with self._lock:
            self._file.close()
