from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from postcard.canvas.codecs.sandboxed_decoder import SandboxedDecoder
from postcard.text.fonts import Fonts
from tests.allowed_skips import pytest_make_collect_report, pytest_runtest_makereport
from tests.trust.run_scale import scaled

__all__ = [
    "decoder",
    "fonts",
    "more_fonts",
    "pytest_make_collect_report",
    "pytest_runtest_makereport",
]
# An example that takes long says that the machine is busy, not that the code is wrong.
settings.register_profile(
    "any machine",
    deadline=None,
    max_examples=scaled(50, 500),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("any machine")
FONTS = Path(__file__).parents[1] / "layers" / "fonts"
MORE_FONTS = Path(__file__).parent / "text" / "more_fonts"  # the glyphs of a few names


@pytest.fixture(scope="session")
def fonts() -> Fonts:
    return Fonts.load(FONTS)


@pytest.fixture(scope="session")
def more_fonts() -> Fonts:
    return Fonts.load(FONTS, MORE_FONTS)


@pytest.fixture(scope="module")
def decoder() -> Iterator[SandboxedDecoder]:
    """The decoder of production, for all tests of a module."""
    decoder = SandboxedDecoder()
    yield decoder
    decoder.close()
