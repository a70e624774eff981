"""`postcard erase`: deletes the images that were made with a personal value."""

import click

from postcard.cli.base_command import Command
from postcard.cli.output import CommandError, CommandResult
from postcard.cli.target import ServiceTarget, target_options

NO_MATCH_MESSAGE = (
    "No image was found. An image is found only if its template marked the field with `erase_by`"
    " when the image was made. Pictures of signed links are not recorded: revoke the signing key to"
    " disable them."
)


@click.command(cls=Command, example="postcard erase --field email=ada@example.com --yes")
@click.option(
    "--field",
    "named",
    required=True,
    metavar="NAME=VALUE",
    help="A field that the template marks with erase_by, and its value. Write guests.email for a"
    " field of a list. Upper and lower case and spaces around the value do not matter.",
)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@target_options
def erase(named: str, yes: bool, target: ServiceTarget) -> CommandResult:
    """Delete all images made with a value.

    Deletes the pictures, their stored values and the copies in the CDN. The links of the images
    show the fallback picture from then on.
    """
    field, _, value = named.partition("=")
    if not field or not value.strip():
        raise CommandError(
            "--field needs a name and a value, for example --field email=ada@example.com."
        )
    if not yes:
        question = f"Delete every image that was made with this {field}?"
        click.confirm(question, abort=True, err=True)
    count = target.api_service().erasure.erase_by_value(field, value)
    messages = [] if count else [NO_MATCH_MESSAGE]
    images = "1 image" if count == 1 else f"{count} images"
    return CommandResult(f"{images} erased.", {"erased": count}, messages=messages)
