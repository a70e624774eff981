"""What is taken from ICU's and Babel's data changes no line end, no grapheme, no word of a date."""

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from layers.vendor import breaks, locales

FOLDER = Path(breaks.__file__).parent
BREAKS = """
import json, sys
from icu4py.breakers import CharacterBreaker, LineBreaker
texts, languages = json.load(sys.stdin)
print(json.dumps([[list(LineBreaker(text, each)), list(CharacterBreaker(text, each))]
    for each in languages for text in texts]))
"""
SAYS = """
import sys
from datetime import UTC
from zoneinfo import ZoneInfo
from babel.localedata import locale_identifiers
from postcard.template.wording import Wording
def date(say, *given):
    try:
        return say.date(*given)
    except (KeyError, ValueError) as error:  # CLDR has no such word in that language
        return repr(error)
zone = ZoneInfo("Europe/Rome")
for tag in locale_identifiers():
    for native in (False, True):
        say = Wording(tag.replace("_", "-"), zone, native)
        print(tag, say.number(-1234567.891), say.number(0.5, 2), say.currency(1234.5, "EUR"),
              say.currency(99, "JPY"), say.currency(7, "INR", 1), say.initials("ada lovelace"))
        for width in ("short", "medium", "long", "full"):
            print(say.date("2026-03-04T17:08:09Z", width), say.time("2026-03-04T05:08:09Z", width))
        for pattern in ("EEEE d MMMM y G, QQQ, EEE LLL h a B", "z zzzz VVVV vvvv OOOO", "%A %B %p"):
            print(date(say, "2026-11-24T08:00:00Z", pattern))
"""
TEXTS = (
    "สวัสดีครับยินดีต้อนรับสู่ประเทศไทย", "ພາສາລາວເປັນພາສາທາງການ", "ភាសាខ្មែរជាភាសាផ្លូវការ",
    "မြန်မာဘာသာစကားသည်", "吾輩は猫である。ようこそ「東京」へッー", "中华人民共和国，北京欢迎您！",
    "안녕하세요 여러분 반갑습니다", "two-thirds – 1,234.56 € http://x.y/z?q=1", "l'été «oui» … non",
    "👨‍👩‍👧‍👦🇩🇪🇫🇷🏳️‍🌈1️⃣ é̂", "मनीष क्षत्रिय नमस्ते", "שלום, עולם!", "مرحبا بالعالم",
)  # fmt: skip
LANGUAGES = ("en", "ja", "zh-TW", "ko", "th", "de", "fi", "ja@lb=loose", "zh@lb=strict", "xx", "")


@pytest.fixture
def copies(tmp_path: Path) -> Path:
    for name in ("icu4py", "babel"):
        spec = importlib.util.find_spec(name)
        assert spec is not None and spec.origin is not None
        package = Path(spec.origin).parent
        shutil.copytree(package, tmp_path / name)
        libraries = package.with_name(f"{name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, tmp_path / libraries.name)
    return tmp_path


def said(code: str, first: Path | str = "", given: str = "") -> str:
    """What a program prints whose packages are looked for in `first` before all others."""
    paths = {"PYTHONPATH": str(first), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-c", code]
    ran = subprocess.run(
        command, env=paths, input=given, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_every_text_breaks_as_with_all_of_icus_data(copies: Path) -> None:
    given = json.dumps([TEXTS, LANGUAGES])
    before = size(copies / "icu4py.libs")
    breaks.main(copies)
    assert size(copies / "icu4py.libs") < before - 25_000_000
    assert said(BREAKS, copies, given) == said(BREAKS, "", given)
    assert said("import icu4py; print(icu4py.__file__)", copies).startswith(str(copies))


def test_every_locale_says_numbers_money_and_dates_as_with_all_of_babels_data(
    copies: Path,
) -> None:
    subprocess.run([sys.executable, FOLDER / "locales.py", copies], check=True, timeout=60)
    assert size(copies / "babel" / "locale-data") < 10_000_000
    assert said(SAYS, copies) == said(SAYS)


def test_a_locale_that_is_cut_twice_is_the_same() -> None:
    spec = importlib.util.find_spec("babel")
    assert spec is not None and spec.origin is not None
    whole = (Path(spec.origin).parent / "locale-data" / "de.dat").read_bytes()
    once = locales.trim_locale(whole)
    assert len(once) < len(whole) / 2
    assert locales.trim_locale(once) == once


def test_data_in_an_unknown_shape_stops_the_build() -> None:
    with pytest.raises(SystemExit, match="not where it was"):
        breaks.trim_library(b"\x7fELF" + bytes(64) + b"CmnD" + bytes(64))
