"""`postcard signing-keys`: the keys that sign links, their life at the secret and at the edge."""

import time

import click

from postcard.cli.command import Command, Group
from postcard.cli.output import Answer, table
from postcard.cli.target import Place, place_options
from postcard.keys.key_set import KeySet
from postcard.timestamps import rfc3339


@click.group("signing-keys", cls=Group)
def signing_keys() -> None:
    """Signing keys: pending, minting, verifying, gone.

    A new key mints once the edge has it. A retired one still opens mail that was sent; a revoked
    one opens nothing.
    """


@signing_keys.command(cls=Command, example="postcard signing-keys create --stack postcard-prod")
@place_options
def create(place: Place) -> Answer:
    """Make what is missing: all keys the first time, later one pending key."""
    keyring = place.keyring()
    if not keyring.read().complete:
        keys = keyring.initialise(now=time.time())
        return Answer(f"{keys.minting} signs links from now on.", facts(keys))
    kid = keyring.create(now=time.time())
    text = f"{kid} is at the edge and mints nothing yet: `postcard signing-keys rotate` lets it."
    return Answer(text, {"created": kid, **facts(keyring.read())})


@signing_keys.command(cls=Command, example="postcard signing-keys rotate")
@place_options
def rotate(place: Place) -> Answer:
    """Let a new key sign, once the edge has it; the one before goes on verifying."""
    kid = (keyring := place.keyring()).rotate(now=time.time())
    text = f"{kid} signs links from now on; links that the keys before signed stay good."
    return Answer(text, {"minting": kid, **facts(keyring.read())})


@signing_keys.command(cls=Command, example="postcard signing-keys retire k1")
@click.argument("kid")
@place_options
def retire(kid: str, place: Place) -> Answer:
    """Keep the key KID from ever signing; the links it signed stay good."""
    (keyring := place.keyring()).retire(kid)
    return Answer(f"{kid} signs nothing; its links stay good.", facts(keyring.read()))


@signing_keys.command(cls=Command, example="postcard signing-keys revoke k1 --yes")
@click.argument("kid")
@click.option("--yes", is_flag=True, help="Do not ask.")
@place_options
def revoke(kid: str, yes: bool, place: Place) -> Answer:
    """Take the key KID away: every link that it signed is refused from now on."""
    if not yes:
        question = f"Every link that {kid} signed, in mail that was sent too, will be refused."
        click.confirm(f"{question} Go on?", abort=True, err=True)
    (keyring := place.keyring()).revoke(kid)
    return Answer(f"{kid} is gone; its links are refused.", facts(keyring.read()))


@signing_keys.command(cls=Command, example="postcard signing-keys sync")
@place_options
def sync(place: Place) -> Answer:
    """Bring the edge's copy up to date and read it back."""
    keys = place.keyring().sync()
    return Answer(f"The edge has {', '.join(keys.signing)}.", facts(keys))


@signing_keys.command("list", cls=Command, example="postcard signing-keys list --json")
@place_options
def list_(place: Place) -> Answer:
    """All signing keys and what each does, without the keys themselves."""
    keys = place.keyring().read()
    rows = [(kid, key.state, rfc3339(key.created_at)) for kid, key in keys.signing.items()]
    return Answer(table(("id", "state", "created"), rows), facts(keys))


def facts(keys: KeySet) -> dict[str, object]:
    """The keys for programs, without secrets."""
    return {
        "epoch": keys.epoch,
        "items": [
            {"id": kid, "state": key.state, "created_at": rfc3339(key.created_at)}
            for kid, key in keys.signing.items()
        ],
    }
