"""`postcard link`: a signed link for one person, or a merge link for a mail platform."""

import time
from collections.abc import Sequence
from datetime import datetime

import click

from postcard.cli.command import Command
from postcard.cli.date_options import DATE_TIME, unix_seconds
from postcard.cli.output import CommandError, CommandResult, fault_line
from postcard.cli.render import DPR_CHOICE, FORMAT_CHOICE
from postcard.cli.target import ServiceTarget, target_options
from postcard.cli.value_options import flatten, modifications, read_values, values_options
from postcard.timestamps import format_rfc3339


@click.command(
    cls=Command,
    example="postcard link welcome --set first_name=Alex --dpr 2\n"
    "postcard link welcome --esp klaviyo --open first_name=first_name",
)
@click.argument("template_id")
@values_options
@click.option("--version", help="A number, or latest; else today's latest, pinned.")
@click.option("--format", "format_", type=FORMAT_CHOICE, help="Else the template's.")
@click.option("--width", type=click.IntRange(1, 5000), help="CSS pixels; else the template's.")
@click.option(
    "--dpr", type=DPR_CHOICE, default="1", show_default=True, help="Pixels per CSS pixel."
)
@click.option("--quality", type=click.IntRange(1, 100), help="Of jpg, webp and avif.")
@click.option("--expires", type=DATE_TIME, help="From then on the ended picture shows.")
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
@target_options
def link(
    target: ServiceTarget, template_id: str, unchecked: bool, **options: object
) -> CommandResult:
    """Sign a link to a picture of TEMPLATE_ID; whoever has it can open that picture alone."""
    wish = LinkOptions(template_id, **options)  # type: ignore[arg-type]
    return sign_by_keys_alone(target, wish) if unchecked else sign_by_service(target, wish)


class LinkOptions:
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
        self.version = None if version is None else _parse_version(version)
        self.format = "jpg" if format_ == "jpeg" else format_
        self.width, self.dpr, self.quality = width, float(dpr), quality
        self.expires, self.campaign = unix_seconds(expires), campaign
        self.open_fields = dict(_parse_open_field(each) for each in opened)
        self.esp, self.img = esp, img


def sign_by_service(target: ServiceTarget, options: LinkOptions) -> CommandResult:
    """As `POST /v1/links` does it, by the same use case."""
    from postcard.services.links import LinkRequest

    expires = None if options.expires is None else format_rfc3339(options.expires)
    asked = LinkRequest(
        template_id=options.template_id,
        template_version=options.version,
        modifications=modifications(options.values),
        format=options.format,
        width=options.width,
        dpr=options.dpr,
        quality=options.quality,
        campaign=options.campaign,
        expires_at=expires,
        esp=options.esp,
        open=options.open_fields or None,
    )
    made = target.api_service().links.create(asked, now=time.time())
    facts = {"success": True, **made.to_json()}
    remarks = [f"warning: {fault_line(fault)}" for fault in made.warnings]
    return CommandResult(made.img if options.img else made.url, facts, messages=remarks)


def sign_by_keys_alone(target: ServiceTarget, options: LinkOptions) -> CommandResult:
    """Signed by the keys alone, which the secret holds or `local.json` tells."""
    from postcard.links.build import sign_link

    if options.esp or options.img:
        raise CommandError("--esp and --img ask the template: leave --unchecked out.")
    keys, _ = target.link_keys()
    made = sign_link(
        keys,
        template=options.template_id,
        format=options.format or "png",
        fields=flatten(options.values),
        version=None if options.version == "latest" else options.version,  # type: ignore[arg-type]
        width=options.width,
        dpr=options.dpr,
        quality=options.quality,
        expires=options.expires,
        campaign=options.campaign,
        open=tuple(options.open_fields),
    )
    base = target.local_json().get("base_url") or target.settings().base_url
    return CommandResult(base + made, {"success": True, "url": base + made})


def _parse_version(text: str) -> int | str:
    if text != "latest" and not text.isdecimal():
        raise click.UsageError("--version is a number or latest.")
    return text if text == "latest" else int(text)


def _parse_open_field(text: str) -> tuple[str, str]:
    name, _, attribute = text.partition("=")
    return name, attribute or name
