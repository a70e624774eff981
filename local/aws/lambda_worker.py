"""The process of one execution environment: reads events from stdin, writes results to stdout.

Run as `python -m local.aws.lambda_worker package.module.function`. Everything else on stdout is the
handler's log; a message starts with `SEPARATOR`. An exception of the handler ends the call, as in
Lambda: its traceback goes to the log, and the next call is handled in the same process.
"""

import importlib
import json
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

SEPARATOR = "\x1e"


@dataclass(frozen=True)
class LambdaContext:
    """The context object that Lambda passes to a handler; `deadline` is in Unix seconds."""

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
        """Milliseconds until the call times out."""
        return max(0, int((self.deadline - time.time()) * 1000))


def load_handler(spec: str) -> Callable[[Mapping[str, Any], LambdaContext], Any]:
    """Import the handler named by `package.module.function`."""
    module, _, name = spec.rpartition(".")
    handler: Callable[[Mapping[str, Any], LambdaContext], Any]
    handler = getattr(importlib.import_module(module), name)
    return handler


def main() -> None:
    """Handle calls until stdin ends, which it does even if the server is killed."""
    handler = load_handler(sys.argv[1])
    _send({"ready": True})
    for line in sys.stdin:
        call = json.loads(line)
        try:
            message = {"result": handler(call["event"], LambdaContext(**call["context"]))}
        except Exception as error:
            traceback.print_exc()
            message = {"error": {"type": type(error).__name__, "message": str(error)}}
        _send(message)


def _send(message: Mapping[str, Any]) -> None:
    sys.stderr.flush()
    sys.stdout.write(f"{SEPARATOR}{json.dumps(message)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
