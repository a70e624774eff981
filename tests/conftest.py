from pathlib import Path

import pytest

from postcard.text.fonts import Fonts
from tests.allowed_skips import pytest_make_collect_report, pytest_runtest_makereport

__all__ = ["fonts", "pytest_make_collect_report", "pytest_runtest_makereport"]
FONTS = Path(__file__).parents[1] / "layers" / "fonts"


@pytest.fixture(scope="session")
def fonts() -> Fonts:
    return Fonts.load(FONTS)
