"""`postcard keys`: creates, lists and revokes API keys."""

import time
from collections.abc import Sequence
from datetime import datetime

import click

from postcard.cli.base_command import Command, Group
from postcard.cli.date_options import DATE_TIME, DATE_TIME_METAVAR, unix_seconds
from postcard.cli.number_options import WholeNumber
from postcard.cli.output import CommandResult, format_table
from postcard.cli.target import ServiceTarget, target_options
from postcard.keys.api_keys import SCOPES
from postcard.ports import ApiKeyRecord
from postcard.timestamps import format_rfc3339


@click.group(cls=Group)
def keys() -> None:
    """Create, list and revoke API keys."""


@keys.command(cls=Command, example='postcard keys create "web shop" --scope images --rate 50')
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(SCOPES),
    default=("images",),
    show_default=True,
    help="What the key may call. Can be repeated.",
)
@click.option(
    "--template",
    "templates",
    multiple=True,
    metavar="TEMPLATE_ID",
    help="Allow only this template. Can be repeated. Without it, all templates are allowed.",
)
@click.option(
    "--rate",
    type=WholeNumber(1, 10_000),
    default=100,
    show_default=True,
    help="Maximum calls a second.",
)
@click.option(
    "--quota", type=WholeNumber(1), help="Maximum calls a month. Without it, there is no limit."
)
@click.option(
    "--expires",
    type=DATE_TIME,
    metavar=DATE_TIME_METAVAR,
    help="The key is refused from then on. UTC, unless the time has an offset.",
)
@target_options
def create(
    name: str,
    scopes: Sequence[str],
    templates: Sequence[str],
    rate: int,
    quota: int | None,
    expires: datetime | None,
    target: ServiceTarget,
) -> CommandResult:
    """Create an API key with the name NAME.

    The key is shown only this once.
    """
    key, record = target.api_keys().create(
        name,
        scopes,
        now=time.time(),
        templates=templates or None,
        expires_at=unix_seconds(expires),
        rate=rate,
        monthly_quota=quota,
    )
    message = "Save this key now: only a digest of it is stored, so it cannot be shown again."
    return CommandResult(key, {"key": key, **api_key_json(record)}, messages=[message])


@keys.command("list", cls=Command, example="postcard keys list --json")
@target_options
def list_(target: ServiceTarget) -> CommandResult:
    """List all API keys, oldest first, without their secret.

    Sessions of the template editor are listed too, until a week after their end.
    """
    records = target.api_keys().list()
    rows = [
        (
            *(r.key_id, "session" if r.is_session else "key", r.name),
            *(",".join(r.scopes), ",".join(r.templates or ["all"])),
            *(format_rfc3339(r.last_used_at)[:10] if r.last_used_at else "never", key_state(r)),
        )
        for r in records
    ]
    headers = ("id", "kind", "name", "scopes", "templates", "last used", "state")
    return CommandResult(
        format_table(headers, rows), {"items": [api_key_json(record) for record in records]}
    )


@keys.command(cls=Command, example="postcard keys revoke key_1a2b3c4d5e")
@click.argument("key_id")
@target_options
def revoke(key_id: str, target: ServiceTarget) -> CommandResult:
    """Revoke the API key KEY_ID, or end the session of that id.

    Calls with this key are refused at once.
    """
    record = target.api_keys().revoke(key_id, now=time.time())
    text = f"{key_id} ({record.name}) is revoked: calls with it are refused."
    return CommandResult(text, api_key_json(record))


def api_key_json(record: ApiKeyRecord) -> dict[str, object]:
    """An API key as JSON, without its digest."""
    return {
        "id": record.key_id,
        "kind": "session" if record.is_session else "key",
        "name": record.name,
        "scopes": list(record.scopes),
        "templates": None if record.templates is None else list(record.templates),
        "rate": record.rate,
        "monthly_quota": record.monthly_quota,
        "created_at": format_rfc3339(record.created_at),
        "expires_at": record.expires_at and format_rfc3339(record.expires_at),
        "revoked_at": record.revoked_at and format_rfc3339(record.revoked_at),
        "renewable_until": record.renewable_until and format_rfc3339(record.renewable_until),
        "last_used_at": record.last_used_at and format_rfc3339(record.last_used_at),
        "state": key_state(record),
    }


def key_state(record: ApiKeyRecord) -> str:
    """`good`, `expired` or `revoked`."""
    if record.revoked_at is not None:
        return "revoked"
    if record.expires_at is not None and record.expires_at <= time.time():
        return "expired"
    return "good"
