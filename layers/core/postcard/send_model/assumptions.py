"""Reads assumptions.json: AWS's limits, times and arrival curves, each with its source."""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True)
class Assumptions:
    """The values by name; `as_of` is the day on which the sources were read."""

    as_of: str
    limits: dict[str, float]
    seconds: dict[str, float]
    opens: dict[str, float]
    curves: dict[str, dict[str, Any]]
    mailing: dict[str, float]
    opened: dict[str, float]  # shares of the mails of each program

    @property
    def warm_open_seconds(self) -> float:
        """The mean time of a warm first open in the function."""
        times = self.seconds
        return times["draw"] + times["s3_put"] + times["dynamodb_call"]

    @property
    def table_partitions(self) -> int:
        """The partitions of a new on-demand table."""
        reads = self.limits["dynamodb_new_table_reads"] / self.limits["dynamodb_partition_reads"]
        return int(reads)


@cache
def read_assumptions() -> Assumptions:
    """The file that ships with the package."""
    document = json.loads(files(__package__).joinpath("assumptions.json").read_text("utf-8"))
    return Assumptions(
        as_of=document["as_of"],
        limits=_values(document["limits"]),
        seconds=_values(document["seconds"]),
        opens=_values(document["opens"]),
        curves={name: curve for name, curve in document["curves"].items() if name != "note"},
        mailing=_values(
            {n: e for n, e in document["mailing"].items() if n not in ("note", "opened")}
        ),
        opened=_values(document["mailing"]["opened"]),
    )


def _values(table: dict[str, dict[str, Any]]) -> dict[str, float]:
    return {name: entry["value"] for name, entry in table.items()}
