"""Replays a hundredth of a rehearsed mailing against the local service, and compares.

    .venv/bin/python -m bench.rehearsal_replay [--mails 1000000] [--minutes 10] [--seconds 120]

The model rehearses a hundredth of the mails at a hundredth of the rate. The busiest seconds of that
are then opened for real: new links, through the edge function, the gateway, the image function and
moto. The model runs once more over the same seconds, with the times that were measured. Prints
both; the exit code is 1 if they differ by more than a tenth. What does not scale with the rate (the
peak of the whole mailing, its 99th percentile) is the model's word alone.
"""

import argparse
import math
import statistics
import sys
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from random import Random

from bench.send_replay import CALLS, TEMPLATE, Execution, log_deviation, measured, replay
from postcard.send_model.assumptions import Assumptions, read_assumptions
from postcard.send_model.mailing import opens_of_a_mailing
from postcard.send_model.simulation import Outcome, Send, SendSimulation

PART = 100  # of the mails and of the rate
WINDOW_SECONDS = 10
MAX_SECONDS = 300.0
TOLERANCE = 0.1


def busiest(instants: Sequence[float], seconds: float) -> list[float]:
    """The opens of the busiest such time, from its start."""
    best_start, best = 0, 0
    for start, instant in enumerate(instants):
        end = bisect_left(instants, instant + seconds)
        if end - start > best:
            best_start, best = start, end - start
    return [each - instants[best_start] for each in instants[best_start : best_start + best]]


def peak(instants: Sequence[float]) -> float:
    """The most opens a second, over windows of ten seconds."""
    windows = Counter(int(instant // WINDOW_SECONDS) for instant in instants)
    return max(windows.values()) / WINDOW_SECONDS


def with_medians(assumptions: Assumptions, calls: Sequence[Execution]) -> Assumptions:
    """The measured times, their medians rather than their means: a busy machine has outliers."""
    draw, store = [each.draw for each in calls], [each.store for each in calls]
    times = {"draw": log_normal_mean(draw), "s3_put": log_normal_mean(store)}
    known = measured(assumptions, calls)
    return replace(known, seconds=known.seconds | times)


def log_normal_mean(values: Sequence[float]) -> float:
    """The mean of the log-normal distribution that has the values' median and spread."""
    sigma = log_deviation(values)
    return statistics.median(values) * math.exp(sigma * sigma / 2)


def rows(
    instants: Sequence[float], calls: Sequence[Execution], counted: dict[str, int], model: Outcome
) -> list[tuple[str, float, float, bool]]:
    """Name, local figure, figure of the model, and whether a tenth is the limit."""
    started = sorted(each.started_at for each in calls)
    times = sorted(each.draw + each.store for each in calls)
    found = [
        ("first draws", len(calls), model.drawn, True),
        ("draws a second, over 10 s", peak([each - started[0] for each in started]),
         peak(instants), True),
        ("median, ms", 1000 * times[len(times) // 2], 1000 * model.percentile(0.5), True),
        ("99th percentile, ms", 1000 * times[int(0.99 * len(times))],
         1000 * model.percentile(0.99), False),
        ("executions at once, mean", sum(times) / instants[-1],
         sum(model.seconds) / instants[-1], False),
    ]  # fmt: skip
    for name, service in CALLS.items():
        modelled = sum(n for (each, _), n in model.load.calls.items() if each == service)
        found.append((name, counted[name], modelled, True))
    return found


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--mails", type=int, default=1_000_000, help="of the whole mailing")
    parser.add_argument("--minutes", type=float, default=10, help="in which they are sent")
    parser.add_argument("--seconds", type=float, default=120, help=f"to replay, to {MAX_SECONDS:g}")
    arguments = parser.parse_args(argv)
    assumptions = read_assumptions()
    mails = range(arguments.mails // PART)
    opens = opens_of_a_mailing(mails, arguments.minutes, assumptions, Random(1))
    instants = busiest(opens.first_opens, min(arguments.seconds, MAX_SECONDS))
    print(
        f"{len(mails):,} mails: {len(opens.first_opens):,} first opens; replaying {len(instants)}"
    )
    calls, counted = replay(instants)
    # Of the local service's two processes a third call waits; it does not get a fallback.
    send, times = Send(template=TEMPLATE), with_medians(assumptions, calls)
    model = SendSimulation(send, times, Random(1)).run(instants)
    agrees = True
    print(f"{'':28}{'local':>10}{'model':>10}{'model/local':>13}")
    for name, local, modelled, is_checked in rows(instants, calls, counted, model):
        ratio = modelled / local if local else float("nan")
        fits = abs(ratio - 1) <= TOLERANCE
        agrees &= fits or not is_checked
        note = "" if fits else "  differs" if is_checked else "  (not compared)"
        print(f"{name:28}{local:>10,.1f}{modelled:>10,.1f}{ratio:>13.2f}{note}")
    return 0 if agrees else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
