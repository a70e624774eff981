"""`postcard link`: signs a link for one person, or a merge link for a mail platform."""

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import click

from postcard.cli.base_command import Command
from postcard.cli.date_options import DATE_TIME, DATE_TIME_METAVAR, unix_seconds
from postcard.cli.number_options import WholeNumber
from postcard.cli.option_faults import naming_options, with_options
from postcard.cli.output import CommandError, CommandResult, fault_json, fault_line
from postcard.cli.platforms import platform_option
from postcard.cli.render import DPR_CHOICE, FORMAT_CHOICE
from postcard.cli.target import ServiceTarget, target_options
from postcard.cli.value_options import (
    flatten,
    modifications,
    read_values,
    value_options,
    values_options,
)
from postcard.errors import Fault
from postcard.timestamps import format_rfc3339


def link_options(dpr: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Adds the options that `link` and `snippet` share; `dpr` is the default of `--dpr`."""
    options = [
        click.option(
            "--version",
            metavar="NUMBER|latest",
            help="The template version to show. latest follows later versions. Default: the current"
            " version, fixed.",
        ),
        click.option(
            "--format",
            "format_",
            type=FORMAT_CHOICE,
            help="The picture's format. Default: the template's.",
        ),
        click.option(
            "--width",
            type=WholeNumber(1, 5000),
            help="The width in CSS pixels. Default: the template's.",
        ),
        click.option(
            "--dpr", type=DPR_CHOICE, default=dpr, show_default=True, help="Pixels per CSS pixel."
        ),
        click.option("--campaign", help="A campaign name for statistics: a-z, 0-9 and -."),
        click.option(
            "--encoding",
            type=click.Choice(["url", "raw"]),
            help="With --esp custom: whether the platform URL-encodes the values or inserts them as"
            " they are. Default: not known.",
        ),
    ]

    def add_options(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return add_options


@click.command(
    cls=Command,
    example="postcard link welcome --set first_name=Alex --dpr 2\n"
    "postcard link welcome --esp klaviyo --open first_name=first_name",
)
@click.argument("template_id")
@values_options
@link_options(dpr="1")
@click.option("--quality", type=WholeNumber(1, 100), help="The quality of jpg, webp and avif.")
@click.option(
    "--expires",
    type=DATE_TIME,
    metavar=DATE_TIME_METAVAR,
    help="The link expires then and shows the template's ended picture. UTC, unless the time has an"
    " offset.",
)
@click.option(
    "--open",
    "opened",
    multiple=True,
    metavar="FIELD=ATTRIBUTE",
    help="A field that the mail platform fills in when it sends the mail, and the platform's"
    " attribute for it. Needs --esp. Can be repeated.",
)
@click.option(
    "--esp",
    metavar="PLATFORM",
    help="Create a merge link for this mail platform, such as klaviyo. `postcard platforms` lists"
    " them.",
)
@click.option("--img", is_flag=True, help="Print an <img> tag instead of the link.")
@click.option(
    "--unchecked",
    is_flag=True,
    help="Sign with the signing key only. The template is not loaded, so values are not checked,"
    " and without --version the link shows the latest version.",
)
@target_options
def link(
    target: ServiceTarget, template_id: str, unchecked: bool, **options: object
) -> CommandResult:
    """Print a signed link to a picture of TEMPLATE_ID.

    Everyone who has the link can open the picture, but cannot change its signed values. With
    POSTCARD_API_URL and POSTCARD_API_KEY set, the API of that address signs it: neither AWS
    credentials nor a signing key are needed.
    """
    parsed = LinkOptions(template_id, **options)  # type: ignore[arg-type]
    if unchecked:
        return sign_unchecked_link(target, parsed)
    with naming_options(parsed.value_options):
        created = create_link(target, parsed.request())
    warnings = parsed.warnings(created)
    json_fields = {**created, "warnings": [fault_json(fault) for fault in warnings]}
    messages = [f"warning: {fault_line(fault)}" for fault in warnings]
    return CommandResult(created["img" if parsed.img else "url"], json_fields, messages=messages)


class LinkOptions:
    """The parsed options of `link`, or those of `snippet` that it shares."""

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
        campaign: str | None,
        opened: Sequence[str],
        esp: str | None,
        encoding: str | None,
        quality: int | None = None,
        expires: datetime | None = None,
        img: bool = False,
    ) -> None:
        self.template_id = template_id
        self.values = read_values(assigned, files, all_values)
        self.value_options = value_options(self.values, assigned, files)
        self.version = None if version is None else _parse_version(version)
        self.format = "jpg" if format_ == "jpeg" else format_
        self.width, self.dpr, self.quality = width, float(dpr), quality
        self.expires, self.campaign = unix_seconds(expires), campaign
        self.open_fields = dict(_parse_open_field(each) for each in opened)
        self.esp = None if esp is None else platform_option(esp).name
        self.encoding, self.img = encoding, img

    def request(self) -> dict[str, Any]:
        """The properties of `POST /v1/links`."""
        return {
            "template_id": self.template_id,
            "template_version": self.version,
            "modifications": modifications(self.values),
            "format": self.format,
            "width": self.width,
            "dpr": self.dpr,
            "quality": self.quality,
            "campaign": self.campaign,
            "expires_at": None if self.expires is None else format_rfc3339(self.expires),
            "esp": self.esp,
            "open": self.open_fields or None,
            "encoding": self.encoding,
        }

    def warnings(self, created: Mapping[str, Any]) -> list[Fault]:
        """The warnings of a response of `POST /v1/links`, with the options that they are about."""
        faults = [Fault(w["code"], w["pointer"], w["detail"]) for w in created["warnings"]]
        return with_options(faults, self.value_options)


def create_link(target: ServiceTarget, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """The response of `POST /v1/links`, from the API or from the same service in this process."""
    if target.uses_api():
        return target.api_client().call("POST", "/v1/links", json.dumps(request))
    from postcard.services.links import LinkRequest

    created = target.api_service().links.create(LinkRequest(**request), now=time.time())
    return {"success": True, **created.to_json()}


def sign_unchecked_link(target: ServiceTarget, options: LinkOptions) -> CommandResult:
    """Sign with the key of the secret or of `local.json`, without loading the template."""
    from postcard.links.build import sign_link

    if options.esp or options.img:
        raise CommandError("--esp and --img need the template: leave out --unchecked.")
    keys, _ = target.link_keys()
    path_and_query = sign_link(
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
    base_url = target.local_json().get("base_url") or target.settings().base_url
    url = base_url + path_and_query
    return CommandResult(url, {"success": True, "url": url})


def _parse_version(text: str) -> int | str:
    """The number of --version, or latest."""
    if text != "latest" and not re.fullmatch("[1-9][0-9]{0,5}", text):
        raise click.UsageError("--version takes a number, or latest.")
    return text if text == "latest" else int(text)


def _parse_open_field(text: str) -> tuple[str, str]:
    """The field and the attribute of --open; without one, the field's own name."""
    name, _, attribute = text.partition("=")
    return name, attribute or name
