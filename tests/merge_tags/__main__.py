"""Runs the whole acid test and writes docs/email/platforms.md: `make acid`.

`python -m tests.merge_tags PACKAGES [--names 10000] [--seeds 1,2]`. PACKAGES is the folder with the
packages from npm. It fails if a picture shows wrong words beyond what no link can mend, if a link
is lost, if a value leaves its attribute, or if the committed page is another. With other seeds or
fewer names it writes no page.
"""

import argparse
import multiprocessing
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path

from tests.merge_tags.acid import Results, Tally
from tests.merge_tags.platforms_page import platforms_page, problems
from tests.merge_tags.seed_run import run_seed
from tests.merge_tags.stand_ins import STAND_INS

PAGE = Path(__file__).parents[2] / "docs/email/platforms.md"
NAMES, SEEDS = 10_000, (1, 2)


def main() -> int:
    """Run the seeds, one on each core; 1 for a fault or for another page than the committed one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("packages", type=Path)
    parser.add_argument("--names", type=int, default=NAMES)
    parser.add_argument("--seeds", default=",".join(map(str, SEEDS)))
    options = parser.parse_args()
    seeds = tuple(int(seed) for seed in options.seeds.split(","))
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        found = pool.map(run_seed, seeds, repeat(options.names), repeat(options.packages))
        results = merged(found)
    faults = problems(results)
    print("\n".join(faults) or "No wrong words, no lost links, no broken attributes.")
    if (options.names, seeds) != (NAMES, SEEDS):
        return 1 if faults else 0
    page = platforms_page(results, names=NAMES, seeds=SEEDS)
    before = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    PAGE.write_text(page, encoding="utf-8")
    if page != before:
        print(f"{PAGE.name} has changed: look at it and commit it.")
    return 1 if faults or page != before else 0


def merged(found: Iterable[list[Tally]]) -> Results:
    """The tallies of all seeds together."""
    results: Results = {one: Tally() for one in STAND_INS}
    for tallies in found:
        for one, tally in zip(STAND_INS, tallies, strict=True):
            results[one].add(tally)
    return results


if __name__ == "__main__":
    sys.exit(main())
