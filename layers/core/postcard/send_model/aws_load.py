"""Counts calls of AWS in virtual time and throttles them by the documented limits."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from postcard.errors import ServiceUnavailable
from postcard.send_model.assumptions import Assumptions

Row = dict[str, Any]


class VirtualBucket:
    """A token bucket in virtual time: `rate` a second, at most `size` at once."""

    def __init__(self, rate: float, size: float | None = None) -> None:
        self._rate, self._size = rate, rate if size is None else size
        self._tokens, self._at = self._size, 0.0

    def take(self, now: float, amount: float = 1.0) -> bool:
        """Whether `amount` is left."""
        self._tokens = min(self._size, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens < amount:
            return False
        self._tokens -= amount
        return True


class AwsLoad:
    """The account's services: `calls` by operation and item, `loads` by operation and second.

    The DynamoDB bucket of a partition is a second of its rate. AWS often lends more; this model
    counts on nothing that is not promised.
    """

    def __init__(self, assumptions: Assumptions, *, table_partitions: int | None = None) -> None:
        self._limits = assumptions.limits
        self._partitions = table_partitions or assumptions.table_partitions
        self._buckets: dict[tuple[str, object], VirtualBucket] = {}
        self.now = 0.0
        self.calls: Counter[tuple[str, str]] = Counter()
        self.throttled: Counter[str] = Counter()
        self.loads: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)

    def use(
        self, service: str, item: str, rate: float, *, amount: float = 1.0, place: object = None
    ) -> bool:
        """Count a call; False if it was throttled. Calls with one `place` share the rate."""
        self.calls[service, item] += 1
        self.loads[service, item][int(self.now)] += amount  # type: ignore[assignment]
        key = (service, item if place is None else place)
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = VirtualBucket(rate)
        if bucket.take(self.now, amount):
            return True
        self.throttled[service] += 1
        return False

    def use_partition(self, operation: str, key: str, rate: float, amount: float) -> None:
        """Count a call of DynamoDB; `ServiceUnavailable` if the key's partition is busy."""
        place = hashlib.md5(key.encode(), usedforsecurity=False).digest()[0] % self._partitions
        if not self.use(operation, key, rate, amount=amount, place=place):
            raise ServiceUnavailable("DynamoDB throttles.")

    def read(self, key: str, *, consistent: bool) -> None:
        """Read an item of at most 4 KB."""
        rate, amount = self._limits["dynamodb_partition_reads"], 1.0 if consistent else 0.5
        self.use_partition("dynamodb.read", key, rate, amount)

    def write(self, key: str) -> None:
        """Write an item of at most 1 KB."""
        self.use_partition("dynamodb.write", key, self._limits["dynamodb_partition_writes"], 1.0)

    def put(self, prefix: str, *, place: object = None) -> bool:
        """Put an object; False if S3 asks to slow down. `place`: the part that S3 split off."""
        return self.use("s3.put", prefix, self._limits["s3_puts"], place=place)

    def get(self, prefix: str, *, place: object = None) -> bool:
        """Read an object."""
        return self.use("s3.get", prefix, self._limits["s3_gets"], place=place)

    def peak(self, service: str) -> float:
        """The most of one item in one second."""
        items = (load for (name, _), load in self.loads.items() if name == service)
        return max((max(load.values()) for load in items), default=0.0)

    def total_peak(self, service: str) -> float:
        """The most of all items together in one second."""
        total: Counter[int] = Counter()
        for (name, _), load in self.loads.items():
            if name == service:
                total.update(load)
        return max(total.values(), default=0)


class LoadTable:
    """The table as the production adapters use it: one template's record, and counters."""

    def __init__(self, load: AwsLoad, record: Row) -> None:
        self._load, self._record = load, record
        self._totals: Counter[str] = Counter()

    def get(self, pk: str, sk: str, *, consistent: bool = True) -> Row:
        """The record, whichever of its copies is read."""
        self._load.read(pk, consistent=consistent)
        return dict(self._record)

    def update(
        self,
        pk: str,
        sk: str,
        *,
        sets: Mapping[str, Any],
        adds: Mapping[str, int] | None = None,
        condition: object = None,
    ) -> Row:
        """Add to a counter or to the usage, or note that a budget was used up."""
        self._load.write(pk)
        self._totals[pk] += (adds or {}).get("total", 0)
        return {"total": self._totals[pk]}
