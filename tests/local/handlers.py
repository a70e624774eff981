"""Handlers that behave in the ways a Lambda function can."""

import json
import os
import time
from typing import Any


def echo(event: dict[str, Any], context: Any) -> Any:
    """Answers what it was given and what it knows of itself."""
    print("said aloud")
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
    """Counts renders in the embedded metric format."""
    directive = {"Namespace": "Postcard", "Metrics": [{"Name": "Renders"}], "Dimensions": []}
    entry = {"_aws": {"CloudWatchMetrics": [directive]}, "service": "image", "Renders": [1, 2]}
    print(json.dumps(entry))
    return None


def fail(event: dict[str, Any], context: Any) -> Any:
    """Raises."""
    raise KeyError("what was it")


def sleep(event: dict[str, Any], context: Any) -> Any:
    """Takes its time."""
    time.sleep(float(event["seconds"]))
    return os.getpid()


def overflow(event: dict[str, Any], context: Any) -> Any:
    """Answers more than Lambda lets through."""
    return "x" * 7_000_000
