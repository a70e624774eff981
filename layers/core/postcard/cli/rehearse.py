"""`postcard rehearse`: predicts what sending a mailing asks of AWS, and what its readers get."""

import math
import os
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from postcard.cli.base_command import Command
from postcard.cli.number_options import DecimalNumber, WholeNumber
from postcard.cli.output import EXIT_NO, EXIT_OK, CommandError, CommandResult
from postcard.cli.people_file import PeopleOptions, columns_of, open_people, people_options
from postcard.cli.preflight import Progress, check_table
from postcard.cli.target import ServiceTarget, target_options

if TYPE_CHECKING:
    from postcard.campaigns.preflight.counts import PreflightCounts
    from postcard.campaigns.tables.table_file import Table
    from postcard.cli.template_source import TemplateSource
    from postcard.send_model.assumptions import Assumptions

MAX_MAILS = 5_000_000


@dataclass(frozen=True)
class _Mailing:
    """What the file and the template say of the mails; None is assumed.

    `addresses` has a number for each mail; neighbours with one number show the same picture.
    """

    addresses: Sequence[int]
    template_id: str = "x"
    picture_bytes: int | None = None
    drawing_seconds: Sequence[float] = ()


@click.command(
    cls=Command,
    example="postcard rehearse people.csv --opens-per-hour 500000\n"
    "postcard rehearse people.csv -t welcome --minutes 10 --concurrency 800",
    exit_codes="Exit codes: 0 every reader gets a picture of their own, 1 some do not, 2 the"
    " command could not be carried out, 3 the file cannot be read as a table.",
)
@click.argument("people_file", metavar="PEOPLE.csv", type=click.Path(path_type=Path))
@click.option(
    "-t",
    "--template",
    "template_name",
    metavar="TEMPLATE",
    help="The template: equal links are then drawn once, rows without a picture are left out, and"
    " pictures are as large as a sample of them. Default: every row has a picture of 60 KB.",
)
@people_options
@click.option(
    "--opens-per-hour",
    type=WholeNumber(1, 200_000_000),
    help="The pace: so many mails an hour are sent that will be opened.",
)
@click.option(
    "--minutes", type=WholeNumber(1, 43_200), help="Or: within how many minutes all are sent (60)."
)
@click.option(
    "--opened",
    type=DecimalNumber(0, 100),
    metavar="PERCENT",
    help="How many of 100 mails people open. Apple's proxy opens all of its mails. Default: as"
    " assumed in the model.",
)
@click.option(
    "--concurrency",
    type=WholeNumber(1, 20_000),
    default=1000,
    show_default=True,
    help="Concurrent executions that the image function may use.",
)
@click.option("--daily-renders", type=WholeNumber(1, 10**9), help="The template's daily_renders.")
@click.option(
    "--measure",
    is_flag=True,
    help="Draw a sample with --template and use the times of this machine, not the assumed ones.",
)
@click.option("--seed", type=WholeNumber(0, 10**9), default=1, help="Of the random numbers (1).")
@target_options
def rehearse(
    target: ServiceTarget,
    people: PeopleOptions,
    people_file: Path,
    template_name: str | None,
    opens_per_hour: int | None,
    minutes: int | None,
    opened: float | None,
    concurrency: int,
    daily_renders: int | None,
    measure: bool,
    seed: int,
) -> CommandResult:
    """Rehearse a mailing to all PEOPLE in a model: nothing is sent or stored.

    Predicts first draws a second, Lambda executions, rates of DynamoDB and S3 beside their limits,
    times and cost. When mails are opened is assumed; docs/large-sends.md says how.
    """
    from random import Random

    from postcard.prices.prices import PICTURE_BYTES
    from postcard.send_model import rehearsal
    from postcard.send_model.assumptions import read_assumptions
    from postcard.send_model.simulation import Send

    if opens_per_hour and minutes:
        raise click.UsageError("Give --opens-per-hour or --minutes, not both.")
    if measure and not template_name:
        raise click.UsageError("--measure needs --template.")
    mailing = _read_mailing(target, people_file, people, template_name)
    assumptions, share = read_assumptions(), None if opened is None else opened / 100
    if measure and mailing.drawing_seconds:
        assumptions = _measured(assumptions, mailing.drawing_seconds)
    duration = float(minutes or 60)
    if opens_per_hour:
        count = len(mailing.addresses)
        duration = rehearsal.minutes_at_rate(count, opens_per_hour, assumptions, share)
    done = rehearsal.rehearse(
        mailing.addresses,
        duration,
        Send(concurrency, mailing.template_id, daily_renders=daily_renders),
        assumptions,
        Random(seed),  # noqa: S311 - repeatable
        opened=share,
        picture_bytes=mailing.picture_bytes or PICTURE_BYTES,
    )
    return CommandResult(
        done.to_text(),
        {"success": True, "shows_all": done.shows_all, **done.to_json()},
        EXIT_OK if done.shows_all else EXIT_NO,
    )


def _read_mailing(
    target: ServiceTarget, people_file: Path, people: PeopleOptions, template_name: str | None
) -> _Mailing:
    with open_people(people_file, people) as table:
        if template_name is None:
            mailing = _Mailing(range(_row_count(table)))
        else:
            from postcard.cli.template_source import template_source

            source = template_source(target, template_name)
            counts = _checked_rows(table, source, people_file, people)
            mailing = _mailing_of(source, counts)
    if not mailing.addresses:
        raise CommandError(
            f"{people_file} has no row with a picture. `postcard preflight` says why."
        )
    return mailing


def _row_count(table: "Table") -> int:
    rows = 0
    for rows, _ in enumerate(table.rows(), 1):
        _check_count(rows)
    return rows


def _checked_rows(
    table: "Table", source: "TemplateSource", people_file: Path, people: PeopleOptions
) -> "PreflightCounts":
    from postcard.campaigns.preflight.row_check import RowChecker

    mapping = columns_of(table, source.template, people)
    checker = RowChecker(source.template, source.renderer.fonts, predicts_drawing=False)
    counts = check_table(table, mapping, checker, os.cpu_count() or 1, Progress(people_file))
    _check_count(counts.rows)
    return counts


def _mailing_of(source: "TemplateSource", counts: "PreflightCounts") -> _Mailing:
    from postcard.cli.template_source import try_to_draw
    from postcard.pipeline.render_job import OutputOptions

    addresses = [number for number, (_, mails) in enumerate(groupby(counts.digests)) for _ in mails]
    sizes, seconds = [], []
    for _, row in counts.sample:
        start = time.process_time()
        if picture := try_to_draw(source, row.modifications, OutputOptions()):
            seconds.append(time.process_time() - start)
            sizes.append(len(picture.body))
    # The first drawings fill caches that a warm function has.
    return _Mailing(
        addresses,
        source.template.id,
        round(statistics.fmean(sizes)) if sizes else None,
        seconds[len(seconds) // 4 :],
    )


def _measured(assumptions: "Assumptions", seconds: Sequence[float]) -> "Assumptions":
    logarithms = [math.log(max(each, 1e-4)) for each in seconds]
    times = {"draw": statistics.fmean(seconds), "draw_sigma": statistics.pstdev(logarithms)}
    return replace(assumptions, seconds=assumptions.seconds | times)


def _check_count(rows: int) -> None:
    if rows > MAX_MAILS:
        raise CommandError(f"The model takes {MAX_MAILS:,} mails at most: rehearse a part of them.")
