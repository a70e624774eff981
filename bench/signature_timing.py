"""Tests whether the time to refuse a link depends on how much of its signature is right.

`python -m bench.signature_timing`

It verifies signatures whose first or last character is wrong, alternating, and compares their times
with Welch's t-test. |t| under 4.5 (the usual limit of side-channel tests) means no difference.
"""

import argparse
import json
import math
import statistics
import time
from random import Random

from postcard.errors import Forbidden
from postcard.links.build import sign_link
from postcard.links.parse import Link, parse_link
from postcard.links.signing import LinkKeys
from postcard.links.verify import verify_signature

KEYS = LinkKeys(1, {"k1": "1" * 64}, "k1", "a" * 64, "b" * 64, "c" * 64)
BASE64_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
SAMPLE_SHARE = 0.9  # slower calls were probably interrupted by other processes


def wrongly_signed_link(position: int, random: Random) -> Link:
    """A link whose signature is wrong in the character at `position`."""
    fields = {"first_name": str(random.random())}
    link = sign_link(KEYS, template="welcome", format="png", fields=fields, version=1)
    head, signature = link[:-43], link[-43:]
    wrong = BASE64_ALPHABET[
        (BASE64_ALPHABET.index(signature[position]) + 4 * random.randrange(1, 16)) % 64
    ]
    changed = f"{head}{signature[:position]}{wrong}{signature[position + 1 :]}"
    path, _, query = changed.partition("?")
    return parse_link(path, query)


def refusal_nanoseconds(link: Link) -> int:
    """Nanoseconds until the link is refused."""
    began = time.perf_counter_ns()
    try:
        verify_signature(KEYS, link)
    except Forbidden:
        return time.perf_counter_ns() - began
    raise AssertionError("a wrong signature was accepted")


def welch_t(one: list[int], other: list[int]) -> float:
    """Welch's t of two samples without the slowest tenth of each."""
    samples = [sorted(sample)[: int(len(sample) * SAMPLE_SHARE)] for sample in (one, other)]
    variance: float = sum(statistics.variance(sample) / len(sample) for sample in samples)
    return (statistics.fmean(samples[0]) - statistics.fmean(samples[1])) / math.sqrt(variance)


def main() -> None:
    """Print the result as one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--samples", type=int, default=100_000, help="number of each kind of wrong signature"
    )
    samples = parser.parse_args().samples
    random = Random(7)
    times: dict[int, list[int]] = {0: [], 42: []}
    for _ in range(samples):
        for position in random.sample([0, 42], 2):
            link = wrongly_signed_link(position, random)
            times[position].append(refusal_nanoseconds(link))
    medians = {
        f"median_ns_wrong_at_{position}": statistics.median(each)
        for position, each in times.items()
    }
    welch = round(welch_t(*times.values()), 2)
    print(json.dumps({"samples": samples, **medians, "welch_t": welch}))


if __name__ == "__main__":
    main()
