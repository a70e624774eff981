"""Compares the model of a send with the local service, at a small rate.

    .venv/bin/python -m bench.send_replay [--rate 6] [--seconds 20]

Opens new links at random instants, through the edge function, the gateway, the image function in
its own processes and moto. Then the model runs with the same instants and with the times that were
measured. Prints both: calls of DynamoDB and S3, executions at once, and the function's median time.
What the model adds to this (limits, thousands of processes) cannot be tried on one machine.
"""

import argparse
import json
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

from local.aws.http_messages import Request
from local.server import LocalServer
from postcard.links.build import sign_link
from postcard.send_model.arrivals import opens_at_a_rate
from postcard.send_model.assumptions import Assumptions, read_assumptions
from postcard.send_model.simulation import Outcome, Send, SendSimulation

TEMPLATE, ENVIRONMENTS = "tmpl_a1b2c3d4e5", 2
MAX_RATE, MAX_SECONDS = 20.0, 120.0  # the local service has two environments
CALLS = {
    "dynamodb.GetItem": "dynamodb.read",
    "dynamodb.UpdateItem": "dynamodb.write",
    "s3.put": "s3.put",
}


@dataclass(frozen=True)
class Execution:
    """One call of the image function; all in seconds."""

    started_at: float
    draw: float
    store: float

    @property
    def ended_at(self) -> float:
        return self.started_at + self.draw + self.store


def replay(instants: Sequence[float]) -> tuple[list[Execution], dict[str, int]]:
    """Open a new link at each instant; the function's executions, and the calls of AWS by name."""
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalServer(0, Path(folder)) as server,
        ThreadPoolExecutor(max_workers=32) as threads,
    ):
        links = [new_link(server, number) for number in range(len(instants))]
        before, start = server.counters.snapshot(), time.monotonic() + 0.5

        def open_at(instant: float, link: str) -> int:
            time.sleep(max(0.0, start + instant - time.monotonic()))
            path, _, query = link.partition("?")
            return server.handle(Request("GET", path, query)).status

        statuses = set(threads.map(open_at, instants, links))
        after = server.counters.snapshot()
        log = (Path(folder) / "log.jsonl").read_text(encoding="utf-8")
    if statuses != {200}:
        raise SystemExit(f"The local service answered {sorted(statuses)}.")
    return executions(log), {name: after.get(name, 0) - before.get(name, 0) for name in CALLS}


def new_link(server: LocalServer, number: int) -> str:
    keys = server.keys.key_rotation.read().link_keys()
    fields = {"user_name": f"Reader {number}"}
    return sign_link(keys, template=TEMPLATE, format="png", fields=fields, version=1)


def executions(log: str) -> list[Execution]:
    """The image function's lines, without those of the processes' first calls."""
    found = []
    for line in log.splitlines():
        entry: dict[str, Any] = json.loads(line)
        if entry.get("service") != "image" or "timings_ms" not in entry:
            continue
        total, store = entry["duration_ms"] / 1000, entry["timings_ms"].get("store", 0.0) / 1000
        ended = datetime.strptime(entry["timestamp"], "%Y-%m-%d %H:%M:%S,%f%z").timestamp()
        found.append(Execution(ended - total, total - store, store))
    return found


def measured(assumptions: Assumptions, calls: Sequence[Execution]) -> Assumptions:
    """The assumptions with the times of these executions."""
    draw, store = [each.draw for each in calls], [each.store for each in calls]
    times = {
        "draw": statistics.mean(draw),
        "draw_sigma": log_deviation(draw),
        "s3_put": statistics.mean(store),
        "s3_put_sigma": log_deviation(store),
        "dynamodb_call": 0.0,  # is in the time of storing
        "start": 0.0,  # the local service starts processes before
    }
    return replace(assumptions, seconds=assumptions.seconds | times)


def log_deviation(values: Sequence[float]) -> float:
    return statistics.pstdev(math.log(max(value, 1e-4)) for value in values)


def most_at_once(calls: Sequence[Execution]) -> int:
    edges = [(each.started_at, 1) for each in calls] + [(each.ended_at, -1) for each in calls]
    most = now = 0
    for _, step in sorted(edges):
        now += step
        most = max(most, now)
    return most


def rows(calls: Sequence[Execution], counted: dict[str, int], model: Outcome) -> list[list[Any]]:
    medians = statistics.median(each.draw + each.store for each in calls), model.percentile(0.5)
    modelled = {
        name: sum(n for (service, _), n in model.load.calls.items() if service == theirs)
        for name, theirs in CALLS.items()
    }
    return [
        ["pictures drawn", len(calls), model.drawn],
        *([name, counted[name], modelled[name]] for name in CALLS),
        ["executions at once", most_at_once(calls), model.concurrency],
        ["median, ms", *(round(1000 * median) for median in medians)],
    ]


def main(argv: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rate", type=float, default=6, help=f"opens a second, to {MAX_RATE:g}")
    parser.add_argument("--seconds", type=float, default=20, help=f"to {MAX_SECONDS:g}")
    arguments = parser.parse_args(argv)
    rate, seconds = min(arguments.rate, MAX_RATE), min(arguments.seconds, MAX_SECONDS)
    instants = opens_at_a_rate(rate, seconds, 0, Random(1))
    calls, counted = replay(instants)
    send = Send(concurrency=ENVIRONMENTS, template=TEMPLATE)
    simulation = SendSimulation(send, measured(read_assumptions(), calls), Random(1))
    print(f"{'':24}{'local':>8}{'model':>8}")
    for name, local, model in rows(calls, counted, simulation.run(instants)):
        print(f"{name:24}{local:>8}{model:>8}")


if __name__ == "__main__":
    main(sys.argv[1:])
