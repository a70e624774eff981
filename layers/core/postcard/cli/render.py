"""`postcard render`: draws a template document on disk, without AWS and without a server."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from postcard.cli.base_command import Command
from postcard.cli.local_render import LocalRenderResult, render_file
from postcard.cli.number_options import WholeNumber
from postcard.cli.output import CommandError, CommandResult, fault_json, fault_line
from postcard.cli.template_files import find_template_file
from postcard.cli.value_options import (
    modifications,
    read_values,
    value_options,
    values_options,
)
from postcard.geometry import DPRS
from postcard.image_formats import FORMATS

DPR_CHOICE = click.Choice([f"{dpr:g}" for dpr in DPRS])
FORMAT_CHOICE = click.Choice([*FORMATS, "jpeg"])


@click.command(
    cls=Command,
    example="postcard render templates/welcome.json --set first_name=Alex -o welcome.png",
)
@click.argument("template", metavar="TEMPLATE.json")
@values_options
@click.option(
    "-o",
    "--output",
    metavar="PATH",
    help="The file to write, or - for standard output. Default: the template's name, in the"
    " current folder.",
)
@click.option(
    "--format",
    "format_",
    type=FORMAT_CHOICE,
    help="The picture's format. Default: the file name extension of -o, or the template's format.",
)
@click.option(
    "--width",
    type=WholeNumber(1, 5000),
    help="The width in CSS pixels. Default: the template's.",
)
@click.option(
    "--dpr", type=DPR_CHOICE, default="1", show_default=True, help="Pixels per CSS pixel."
)
@click.option("--quality", type=WholeNumber(1, 100), help="The quality of jpg, webp and avif.")
@click.option("--max-bytes", type=WholeNumber(2000), help="Maximum size of the file in bytes.")
@click.option(
    "--example", is_flag=True, help="Use the example of each field that has no value set."
)
@click.option(
    "--lenient",
    is_flag=True,
    help="Replace invalid and missing values with defaults instead of stopping.",
)
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
    """Draw the template document TEMPLATE.json as a picture file.

    The document's own pictures (asset:hero is assets/hero.*) and fonts are read from the folder
    assets/ next to it. Pictures with an https address are fetched. Warnings are about this picture,
    findings about the document: publishing reports the same.
    """
    from postcard.pipeline.render_job import OutputOptions

    if output == "-" and format_ is None:
        raise click.UsageError("-o - needs --format: standard output has no file name extension.")
    file = find_template_file(Path("templates"), template)
    format_name = _output_format(output, format_)
    values = read_values(assigned, files, all_values)
    rendered = render_file(
        file,
        modifications(values),
        OutputOptions(format_name, width, float(dpr), quality, max_bytes),
        value_options=value_options(values, assigned, files),
        example=example,
        lenient=lenient,
    )
    return write_image(
        rendered, output if output is not None else f"{file.id}.{rendered.image.format}"
    )


def _output_format(output: str | None, format_: str | None) -> str | None:
    """The format of --format or of the file name of -o; None if neither says it."""
    named = "jpg" if format_ == "jpeg" else format_
    if output is None or output == "-":
        return named
    name = Path(output).name
    if not output or name.endswith(".") or name.removeprefix(".") in (*FORMATS, "jpeg"):
        raise click.UsageError(f"-o {output!r} is no file name. Write one such as welcome.png.")
    extension = Path(output).suffix.removeprefix(".").lower()
    extension = "jpg" if extension == "jpeg" else extension
    if extension in FORMATS and named and named != extension:
        raise click.UsageError(f"-o {output} is not --format {named}. Leave one of them out.")
    if extension and not named and extension not in FORMATS:
        known = ", ".join(f".{name}" for name in FORMATS)
        raise click.UsageError(
            f"-o {output}: pictures cannot be written as .{extension}. Use {known}, or --format."
        )
    return named or extension or None


def write_image(rendered: LocalRenderResult, output: str) -> CommandResult:
    """Write the picture to a file or to standard output."""
    image, warnings = rendered.image, rendered.warnings
    messages = [f"warning: {fault_line(fault)}" for fault in warnings]
    messages += [f"finding: {fault_line(fault)}" for fault in rendered.findings]
    json_fields = {
        "success": True,
        "path": output,
        "format": image.format,
        "width": image.width,
        "height": image.height,
        "bytes": len(image.body),
        "warnings": [fault_json(fault) for fault in warnings],
        "findings": [fault_json(fault) for fault in rendered.findings],
    }
    if output == "-":
        sys.stdout.buffer.write(image.body)
        return CommandResult(json_fields=json_fields, messages=messages)
    path = Path(output)
    if not path.parent.is_dir():
        raise CommandError(f"The folder {path.parent} does not exist.")
    path.write_bytes(image.body)
    text = f"{path}: {image.width} × {image.height}, {len(image.body):,} bytes"
    return CommandResult(text, json_fields, messages=messages)
