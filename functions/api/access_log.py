"""The log line and the metrics of a call, by Powertools. No values, no query."""

import logging
import os
import sys
from contextlib import suppress
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from api.visit import ApiRequestState
from postcard.errors import failure_site

SERVICE = "api"
NAMESPACE = "Postcard"


log_handler = logging.StreamHandler()


@cache
def logger() -> Logger:
    """Writes to `out`."""
    service = os.environ.get("POWERTOOLS_SERVICE_NAME", SERVICE)
    return Logger(service=service, level="INFO", logger_handler=log_handler)


def write(request_state: ApiRequestState, status: int, context: Any) -> None:
    """One JSON line on standard output: what was called and done, and the time it took.

    A log that takes none costs no answer.
    """
    log_handler.stream = sys.stdout  # of now: it may have been exchanged since the last call
    spent = round((request_state.service.monotonic() - request_state.started_at) * 1000, 1)
    facts: dict[str, Any] = {
        "request_id": request_state.request.request_id,
        "function_request_id": getattr(context, "aws_request_id", ""),
        "method": request_state.request.method,
        "route": request_state.route_path,
        "status": status,
        "duration_ms": spent,
        **{name: _rounded(fact) for name, fact in request_state.log_fields.items() if fact},
    }
    if request_state.auth.key is not None:
        facts["key_id"] = request_state.auth.key.key_id
    if request_state.exception is not None:
        logger().error("failed", extra={**facts, "error": failure_site(request_state.exception)})
    else:
        logger().info("answered", extra=facts)
    with suppress(OSError, ValueError):
        _write_metrics(request_state, status, spent)


def _rounded(fact: object) -> object:
    if not isinstance(fact, dict):
        return fact
    return {name: round(ms, 1) for name, ms in fact.items()}


def _write_metrics(request_state: ApiRequestState, status: int, milliseconds: float) -> None:
    metrics = Metrics(
        namespace=os.environ.get("POWERTOOLS_METRICS_NAMESPACE", NAMESPACE), service=SERVICE
    )
    metrics.add_metric("Calls", MetricUnit.Count, 1)
    metrics.add_metric("Duration", MetricUnit.Milliseconds, milliseconds)
    if request_state.log_fields.get("outcome") == "drawn":
        metrics.add_metric("Renders", MetricUnit.Count, 1)
        metrics.add_metric("Bytes", MetricUnit.Bytes, float(str(request_state.log_fields["bytes"])))
    if request_state.log_fields.get("outcome") == "cached":
        metrics.add_metric("Hits", MetricUnit.Count, 1)
    if status >= 500:
        metrics.add_metric("Failures", MetricUnit.Count, 1)
    metrics.flush_metrics()
