"""Draws the script lines with Chromium, which shapes and orders text independently.

    python -m tests.text.chromium_lines [SIDE_BY_SIDE.png]

Writes `lines.png` (one bit per pixel), which tests compare with, and optionally an image of
Postcard's and Chromium's lines side by side. `make scripts` runs it.
"""

import html
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageChops

from postcard.text.fonts import Face, Fonts
from postcard.text.han_variants import han_variant
from tests.text.ink_overlap import draw_line, ink_mask
from tests.text.script_lines import HEIGHT, LEFT, LINES, SIZE, WIDTH, ScriptLine

FONTS = Path(__file__).parents[2] / "layers" / "fonts"
LINES_SHEET = Path(__file__).with_name("lines.png")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-lcd-text",
    "--font-render-hinting=none", "--force-device-scale-factor=1", "--allow-file-access-from-files",
    "--virtual-time-budget=20000",
)  # fmt: skip


def html_page() -> str:
    """The lines as HTML, one strip each, with the fonts of this repository."""
    fonts = Fonts.load(FONTS)
    strips = "\n".join(_line_html(line, fonts) for line in LINES)
    return (
        f"<!doctype html><meta charset=utf-8><style>{' '.join(_font_face_rules())} body{{margin:0}}"
        f"p{{margin:0;box-sizing:border-box;width:{WIDTH}px;height:{HEIGHT}px;padding:0 {LEFT}px;"
        f"font-size:{SIZE}px;line-height:{HEIGHT}px;white-space:pre;overflow:hidden;"
        f"text-rendering:geometricPrecision;text-spacing-trim:space-all;font-variant-emoji:unicode}}</style>{strips}"
    )


def _font_face_rules() -> Iterator[str]:
    for row in json.loads((FONTS / "coverage.json").read_text())["faces"]:
        weights = " ".join(str(weight) for weight in sorted(set(row["weights"])))
        slant = "italic" if row["italic"] else "normal"
        yield (
            f'@font-face{{font-family:"{row["family"]}";font-weight:{weights};font-style:{slant};'
            f'src:url("{(FONTS / row["file"]).as_uri()}")}}'
        )


def _line_html(line: ScriptLine, fonts: Fonts) -> str:
    chain: tuple[Face, ...] = fonts.face_chain(
        (line.font,), line.weight, line.italic, han_variant(line.language, line.text)
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


def screenshot(browser: str = "chromium") -> Image.Image:
    """The page with one strip below the other; CalledProcessError if the browser fails."""
    with tempfile.TemporaryDirectory() as folder:
        page, image_file = Path(folder) / "lines.html", Path(folder) / "lines.png"
        page.write_text(html_page(), encoding="utf-8")
        options = (
            f"--user-data-dir={folder}/profile",
            f"--window-size={WIDTH},{HEIGHT * len(LINES)}",
            f"--screenshot={image_file}",
        )
        command = [browser, *FLAGS, *options, page.as_uri()]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        with Image.open(image_file) as image:
            return image.convert("RGB")


def ink_sheet(page: Image.Image) -> Image.Image:
    """The page in black and white, black where there is ink."""
    sheet = Image.new("1", page.size)
    for index, line in enumerate(LINES):
        strip = (0, index * HEIGHT, WIDTH, (index + 1) * HEIGHT)
        ink = ink_mask(page.crop(strip).convert("L"), line)
        sheet.paste(ImageChops.invert(ink).convert("1"), strip)
    return sheet


def side_by_side(page: Image.Image) -> Image.Image:
    """Postcard's lines at the left, the browser's at the right, to compare by eye."""
    fonts = Fonts.load(FONTS)
    both = Image.new("RGB", (2 * WIDTH, page.height))
    both.paste(page, (WIDTH, 0))
    for index, line in enumerate(LINES):
        both.paste(draw_line(line, fonts), (0, index * HEIGHT))
    return both


if __name__ == "__main__":
    chromium_page = screenshot()
    ink_sheet(chromium_page).save(LINES_SHEET, optimize=True)
    if sys.argv[1:]:
        side_by_side(chromium_page).save(sys.argv[1])
