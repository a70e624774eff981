"""`postcard signing-keys`: the keys that sign links, their life at the secret and at the edge."""

import time

import click

from postcard.cli.command import Command, Group
from postcard.cli.output import CommandResult, format_table
from postcard.cli.target import ServiceTarget, target_options
from postcard.keys.key_set import KeySet
from postcard.timestamps import format_rfc3339


@click.group("signing-keys", cls=Group)
def signing_keys() -> None:
    """Signing keys: pending, minting, verifying, gone.

    A new key mints once the edge has it. A retired one still opens mail that was sent; a revoked
    one opens nothing.
    """


@signing_keys.command(cls=Command, example="postcard signing-keys create --stack postcard-prod")
@target_options
def create(target: ServiceTarget) -> CommandResult:
    """Make what is missing: all keys the first time, later one pending key."""
    keyring = target.key_rotation()
    if not keyring.read().is_complete:
        keys = keyring.initialize(now=time.time())
        return CommandResult(f"{keys.active_kid} signs links from now on.", key_set_json(keys))
    kid = keyring.create(now=time.time())
    text = f"{kid} is at the edge and mints nothing yet: `postcard signing-keys rotate` lets it."
    return CommandResult(text, {"created": kid, **key_set_json(keyring.read())})


@signing_keys.command(cls=Command, example="postcard signing-keys rotate")
@target_options
def rotate(target: ServiceTarget) -> CommandResult:
    """Let a new key sign, once the edge has it; the one before goes on verifying."""
    kid = (keyring := target.key_rotation()).rotate(now=time.time())
    text = f"{kid} signs links from now on; links that the keys before signed stay good."
    return CommandResult(text, {"minting": kid, **key_set_json(keyring.read())})


@signing_keys.command(cls=Command, example="postcard signing-keys retire k1")
@click.argument("kid")
@target_options
def retire(kid: str, target: ServiceTarget) -> CommandResult:
    """Keep the key KID from ever signing; the links it signed stay good."""
    (keyring := target.key_rotation()).retire(kid)
    return CommandResult(f"{kid} signs nothing; its links stay good.", key_set_json(keyring.read()))


@signing_keys.command(cls=Command, example="postcard signing-keys revoke k1 --yes")
@click.argument("kid")
@click.option("--yes", is_flag=True, help="Do not ask.")
@target_options
def revoke(kid: str, yes: bool, target: ServiceTarget) -> CommandResult:
    """Take the key KID away: every link that it signed is refused from now on."""
    if not yes:
        question = f"Every link that {kid} signed, in mail that was sent too, will be refused."
        click.confirm(f"{question} Go on?", abort=True, err=True)
    (keyring := target.key_rotation()).revoke(kid)
    return CommandResult(f"{kid} is gone; its links are refused.", key_set_json(keyring.read()))


@signing_keys.command(cls=Command, example="postcard signing-keys sync")
@target_options
def sync(target: ServiceTarget) -> CommandResult:
    """Bring the edge's copy up to date and read it back."""
    keys = target.key_rotation().sync()
    return CommandResult(f"The edge has {', '.join(keys.signing)}.", key_set_json(keys))


@signing_keys.command("list", cls=Command, example="postcard signing-keys list --json")
@target_options
def list_(target: ServiceTarget) -> CommandResult:
    """All signing keys and what each does, without the keys themselves."""
    keys = target.key_rotation().read()
    rows = [(kid, key.state, format_rfc3339(key.created_at)) for kid, key in keys.signing.items()]
    return CommandResult(format_table(("id", "state", "created"), rows), key_set_json(keys))


def key_set_json(keys: KeySet) -> dict[str, object]:
    """The keys for programs, without secrets."""
    return {
        "epoch": keys.epoch,
        "items": [
            {"id": kid, "state": key.state, "created_at": format_rfc3339(key.created_at)}
            for kid, key in keys.signing.items()
        ],
    }
