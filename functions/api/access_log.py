"""The log line and the metrics of a call, by Powertools. No values, no query."""

import logging
import os
import sys
from contextlib import suppress
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from api.visit import Visit
from postcard.delivery.fallback_chain import failure_site

SERVICE = "api"
NAMESPACE = "Postcard"


out = logging.StreamHandler()


@cache
def logger() -> Logger:
    """Writes to `out`."""
    service = os.environ.get("POWERTOOLS_SERVICE_NAME", SERVICE)
    return Logger(service=service, level="INFO", logger_handler=out)


def write(visit: Visit, status: int, context: Any) -> None:
    """One JSON line on standard output: what was called and done, and the time it took.

    A log that takes none costs no answer.
    """
    out.stream = sys.stdout  # of now: it may have been exchanged since the last call
    spent = round((visit.service.monotonic() - visit.began) * 1000, 1)
    facts: dict[str, Any] = {
        "request_id": visit.request.request_id,
        "function_request_id": getattr(context, "aws_request_id", ""),
        "method": visit.request.method,
        "route": visit.rule,
        "status": status,
        "ms": spent,
        **{name: _short(fact) for name, fact in visit.noted.items() if fact},
    }
    if visit.entry.key is not None:
        facts["key"] = visit.entry.key.key_id
    if visit.failure is not None:
        logger().error("failed", extra={**facts, "failure": failure_site(visit.failure)})
    else:
        logger().info("answered", extra=facts)
    with suppress(OSError, ValueError):
        _measure(visit, status, spent)


def _short(fact: object) -> object:
    if not isinstance(fact, dict):
        return fact
    return {name: round(ms, 1) for name, ms in fact.items()}


def _measure(visit: Visit, status: int, spent: float) -> None:
    metrics = Metrics(
        namespace=os.environ.get("POWERTOOLS_METRICS_NAMESPACE", NAMESPACE), service=SERVICE
    )
    metrics.add_metric("Calls", MetricUnit.Count, 1)
    metrics.add_metric("Duration", MetricUnit.Milliseconds, spent)
    if visit.noted.get("did") == "drawn":
        metrics.add_metric("Renders", MetricUnit.Count, 1)
        metrics.add_metric("Bytes", MetricUnit.Bytes, float(str(visit.noted["bytes"])))
    if visit.noted.get("did") == "found":
        metrics.add_metric("Hits", MetricUnit.Count, 1)
    if status >= 500:
        metrics.add_metric("Failures", MetricUnit.Count, 1)
    metrics.flush_metrics()
