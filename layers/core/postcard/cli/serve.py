"""`postcard serve`: the whole service on this machine."""

import importlib
import sys
from pathlib import Path

import click

from postcard.cli.command import Command
from postcard.cli.output import EXIT_ERROR, CommandError, CommandResult
from postcard.cli.target import REPOSITORY


@click.command(cls=Command, example="postcard serve --port 8081")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True)
@click.option(
    "--state",
    type=click.Path(path_type=Path, file_okay=False),
    default=".postcard",
    show_default=True,
    help="Where keys, templates and pictures are kept.",
)
def serve(port: int, state: Path) -> CommandResult:
    """Serve on 127.0.0.1 until Ctrl-C: links, API and pictures, without an AWS account."""
    sys.path.insert(0, str(REPOSITORY))  # `local` is no part of the installed package
    try:
        local = importlib.import_module("local.terminal")
    except ModuleNotFoundError as error:
        raise CommandError(
            f"`postcard serve` needs Postcard's repository and its development packages ({error}):"
            " clone it and run `make serve` there."
        ) from error
    ended = local.main(port, state)
    return CommandResult(
        json_fields={"success": ended == 0, "port": port}, exit_code=EXIT_ERROR if ended else 0
    )
