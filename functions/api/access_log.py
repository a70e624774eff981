"""The log line and the metrics of an API call, by Powertools. No values, no query."""

import logging
import os
import sys
from contextlib import suppress
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from api.request_context import ApiRequestContext
from postcard.errors import failure_site
from postcard.runtime.sandboxed_subprocess import unsealed_files

SERVICE = "api"
NAMESPACE = "Postcard"
log_handler = logging.StreamHandler()


@cache
def logger() -> Logger:
    """The function's logger; writes to `log_handler`."""
    service = os.environ.get("POWERTOOLS_SERVICE_NAME", SERVICE)
    return Logger(service=service, level="INFO", logger_handler=log_handler)


def write(request_context: ApiRequestContext, status: int, lambda_context: Any) -> None:
    """Write one JSON line to standard output: the call, its result and its duration.

    A log that cannot be written to does not fail the call.
    """
    log_handler.stream = sys.stdout  # looked up now: it may have been replaced since the last call
    service, request = request_context.service, request_context.request
    duration_ms = round((service.monotonic() - request_context.started_at) * 1000, 1)
    fields: dict[str, Any] = {
        "request_id": request.request_id,
        "function_request_id": getattr(lambda_context, "aws_request_id", ""),
        "method": request.method,
        "route": request_context.route_path,
        "status": status,
        "duration_ms": duration_ms,
        **{name: _rounded(value) for name, value in request_context.log_fields.items() if value},
    }
    if request_context.auth.key is not None:
        fields["key_id"] = request_context.auth.key.key_id
    if request_context.exception is not None:
        error = failure_site(request_context.exception)
        logger().error("failed", extra={**fields, "error": error})
    else:
        logger().info("answered", extra=fields)
    with suppress(OSError, ValueError):
        _write_metrics(request_context.log_fields, status, duration_ms)


def _rounded(value: object) -> object:
    """Timings by step, in milliseconds, to one decimal; anything else as it is."""
    if not isinstance(value, dict):
        return value
    return {name: round(ms, 1) for name, ms in value.items()}


def _write_metrics(log_fields: dict[str, object], status: int, duration_ms: float) -> None:
    metrics = Metrics(
        namespace=os.environ.get("POWERTOOLS_METRICS_NAMESPACE", NAMESPACE), service=SERVICE
    )
    metrics.add_metric("Calls", MetricUnit.Count, 1)
    metrics.add_metric("Duration", MetricUnit.Milliseconds, duration_ms)
    if log_fields.get("outcome") == "drawn":
        metrics.add_metric("Renders", MetricUnit.Count, 1)
        metrics.add_metric("Bytes", MetricUnit.Bytes, float(str(log_fields["bytes"])))
    if log_fields.get("outcome") == "cached":
        metrics.add_metric("Hits", MetricUnit.Count, 1)
    if unsealed := unsealed_files.take():
        metrics.add_metric("UnsealedDecoder", MetricUnit.Count, unsealed)
    if status >= 500:
        metrics.add_metric("Failures", MetricUnit.Count, 1)
    metrics.flush_metrics()
