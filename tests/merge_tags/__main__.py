"""Runs the whole acid test and writes docs/email/platforms.md: `make acid`.

`python -m tests.merge_tags PACKAGES [--names 10000] [--seeds 1,2]`. PACKAGES is the folder with the
packages from npm. It fails if a picture shows wrong words beyond what no link can mend, if a link is
lost, if a value leaves its attribute, or if the committed page is another. With other seeds or
fewer names it writes no page.
"""

import argparse
import multiprocessing
import sys
import tempfile
import time
from pathlib import Path

from tests.merge_tags.acid import AcidTest, JavaScript, Results
from tests.merge_tags.edge_reader import EdgeReader
from tests.merge_tags.html_parsers import PARSERS
from tests.merge_tags.merge_links import MergeLinks, encodings, text_field
from tests.merge_tags.names import make_names
from tests.merge_tags.platforms_page import platforms_page, problems
from tests.merge_tags.rewrites import REWRITES
from tests.merge_tags.stand_ins import STAND_INS

PAGE = Path(__file__).parents[2] / "docs/email/platforms.md"
NAMES, SEEDS = 10_000, (1, 2)


def run_seed(seed: int, count: int, packages: Path) -> list[tuple[str, str, object]]:
    """The results of one seed; a process of its own runs it."""
    started = time.monotonic()
    links = MergeLinks({"first_name": text_field()})
    with tempfile.TemporaryDirectory() as folder:
        edge, javascript = EdgeReader(Path(folder)), JavaScript(packages)
        test = AcidTest(links, edge, PARSERS, REWRITES, encodings(), javascript)
        results = test.run(make_names(count, seed), STAND_INS)
        edge.close()
        javascript.close()
    seconds = time.monotonic() - started
    print(
        f"seed {seed}: {count} names, {test.distinct_mails} mails that differ,"
        f" {test.distinct_addresses} addresses, {seconds:.0f} s",
        file=sys.stderr,
    )
    return [(one.platform, one.engine, tally) for one, tally in results.items()]


def main() -> int:
    """Run the seeds, one on each core; 1 for a fault or for another page than the committed one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("packages", type=Path)
    parser.add_argument("--names", type=int, default=NAMES)
    parser.add_argument("--seeds", default=",".join(map(str, SEEDS)))
    options = parser.parse_args()
    seeds = tuple(int(seed) for seed in options.seeds.split(","))
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        tasks = [(seed, options.names, options.packages) for seed in seeds]
        found = pool.starmap(run_seed, tasks, chunksize=1)
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


def merged(found: list[list[tuple[str, str, object]]]) -> Results:
    """The tallies of all seeds together."""
    results: Results = {}
    for rows in found:
        for one, (_, _, tally) in zip(STAND_INS, rows, strict=True):
            if one in results:
                results[one].add(tally)  # type: ignore[arg-type]
            else:
                results[one] = tally  # type: ignore[assignment]
    return results


if __name__ == "__main__":
    sys.exit(main())
