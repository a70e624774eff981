"""The fonts as `GET /v1/fonts` tells of them: weights, and the scripts that they write."""

from collections.abc import Mapping, Sequence

from postcard.text.fonts import Family, Fonts

PROBES = {
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
    "Hans": "汉语说",
    "Jpan": "あア辻",
    "Kore": "한글뷁",
    "Zmth": "𝒜∑",
    "Zsym": "★☎",
    "Zsye": "😀",
}


def font_list(fonts: Fonts) -> Sequence[Mapping[str, object]]:
    """By name; `scripts` are ISO 15924 codes, `Zsye` for emoji."""
    return [_told(fonts, family) for family in fonts.families()]


def _told(fonts: Fonts, family: Family) -> Mapping[str, object]:
    face = fonts.chain((family.name,), 400, False)[0]
    least, greatest = family.weights[0], family.weights[-1]
    hundreds = list(range(least, greatest + 1, 100))
    return {
        "family": family.name,
        "weights": hundreds if family.variable else list(family.weights),
        "italic": family.italic,
        "scripts": [name for name, letters in PROBES.items() if all(map(face.has, letters))],
    }
