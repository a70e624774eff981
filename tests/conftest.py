from pathlib import Path

import pytest

from postcard.text.fonts import Fonts

FONTS = Path(__file__).parents[1] / "layers" / "fonts"


@pytest.fixture(scope="session")
def fonts() -> Fonts:
    return Fonts.load(FONTS)
