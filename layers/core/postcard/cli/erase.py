"""`postcard erase`: everything that was made with a person's value, forgotten."""

import click

from postcard.cli.command import Command
from postcard.cli.output import CommandError, CommandResult
from postcard.cli.target import ServiceTarget, target_options

NO_MATCH_MESSAGE = (
    "No image bears it. Images are found by the fields that their template marks `erase_by`, as it"
    " was marked when they were made; pictures of signed links end with their link's key."
)


@click.command(cls=Command, example="postcard erase --field email=ada@example.com --yes")
@click.option(
    "--field",
    "named",
    required=True,
    metavar="NAME=VALUE",
    help="A field marked erase_by (guests.email in a list), and its value; capitals and spaces"
    " do not matter.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@target_options
def erase(named: str, yes: bool, target: ServiceTarget) -> CommandResult:
    """Forget the images made with a value: bytes, values and the CDN's copies.

    Their addresses show the fallback picture from then on.
    """
    field, _, value = named.partition("=")
    if not field or not value.strip():
        raise CommandError("Say which: --field email=ada@example.com")
    if not yes:
        question = f"Every image made with this {field} is forgotten. Go on?"
        click.confirm(question, abort=True, err=True)
    count = target.api_service().erasure.erase_by_value(field, value)
    remarks = [] if count else [NO_MATCH_MESSAGE]
    return CommandResult(f"{count} images are forgotten.", {"erased": count}, messages=remarks)
