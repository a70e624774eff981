"""Prints the figures of a full run as a table: `python -m tests.trust.results_table`.

The table is for `docs/security.md`. Figures of the same name (one for each host, for each fault)
become one row: integers are summed, of fractions such as seconds the maximum is shown, of texts how
often each occurred. Figures with equal texts are repetitions, of which the last counts.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.trust.run_scale import FIGURES

Figure = Mapping[str, Any]
MAX_DISTINCT_WORDS = 6  # a column with more different texts names the cases, so it is left out
RUN = "POSTCARD_TRUST=full .venv/bin/python -m pytest"


def table(figures: Iterable[Figure]) -> list[str]:
    """The lines of a Markdown table: what was tested, its figures, the command that repeats it."""
    rows: dict[str, dict[str, Figure]] = {}
    for figure in figures:
        rows.setdefault(figure["what"], {})[_case_key(figure)] = figure
    head = ["| what | figure | command |", "|---|---|---|"]
    return head + [_row(what, list(cases.values())) for what, cases in rows.items()]


def _case_key(figure: Figure) -> str:
    """The figure's texts, which name its case; the numbers are its result."""
    words = {name: value for name, value in figure.items() if isinstance(value, str)}
    return json.dumps(words, sort_keys=True)


def _row(what: str, figures: Sequence[Figure]) -> str:
    files = dict.fromkeys(each["test"] for each in figures if each.get("test"))
    names = dict.fromkeys(name for each in figures for name in each if name not in ("what", "test"))
    parts = [f"{len(figures)} tried"] if len(figures) > 1 else []
    for name in names:
        parts += _column(name, [each[name] for each in figures if name in each])
    command = f"`{RUN} {' '.join(files)}`" if files else "`make test-trust`"
    return f"| {what} | {'; '.join(parts)} | {command} |"


def _column(name: str, values: Sequence[Any]) -> list[str]:
    label = name.replace("_", " ")
    first = values[0]
    if isinstance(first, dict):
        total: Counter[str] = Counter()
        for value in values:
            total.update(value)
        return [f"{label} {_counts(total)}"]
    if isinstance(first, str):
        counts = Counter(values)
        return [] if len(counts) > MAX_DISTINCT_WORDS else [f"{label} {_counts(counts)}"]
    if isinstance(first, float):
        return [f"{label} {'at most ' if len(values) > 1 else ''}{max(values)}"]
    if isinstance(first, int):
        return [f"{label} {sum(values):,}"]
    return [f"{label} {json.dumps(values[-1])}"]


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{word}: {number:,}" for word, number in sorted(counts.items()))


if __name__ == "__main__":
    lines = FIGURES.read_text().splitlines() if FIGURES.exists() else []
    print("\n".join(table(json.loads(line) for line in lines)))
