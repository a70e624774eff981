"""The figures of whole runs as a table for `docs/trust.md`: `python -m tests.trust.results_table`.

A figure told many times (for each host, for each fault) is one row: whole numbers are added up, of
seconds and other fractions the greatest counts, of words how often each came. What was told twice
of the same thing counts as it was told last.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.trust.run_scale import FIGURES

Figure = Mapping[str, Any]
MAX_DISTINCT_WORDS = 6  # more different ones than these are names of what was tried
RUN = "POSTCARD_TRUST=full .venv/bin/python -m pytest"


def table(figures: Iterable[Figure]) -> list[str]:
    """Markdown: what was tried, with what outcome, by which command."""
    rows: dict[str, dict[str, Figure]] = {}
    for line in figures:
        rows.setdefault(line["what"], {})[_name(line)] = line
    heads = ["| what | figure | command |", "|---|---|---|"]
    return heads + [_row(what, list(lines.values())) for what, lines in rows.items()]


def _name(line: Figure) -> str:
    """What a line is about, as against what came out."""
    words = {name: value for name, value in line.items() if isinstance(value, str)}
    return json.dumps(words, sort_keys=True)


def _row(what: str, lines: Sequence[Figure]) -> str:
    files = dict.fromkeys(line["test"] for line in lines if line.get("test"))
    names = dict.fromkeys(name for line in lines for name in line if name not in ("what", "test"))
    parts = [f"{len(lines)} tried"] if len(lines) > 1 else []
    for name in names:
        parts += _figure(name, [line[name] for line in lines if name in line])
    command = f"`{RUN} {' '.join(files)}`" if files else "`make test-trust`"
    return f"| {what} | {'; '.join(parts)} | {command} |"


def _figure(name: str, values: Sequence[Any]) -> list[str]:
    said = name.replace("_", " ")
    first = values[0]
    if isinstance(first, dict):
        total: Counter[str] = Counter()
        for value in values:
            total.update(value)
        return [f"{said} {_counts(total)}"]
    if isinstance(first, str):
        counts = Counter(values)
        return [] if len(counts) > MAX_DISTINCT_WORDS else [f"{said} {_counts(counts)}"]
    if isinstance(first, float):
        return [f"{said} {'at most ' if len(values) > 1 else ''}{max(values)}"]
    if isinstance(first, int):
        return [f"{said} {sum(values):,}"]
    return [f"{said} {json.dumps(values[-1])}"]


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{word}: {number:,}" for word, number in sorted(counts.items()))


if __name__ == "__main__":
    lines = FIGURES.read_text().splitlines() if FIGURES.exists() else []
    print("\n".join(table(json.loads(line) for line in lines)))
