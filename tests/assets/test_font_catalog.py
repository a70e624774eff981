"""`GET /v1/fonts` lists the scripts that a family supports."""

from pathlib import Path

import pytest

from postcard.assets.font_catalog import describe_fonts
from postcard.text.fonts import Fonts


@pytest.mark.parametrize(
    ("family", "scripts"),
    [
        ("Inter", ["Latn", "Grek", "Cyrl"]),
        ("Noto Sans SC", ["Hans"]),
        ("Noto Sans TC", ["Hant"]),
        ("Noto Sans JP", ["Jpan"]),
        ("Noto Sans KR", ["Kore"]),
        ("Noto Sans Tamil", ["Taml"]),
        ("Noto Sans Symbols", ["Zsym"]),
        ("Noto Sans Symbols 2", ["Latn", "Zsym"]),
        ("Noto Color Emoji", ["Zsye"]),
    ],
)
def test_a_family_is_listed_with_its_scripts(family: str, scripts: list[str]) -> None:
    listed = {each["family"]: each for each in describe_fonts(Fonts.load(Path("layers/fonts")))}
    assert listed[family]["scripts"] == scripts
