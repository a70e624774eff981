"""What became of a simulated send, beside AWS's limits: for programs and for people."""

from collections.abc import Sequence
from typing import Any

from postcard.send_model.assumptions import Assumptions
from postcard.send_model.capacity import Bound, opens_with_pictures
from postcard.send_model.simulation import Outcome


def as_json(outcome: Outcome, found: Sequence[Bound], assumptions: Assumptions) -> dict[str, Any]:
    """The figures by name."""
    load, limits = outcome.load, assumptions.limits
    return {
        "assumptions": assumptions.as_of,
        "first_opens": outcome.opens,
        "peak_first_opens_a_second": outcome.peak,
        "drawn": outcome.drawn,
        "fallbacks": outcome.fallbacks,
        "refused": outcome.refused,
        "not_stored": outcome.unstored,
        "concurrency": outcome.concurrency,
        "cold_starts": outcome.starts,
        "seconds_p50": round(outcome.percentile(0.5), 3),
        "seconds_p99": round(outcome.percentile(0.99), 3),
        "peaks_a_second": {
            "S3 GET in the prefix": [load.peak("s3.get"), limits["s3_gets"]],
            "S3 PUT in the prefix": [load.peak("s3.put"), limits["s3_puts"]],
            "DynamoDB read units of one item": [
                load.peak("dynamodb.read"),
                limits["dynamodb_partition_reads"],
            ],
            "DynamoDB read units of the table": [
                load.total_peak("dynamodb.read"),
                limits["dynamodb_new_table_reads"],
            ],
            "DynamoDB write units of one item": [
                load.peak("dynamodb.write"),
                limits["dynamodb_partition_writes"],
            ],
            "Secrets Manager reads": [load.peak("secrets.read"), limits["secrets_manager_reads"]],
        },
        "throttled_calls": dict(load.throttled),
        "calls": {f"{service} {item}": n for (service, item), n in sorted(load.calls.items())},
        "bounds": [vars(bound) for bound in found],
    }


def as_text(outcome: Outcome, found: Sequence[Bound], assumptions: Assumptions) -> str:
    """The same for people."""
    figures = as_json(outcome, found, assumptions)
    lines = [
        f"{outcome.opens:,} first opens, at most {outcome.peak:,} in a second"
        f" (a model, with the assumptions of {assumptions.as_of})",
        f"drawn {outcome.drawn:,} · fallback pictures {outcome.fallbacks:,} ·"
        f" refused {outcome.refused:,} · not stored {outcome.unstored:,}",
        f"Lambda: {outcome.concurrency:,} at once, {outcome.starts:,} cold starts;"
        f" p50 {figures['seconds_p50']} s, p99 {figures['seconds_p99']} s",
        "",
        f"{'most in a second':40}{'used':>10}{'limit':>10}",
    ]
    for name, (used, limit) in figures["peaks_a_second"].items():
        lines.append(f"{name:40}{used:>10,.0f}{limit:>10,.0f}")
    lines += ["", f"{'bounds':40}{'opens/s':>10}  past it, a reader gets"]
    for bound in found:
        lines.append(f"{bound.service:40}{bound.opens_per_second:>10,.0f}  {bound.past_it}")
    first = opens_with_pictures(found)
    lines += ["", f"All readers get their picture up to {first.opens_per_second:,.0f} first opens"]
    lines[-1] += f" a second ({first.service})."
    return "\n".join(lines)
