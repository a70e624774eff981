"""`postcard render`: a picture from a document on disk, without AWS and without a server."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from postcard.cli.command import Command
from postcard.cli.local_render import LocalRenderResult, render_file
from postcard.cli.output import CommandError, CommandResult, fault_json, fault_line
from postcard.cli.template_files import find_template_file
from postcard.cli.value_options import modifications, read_values, values_options
from postcard.formats import FORMATS
from postcard.geometry import DPRS

DPR_CHOICE = click.Choice([f"{dpr:g}" for dpr in DPRS])
FORMAT_CHOICE = click.Choice([*FORMATS, "jpeg"])


@click.command(
    cls=Command,
    example="postcard render templates/welcome.json --set first_name=Alex -o welcome.png",
)
@click.argument("template", metavar="TEMPLATE.json")
@values_options
@click.option("-o", "--output", metavar="PATH", help="Where to (the template's name); - is stdout.")
@click.option(
    "--format", "format_", type=FORMAT_CHOICE, help="Else what -o ends in, or the template's."
)
@click.option("--width", type=click.IntRange(1, 5000), help="CSS pixels; else the template's.")
@click.option(
    "--dpr", type=DPR_CHOICE, default="1", show_default=True, help="Pixels per CSS pixel."
)
@click.option("--quality", type=click.IntRange(1, 100), help="Of jpg, webp and avif.")
@click.option("--max-bytes", type=click.IntRange(2000), help="The picture's budget.")
@click.option("--example", is_flag=True, help="Fields that are not set take their examples.")
@click.option("--lenient", is_flag=True, help="Bad and missing values become defaults.")
def render(
    template: str,
    assigned: Sequence[str],
    files: Sequence[str],
    all_values: str | None,
    output: str | None,
    format_: str | None,
    width: int | None,
    dpr: str,
    quality: int | None,
    max_bytes: int | None,
    example: bool,
    lenient: bool,
) -> CommandResult:
    """Draw TEMPLATE.json with somebody's values.

    `asset:hero` is the file assets/hero.* beside the document; https pictures are fetched.
    """
    from postcard.pipeline.render_job import OutputOptions

    if output == "-" and format_ is None:
        raise click.UsageError("-o - needs --format.")
    file = find_template_file(Path("templates"), template)
    ending = Path(output).suffix.removeprefix(".").lower() if output else ""
    wanted = format_ or (ending if ending in (*FORMATS, "jpeg") else None)
    wanted = "jpg" if wanted == "jpeg" else wanted
    asked = modifications(read_values(assigned, files, all_values))
    looks = OutputOptions(wanted, width, float(dpr), quality, max_bytes)
    drawn = render_file(file, asked, looks, example=example, lenient=lenient)
    return write_image(drawn, output or f"{file.id}.{drawn.image.format}")


def write_image(rendered: LocalRenderResult, output: str) -> CommandResult:
    """Write the picture; the answer says where it is."""
    image, warnings = rendered.image, rendered.warnings
    remarks = [f"warning: {fault_line(fault)}" for fault in warnings]
    facts = {
        "success": True,
        "path": output,
        "format": image.format,
        "width": image.width,
        "height": image.height,
        "bytes": len(image.body),
        "warnings": [fault_json(fault) for fault in warnings],
    }
    if output == "-":
        sys.stdout.buffer.write(image.body)
        return CommandResult(json_fields=facts, messages=remarks)
    path = Path(output)
    if not path.parent.is_dir():
        raise CommandError(f"{path.parent}: there is no such folder.")
    path.write_bytes(image.body)
    text = f"{path}: {image.width} × {image.height}, {len(image.body):,} bytes"
    return CommandResult(text, facts, messages=remarks)
