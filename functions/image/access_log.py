"""The log line and the metrics of a picture request, in the format that Powertools writes.

Written without Powertools, whose import takes longer than a render; a test compares the keys with
its own. No values, no query: a path contains a digest.
"""

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TextIO

from postcard.delivery.request_context import RequestContext

SERVICE = "image"
NAMESPACE = "Postcard"
FALLBACKS_BY_REASON = {"Name": "Fallbacks", "Unit": "Count"}
is_cold_start = [True]  # until the first line is written


def write(
    out: TextIO,
    event: Mapping[str, Any],
    lambda_context: Any,
    request_context: RequestContext,
    response: Mapping[str, Any],
    duration_ms: float,
) -> None:
    """Write a log line and a line of metrics; a log that cannot be written to fails no request."""
    status = response["statusCode"]
    log_fields = request_context.log_fields
    level = "ERROR" if status >= 500 or "error" in log_fields else "INFO"
    line = {
        **_powertools_fields(lambda_context, level),
        "request_id": event["requestContext"]["requestId"],
        "method": event["requestContext"]["http"]["method"],
        "status": status,
        "duration_ms": round(duration_ms, 1),
        "timings_ms": {
            name: round(ms, 1) for name, ms in request_context.timings.milliseconds.items()
        },
        **{name: value for name, value in log_fields.items() if value},
    }
    with suppress(OSError, ValueError):
        _write_lines(out, line, emf_metrics(log_fields, status, duration_ms))


def _powertools_fields(lambda_context: Any, level: str) -> dict[str, Any]:
    """The keys that Powertools' logger writes into every line of a Lambda function."""
    now = datetime.now(UTC)
    cold_start, is_cold_start[0] = is_cold_start[0], False
    return {
        "level": level,
        "location": "write:access_log",
        "message": "failed" if level == "ERROR" else "answered",
        "timestamp": f"{now:%Y-%m-%d %H:%M:%S},{now.microsecond // 1000:03d}+0000",
        "service": os.environ.get("POWERTOOLS_SERVICE_NAME", SERVICE),
        "cold_start": cold_start,
        "function_name": lambda_context.function_name,
        "function_memory_size": lambda_context.memory_limit_in_mb,
        "function_arn": lambda_context.invoked_function_arn,
        "function_request_id": lambda_context.aws_request_id,
    }


def emf_metrics(
    log_fields: Mapping[str, object], status: int, duration_ms: float
) -> dict[str, Any]:
    """The metrics of one request in CloudWatch's embedded metric format (EMF)."""
    reason = log_fields.get("reason")
    metrics: dict[str, tuple[str, float]] = {
        "Requests": ("Count", 1),
        "Renders": ("Count", 1 if log_fields.get("renders") else 0),
        "Hits": ("Count", 1 if log_fields.get("outcome") == "stored" else 0),
        "Fallbacks": ("Count", 1 if reason else 0),
        "Unstored": ("Count", 1 if log_fields.get("not_stored") else 0),
        "Unverified": ("Count", 1 if log_fields.get("unverified") else 0),
        "AlreadyStored": ("Count", 1 if log_fields.get("already_stored") else 0),
        "CorruptedObjects": ("Count", float(str(log_fields.get("corrupted_objects", 0)))),
        "UnsealedDecoder": ("Count", float(str(log_fields.get("unsealed_decodes") or 0))),
        "MissingRequired": ("Count", 1 if log_fields.get("missing_required") else 0),
        "MissingGlyphs": ("Count", float(str(log_fields.get("missing_glyphs") or 0))),
        "ClientErrors": ("Count", 1 if 400 <= status < 500 else 0),
        "Duration": ("Milliseconds", round(duration_ms, 1)),
    }
    if log_fields.get("bytes"):
        metrics["Bytes"] = ("Bytes", float(str(log_fields["bytes"])))
    service = os.environ.get("POWERTOOLS_SERVICE_NAME", SERVICE)
    dimensions = {"service": service, **({"reason": str(reason)} if reason else {})}
    namespace = os.environ.get("POWERTOOLS_METRICS_NAMESPACE", NAMESPACE)
    all_metrics = [{"Name": name, "Unit": unit} for name, (unit, _) in metrics.items()]
    directives: list[dict[str, Any]] = [
        {"Namespace": namespace, "Dimensions": [["service"]], "Metrics": all_metrics}
    ]
    if reason:  # CloudWatch bills each metric of each reason: only the one that is looked at
        by_reason = {"Dimensions": [["service", "reason"]], "Metrics": [FALLBACKS_BY_REASON]}
        directives.append({"Namespace": namespace, **by_reason})
    return {
        "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": directives},
        **dimensions,
        **{name: [float(value)] for name, (_, value) in metrics.items()},
    }


def _write_lines(out: TextIO, *lines: Mapping[str, Any]) -> None:
    out.write("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines))
    out.flush()
