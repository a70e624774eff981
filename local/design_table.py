"""Writes the table of designs into docs/templates.md: `make design-thumbnails`."""

import re
from pathlib import Path

from local.design_thumbnails import FOLDER
from postcard.studio.designs import Design, DesignGallery

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "templates.md"
TABLE = re.compile(r"(?<=<!-- designs -->\n).*?(?=<!-- end of designs -->)", re.DOTALL)


def design_table() -> str:
    """The designs by category and name, each with its thumbnail."""
    rows = ["| picture | design | category | size |", "|---|---|---|---|"]
    rows += map(_row, DesignGallery(FOLDER).list())
    return "\n".join(rows) + "\n"


def with_design_table(text: str) -> str:
    """The page with the table as it is now."""
    return TABLE.sub(lambda _: design_table(), text)


def _row(design: Design) -> str:
    source = f"../{design.thumbnail.relative_to(ROOT).as_posix()}"
    document = f"../{FOLDER.relative_to(ROOT).as_posix()}/{design.id}/template.json"
    picture = f'<img src="{source}" width="240" alt="{design.name}">'
    about = f"[{design.name}]({document}): {design.description}"
    return f"| {picture} | {about} | {design.category} | {design.width} × {design.height} |"


def main() -> None:
    """Write the table."""
    PAGE.write_text(with_design_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
