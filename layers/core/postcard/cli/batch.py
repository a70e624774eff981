"""`postcard batch`: links or pictures for all people of a file."""

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from postcard.cli.api_client import download_path
from postcard.cli.base_command import AS_JSON, Command
from postcard.cli.batch_run import BatchOutput, BatchRun, ProgressLine
from postcard.cli.date_options import DATE_TIME, DATE_TIME_METAVAR, unix_seconds
from postcard.cli.number_options import DecimalNumber, WholeNumber
from postcard.cli.output import CommandError, CommandResult
from postcard.cli.people_file import PeopleOptions, people_options
from postcard.cli.render import DPR_CHOICE, FORMAT_CHOICE
from postcard.cli.target import ServiceTarget, target_options
from postcard.timestamps import format_rfc3339


@click.command(
    cls=Command,
    example="postcard batch people.csv -t welcome -o send.csv --report bad.csv\n"
    'postcard batch people.csv -t welcome --columns user_name="First Name" --mode images\n'
    "postcard batch --resume bat_k3m7q2x5a4b6c7d2e3f4",
    exit_codes="Exit codes: 0 every row has its picture, 1 some rows have none (with --strict: or a"
    " default), 2 the command could not be carried out, 3 the file or the key is refused, 4 the"
    " batch failed or was cancelled, 130 Ctrl-C (the batch goes on).",
)
@click.argument(
    "people_file",
    metavar="PEOPLE.csv",
    required=False,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
)
@click.option("-t", "--template", "template_id", metavar="TEMPLATE", help="The template's id.")
@click.option(
    "--template-column",
    metavar="COLUMN",
    help="The column that names the template of a row, by its header or number.",
)
@people_options
@click.option(
    "--mode",
    type=click.Choice(["links", "images", "warm"]),
    default="links",
    show_default=True,
    help="links: signed links. images: addresses without values. warm: links whose pictures are"
    " drawn now.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file for the result. Default: people.postcard.csv for people.csv.",
)
@click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file for the rows that are not right.",
)
@click.option("--strict", is_flag=True, help="Exit with 1 also if a row shows a default.")
@click.option(
    "--on-invalid",
    type=click.Choice(["default", "error"]),
    default="default",
    show_default=True,
    help="What a row with an invalid or missing value gets: the field's default, or no picture.",
)
@click.option(
    "--keep-formulas",
    is_flag=True,
    help="Leave cells as they are that a spreadsheet would run as formulas.",
)
@click.option(
    "--format", "format_", type=FORMAT_CHOICE, help="The pictures' format. Default: the template's."
)
@click.option("--width", type=WholeNumber(1, 5000), help="The width in CSS pixels.")
@click.option("--dpr", type=DPR_CHOICE, help="Pixels per CSS pixel. Default: 1.")
@click.option("--quality", type=WholeNumber(1, 100), help="The quality of jpg, webp and avif.")
@click.option(
    "--expires",
    type=DATE_TIME,
    metavar=DATE_TIME_METAVAR,
    help="The links expire then. UTC, unless the time has an offset.",
)
@click.option("--campaign", help="A campaign name for statistics: a-z, 0-9 and -.")
@click.option("--rate", type=WholeNumber(1, 1000), help="With warm: pictures a second.")
@click.option(
    "--max-usd",
    type=DecimalNumber(0.0001, 1_000_000),
    metavar="USD",
    help="The most that the batch may cost by AWS's list prices, each picture opened once.",
)
@click.option(
    "--on-budget",
    type=click.Choice(["fallback", "stop"]),
    help="Once that is spent: the other rows get the template's picture with its defaults"
    " (fallback, the default), or the batch fails (stop).",
)
@click.option("--resume", metavar="BATCH", help="Go on with this batch, and download its result.")
@target_options
def batch(
    target: ServiceTarget,
    people: PeopleOptions,
    people_file: Path | None,
    output: Path | None,
    report: Path | None,
    strict: bool,
    resume: str | None,
    **options: Any,
) -> CommandResult:
    """Give every person of a file a link or a picture.

    The result is the file with four more columns: personalized_image_url, alt, status and error. It
    is ready to be imported into a mail platform. The same command again goes on where it was
    interrupted.
    """
    result = output or (Path(f"{resume}.csv") if people_file is None else _beside(people_file))
    _check(people_file, options, resume)
    _check_outputs(people_file, [result, *([report] if report else [])])
    api = target.api_client()
    is_silent = bool(click.get_current_context().meta.get(AS_JSON))
    line = ProgressLine(is_terminal=sys.stderr.isatty(), is_silent=is_silent)
    run = BatchRun(api, BatchOutput(result, report, strict), line)
    if resume is not None:
        return run.resume(resume)
    assert people_file is not None
    return run.send(people_file, settings(people, options))


def _check(people_file: Path | None, options: Mapping[str, Any], resume: str | None) -> None:
    if resume is None and people_file is None:
        raise click.UsageError("Name the file of people, or a batch with --resume.")
    if resume is None and not options["template_id"] and not options["template_column"]:
        raise click.UsageError("Name the template with -t, or its column with --template-column.")


def _check_outputs(people_file: Path | None, outputs: Sequence[Path]) -> None:
    """`CommandError` for outputs that could not be written, before anything is sent."""
    for path in outputs:
        if not path.absolute().parent.is_dir():
            raise CommandError(f"The folder {path.parent} does not exist.")
        if people_file is not None and path.resolve() == people_file.resolve():
            raise CommandError(f"{path} is the file of people: write the result to another one.")
        _check_writable(path)
    if len({path.resolve() for path in outputs}) < len(outputs):
        raise CommandError(f"{outputs[0]} cannot be both the result and the report.")


def _check_writable(path: Path) -> None:
    """`CommandError` if the download of this file could not begin."""
    part = download_path(path)
    try:
        with part.open("ab"):
            pass
        part.unlink()
    except OSError as error:
        raise CommandError(f"The folder {path.parent} cannot be written to: {path}.") from error


def settings(people: PeopleOptions, options: Mapping[str, Any]) -> dict[str, Any]:
    """The body of `POST /v1/batches`, without the file."""
    expires: datetime | None = options["expires"]
    format_ = options["format_"]
    sent = {
        "template_id": options["template_id"],
        "template_column": _column(options["template_column"]),
        "mode": options["mode"],
        "columns": {name: _column(text) for name, text in people.columns.items()},
        "encoding": people.encoding,
        "delimiter": people.delimiter,
        "header": people.has_header,
        "formulas": "keep" if options["keep_formulas"] else "escape",
        "on_invalid": options["on_invalid"],
        "format": "jpg" if format_ == "jpeg" else format_,
        "width": options["width"],
        "dpr": None if options["dpr"] is None else float(options["dpr"]),
        "quality": options["quality"],
        "expires_at": None if expires is None else format_rfc3339(unix_seconds(expires) or 0),
        "campaign": options["campaign"],
        "rate": options["rate"],
        "max_usd": options["max_usd"],
        "on_budget": options["on_budget"],
    }
    return {name: value for name, value in sent.items() if value is not None}


def _column(text: str | None) -> str | int | None:
    """A column's number, or its header."""
    return int(text) if text is not None and text.isascii() and text.isdecimal() else text


def _beside(people: Path) -> Path:
    """`people.postcard.csv` for `people.csv`, `people.postcard.csv.gz` for `people.csv.gz`."""
    packed = people.suffix.lower() == ".gz"
    plain = people.with_suffix("") if packed else people
    return people.with_name(f"{plain.stem}.postcard{plain.suffix}{people.suffix if packed else ''}")
