"""The `postcard` command: its subcommands are registered here, a file for each."""

import os
import sys
import traceback

import click

from postcard.cli.base_command import Group
from postcard.cli.batch import batch
from postcard.cli.erase import erase
from postcard.cli.keys import keys
from postcard.cli.link import link
from postcard.cli.merge import merge
from postcard.cli.output import EXIT_ERROR
from postcard.cli.platforms import platforms
from postcard.cli.preflight import preflight
from postcard.cli.rehearse import rehearse
from postcard.cli.render import render
from postcard.cli.serve import serve
from postcard.cli.signing_keys import signing_keys
from postcard.cli.snippet import snippet
from postcard.cli.studio import studio
from postcard.cli.templates import templates
from postcard.cli.usage import usage
from postcard.cli.verify import verify
from postcard.cli.webhooks import webhooks


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="postcard")
def postcard() -> None:
    """Create personal pictures for e-mail.

    Runs the service on this machine, draws templates, signs and checks links, and manages keys and
    templates. Start with `postcard serve`.
    """


for _command in (
    serve,
    render,
    link,
    snippet,
    platforms,
    preflight,
    batch,
    rehearse,
    merge,
    verify,
    keys,
    signing_keys,
    templates,
    studio,
    webhooks,
    usage,
    erase,
):
    postcard.add_command(_command)


def main() -> None:
    """Run the command; an unexpected exception prints one line instead of a traceback."""
    try:
        postcard()
    except Exception as error:
        _print_exception(error)
        sys.exit(EXIT_ERROR)


def _print_exception(error: Exception) -> None:
    if os.environ.get("POSTCARD_TRACEBACK"):
        traceback.print_exception(error)
    else:
        hint = "Set POSTCARD_TRACEBACK=1 to see the traceback."
        print(f"Unexpected error: {type(error).__name__}: {error}. {hint}", file=sys.stderr)


if __name__ == "__main__":  # python -m postcard.cli.main
    main()
