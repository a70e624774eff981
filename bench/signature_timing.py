"""Does refusing a link take longer the more of its signature is right?

`python -m bench.signature_timing`

Two kinds of wrong signatures, right but for the first or but for the last character, are verified
in turns and compared by Welch's t. Under 4.5 (the bound of side-channel tests) they are alike.
"""

import argparse
import json
import math
import random
import statistics
import time
from typing import Any

from postcard.errors import Forbidden
from postcard.links.build import sign_link
from postcard.links.parse import Link, parse_link
from postcard.links.signing import LinkKeys
from postcard.links.verify import verify_signature

KEYS = LinkKeys(1, {"k1": "1" * 64}, "k1", "a" * 64, "b" * 64, "c" * 64)
BASE64_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
SAMPLE_SHARE = 0.9  # slower calls than these were interrupted by something else


def wrongly_signed_link(position: int, choose: random.Random) -> Link:
    """A link whose signature is right up to the character `at`."""
    fields = {"first_name": str(choose.random())}
    asked: dict[str, Any] = {
        "width": None,
        "dpr": 1,
        "quality": None,
        "expires": None,
        "campaign": None,
    }
    link = sign_link(KEYS, template="welcome", format="png", fields=fields, version=1, **asked)
    head, right = link[:-43], link[-43:]
    other = BASE64_ALPHABET[
        (BASE64_ALPHABET.index(right[position]) + 4 * choose.randrange(1, 16)) % 64
    ]
    path, _, query = f"{head}{right[:position]}{other}{right[position + 1 :]}".partition("?")
    return parse_link(path, query)


def refusal_nanoseconds(link: Link) -> int:
    """Nanoseconds that the refusal takes."""
    began = time.perf_counter_ns()
    try:
        verify_signature(KEYS, link)
    except Forbidden:
        return time.perf_counter_ns() - began
    raise AssertionError("a wrong signature was accepted")


def welch_t(one: list[int], other: list[int]) -> float:
    """Welch's t of two samples, their slowest tenth left out."""
    kept = [sorted(sample)[: int(len(sample) * SAMPLE_SHARE)] for sample in (one, other)]
    spread: float = sum(statistics.variance(sample) / len(sample) for sample in kept)
    return (statistics.fmean(kept[0]) - statistics.fmean(kept[1])) / math.sqrt(spread)


def main() -> None:
    """Prints one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=100_000, help="of each kind")
    samples = parser.parse_args().samples
    choose = random.Random(7)
    spent: dict[int, list[int]] = {0: [], 42: []}
    for _ in range(samples):
        for at in choose.sample([0, 42], 2):
            spent[at].append(refusal_nanoseconds(wrongly_signed_link(at, choose)))
    medians = {f"ns, wrong at {at}": statistics.median(taken) for at, taken in spent.items()}
    print(
        json.dumps({"samples": samples, **medians, "welch_t": round(welch_t(*spent.values()), 2)})
    )


if __name__ == "__main__":
    main()
