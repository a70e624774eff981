"""Predicts a send: `python -m postcard.send_model --rows 1000000 --minutes 10`."""

import argparse
import json
import sys
from collections.abc import Sequence
from random import Random
from typing import Any

from postcard.identifiers import is_template_id
from postcard.send_model.arrivals import MAX_ROWS, opens_at_a_rate, opens_of_a_send
from postcard.send_model.assumptions import read_assumptions
from postcard.send_model.capacity import bounds
from postcard.send_model.outcome_report import as_json, as_text
from postcard.send_model.simulation import MAX_ENVIRONMENTS, Send, SendSimulation

NUMBERS: dict[str, tuple[int, int, int | None, str]] = {  # least, most, default, help
    "--rows": (1, MAX_ROWS, 1_000_000, "mails that are opened once (1,000,000)"),
    "--minutes": (1, 1440, 10, "how long the mails are sent, or --rate holds (10)"),
    "--rate": (1, 50_000, None, "first opens a second, instead of a send of --rows"),
    "--ramp": (0, 3600, 60, "seconds in which --rate is reached (60)"),
    "--concurrency": (
        1, MAX_ENVIRONMENTS, 1000, "concurrent executions that image may use (1,000)",
    ),
    "--daily-renders": (1, 10**9, None, "the template's daily_renders (none)"),
    "--s3-parts": (1, 256, 1, "parts into which S3 has split the prefix (1)"),
    "--table-partitions": (1, 1000, None, "DynamoDB partitions (those of a new table)"),
}  # fmt: skip


def main(argv: Sequence[str]) -> int:
    """Simulate and print; 0 if every reader gets a picture of their own, else 1."""
    arguments = _arguments(argv)
    assumptions, random = read_assumptions(), Random(arguments.seed)  # noqa: S311 - repeatable
    send = Send(
        template=arguments.template,
        concurrency=arguments.concurrency,
        daily_renders=arguments.daily_renders,
        merge_signature="signature" if arguments.merge else None,
        s3_parts=arguments.s3_parts,
        table_partitions=arguments.table_partitions,
    )
    if arguments.rate:
        seconds = 60 * arguments.minutes
        arrivals = opens_at_a_rate(arguments.rate, seconds, arguments.ramp, random)
    else:
        arrivals = opens_of_a_send(arguments.rows, arguments.minutes, assumptions, random)
    outcome = SendSimulation(send, assumptions, random).run(arrivals)
    found = bounds(
        assumptions,
        send.concurrency,
        daily_renders=send.daily_renders,
        merge_renders=send.merge_renders if arguments.merge else None,
    )
    if arguments.json:
        print(json.dumps(as_json(outcome, found, assumptions), indent=2))
    else:
        print(as_text(outcome, found, assumptions))
    return 1 if outcome.fallbacks + outcome.refused else 0


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m postcard.send_model", description=(__doc__ or "").partition(":")[0] + "."
    )
    for name, (least, most, default, about) in NUMBERS.items():
        parser.add_argument(name, type=_whole(least, most), default=default, help=about)
    parser.add_argument(
        "--template",
        type=_template_id,
        default="welcome",
        help="its id, which decides where its record lies (welcome)",
    )
    parser.add_argument("--merge", action="store_true", help="all open one merge link")
    parser.add_argument("--seed", type=int, default=1, help="of the random numbers (1)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args(argv)


def _template_id(text: str) -> str:
    if not is_template_id(text):
        raise argparse.ArgumentTypeError(f'"{text[:80]}" is no template id')
    return text


def _whole(least: int, most: int) -> Any:
    def read(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"a whole number from {least:,} to {most:,} is needed")
        return int(text)

    return read


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
