"""`postcard snippet`: the `<img>` of a merge link, ready to paste into a mail platform."""

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import click

from postcard.cli.base_command import Command
from postcard.cli.link import LinkOptions, create_link, link_options
from postcard.cli.option_faults import naming_options
from postcard.cli.output import CommandError, CommandResult, fault_json, fault_line
from postcard.cli.platforms import platform_list, platform_option
from postcard.cli.target import ServiceTarget, target_options
from postcard.cli.value_options import values_options
from postcard.errors import BadRequest
from postcard.links.merge_tags import platform_faults
from postcard.links.platforms.mail_platform import MailPlatform

_SOURCE = re.compile(r'\A<img src="([^"]*)"')
_BARE_NAME = re.compile(r"[\w .-]*")
_SIGNED_PREFIX = re.compile(r"\A.*?&_sig=[\w-]{43}(?=&|\Z)")


@click.command(
    cls=Command,
    example="postcard snippet welcome --esp klaviyo\n"
    "postcard snippet welcome --esp mailchimp --open first_name=FNAME\n"
    "postcard snippet welcome --esp hubspot --if-empty",
)
@click.argument("template_id", required=False)
@click.option(
    "--esp",
    metavar="PLATFORM",
    help="The mail platform, such as klaviyo. `postcard platforms` lists them.",
)
@click.option(
    "--open",
    "opened",
    multiple=True,
    metavar="FIELD=ATTRIBUTE",
    help="The platform's attribute for an open field. Default: its usual name, for every open field"
    " of the template. Can be repeated.",
)
@click.option(
    "--closed",
    multiple=True,
    metavar="FIELD",
    help="Do not open this field: the picture shows its default. Can be repeated.",
)
@values_options
@click.option(
    "--if-empty",
    is_flag=True,
    help="Print the tag for finished addresses that a contact's field holds, with the default"
    " picture where it is empty.",
)
@click.option(
    "--attribute",
    metavar="NAME",
    help="With --if-empty: the contact's field. Default: personalized_image_url, as the platform"
    " spells it.",
)
@link_options(dpr="2")
@click.option("--list", "list_platforms", is_flag=True, help="List the mail platforms.")
@target_options
def snippet(
    target: ServiceTarget,
    template_id: str | None,
    esp: str | None,
    closed: Sequence[str],
    if_empty: bool,
    attribute: str | None,
    list_platforms: bool,
    **options: Any,
) -> CommandResult:
    """Print the <img> tag of TEMPLATE_ID for a mail platform, ready to paste.

    The platform fills in each reader's values when it sends the mail: every field that the template
    lets be open gets the platform's tag. The <img> goes to standard output; where to paste it and
    what to mind go to standard error.
    """
    if list_platforms:
        return platform_list()
    if not template_id or not esp:
        raise click.UsageError("Give TEMPLATE_ID and --esp. `postcard platforms` lists platforms.")
    if attribute and not if_empty:
        raise click.UsageError("--attribute goes with --if-empty.")
    platform = platform_option(esp)
    parsed = LinkOptions(template_id, esp=esp, **options)
    with naming_options(parsed.value_options):
        if if_empty:
            return _stored_image_snippet(target, platform, parsed, closed, attribute)
        return _merge_link_snippet(target, platform, parsed, closed)


def _merge_link_snippet(
    target: ServiceTarget, platform: MailPlatform, options: LinkOptions, closed: Sequence[str]
) -> CommandResult:
    """The `<img>` of a merge link."""
    open_fields = _open_fields(target, platform, options, closed)
    if not open_fields:
        kept = {*options.values, *closed}
        raise CommandError(_nothing_open(options.template_id, platform, kept))
    created = create_link(target, {**options.request(), "open": open_fields})
    guide = _guide(platform, open_fields)
    return _result(platform, options, {**created, "open": open_fields}, guide)


def _stored_image_snippet(
    target: ServiceTarget,
    platform: MailPlatform,
    options: LinkOptions,
    closed: Sequence[str],
    attribute: str | None,
) -> CommandResult:
    """The `<img>` of an address that a contact's field holds, or of the default picture."""
    stored = _stored_attribute(platform, attribute)
    open_fields = _open_fields(target, platform, options, closed)
    request = {**options.request(), "open": open_fields or None}
    created = create_link(target, request)
    default = _default_address(target, request, created)
    # The other warnings are about values that the platform writes into an address.
    warnings = [w for w in created["warnings"] if w["code"] == "unsupported_in_outlook"]
    stored_image = _with_stored_image(platform, created, stored, default)
    return _result(
        platform,
        options,
        {**stored_image, "open": {}, "warnings": warnings},
        _stored_guide(platform, attribute),
    )


