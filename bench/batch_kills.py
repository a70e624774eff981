"""A whole batch on the local service while its workers are killed and its chunks come twice.

    python -m bench.batch_kills [ROWS] [KILLS] [SHARE_DELIVERED_TWICE]

One row of a hundred has a bad value and gets no picture. At the end every row of the result is
compared with its row of the file: each is there once, in order, and right or reported. The exit
code is 1 if not, or if a worker used over 256 MB.
"""

import csv
import json
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from local.aws.lambda_service import LambdaFunction
from local.server import LocalServer
from postcard.cli.api_client import ApiClient
from postcard.cli.batch_run import BatchOutput, BatchRun, ProgressLine

MAX_WORKER_BYTES = 256 << 20
BAD_SHARE = 100  # one row of so many
HEADER = ("Email", "User Name", "discount_code", "Note")
NAMES = ("Ann", "Zoë", "José", "O'Brien", "Łukasz", "Мария", "李小龍", "أحمد", "Nguyễn", "Ümit")
NOTES = ("", 'likes "red", blue', "line one\nline two", "+45 12 34 56 78", "plain")
TEMPLATE = "tmpl_a1b2c3d4e5"
FUNCTION = "BatchFunction"


def people(count: int) -> Iterator[tuple[str, ...]]:
    """Rows by a seed; the code of each hundredth one is bad."""
    chance = random.Random(7)
    for number in range(count):
        code = "no code!" if number % BAD_SHARE == BAD_SHARE - 1 else f"CODE{number % 10**7:07d}"
        name = f"{chance.choice(NAMES)} {number % 9973}"
        yield f"p{number}@example.com", name, code, chance.choice(NOTES)


class Trouble:
    """Kills busy workers of chunks at random instants, and delivers a share of the chunks twice."""

    def __init__(self, server: LocalServer, kills: int, share: float) -> None:
        self._functions = server.functions
        self._function: LambdaFunction = server.functions._functions[FUNCTION]
        self._kills, self._share = kills, share
        self._chance = random.Random(3)
        self._ended = threading.Event()
        self.counts: Counter[str] = Counter()
        self.peak_bytes = 0
        self._thread = threading.Thread(target=self._run, daemon=True)

    def invoke(self, name: str, event: dict[str, Any]) -> Any:
        """Call a function, and a share of the chunks' calls twice at once."""
        is_chunk = name == FUNCTION and event.get("step") == "work"
        self.counts["calls for chunks"] += is_chunk
        if not is_chunk or self._chance.random() >= self._share:
            return self._functions.invoke(name, event)
        self.counts["delivered twice"] += 1
        other = threading.Thread(target=self._invoke_quietly, args=(name, event))
        other.start()
        try:
            return self._functions.invoke(name, event)
        finally:
            other.join()

    def _invoke_quietly(self, name: str, event: dict[str, Any]) -> None:
        with suppress(Exception):
            self._functions.invoke(name, event)

    def close(self) -> None:
        """Kill nothing more."""
        self._ended.set()
        self._thread.join()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def _run(self) -> None:
        next_kill = time.monotonic() + self._chance.uniform(5, 15)
        while not self._ended.wait(0.2):
            with self._function._changed:
                busy = list(self._function._busy)
            for environment in busy:
                self.peak_bytes = max(self.peak_bytes, _peak_bytes(environment._process.pid))
            is_due = busy and self.counts["calls for chunks"] and time.monotonic() > next_kill
            if is_due and self.counts["killed"] < self._kills:
                self._chance.choice(busy)._process.kill()
                self.counts["killed"] += 1
                next_kill = time.monotonic() + self._chance.uniform(3, 12)


def _peak_bytes(pid: int) -> int:
    with suppress(OSError, StopIteration):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024
    return 0


def check(result: Path, report: Path, count: int) -> dict[str, int]:
    """Counts of the rows that are wrong, by what is wrong."""
    wrong: Counter[str] = Counter()
    statuses: Counter[str] = Counter()
    with result.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        wrong["header"] = next(rows)[:4] != list(HEADER)
        for expected in people(count):
            row = next(rows, None)
            if row is None:
                wrong["lost"] += 1
                continue
            is_bad = expected[2] == "no code!"
            statuses[row[6]] += 1
            wrong["another row"] += row[:4] != list(expected)
            wrong["status"] += row[6] != ("failed" if is_bad else "ok")
            wrong["link"] += (f"discount_code={expected[2]}" in row[4]) == is_bad
        wrong["too many"] = sum(1 for _ in rows)
    with report.open(encoding="utf-8", newline="") as file:
        reported = sum(1 for _ in csv.reader(file)) - 1
    wrong["report"] = reported != count // BAD_SHARE
    return {**{f"wrong: {name}": number for name, number in wrong.items()}, **statuses}


def main(arguments: list[str]) -> int:
    """Print the figures as JSON; 1 if a row is wrong."""
    count = int(arguments[0]) if arguments else 1_000_000
    kills = int(arguments[1]) if len(arguments) > 1 else 10
    share = float(arguments[2]) if len(arguments) > 2 else 0.1
    with tempfile.TemporaryDirectory(prefix="postcard-batch-") as name:
        folder = Path(name)
        with (folder / "people.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([HEADER, *people(count)])
        with LocalServer(0, folder / "state") as server:
            trouble = Trouble(server, kills, share)
            server.functions = trouble  # type: ignore[assignment]
            api = ApiClient(server.base_url, server.keys.api_key)
            output = BatchOutput(folder / "out.csv", folder / "bad.csv")
            run = BatchRun(api, output, ProgressLine(is_terminal=False))
            settings = {"template_id": TEMPLATE, "on_invalid": "error"}
            trouble.start()
            began = time.monotonic()
            sent = run.send(folder / "people.csv", settings)
            seconds = time.monotonic() - began
            trouble.close()
            server.functions = trouble._functions
            figures = {
                "rows": count,
                "bytes": (folder / "people.csv").stat().st_size,
                "exit code": sent.exit_code,
                "seconds with upload and download": round(seconds, 1),
                "rows a second": round(count / seconds),
                **trouble.counts,
                "peak MB of a worker": trouble.peak_bytes >> 20,
                **(
                    check(output.result, folder / "bad.csv", count)
                    if output.result.exists()
                    else {}
                ),
            }
    print(json.dumps(figures, indent=1))
    is_wrong = any(number for name, number in figures.items() if name.startswith("wrong"))
    is_large = trouble.peak_bytes > MAX_WORKER_BYTES
    return int(is_wrong or is_large or figures.get("ok") != count - count // BAD_SHARE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
