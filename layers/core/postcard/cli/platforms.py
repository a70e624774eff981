"""`postcard platforms`: lists the mail platforms, and what is known about one."""

import click

from postcard.cli.base_command import Command
from postcard.cli.output import CommandResult, format_table
from postcard.links.platforms.mail_platform import MailPlatform
from postcard.links.platforms.registry import (
    PLATFORM_NAMES,
    all_platforms,
    find_by_alias,
    suggested_platform,
)


@click.command(cls=Command, example="postcard platforms\npostcard platforms mailchimp")
@click.argument("name", required=False, metavar="[PLATFORM]")
def platforms(name: str | None) -> CommandResult:
    """List the mail platforms of --esp, or show what is known about one PLATFORM."""
    if name is None:
        return platform_list()
    platform = platform_option(name)
    return CommandResult(_description(platform), {"success": True, **platform.to_json()})


def platform_list() -> CommandResult:
    """All platforms as a table."""
    listed = all_platforms()
    fields = {"success": True, "platforms": [each.to_json() for each in listed]}
    return CommandResult(_table(listed), fields)


def platform_option(text: str) -> MailPlatform:
    """The platform that an option or argument names, also by an alias such as sendinblue."""
    if platform := find_by_alias(text):
        return platform
    suggested = suggested_platform(text)
    hint = f" Did you mean {suggested}?" if suggested else ""
    names = ", ".join(PLATFORM_NAMES)
    raise click.UsageError(f"There is no platform {text[:64]!r}.{hint} There are {names}.")


def _table(listed: list[MailPlatform]) -> str:
    rows = []
    for platform in listed:
        known = platform.to_json()
        alt = "the reader's" if known["alt_tag"] else "the default's words"
        rows.append((platform.name, known["tag"], known["values"], alt, platform.source))
    return format_table(("esp", "tag in the address", "values", "alt text", "how sure"), rows)


def _description(platform: MailPlatform) -> str:
    known = platform.to_json()
    no_tag = "none is safe: the default's words are shown"
    rows = [
        ("esp", " ".join([platform.name, *(f"(or {alias})" for alias in platform.aliases)])),
        ("attribute", f"such as {platform.example}"),
        ("tag in the address", known["tag"]),
        ("tag in alt", known["alt_tag"] or no_tag),
        ("writes values", known["values"]),
        ("how sure", f"{platform.source}. {platform.note}"),
        *([("page", platform.documentation)] if platform.documentation else []),
        ("paste into", platform.paste),
        ("mind", platform.trap),
    ]
    return format_table((platform.title, ""), rows)
