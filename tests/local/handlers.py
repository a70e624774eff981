"""Lambda handlers for tests: one succeeds, one raises, others wait, one returns too much."""

import json
import os
import time
from pathlib import Path
from typing import Any


def echo(event: dict[str, Any], context: Any) -> Any:
    """Returns its event, its context and its environment."""
    print("a log line")
    return {
        "event": event,
        "request_id": context.aws_request_id,
        "memory": context.memory_limit_in_mb,
        "remaining": context.get_remaining_time_in_millis(),
        "arn": context.invoked_function_arn,
        "environment": dict(os.environ),
        "process": os.getpid(),
    }


def metric(event: dict[str, Any], context: Any) -> Any:
    """Prints a metric in CloudWatch's embedded metric format."""
    directive = {"Namespace": "Postcard", "Metrics": [{"Name": "Renders"}], "Dimensions": []}
    entry = {"_aws": {"CloudWatchMetrics": [directive]}, "service": "image", "Renders": [1, 2]}
    print(json.dumps(entry))
    return None


def fail(event: dict[str, Any], context: Any) -> Any:
    """Raises."""
    raise KeyError("missing")


def leave(event: dict[str, Any], context: Any) -> Any:
    """Ends its process, as a crash does."""
    os._exit(1)


def sleep(event: dict[str, Any], context: Any) -> Any:
    """Sleeps for the event's `seconds`; returns the process id."""
    time.sleep(float(event["seconds"]))
    return os.getpid()


def meet(event: dict[str, Any], context: Any) -> Any:
    """Waits until `count` calls have written into `folder`; returns the process id."""
    folder = Path(event["folder"])
    (folder / context.aws_request_id).touch()
    while len(list(folder.iterdir())) < event["count"]:
        time.sleep(0.01)
    return os.getpid()


def overflow(event: dict[str, Any], context: Any) -> Any:
    """Returns more than Lambda's 6 MB."""
    return "x" * 7_000_000
