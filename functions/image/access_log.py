"""A log line and a line of metrics a call, in the shape that Powertools writes for the API.

Powertools takes longer to import than a picture to draw; a test holds these keys against its own.
No values, no query: a path holds a digest.
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
is_cold_start = [True]  # until the first call is told


def write(
    out: TextIO,
    event: Mapping[str, Any],
    context: Any,
    request_context: RequestContext,
    response: Mapping[str, Any],
    milliseconds: float,
) -> None:
    """Both lines; a log that takes none costs no picture. `spent` is in milliseconds."""
    status = response["statusCode"]
    facts = {
        "request_id": event["requestContext"]["requestId"],
        "method": event["requestContext"]["http"]["method"],
        "status": status,
        "duration_ms": round(milliseconds, 1),
        "timings_ms": {
            name: round(ms, 1) for name, ms in request_context.timings.milliseconds.items()
        },
        **{name: fact for name, fact in request_context.log_fields.items() if fact},
    }
    level = "ERROR" if status >= 500 or "error" in request_context.log_fields else "INFO"
    with suppress(OSError, ValueError):
        _write_lines(
            out,
            {**_powertools_fields(context, level), **facts},
            emf_metrics(request_context.log_fields, status, milliseconds),
        )


def _powertools_fields(context: Any, level: str) -> dict[str, Any]:
    """What Powertools' logger puts into every line of a Lambda."""
    now = datetime.now(UTC)
    first, is_cold_start[0] = is_cold_start[0], False
    return {
        "level": level,
        "location": "write:journal",
        "message": "failed" if level == "ERROR" else "answered",
        "timestamp": f"{now:%Y-%m-%d %H:%M:%S},{now.microsecond // 1000:03d}+0000",
        "service": os.environ.get("POWERTOOLS_SERVICE_NAME", SERVICE),
        "cold_start": first,
        "function_name": context.function_name,
        "function_memory_size": context.memory_limit_in_mb,
        "function_arn": context.invoked_function_arn,
        "function_request_id": context.aws_request_id,
    }


def emf_metrics(
    log_fields: Mapping[str, object], status: int, milliseconds: float
) -> dict[str, Any]:
    """CloudWatch's embedded metric format: counts of one call, its bytes and its milliseconds."""
    reason = log_fields.get("reason")
    values: dict[str, tuple[str, float]] = {
        "Requests": ("Count", 1),
        "Renders": ("Count", 1 if log_fields.get("renders") else 0),
        "Hits": ("Count", 1 if log_fields.get("outcome") == "stored" else 0),
        "Fallbacks": ("Count", 1 if reason else 0),
        "AlreadyStored": ("Count", 1 if log_fields.get("already_stored") else 0),
        "CorruptedObjects": ("Count", float(str(log_fields.get("corrupted_objects", 0)))),
        "MissingRequired": ("Count", 1 if log_fields.get("missing_required") else 0),
        "MissingGlyphs": ("Count", float(str(log_fields.get("missing_glyphs") or 0))),
        "ClientErrors": ("Count", 1 if 400 <= status < 500 else 0),
        "Duration": ("Milliseconds", round(milliseconds, 1)),
    }
    if log_fields.get("bytes"):
        values["Bytes"] = ("Bytes", float(str(log_fields["bytes"])))
    service = os.environ.get("POWERTOOLS_SERVICE_NAME", SERVICE)
    by = {"service": service, **({"reason": str(reason)} if reason else {})}
    dimensions = [["service"], ["service", "reason"]] if reason else [["service"]]
    told = {
        "Namespace": os.environ.get("POWERTOOLS_METRICS_NAMESPACE", NAMESPACE),
        "Dimensions": dimensions,
        "Metrics": [{"Name": name, "Unit": unit} for name, (unit, _) in values.items()],
    }
    return {
        "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [told]},
        **by,
        **{name: [float(value)] for name, (_, value) in values.items()},
    }


def _write_lines(out: TextIO, *lines: Mapping[str, Any]) -> None:
    out.write("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines))
    out.flush()
