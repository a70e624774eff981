"""The inside of one execution environment: reads events from stdin, writes answers to stdout.

Run as `python -m local.aws.lambda_worker package.module.function`. What the handler prints is
its log; an answer is told from it by the record separator before it. An exception ends the environment, as a
crash does in Lambda; its traceback is the last of the log.
"""

import importlib
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

SEPARATOR = "\x1e"


@dataclass(frozen=True)
class LambdaContext:
    """What Lambda tells a handler about its call."""

    function_name: str
    memory_limit_in_mb: int
    aws_request_id: str
    invoked_function_arn: str
    log_group_name: str
    deadline: float
    function_version: str = "$LATEST"
    log_stream_name: str = "local"
    identity: None = None
    client_context: None = None

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the call is ended from outside."""
        return max(0, int((self.deadline - time.time()) * 1000))


def load_handler(spec: str) -> Callable[[Mapping[str, Any], LambdaContext], Any]:
    """The handler that `package.module.function` names."""
    module, _, name = spec.rpartition(".")
    handler: Callable[[Mapping[str, Any], LambdaContext], Any]
    handler = getattr(importlib.import_module(module), name)
    return handler


def main() -> None:
    """Serve until stdin ends, which it does when the server is gone, however it went."""
    handler = load_handler(sys.argv[1])
    _send({"ready": True})
    for line in sys.stdin:
        call = json.loads(line)
        _send({"answer": handler(call["event"], LambdaContext(**call["context"]))})


def _send(message: Mapping[str, Any]) -> None:
    sys.stderr.flush()
    sys.stdout.write(f"{SEPARATOR}{json.dumps(message)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
