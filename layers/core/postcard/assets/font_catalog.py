"""The fonts as `GET /v1/fonts` tells of them: weights, and the scripts that they write."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from postcard.text.font_file import FontMetadata
from postcard.text.fonts import Face, Family, Fonts

SCRIPT_PROBES = {  # letters that tell a script; where fonts share one among them, each one's own
    "Latn": "Aaßğ",
    "Grek": "Ωα",
    "Cyrl": "Яд",
    "Arab": "عه",
    "Hebr": "אש",
    "Deva": "अक",
    "Beng": "অক",
    "Gujr": "અક",
    "Guru": "ਅਕ",
    "Knda": "ಅಕ",
    "Mlym": "അക",
    "Sinh": "අක",
    "Taml": "அக",
    "Telu": "అక",
    "Thai": "กช",
    "Laoo": "ກຂ",
    "Khmr": "កខ",
    "Mymr": "ကခ",
    "Geor": "აბ",
    "Armn": "Աբ",
    "Ethi": "አበ",
    "Orya": "ଅକ",
    "Thaa": "ހށ",
    "Olck": "ᱚᱛ",
    "Mtei": "ꯀꯁ",
    "Adlm": "𞤀𞤢",
    "Nkoo": "ߊߋ",
    "Cakm": "𑄃𑄇",
    "Tfng": "ⴰⴱ",
    "Cher": "ᎠᎡ",
    "Cans": "ᐁᐃ",
    "Tibt": "ཀཁ",
    "Hans": "汉语说",
    "Hant": "漢語夠妳",
    "Jpan": "あア匂凪",
    "Kore": "한글뷁",
    "Zmth": "𝒜∑",
    "Zsym": "★☎ ⚘⏚",
    "Zsye": "😀",
}


def describe_fonts(fonts: Fonts) -> Sequence[Mapping[str, object]]:
    """By name; `scripts` are ISO 15924 codes, `Zsye` for emoji."""
    return [_describe_family(fonts, family) for family in fonts.families()]


def describe_font(card: FontMetadata) -> Mapping[str, object]:
    """One of the sender's own fonts, told as ours are."""
    named = {"family": card.family, "file": "", "coverage": ""}
    rows = [{**row, **named} for row in card.faces]
    [entry] = describe_fonts(Fonts(Path(), rows, {"": card.character_ranges}))
    return entry


def merge_entries(entries: Sequence[Mapping[str, Any]]) -> Mapping[str, object]:
    """The files of one family as one."""
    return {
        "family": entries[0]["family"],
        "weights": sorted({weight for one in entries for weight in one["weights"]}),
        "italic": any(one["italic"] for one in entries),
        "scripts": [
            name for name in SCRIPT_PROBES if any(name in one["scripts"] for one in entries)
        ],
    }


def _describe_family(fonts: Fonts, family: Family) -> Mapping[str, object]:
    face = fonts.face_chain((family.name,), 400, False)[0]
    least, greatest = family.weights[0], family.weights[-1]
    hundreds = list(range(least, greatest + 1, 100))
    return {
        "family": family.name,
        "weights": hundreds if family.variable else list(family.weights),
        "italic": family.italic,
        "scripts": [name for name, probe in SCRIPT_PROBES.items() if _supports(face, probe)],
    }


def _supports(face: Face, probe: str) -> bool:
    return any(all(map(face.has_glyph, letters)) for letters in probe.split())
