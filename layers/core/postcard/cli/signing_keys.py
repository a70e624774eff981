"""`postcard signing-keys`: creates, rotates and revokes the keys that sign links."""

import time

import click

from postcard.cli.base_command import Command, Group
from postcard.cli.output import CommandError, CommandResult, format_table
from postcard.cli.target import ServiceTarget, target_options
from postcard.keys.key_set import KeySet
from postcard.timestamps import format_rfc3339


@click.group("signing-keys", cls=Group)
def signing_keys() -> None:
    """Manage the keys that sign links.

    A new key is pending. `rotate` makes it the minting key: it signs new links. Older keys are
    verifying: links that they signed still work, in mail that was sent too. A revoked key is gone,
    and every link that it signed is refused.
    """


@signing_keys.command(cls=Command, example="postcard signing-keys create --stack postcard-prod")
@target_options
def create(target: ServiceTarget) -> CommandResult:
    """Create a signing key.

    The first time, it creates all keys of the installation, and the new key signs links at once.
    Later, it creates one pending key.
    """
    rotation = target.key_rotation()
    if not rotation.read().is_complete:
        keys = rotation.initialize(now=time.time())
        return CommandResult(f"{keys.active_kid} signs links from now on.", key_set_json(keys))
    kid = rotation.create(now=time.time())
    text = (
        f"{kid} is at the edge, but does not sign links yet. Run `postcard signing-keys rotate` to"
        " use it."
    )
    return CommandResult(text, {"created": kid, **key_set_json(rotation.read())})


@signing_keys.command(cls=Command, example="postcard signing-keys rotate")
@target_options
def rotate(target: ServiceTarget) -> CommandResult:
    """Sign new links with a new key.

    Uses the pending key, or creates one. Links that older keys signed still work.
    """
    rotation = target.key_rotation()
    kid = rotation.rotate(now=time.time())
    text = f"{kid} signs links from now on. Links that older keys signed still work."
    return CommandResult(text, {"minting": kid, **key_set_json(rotation.read())})


@signing_keys.command(cls=Command, example="postcard signing-keys retire k1")
@click.argument("kid")
@target_options
def retire(kid: str, target: ServiceTarget) -> CommandResult:
    """Prevent the key KID from signing new links.

    Links that it signed still work. The minting key cannot be retired: rotate first.
    """
    rotation = target.key_rotation()
    rotation.retire(kid)
    text = f"{kid} does not sign new links any more. Links that it signed still work."
    return CommandResult(text, key_set_json(rotation.read()))


@signing_keys.command(cls=Command, example="postcard signing-keys revoke k1 --yes")
@click.argument("kid")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@target_options
def revoke(kid: str, yes: bool, target: ServiceTarget) -> CommandResult:
    """Delete the key KID.

    Every link that it signed is refused from now on, in mail that was sent too. The minting key
    cannot be revoked: rotate first.
    """
    if not yes:
        warning = f"Every link that {kid} signed will be refused, in mail that was sent too."
        click.confirm(f"{warning} Revoke it?", abort=True, err=True)
    rotation = target.key_rotation()
    rotation.revoke(kid)
    text = f"{kid} is revoked. Links that it signed are refused."
    return CommandResult(text, key_set_json(rotation.read()))


@signing_keys.command(cls=Command, example="postcard signing-keys epoch --stack postcard-prod")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@target_options
def epoch(yes: bool, target: ServiceTarget) -> CommandResult:
    """Draw every picture of a link again.

    Raises the epoch, which is part of the address of every stored picture. Links do not change, in
    mail that was sent too. Use it if many stored pictures are wrong although their templates are
    right; of one template, recall the version. Wait a minute before you raise the epoch again.
    """
    if not yes:
        warning = (
            "Every stored picture of every link will be drawn again at its next open, which costs"
            " as much as its first open did."
        )
        click.confirm(f"{warning} Raise the epoch?", abort=True, err=True)
    rotation = target.key_rotation()
    number = rotation.raise_epoch()
    text = (
        f"The epoch is {number}. Every picture of a link is drawn again at its next open; the old"
        " ones are deleted when they expire."
    )
    return CommandResult(text, key_set_json(rotation.read()))


@signing_keys.command(cls=Command, example="postcard signing-keys sync")
@target_options
def sync(target: ServiceTarget) -> CommandResult:
    """Copy the keys from the secret to the edge again.

    Run it after a change of keys that stopped half-way. It reads the copy back.
    """
    keys = target.key_rotation().sync()
    text = f"The edge has these signing keys: {', '.join(keys.signing)}."
    return CommandResult(text, key_set_json(keys))


@signing_keys.command(cls=Command, example="postcard signing-keys export --yes > signing-key.txt")
@click.argument("kid", required=False)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@target_options
def export(kid: str | None, yes: bool, target: ServiceTarget) -> CommandResult:
    """Print a signing key, to sign links in your own program.

    KID is the id of the key. Default: the key that signs new links. Whoever has the key can sign a
    link to every template with any values, until the key is revoked. Keep it where your program
    keeps its passwords.
    """
    keys, _ = target.link_keys()
    kid = kid or keys.active_kid
    if kid not in keys.signing_keys:
        raise CommandError(f"There is no key {kid}. There are {', '.join(keys.signing_keys)}.")
    if not yes:
        warning = f"Whoever has {kid} can sign links with any values."
        click.confirm(f"{warning} Print it?", abort=True, err=True)
    message = (
        f"This is {kid}, written as _kid={kid} in a link: {secret_place(target)}. If it leaks, run"
        f" `postcard signing-keys rotate` and `postcard signing-keys revoke {kid}`: sent links that"
        " it signed then stop working."
    )
    key = keys.signing_keys[kid]
    return CommandResult(key, {"success": True, "id": kid, "key": key}, messages=[message])


def secret_place(target: ServiceTarget) -> str:
    """Where a program finds the key without this command."""
    if path := target.local_json_path():
        return f"signing_key_hex in {path}"
    return f"signing.KID.key in the secret {target.settings().secret_id} of AWS Secrets Manager"


@signing_keys.command("list", cls=Command, example="postcard signing-keys list --json")
@target_options
def list_(target: ServiceTarget) -> CommandResult:
    """List all signing keys with their state, without the secret keys themselves."""
    keys = target.key_rotation().read()
    rows = [(kid, key.state, format_rfc3339(key.created_at)) for kid, key in keys.signing.items()]
    return CommandResult(format_table(("id", "state", "created"), rows), key_set_json(keys))


def key_set_json(keys: KeySet) -> dict[str, object]:
    """The signing keys as JSON, without secrets."""
    return {
        "epoch": keys.epoch,
        "items": [
            {"id": kid, "state": key.state, "created_at": format_rfc3339(key.created_at)}
            for kid, key in keys.signing.items()
        ],
    }
