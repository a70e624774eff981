"""`postcard link`: a signed link for one person, or a merge link for a mail platform."""

import time
from collections.abc import Sequence
from datetime import datetime

import click

from postcard.cli.command import Command
from postcard.cli.date_options import TIME, unix
from postcard.cli.output import Answer, CannotDo, fault_line
from postcard.cli.render import DPR, FORMAT
from postcard.cli.target import Place, place_options
from postcard.cli.value_options import flat, modifications, read_values, values_options
from postcard.timestamps import rfc3339


@click.command(
    cls=Command,
    example="postcard link welcome --set first_name=Alex --dpr 2\n"
    "postcard link welcome --esp klaviyo --open first_name=first_name",
)
@click.argument("template_id")
@values_options
@click.option("--version", help="A number, or latest; else today's latest, pinned.")
@click.option("--format", "format_", type=FORMAT, help="Else the template's.")
@click.option("--width", type=click.IntRange(1, 5000), help="CSS pixels; else the template's.")
@click.option("--dpr", type=DPR, default="1", show_default=True, help="Pixels per CSS pixel.")
@click.option("--quality", type=click.IntRange(1, 100), help="Of jpg, webp and avif.")
@click.option("--expires", type=TIME, help="From then on the ended picture shows.")
@click.option("--campaign", help="For counting: a-z 0-9 and -.")
@click.option(
    "--open",
    "opened",
    multiple=True,
    metavar="FIELD=ATTRIBUTE",
    help="A field that the platform fills in at send time. Repeatable; needs --esp.",
)
@click.option("--esp", help="The mail platform: klaviyo, mailchimp, instantly, custom.")
@click.option("--img", is_flag=True, help="Print the <img> tag instead of the address.")
@click.option(
    "--unchecked",
    is_flag=True,
    help="Sign by the keys alone: the template is not"
    " asked, values are not checked, and without --version the latest is shown.",
)
@place_options
def link(place: Place, template_id: str, unchecked: bool, **asked: object) -> Answer:
    """Sign a link to a picture of TEMPLATE_ID; whoever has it can open that picture alone."""
    wish = Wish(template_id, **asked)  # type: ignore[arg-type]
    return unasked(place, wish) if unchecked else minted(place, wish)


class Wish:
    """What the options ask for."""

    def __init__(
        self,
        template_id: str,
        *,
        assigned: Sequence[str],
        files: Sequence[str],
        all_values: str | None,
        version: str | None,
        format_: str | None,
        width: int | None,
        dpr: str,
        quality: int | None,
        expires: datetime | None,
        campaign: str | None,
        opened: Sequence[str],
        esp: str | None,
        img: bool,
    ) -> None:
        self.template_id = template_id
        self.values = read_values(assigned, files, all_values)
        self.version = None if version is None else _version(version)
        self.format = "jpg" if format_ == "jpeg" else format_
        self.width, self.dpr, self.quality = width, float(dpr), quality
        self.expires, self.campaign = unix(expires), campaign
        self.open = dict(_opened(each) for each in opened)
        self.esp, self.img = esp, img


def minted(place: Place, wish: Wish) -> Answer:
    """As `POST /v1/links` does it, by the same use case."""
    from postcard.services.links import LinkRequest

    expires = None if wish.expires is None else rfc3339(wish.expires)
    asked = LinkRequest(
        template_id=wish.template_id,
        template_version=wish.version,
        modifications=modifications(wish.values),
        format=wish.format,
        width=wish.width,
        dpr=wish.dpr,
        quality=wish.quality,
        campaign=wish.campaign,
        expires_at=expires,
        esp=wish.esp,
        open=wish.open or None,
    )
    made = place.service().links.create(asked, now=time.time())
    facts = {"success": True, **made.to_json()}
    remarks = [f"warning: {fault_line(fault)}" for fault in made.warnings]
    return Answer(made.img if wish.img else made.url, facts, remarks=remarks)


def unasked(place: Place, wish: Wish) -> Answer:
    """Signed by the keys alone, which the secret holds or `local.json` tells."""
    from postcard.links import build as link_minting

    if wish.esp or wish.img:
        raise CannotDo("--esp and --img ask the template: leave --unchecked out.")
    keys, _ = place.link_keys()
    made = link_minting.mint(
        keys,
        template=wish.template_id,
        format=wish.format or "png",
        fields=flat(wish.values),
        version=None if wish.version == "latest" else wish.version,  # type: ignore[arg-type]
        width=wish.width,
        dpr=wish.dpr,
        quality=wish.quality,
        expires=wish.expires,
        campaign=wish.campaign,
        open=tuple(wish.open),
    )
    base = place.told().get("base_url") or place.settings().base_url
    return Answer(base + made, {"success": True, "url": base + made})


def _version(text: str) -> int | str:
    if text != "latest" and not text.isdecimal():
        raise click.UsageError("--version is a number or latest.")
    return text if text == "latest" else int(text)


def _opened(text: str) -> tuple[str, str]:
    name, _, attribute = text.partition("=")
    return name, attribute or name
