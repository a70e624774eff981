from pathlib import Path

import pytest

from postcard.text.fonts import Fonts

FONTS = Path(__file__).parents[2] / "layers" / "fonts"


@pytest.fixture(scope="session")
def fonts() -> Fonts:
    return Fonts.load(FONTS)
