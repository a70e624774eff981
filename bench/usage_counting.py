"""Measures what counting a picture adds to its time, against counting it before the response.

    PYTHONPATH=layers/core:functions:. .venv/bin/python -m bench.usage_counting [PICTURES]

The image function draws links with stores in memory, each of whose calls waits as long as one of
AWS does. Three functions take turns: one that counts nothing, one that counts in a thread (as on
AWS), one that waits for each count. A picture that is stored is counted while its template's record
is read once more; one that is not has no call to wait for beside its count.
"""

import contextlib
import io
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from postcard.adapters.memory import MemoryUsageStore
from postcard.delivery.assembly import image_service
from postcard.usage.counter import BackgroundUsageCounter, TableUsageCounter, UsageCounter
from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import document

PICTURES = 300
CALL_SECONDS = 0.004  # of a call of S3 or DynamoDB in the same region


class NoCounter:
    """Counts nothing."""

    def count(self, *arguments: object, **more: object) -> None: ...
    def finish(self, deadline: float) -> None: ...


def slow(call: Callable[..., Any]) -> Callable[..., Any]:
    def waits(*arguments: Any, **more: Any) -> Any:
        time.sleep(CALL_SECONDS)
        return call(*arguments, **more)

    return waits


def world_with(counter: UsageCounter, *, stores: bool) -> InMemoryService:
    world = InMemoryService(stores_renders=stores)
    world.monotonic = time.monotonic
    world.publish(document())
    world.templates.record = slow(world.templates.record)  # type: ignore[method-assign]
    world.pictures.put_if_absent = slow(world.pictures.put_if_absent)  # type: ignore[method-assign]
    world.image = image_service(replace(world._dependencies(world.caches), usage=counter))
    return world


def milliseconds(world: InMemoryService, number: int) -> float:
    link = world.sign_link({"first_name": f"Ann {number}"})
    began = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        assert world.open_link(link).status == 200
    return (time.perf_counter() - began) * 1000


def main(pictures: int) -> None:
    for stores in (True, False):
        print("StoreRenders=always" if stores else "StoreRenders=never")
        stores_of_usage = [MemoryUsageStore(), MemoryUsageStore()]
        for store in stores_of_usage:
            store.add = slow(store.add)  # type: ignore[method-assign]
        in_thread, waiting = stores_of_usage
        counters: dict[str, UsageCounter] = {
            "not counted": NoCounter(),
            "in a thread": BackgroundUsageCounter(TableUsageCounter(in_thread)),
            "waited for": TableUsageCounter(waiting),
        }
        with contextlib.redirect_stdout(io.StringIO()):
            worlds = {name: world_with(each, stores=stores) for name, each in counters.items()}
        times: dict[str, list[float]] = {name: [] for name in worlds}
        for number in range(pictures):
            for name, world in worlds.items():
                times[name].append(milliseconds(world, number))
        for name, measured in times.items():
            median = statistics.median(measured)
            print(f"  {name:<12} median {median:6.1f} ms, least {min(measured):6.1f} ms")
        for store in stores_of_usage:
            [(_, counts)] = store.read("2026-11-22", "2026-11-22")
            assert counts["first_opens"] == pictures, counts


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else PICTURES)
