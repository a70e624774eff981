"""How many cases a test runs: a sample in `make test`, all of them in `make test-trust`.

A full run writes its figures to `build/trust/figures.jsonl`; `python -m tests.trust.results_table`
prints them as a table for `docs/security.md`.
"""

import json
import os
from pathlib import Path

FULL = os.environ.get("POSTCARD_TRUST") == "full"
FIGURES = Path(__file__).parents[2] / "build/trust/figures.jsonl"


def scaled(sample: int, full: int) -> int:
    """`full` in a full run, else `sample`."""
    return full if FULL else sample


def record_figure(what: str, **figures: object) -> None:
    """Append a test's figures to the file; does nothing in a sample run."""
    if FULL:
        FIGURES.parent.mkdir(parents=True, exist_ok=True)
        test = os.environ.get("PYTEST_CURRENT_TEST", "").partition("::")[0]
        with FIGURES.open("a") as file:
            file.write(json.dumps({"what": what, "test": test, **figures}) + "\n")
