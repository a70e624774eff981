"""The entries of `GET /v1/fonts`: each family's weights, italics and scripts."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from postcard.text.font_file import FontMetadata
from postcard.text.fonts import Face, Family, Fonts

# Characters that a font of the script has; a space separates alternatives. Han variants are told
# apart by characters that the other variants' fonts lack.
SCRIPT_PROBES = {
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
    "Java": "ꦲꦤ",
    "Yiii": "ꆈꌠ",
    "Mong": "ᠠᠪ",
    "Sund": "ᮃᮊ",
    "Bali": "ᬅᬓ",
    "Bugi": "ᨀᨕ",
    "Syrc": "ܐܒ",
    "Lisu": "ꓐꓑ",
    "Rohg": "𐴀𐴁",
    "Lana": "ᨠᩉ",
    "Tale": "ᥐᥑ",
    "Talu": "ᦀᦁ",
    "Tavt": "ꪀꪁ",
    "Plrd": "𖼀𖼁",
    "Cham": "ꨀꨆ",
    "Newa": "𑐀𑐎",
    "Limb": "ᤀᤁ",
    "Vaii": "ꔀꔁ",
    "Sylo": "ꠀꠇ",
    "Hans": "汉语说",
    "Hant": "漢語夠妳",
    "Jpan": "あア匂凪",
    "Kore": "한글뷁",
    "Zmth": "𝒜∑",
    "Zsym": "★☎ ⚘⏚",
    "Zsye": "😀",
}


def describe_fonts(fonts: Fonts) -> Sequence[Mapping[str, object]]:
    """One entry for each family; `scripts` are ISO 15924 codes, `Zsye` for emoji."""
    return [_describe_family(fonts, family) for family in fonts.families()]


def describe_font(metadata: FontMetadata) -> Mapping[str, object]:
    """The entry of one uploaded font."""
    common = {"family": metadata.family, "file": "", "coverage": ""}
    rows = [{**row, **common} for row in metadata.faces]
    [entry] = describe_fonts(Fonts(Path(), rows, {"": metadata.character_ranges}))
    return entry


def merge_entries(entries: Sequence[Mapping[str, Any]]) -> Mapping[str, object]:
    """Merges the entries of one family's fonts into one."""
    return {
        "family": entries[0]["family"],
        "weights": sorted({weight for entry in entries for weight in entry["weights"]}),
        "italic": any(entry["italic"] for entry in entries),
        "scripts": [
            name for name in SCRIPT_PROBES if any(name in entry["scripts"] for entry in entries)
        ],
    }


def _describe_family(fonts: Fonts, family: Family) -> Mapping[str, object]:
    face = fonts.face_chain((family.name,), 400, False)[0]
    hundreds = list(range(family.weights[0], family.weights[-1] + 1, 100))
    return {
        "family": family.name,
        "weights": hundreds if family.variable else list(family.weights),
        "italic": family.italic,
        "scripts": [name for name, probe in SCRIPT_PROBES.items() if _supports(face, probe)],
    }


def _supports(face: Face, probe: str) -> bool:
    return any(all(map(face.has_glyph, characters)) for characters in probe.split())