def _result(
    platform: MailPlatform,
    options: LinkOptions,
    created: Mapping[str, Any],
    guide: Iterable[str],
) -> CommandResult:
    warnings = options.warnings(created)
    json_fields = {
        **created,
        **platform.to_json(),
        "warnings": [fault_json(fault) for fault in warnings],
    }
    messages = [
        *(f"warning: {fault_line(fault)}" for fault in warnings),
        *(textwrap.fill(line, 100, subsequent_indent="  ") for line in guide),
    ]
    return CommandResult(created["img"], json_fields, messages=messages)


def _open_fields(
    target: ServiceTarget, platform: MailPlatform, options: LinkOptions, closed: Sequence[str]
) -> dict[str, str]:
    """Each field to open with its attribute: those of --open, and all that may be open."""
    chosen = options.open_fields
    for name in closed:
        if name in chosen:
            raise click.UsageError(f"--closed {name[:64]}: --open opens it.")
    if platform.name == "custom" and not closed:  # its tags cannot be guessed
        return chosen
    listed = _template_fields(target, options.template_id)
    known = [spec["name"] for spec in listed]
    for name in closed:
        if name not in known:
            raise click.UsageError(
                f"--closed: there is no field {name[:64]!r}; there are {', '.join(known)}."
            )
    if platform.name == "custom":
        return chosen
    names = [
        spec["name"]
        for spec in listed
        if spec["open"]
        and spec["type"] != "list"
        and spec["name"] not in {*options.values, *closed}
    ]
    return {**{name: platform.usual_attribute(name) for name in names}, **chosen}


def _template_fields(target: ServiceTarget, template_id: str) -> Sequence[Mapping[str, Any]]:
    if target.uses_api():
        listed = target.api_client().call("GET", f"/v1/templates/{template_id}/fields")
    else:
        listed = target.api_service().templates.fields(template_id)
    items: Sequence[Mapping[str, Any]] = listed["items"]
    return items


def _nothing_open(template_id: str, platform: MailPlatform, kept: set[str]) -> str:
    if platform.name == "custom":
        return f"With --esp custom, give the tags: --open FIELD='{platform.example}'."
    others = f" but {', '.join(sorted(kept))}" if kept else ""
    return (
        f'No field of {template_id}{others} may be open. Give one "open": true and a bound such as'
        ' "max_length" in the template, or use --if-empty with addresses that a batch has made.'
    )


def _default_address(
    target: ServiceTarget, request: Mapping[str, Any], created: Mapping[str, Any]
) -> str:
    """The address of the picture without any reader's values."""
    try:
        url = create_link(target, {**request, "esp": None, "open": None, "encoding": None})["url"]
    except BadRequest:  # an open field is required: its empty value shows the fallback picture
        signed = _SIGNED_PREFIX.match(created["url"])
        assert signed is not None
        return f"{signed[0]}&_end=("
    return str(url)


def _stored_attribute(platform: MailPlatform, attribute: str | None) -> str:
    """The contact's field of --attribute, or its usual name; with `custom` it is a whole tag."""
    stored = platform.stored_attribute if attribute is None else attribute
    if platform.name == "custom" and _BARE_NAME.fullmatch(stored):
        raise click.UsageError(
            "With --esp custom, give the whole tag of the contact's field:"
            " --attribute '[[personalized_image_url]]', as the platform writes it."
        )
    if faults := platform_faults(platform.name, {"attribute": stored}):
        raise click.UsageError(f"--attribute {stored[:64]!r}: {faults[0].detail}")
    return stored


def _with_stored_image(
    platform: MailPlatform, created: Mapping[str, Any], attribute: str, default: str
) -> Mapping[str, Any]:
    """The link with the `<img>` of an address that a contact's field holds, or of `default`."""

    def image(source: str) -> str:
        return _SOURCE.sub(lambda _: f'<img src="{source}"', created["img"])

    img = platform.stored_image(attribute, default, image)
    return {**created, "img": img, "url": default}


def _guide(platform: MailPlatform, open_fields: Mapping[str, str]) -> Iterator[str]:
    pairs = ", ".join(f"{name} from {attribute}" for name, attribute in open_fields.items())
    if platform.name != "custom":
        yield f"{platform.title} fills in {pairs}. Other attributes: --open FIELD=ATTRIBUTE."
    yield f"Paste it into {platform.paste}."
    yield platform.trap
    yield f"How sure this is: {platform.source}. {platform.note}"
    if platform.documentation:
        yield f"See {platform.documentation}"


def _stored_guide(platform: MailPlatform, attribute: str | None) -> Iterator[str]:
    name = re.findall(r"[\w -]+", attribute or platform.stored_attribute)[-1]
    yield (
        f"Save each person's address in the contact's field {name}. A batch writes it as the column"
        " personalized_image_url of its result."
    )
    yield f"Paste the tag into {platform.paste}."
    if not platform.has_condition():
        yield (
            f"{platform.title} has no condition for an empty field that we found: save the address"
            " of the default picture where a person has none."
        )
    yield platform.trap
    yield f"How sure this is: {platform.source}. {platform.note}"
