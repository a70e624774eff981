"""`postcard studio`: invites people to the template editor."""

import time
from collections.abc import Sequence

import click

from postcard.cli.base_command import Command, Group
from postcard.cli.number_options import WholeNumber
from postcard.cli.output import CommandResult
from postcard.cli.target import ServiceTarget, target_options
from postcard.keys.sessions import CODE_SECONDS, MAX_SESSION_DAYS, studio_link
from postcard.timestamps import format_rfc3339


@click.group(cls=Group)
def studio() -> None:
    """Invite people to the template editor."""


@studio.command(cls=Command, example="postcard studio invite Anna --template welcome")
@click.argument("name")
@click.option(
    "--template",
    "templates",
    multiple=True,
    metavar="TEMPLATE_ID",
    help="Allow only this template. Can be repeated. Without it, all templates are allowed.",
)
@click.option(
    "--design-only",
    is_flag=True,
    help="Allow drafts and previews, but neither publishing nor deleting.",
)
@click.option(
    "--days",
    type=WholeNumber(1, MAX_SESSION_DAYS),
    default=MAX_SESSION_DAYS,
    show_default=True,
    help="Days for which the session can be renewed.",
)
@target_options
def invite(
    name: str, templates: Sequence[str], design_only: bool, days: int, target: ServiceTarget
) -> CommandResult:
    """Print a link with which NAME opens the template editor.

    The link works once, within 15 minutes. It begins a session of twelve hours, which the editor
    renews while it is open, at most for --days. `postcard keys list` shows sessions, and
    `postcard keys revoke` ends one.
    """
    api_url = target.api_url()
    code, invitation = target.sessions().invite(
        name, now=time.time(), templates=templates or None, design_only=design_only, days=days
    )
    link = studio_link(api_url, code)
    message = (
        f"Send this link to {invitation.name} now: it works once, for {CODE_SECONDS // 60} minutes."
    )
    return CommandResult(
        link,
        {
            "url": link,
            "name": invitation.name,
            "scopes": list(invitation.scopes),
            "templates": None if invitation.templates is None else list(invitation.templates),
            "expires_at": format_rfc3339(invitation.expires_at),
            "days": days,
        },
        messages=[message],
    )
