"""Draws the script lines with Chromium, which shapes and orders text independently.

    python -m tests.text.chromium_lines [FOLDER]

Writes `lines.png` and `more_lines.png` (one bit per pixel), which tests compare with, and
optionally images of Postcard's and Chromium's lines side by side. `make scripts` runs it.
"""

import html
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageChops

from postcard.text.fonts import Face, Fonts
from postcard.text.regional_variants import regional_variant
from tests.text.ink_overlap import draw_line, ink_mask
from tests.text.more_script_lines import MORE_FONTS, MORE_HEIGHT, MORE_LINES, MORE_LINES_SHEET
from tests.text.script_lines import HEIGHT, LEFT, LINES, SIZE, WIDTH, ScriptLine

FONTS = Path(__file__).parents[2] / "layers" / "fonts"
LINES_SHEET = Path(__file__).with_name("lines.png")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-lcd-text",
    "--font-render-hinting=none", "--force-device-scale-factor=1", "--allow-file-access-from-files",
    "--virtual-time-budget=20000",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sheet:
    """Lines that are drawn one below the other, in strips of one height."""

    path: Path
    lines: Sequence[ScriptLine]
    height: int
    more_fonts: Path | None = None

    @property
    def fonts(self) -> Fonts:
        """The fonts of the lines."""
        return Fonts.load(FONTS, self.more_fonts)

    def strip(self, image: Image.Image, line: ScriptLine) -> Image.Image:
        """A line's strip of an image of the sheet."""
        top = self.lines.index(line) * self.height
        return image.crop((0, top, WIDTH, top + self.height))


SHEETS = (
    Sheet(LINES_SHEET, LINES, HEIGHT),
    Sheet(MORE_LINES_SHEET, MORE_LINES, MORE_HEIGHT, MORE_FONTS),
)


def html_page(sheet: Sheet) -> str:
    """The lines as HTML, one strip each, with the fonts of this repository."""
    fonts = sheet.fonts
    strips = "\n".join(_line_html(line, fonts) for line in sheet.lines)
    return (
        f"<!doctype html><meta charset=utf-8><style>{' '.join(_font_face_rules(sheet))}"
        f"body,p{{margin:0}}p{{box-sizing:border-box;padding:0 {LEFT}px;"
        f"width:{WIDTH}px;height:{sheet.height}px;"
        f"font-size:{SIZE}px;line-height:{sheet.height}px;white-space:pre;overflow:hidden;"
        f"text-rendering:geometricPrecision;text-spacing-trim:space-all;font-variant-emoji:unicode}}</style>{strips}"
    )


def _font_face_rules(sheet: Sheet) -> Iterator[str]:
    for folder in filter(None, (FONTS, sheet.more_fonts)):
        for row in json.loads((folder / "coverage.json").read_text())["faces"]:
            weights = " ".join(str(weight) for weight in sorted(set(row["weights"])))
            slant = "italic" if row["italic"] else "normal"
            yield (
                f'@font-face{{font-family:"{row["family"]}";font-weight:{weights};font-style:{slant};'
                f'src:url("{(folder / row["file"]).as_uri()}")}}'
            )


def _line_html(line: ScriptLine, fonts: Fonts) -> str:
    chain: tuple[Face, ...] = fonts.face_chain(
        (line.font,), line.weight, line.italic, regional_variant(line.language, line.text)
    )
    properties = {
        "font-family": ",".join(f"'{face.family}'" for face in chain),
        "font-weight": str(line.weight),
        "font-style": "italic" if line.italic else "normal",
        "letter-spacing": f"{line.spacing}em",
        "font-feature-settings": ",".join(_feature_setting(name) for name in line.features)
        or "normal",
    }
    style = ";".join(f"{name}:{value}" for name, value in properties.items())
    direction = "rtl" if line.rtl else "ltr"
    text = html.escape(line.text)
    return f'<p lang="{line.language}" dir="{direction}" style="{style}">{text}</p>'


def _feature_setting(name: str) -> str:
    return f"'{name[1:]}' 0" if name[0] == "-" else f"'{name}' 1"


def screenshot(sheet: Sheet, browser: str = "chromium") -> Image.Image:
    """The page with one strip below the other; CalledProcessError if the browser fails."""
    with tempfile.TemporaryDirectory() as folder:
        page, image_file = Path(folder) / "lines.html", Path(folder) / "lines.png"
        page.write_text(html_page(sheet), encoding="utf-8")
        options = (
            f"--user-data-dir={folder}/profile",
            f"--window-size={WIDTH},{sheet.height * len(sheet.lines)}",
            f"--screenshot={image_file}",
        )
        command = [browser, *FLAGS, *options, page.as_uri()]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        with Image.open(image_file) as image:
            return image.convert("RGB")


def ink_sheet(sheet: Sheet, page: Image.Image) -> Image.Image:
    """The page in black and white, black where there is ink."""
    ink = Image.new("1", page.size)
    for index, line in enumerate(sheet.lines):
        mask = ink_mask(sheet.strip(page, line).convert("L"), line)
        ink.paste(ImageChops.invert(mask).convert("1"), (0, index * sheet.height))
    return ink


def side_by_side(sheet: Sheet, page: Image.Image) -> Image.Image:
    """Postcard's lines at the left, the browser's at the right, to compare by eye."""
    fonts = sheet.fonts
    both = Image.new("RGB", (2 * WIDTH, page.height))
    both.paste(page, (WIDTH, 0))
    for index, line in enumerate(sheet.lines):
        both.paste(draw_line(line, fonts, sheet.height), (0, index * sheet.height))
    return both


if __name__ == "__main__":
    for each in SHEETS:
        chromium_page = screenshot(each)
        ink_sheet(each, chromium_page).save(each.path, optimize=True)
        if sys.argv[1:]:
            side_by_side(each, chromium_page).save(Path(sys.argv[1]) / each.path.name)
