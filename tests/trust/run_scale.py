"""How much is tried: a slice with every `make test`, all of it with `make test-trust`.

What was counted goes into `build/trust/figures.jsonl`; `python -m tests.trust.results_table` shows
it as a table for `docs/trust.md`.
"""

import json
import os
from pathlib import Path

FULL = os.environ.get("POSTCARD_TRUST") == "full"
FIGURES = Path(__file__).parents[2] / "build/trust/figures.jsonl"


def scaled(few: int, all_of_them: int) -> int:
    """How many of something this run tries."""
    return all_of_them if FULL else few


def record_figure(what: str, **figures: object) -> None:
    """Keep a figure of a whole run."""
    if FULL:
        FIGURES.parent.mkdir(parents=True, exist_ok=True)
        test = os.environ.get("PYTEST_CURRENT_TEST", "").partition("::")[0]
        with FIGURES.open("a") as file:
            file.write(json.dumps({"what": what, "test": test, **figures}) + "\n")
