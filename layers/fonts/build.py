"""Builds the font files and coverage.json of this folder from pinned packages: `make fonts`.

    python -m layers.fonts.build FOLDER_FOR_THE_PACKAGES [FILE…]

Run it after changing FONT_SOURCES: all fonts take five minutes, FILEs build only these. Then look
at the golden pictures and commit the written files, because they are what ships. The same packages
give the same bytes.
"""

import hashlib
import io
import json
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from pathlib import Path

import regex
from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

from layers.fonts.font_sources import FONT_SOURCES, FontSource
from layers.fonts.packages import fetch_package
from postcard.text.fonts import flag_letters

HERE = Path(__file__).resolve().parent
# The letters of most western texts, and the superscripts by which FreeType aligns ª, ² and º.
LATIN_CODES = {
    *range(0x20, 0x100),
    *range(0x2B0, 0x2F0),
    *range(0x1D2C, 0x1DC0),
    *range(0x2070, 0x20A0),
}
# Kept of fonts from collections (CJK): the features for vertical text would be large and unused.
HORIZONTAL_FEATURES = ["ccmp", "kern", "liga", "mark", "mkmk", "palt", "halt"]
EMOJI = regex.compile(r"\p{Emoji_Presentation}")


def build(
    packages: Path,
    files: Collection[str] = (),
    *,
    folder: Path = HERE,
    sources: Sequence[FontSource] = FONT_SOURCES,
) -> None:
    """Write every font, or only `files`, their licences, and coverage.json into the folder."""
    for source in sources:
        if not files or source.file in files:
            _build_font(packages, folder, source)
            print(f"{(folder / source.file).stat().st_size:>10} {source.file}", flush=True)
            if source.latin_file:
                _build_latin_font(folder, source)
    table = coverage_table(folder, sources)
    (folder / "coverage.json").write_text(json.dumps(table, indent=1) + "\n")


def coverage_table(
    folder: Path = HERE, sources: Sequence[FontSource] = FONT_SOURCES
) -> dict[str, object]:
    """Metrics and characters of each font, so that no font is opened only to look these up.

    Fonts with the same characters share one entry in `coverage`. Characters that are emoji by
    default are left to the colour font: other fonts have them as `text_emoji`.
    """
    faces: list[dict[str, object]] = []
    coverage: dict[str, str] = {}
    for source in sources:
        with TTFont(folder / source.file, lazy=True) as font:
            codes = font.getBestCmap()
            emoji = set() if source.color else {code for code in codes if EMOJI.match(chr(code))}
            ranges = _code_ranges(codes.keys() - emoji)
            name = coverage.setdefault(ranges, Path(source.file).stem)
            optional = {
                "latin": source.latin_file,
                "text_emoji": _code_ranges(emoji),
                "flags": _flags(font) if source.color else "",
            }
            written = {key: value for key, value in optional.items() if value}
            faces.append({**_face_metrics(font, source), **written, "coverage": name})
    return {"faces": faces, "coverage": {name: ranges for ranges, name in coverage.items()}}


def _build_font(packages: Path, folder: Path, source: FontSource) -> None:
    archive = _read_archive(fetch_package(source.package, packages), source.sha256)
    licence = f"{source.family.replace(' ', '')}-LICENSE.txt"
    (folder / licence).write_bytes(archive[source.license_member])
    body = archive[source.member]
    if source.as_published:
        (folder / source.file).write_bytes(body)
        return
    font = TTFont(io.BytesIO(body), fontNumber=source.collection_index, recalcTimestamp=False)
    font.flavor = None
    if not source.color:
        font = _trim_font(font, source)
    font.save(folder / source.file)


@cache
def _read_archive(path: Path, sha256: str) -> dict[str, bytes]:
    body = path.read_bytes()
    if hashlib.sha256(body).hexdigest() != sha256:
        raise SystemExit(f"{path.name} is not the pinned package: its SHA-256 differs; delete it")
    if path.suffix == ".whl":
        with zipfile.ZipFile(io.BytesIO(body)) as wheel:
            return {name: wheel.read(name) for name in wheel.namelist()}
    if path.suffix == ".deb":
        tool = ("dpkg-deb", "--fsys-tarfile", str(path))
        body = subprocess.run(tool, check=True, capture_output=True).stdout  # noqa: S603
    with tarfile.open(fileobj=io.BytesIO(body)) as tar:
        files = [(member.name, tar.extractfile(member)) for member in tar if member.isfile()]
        return {name: file.read() for name, file in files if file}


