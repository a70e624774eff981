"""`postcard render`: a picture from a document on disk, without AWS and without a server."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from postcard.cli.command import Command
from postcard.cli.local_render import Drawn, draw
from postcard.cli.output import Answer, CannotDo, fault_facts, fault_line
from postcard.cli.template_files import one_file
from postcard.cli.value_options import modifications, read_values, values_options
from postcard.formats import FORMATS
from postcard.geometry import DPRS

DPR = click.Choice([f"{dpr:g}" for dpr in DPRS])
FORMAT = click.Choice([*FORMATS, "jpeg"])


@click.command(
    cls=Command,
    example="postcard render templates/welcome.json --set first_name=Alex -o welcome.png",
)
@click.argument("template", metavar="TEMPLATE.json")
@values_options
@click.option("-o", "--output", metavar="PATH", help="Where to (the template's name); - is stdout.")
@click.option("--format", "format_", type=FORMAT, help="Else what -o ends in, or the template's.")
@click.option("--width", type=click.IntRange(1, 5000), help="CSS pixels; else the template's.")
@click.option("--dpr", type=DPR, default="1", show_default=True, help="Pixels per CSS pixel.")
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
) -> Answer:
    """Draw TEMPLATE.json with somebody's values.

    `asset:hero` is the file assets/hero.* beside the document; https pictures are fetched.
    """
    from postcard.pipeline.render_job import OutputOptions

    if output == "-" and format_ is None:
        raise click.UsageError("-o - needs --format.")
    file = one_file(Path("templates"), template)
    ending = Path(output).suffix.removeprefix(".").lower() if output else ""
    wanted = format_ or (ending if ending in (*FORMATS, "jpeg") else None)
    wanted = "jpg" if wanted == "jpeg" else wanted
    asked = modifications(read_values(assigned, files, all_values))
    looks = OutputOptions(wanted, width, float(dpr), quality, max_bytes)
    drawn = draw(file, asked, looks, example=example, lenient=lenient)
    return written(drawn, output or f"{file.id}.{drawn.image.format}")


def written(drawn: Drawn, output: str) -> Answer:
    """Write the picture; the answer says where it is."""
    image, warnings = drawn.image, drawn.warnings
    remarks = [f"warning: {fault_line(fault)}" for fault in warnings]
    facts = {
        "success": True,
        "path": output,
        "format": image.format,
        "width": image.width,
        "height": image.height,
        "bytes": len(image.body),
        "warnings": [fault_facts(fault) for fault in warnings],
    }
    if output == "-":
        sys.stdout.buffer.write(image.body)
        return Answer(facts=facts, remarks=remarks)
    path = Path(output)
    if not path.parent.is_dir():
        raise CannotDo(f"{path.parent}: there is no such folder.")
    path.write_bytes(image.body)
    text = f"{path}: {image.width} × {image.height}, {len(image.body):,} bytes"
    return Answer(text, facts, remarks=remarks)
