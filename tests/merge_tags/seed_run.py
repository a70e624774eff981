"""The acid test of one seed, which a process of its own runs."""

import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from tests.merge_tags.acid import AcidTest, JavaScript, Tally
from tests.merge_tags.edge_reader import EdgeReader
from tests.merge_tags.html_parsers import PARSERS
from tests.merge_tags.merge_links import MergeLinks, encodings, text_field
from tests.merge_tags.names import make_names
from tests.merge_tags.rewrites import REWRITES
from tests.merge_tags.stand_ins import STAND_INS
from tests.merge_tags.stored_addresses import knows_conditions, wrong_sources


def run_seed(seed: int, count: int, packages: Path) -> list[Tally]:
    """What became of a seed's names, by stand-in in their order."""
    started = time.monotonic()
    links = MergeLinks({"first_name": text_field()})
    with tempfile.TemporaryDirectory() as folder:
        edge, javascript = EdgeReader(Path(folder)), JavaScript(packages)
        test = AcidTest(links, edge, PARSERS, REWRITES, encodings(), javascript)
        results = test.run(make_names(count, seed), STAND_INS)
        for one, tally in results.items():
            if knows_conditions(one):
                render = one.render or partial(javascript.render, one)
                for address, found in wrong_sources(one, render):
                    key = ("wrong stored address", "none", address or "empty")
                    tally.faults[key] += 1
                    tally.examples[key] = str(found)
        edge.close()
        javascript.close()
    seconds = time.monotonic() - started
    print(
        f"seed {seed}: {count} names, {test.distinct_mails} mails that differ,"
        f" {test.distinct_addresses} addresses, {seconds:.0f} s",
        file=sys.stderr,
    )
    return list(results.values())
