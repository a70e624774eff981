"""`postcard serve`: runs the whole service on this machine."""

import importlib
import os
import sys
from pathlib import Path

import click

from postcard.cli.base_command import AS_JSON, Command
from postcard.cli.number_options import WholeNumber
from postcard.cli.output import EXIT_ERROR, EXIT_OK, CommandError, CommandResult
from postcard.cli.target import REPOSITORY, more_fonts_folder


@click.command(cls=Command, example="postcard serve --port 8081")
@click.option(
    "--port",
    type=WholeNumber(0, 65535),
    default=8080,
    show_default=True,
    help="The port to listen on; 0 takes a free one.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="The address to listen on. 0.0.0.0 listens on all addresses of this machine: everyone who"
    " reaches it can open its pictures, but only on this machine can assets be uploaded.",
)
@click.option(
    "--state",
    type=click.Path(path_type=Path, file_okay=False),
    default=".postcard",
    show_default=True,
    help="The folder in which keys, templates and pictures are stored.",
)
def serve(port: int, host: str, state: Path) -> CommandResult:
    """Run the whole service on this machine.

    Serves links, pictures and the API until Ctrl-C, without an AWS account. With --json it prints
    one line as soon as it is ready, with its address and an API key. POSTCARD_MORE_FONTS names a
    folder of optional fonts: `make serve MORE_FONTS=on` builds it.
    """
    if not host.strip():  # an empty address would be all addresses
        raise click.UsageError("--host is empty. Leave it out to listen on this machine only.")
    sys.path.insert(0, str(REPOSITORY))  # `local` is not part of the installed package
    try:
        local = importlib.import_module("local.terminal")
    except ModuleNotFoundError as error:
        raise CommandError(
            "`postcard serve` needs Postcard's repository and the packages of its"
            f" requirements/serve.txt ({error}). Clone the repository and run `make serve` there."
        ) from error
    if more_fonts := more_fonts_folder():
        os.environ["POSTCARD_MORE_FONTS"] = str(more_fonts)  # absolute, for the functions
    as_json = bool(click.get_current_context().meta[AS_JSON])
    exit_code = local.main(port, state, host=host, as_json=as_json)
    return CommandResult(json_fields=None, exit_code=EXIT_ERROR if exit_code else EXIT_OK)
