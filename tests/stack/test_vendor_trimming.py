"""The trimmed data of ICU and Babel gives the same line breaks, graphemes, numbers and dates."""

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from layers.vendor import trim_icu, trim_locales

FOLDER = Path(trim_icu.__file__).parent
BREAK_SCRIPT = """
import json, sys
from icu4py.breakers import CharacterBreaker, LineBreaker
texts, languages = json.load(sys.stdin)
print(json.dumps([[list(LineBreaker(text, each)), list(CharacterBreaker(text, each))]
    for each in languages for text in texts]))
"""
LOCALE_SCRIPT = """
import sys
from datetime import UTC
from zoneinfo import ZoneInfo
from babel.localedata import locale_identifiers
from postcard.template.liquid.locale_filters import LocaleFilters
def date(filters, *arguments):
    try:
        return filters.date(*arguments)
    except (KeyError, ValueError) as error:  # CLDR has no such word in that language
        return repr(error)
zone = ZoneInfo("Europe/Rome")
for tag in locale_identifiers():
    for native in (False, True):
        filters = LocaleFilters(tag.replace("_", "-"), zone, native)
        print(tag, filters.number(-1234567.891), filters.number(0.5, 2),
              filters.currency(1234.5, "EUR"), filters.currency(99, "JPY"),
              filters.currency(7, "INR", 1), filters.initials("ada lovelace"))
        for width in ("short", "medium", "long", "full"):
            print(filters.date("2026-03-04T17:08:09Z", width),
                  filters.time("2026-03-04T05:08:09Z", width))
        for pattern in ("EEEE d MMMM y G, QQQ, EEE LLL h a B", "z zzzz VVVV vvvv OOOO", "%A %B %p"):
            print(date(filters, "2026-11-24T08:00:00Z", pattern))
"""
TEXTS = (
    "สวัสดีครับยินดีต้อนรับสู่ประเทศไทย", "ພາສາລາວເປັນພາສາທາງການ", "ភាសាខ្មែរជាភាសាផ្លូវការ",
    "မြန်မာဘာသာစကားသည်", "吾輩は猫である。ようこそ「東京」へッー", "中华人民共和国，北京欢迎您！",
    "안녕하세요 여러분 반갑습니다", "two-thirds – 1,234.56 € http://x.y/z?q=1", "l'été «oui» … non",
    "👨‍👩‍👧‍👦🇩🇪🇫🇷🏳️‍🌈1️⃣ é̂", "मनीष क्षत्रिय नमस्ते", "שלום, עולם!", "مرحبا بالعالم",
)  # fmt: skip
LANGUAGES = ("en", "ja", "zh-TW", "ko", "th", "de", "fi", "ja@lb=loose", "zh@lb=strict", "xx", "")


@pytest.fixture
def copied_packages(tmp_path: Path) -> Path:
    for name in ("icu4py", "babel"):
        spec = importlib.util.find_spec(name)
        assert spec is not None and spec.origin is not None
        package = Path(spec.origin).parent
        shutil.copytree(package, tmp_path / name)
        libraries = package.with_name(f"{name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, tmp_path / libraries.name)
    return tmp_path


def script_output(script: str, python_path: Path | str = "", stdin: str = "") -> str:
    """What a Python script prints; packages in `python_path` come before installed ones."""
    environment = {"PYTHONPATH": str(python_path), "PYTHONIOENCODING": "utf-8"}
    completed = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert completed.returncode == 0, completed.stderr
    return completed.stdout


def folder_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_trimmed_icu_data_breaks_texts_like_the_complete_data(copied_packages: Path) -> None:
    texts = json.dumps([TEXTS, LANGUAGES])
    before = folder_bytes(copied_packages / "icu4py.libs")
    trim_icu.main(copied_packages)
    assert folder_bytes(copied_packages / "icu4py.libs") < before - 25_000_000
    trimmed = script_output(BREAK_SCRIPT, copied_packages, texts)
    assert trimmed == script_output(BREAK_SCRIPT, "", texts)
    used_package = script_output("import icu4py; print(icu4py.__file__)", copied_packages)
    assert used_package.startswith(str(copied_packages))


def test_trimmed_babel_data_formats_every_locale_like_the_complete_data(
    copied_packages: Path,
) -> None:
    command = [sys.executable, str(FOLDER / "trim_locales.py"), str(copied_packages)]
    subprocess.run(command, check=True, timeout=60)
    assert folder_bytes(copied_packages / "babel" / "locale-data") < 10_000_000
    assert script_output(LOCALE_SCRIPT, copied_packages) == script_output(LOCALE_SCRIPT)


def test_trimming_a_locale_twice_changes_nothing_more() -> None:
    spec = importlib.util.find_spec("babel")
    assert spec is not None and spec.origin is not None
    complete = (Path(spec.origin).parent / "locale-data" / "de.dat").read_bytes()
    once = trim_locales.trim_locale(complete)
    assert len(once) < len(complete) / 2
    assert trim_locales.trim_locale(once) == once


def test_an_unknown_layout_of_the_icu_library_stops_the_build() -> None:
    with pytest.raises(SystemExit, match="not where it is expected"):
        trim_icu.trim_library(b"\x7fELF" + bytes(64) + b"CmnD" + bytes(64))
