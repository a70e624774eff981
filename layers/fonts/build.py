"""Make the fonts of this folder and their coverage table from the pinned packages: `make fonts`.

    python -m layers.fonts.build FOLDER_FOR_THE_PACKAGES [FILE…]

Run it after changing SOURCES (all of it takes five minutes, FILEs make some anew), look at the
golden pictures, and commit what it wrote: the files here are what ships. The same packages make
the same bytes.
"""

import hashlib
import io
import json
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Collection, Iterable
from functools import cache
from pathlib import Path

import regex
from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

from layers.fonts.packages import fetch_package
from layers.fonts.font_sources import FONT_SOURCES, FontSource

HERE = Path(__file__).resolve().parent
# What most texts are written in, and the raised letters by which FreeType aligns ª, ² and º.
LATIN_CODES = {
    *range(0x20, 0x100),
    *range(0x2B0, 0x2F0),
    *range(0x1D2C, 0x1DC0),
    *range(0x2070, 0x20A0),
}
HORIZONTAL_FEATURES = ["ccmp", "kern", "liga", "mark", "mkmk", "palt", "halt"]  # of collections
EMOJI = regex.compile(r"\p{Emoji_Presentation}")


def build(packages: Path, files: Collection[str] = ()) -> None:
    """Write every font, its licence, and the table; the fonts of `files` alone if there are any."""
    for source in FONT_SOURCES:
        if not files or source.file in files:
            _build_font(packages, source)
            print(f"{(HERE / source.file).stat().st_size:>10} {source.file}", flush=True)
            if source.latin_file:
                _build_latin_font(source)
    (HERE / "coverage.json").write_text(json.dumps(coverage_table(), indent=1) + "\n")


def coverage_table() -> dict[str, object]:
    """What each font can, for those who must not open it to ask; equal coverage is told once."""
    faces: list[dict[str, object]] = []
    coverage: dict[str, str] = {}
    for source in FONT_SOURCES:
        with TTFont(HERE / source.file, lazy=True) as font:
            ranges = _code_ranges(font.getBestCmap(), keep_emoji=source.color)
            name = coverage.setdefault(ranges, Path(source.file).stem)
            latin = {"latin": source.latin_file} if source.latin_file else {}
            faces.append({**_face_metrics(font, source), **latin, "coverage": name})
    return {"faces": faces, "coverage": {name: ranges for ranges, name in coverage.items()}}


def _build_font(packages: Path, source: FontSource) -> None:
    archive = _read_archive(fetch_package(source.package, packages), source.sha256)
    licence = f"{source.family.replace(' ', '')}-LICENSE.txt"
    (HERE / licence).write_bytes(archive[source.license_member])
    body = archive[source.member]
    if source.as_published:
        (HERE / source.file).write_bytes(body)
        return
    font = TTFont(io.BytesIO(body), fontNumber=source.collection_index, recalcTimestamp=False)
    font.flavor = None
    if not source.color:
        font = _trim_font(font, source)
    font.save(HERE / source.file)


@cache
def _read_archive(path: Path, sha256: str) -> dict[str, bytes]:
    body = path.read_bytes()
    if hashlib.sha256(body).hexdigest() != sha256:
        raise SystemExit(f"{path.name} is not the package that is pinned")
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
    """One weight axis, all glyphs and features, no hints (widths must grow evenly with size)."""
    if source.pinned:
        file = io.BytesIO()
        instancer.instantiateVariableFont(font, dict(source.pinned)).save(file)
        font = TTFont(file, recalcTimestamp=False)
    kept = set(map(ord, source.letters())) if source.letters else font.getBestCmap()
    _subset_in_place(font, kept, HORIZONTAL_FEATURES if source.collection_index >= 0 else ["*"])
    return font


def _build_latin_font(source: FontSource) -> None:
    """The same letters, with none beside them: a shaper reads all kerning anew for each word.

    What they turn into keeps its own code (ﬁ), by which FreeType knows the script of a glyph.
    """
    whole = TTFont(HERE / source.file, recalcTimestamp=False)
    reached = _subset_in_place(TTFont(HERE / source.file), LATIN_CODES, ["*"])
    codes = [code for code, glyph in whole.getBestCmap().items() if glyph in reached]
    _subset_in_place(whole, codes, ["*"])
    whole.save(HERE / source.latin_file)


def _subset_in_place(font: TTFont, codes: Collection[int], features: list[str]) -> set[str]:
    """The names of the glyphs that are left."""
    options = subset.Options(
        layout_features=features,
        hinting=False,
        name_IDs=["*"],
        notdef_outline=True,
        glyph_names=False,
    )
    slim = subset.Subsetter(options)
    slim.populate(unicodes=[code for code in font.getBestCmap() if code in codes])
    slim.subset(font)
    kept: set[str] = slim.glyphs_retained
    return kept


def _face_metrics(font: TTFont, source: FontSource) -> dict[str, object]:
    """Lengths are shares of the em; of the lines that fonts give the tops of, the middles."""
    em, head, os2 = font["head"].unitsPerEm, font["hhea"], font["OS/2"]
    weights = [source.weight or 400] * 2
    if "fvar" in font:
        axis = next(axis for axis in font["fvar"].axes if axis.axisTag == "wght")
        weights = [int(axis.minValue), int(axis.maxValue)]
    post = font["post"]
    return {
        "family": source.family,
        "file": source.file,
        "italic": source.italic,
        "weights": weights,
        "color": source.color,
        "ascent": round(head.ascent / em, 4),
        "descent": round(-head.descent / em, 4),
        "cap_height": round(getattr(os2, "sCapHeight", 0) / em, 4),
        "underline": [
            round((post.underlineThickness / 2 - post.underlinePosition) / em, 4),
            round(post.underlineThickness / em, 4),
        ],
        "strikeout": [
            round((os2.yStrikeoutPosition - os2.yStrikeoutSize / 2) / em, 4),
            round(os2.yStrikeoutSize / em, 4),
        ],
    }


def _code_ranges(codes: Iterable[int], *, keep_emoji: bool) -> str:
    """First and last in turn; what shows as a picture by default is the colour font's alone."""
    ranges: list[str] = []
    for letter in map(chr, sorted(codes)):
        if not keep_emoji and EMOJI.match(letter):
            continue
        if ranges and ord(ranges[-1]) == ord(letter) - 1:
            ranges[-1] = letter
        else:
            ranges += [letter, letter]
    return "".join(ranges)


if __name__ == "__main__":
    build(Path(sys.argv[1]), sys.argv[2:])