def _trim_font(font: TTFont, source: FontSource) -> TTFont:
    """Only the weight axis stays variable; hints are removed, so that widths scale linearly."""
    if source.whole:
        return _without_hints(font)
    if source.pinned:
        file = io.BytesIO()
        instancer.instantiateVariableFont(font, dict(source.pinned)).save(file)
        font = TTFont(file, recalcTimestamp=False)
    codes = set(map(ord, source.characters())) if source.characters else font.getBestCmap()
    _subset_in_place(font, codes, HORIZONTAL_FEATURES if source.collection_index >= 0 else ["*"])
    return font


def _without_hints(font: TTFont) -> TTFont:
    for tag in {"cvt ", "fpgm", "gasp", "prep"} & set(font.keys()):
        del font[tag]
    for name in font.getGlyphOrder():
        font["glyf"][name].removeHinting()
    return font


def _build_latin_font(folder: Path, source: FontSource) -> None:
    """Write the font again with only Latin letters: shaping reads all kerning for each word.

    Ligatures and other glyphs that the letters turn into keep their own code point (ﬁ), because
    FreeType finds the script of a glyph by it.
    """
    font = TTFont(folder / source.file, recalcTimestamp=False)
    reachable_glyphs = _subset_in_place(TTFont(folder / source.file), LATIN_CODES, ["*"])
    codes = [code for code, glyph in font.getBestCmap().items() if glyph in reachable_glyphs]
    _subset_in_place(font, codes, ["*"])
    font.save(folder / source.latin_file)


def _subset_in_place(font: TTFont, codes: Collection[int], features: list[str]) -> set[str]:
    """Remove all other characters from `font`; the names of the glyphs that are left."""
    options = subset.Options(
        layout_features=features,
        hinting=False,
        name_IDs=["*"],
        notdef_outline=True,
        glyph_names=False,
    )
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[code for code in font.getBestCmap() if code in codes])
    subsetter.subset(font)
    glyphs: set[str] = subsetter.glyphs_retained
    return glyphs


def _face_metrics(font: TTFont, source: FontSource) -> dict[str, object]:
    """Metrics as fractions of the em. `underline` and `strikeout`: the line's centre, thickness."""
    em, head, os2 = font["head"].unitsPerEm, font["hhea"], font["OS/2"]
    weights = [source.weight or 400] * 2
    if "fvar" in font:
        axis = next(axis for axis in font["fvar"].axes if axis.axisTag == "wght")
        weights = [int(axis.minValue), int(axis.maxValue)]
    post = font["post"]
    lines: dict[str, object] = {
        "underline": [
            round((post.underlineThickness / 2 - post.underlinePosition) / em, 4),
            round(post.underlineThickness / em, 4),
        ],
        "strikeout": [
            round((os2.yStrikeoutPosition - os2.yStrikeoutSize / 2) / em, 4),
            round(os2.yStrikeoutSize / em, 4),
        ],
    }
    if source.color:  # Noto Color Emoji states an underline far below: these are of Noto Sans
        lines = {"underline": [0.125, 0.05], "strikeout": [0.297, 0.05]}
    return {
        "family": source.family,
        "file": source.file,
        "italic": source.italic,
        "weights": weights,
        "color": source.color,
        "ascent": round(head.ascent / em, 4),
        "descent": round(-head.descent / em, 4),
        "cap_height": round(getattr(os2, "sCapHeight", 0) / em, 4),
        **lines,
    }


def _code_ranges(codes: Iterable[int]) -> str:
    """First and last character of each range, alternately."""
    ranges: list[str] = []
    for letter in map(chr, sorted(codes)):
        if ranges and ord(ranges[-1]) == ord(letter) - 1:
            ranges[-1] = letter
        else:
            ranges += [letter, letter]
    return "".join(ranges)


def _flags(font: TTFont) -> str:
    """The flags that a font has, separated by spaces: `AD`, `AE`, and `gbeng` of England.

    A flag is a ligature. Fonts show a flag with a question mark for other pairs of letters.
    """
    characters = {glyph: chr(code) for code, glyph in font.getBestCmap().items()}
    flags = set()
    for lookup in font["GSUB"].table.LookupList.Lookup:
        for table in (getattr(each, "ExtSubTable", each) for each in lookup.SubTable):
            for first, ligatures in getattr(table, "ligatures", {}).items():
                for ligature in ligatures:
                    parts = [characters.get(part, "") for part in (first, *ligature.Component)]
                    flags.add(flag_letters("".join(parts)))
    return " ".join(sorted(flags - {""}))


if __name__ == "__main__":
    build(Path(sys.argv[1]), sys.argv[2:])
