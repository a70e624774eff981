"""Builds the fonts of the optional layer from pinned packages: `make more-fonts`.

python -m layers.more_fonts.build_more_fonts FOLDER_FOR_THE_PACKAGES FOLDER
"""

import sys
from pathlib import Path

from layers.fonts.build import build
from layers.more_fonts.more_font_sources import MORE_FONT_SOURCES

if __name__ == "__main__":
    folder = Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    build(Path(sys.argv[1]), folder=folder, sources=MORE_FONT_SOURCES)
