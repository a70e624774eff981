"""Make the fonts of this folder and their coverage table from the pinned packages.

    python layers/fonts/build.py FOLDER_WITH_THE_PACKAGES

The packages come through their ordinary clients: `pip download --no-deps fontpkg-inter==4.1.post1`
and its like, `npm pack @expo-google-fonts/noto-sans-hebrew@0.4.1`,
`apt-get download fonts-noto-color-emoji=2.042-0+deb12u1`. Run it after changing SOURCES, look at
the golden pictures, and commit what it wrote: the files here are what ships.
"""

import hashlib
import io
import json
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import regex
from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

HERE = Path(__file__).resolve().parent
HEBREW = {
    100: "Thin", 200: "ExtraLight", 300: "Light", 400: "Regular", 500: "Medium",
    600: "SemiBold", 700: "Bold", 800: "ExtraBold", 900: "Black",
}  # fmt: skip
EMOJI = regex.compile(r"\p{Emoji_Presentation}")


@dataclass(frozen=True)
class Source:
    """One font in a package, and what becomes of it. `pinned` are axes that are fixed."""

    package: str
    sha256: str
    member: str
    licence: str
    file: str
    family: str
    italic: bool = False
    weight: int | None = None
    pinned: tuple[tuple[str, float], ...] = ()
    color: bool = False


def _noto(name: str, version: str, sha256: str, file: str, *, italic: bool = False) -> Source:
    package = f"fontpkg_noto_sans{name}"
    family = "Noto Sans" + name.replace("_", " ").title()
    return Source(
        package=f"{package}-{version}-py3-none-any.whl",
        sha256=sha256,
        member=f"{package}/files/{file}[wdth,wght].ttf",
        licence=f"{package}/LICENSE",
        file=f"{file}.ttf",
        family=family,
        italic=italic,
        pinned=(("wdth", 100),),
    )


def _inter(file: str, *, italic: bool) -> Source:
    return Source(
        package="fontpkg_inter-4.1.post1-py3-none-any.whl",
        sha256="b1105c8b368787112e9352ba657fe4fd32feb0722cc3046a308f65962298ddf8",
        member=f"fontpkg_inter/files/{file}[opsz,wght].ttf",
        licence="fontpkg_inter/LICENSE",
        file=f"{file}.ttf",
        family="Inter",
        italic=italic,
        pinned=(("opsz", 14),),
    )


def _hebrew(weight: int) -> Source:
    name = f"NotoSansHebrew_{weight}{HEBREW[weight]}.ttf"
    return Source(
        package="expo-google-fonts-noto-sans-hebrew-0.4.1.tgz",
        sha256="f82f8e852e3355521c511f2762a0130216d208d108bf4739aa977eb6a6d3012c",
        member=f"package/{weight}{HEBREW[weight]}/{name}",
        licence="package/LICENSE_FONT",
        file=f"NotoSansHebrew-{weight}.ttf",
        family="Noto Sans Hebrew",
        weight=weight,
    )


_SANS = "54016cb4dfbfdd8f0cae3d71a9401a73e786a473debd12f1d79067e349c9a4a3"
SOURCES = (
    _inter("Inter", italic=False),
    _inter("Inter-Italic", italic=True),
    _noto("", "2.15", _SANS, "NotoSans"),
    _noto("", "2.15", _SANS, "NotoSans-Italic", italic=True),
    _noto("_arabic", "2.12", "eeca37a7ad6854bf1b6aa42bbce1908a6a6dcd2252ed56d021c20b613f6d16fc",
          "NotoSansArabic"),
    *map(_hebrew, HEBREW),
    _noto("_devanagari", "2.7", "3f8859d4905238a95daecf45c508dff148936e5aa60bd2e30a89333041a64adf",
          "NotoSansDevanagari"),
    _noto("_thai", "2.2", "1768cb43e1b01a5614a771a07c579c5d6109d21e8ef9fd4920de3cd7f842f863",
          "NotoSansThai"),
    Source(
        package="fonts-noto-color-emoji_2.042-0+deb12u1_all.deb",
        sha256="a5ab0f69c7938423862320d9aca5dd187b3fd879d6a9a57dd52e17c3fa8d2751",
        member="./usr/share/fonts/truetype/noto/NotoColorEmoji.ttf",
        licence="./usr/share/doc/fonts-noto-color-emoji/copyright",
        file="NotoColorEmoji.ttf",
        family="Noto Color Emoji",
        color=True,
    ),
)  # fmt: skip


def build(packages: Path) -> None:
    """Write every font, its licence, and the table."""
    faces = []
    for source in SOURCES:
        archive = _archive(packages / source.package, source.sha256)
        licence = f"{source.family.replace(' ', '')}-LICENSE.txt"
        (HERE / licence).write_bytes(archive[source.licence])
        font = TTFont(io.BytesIO(archive[source.member]), recalcTimestamp=False)
        if not source.color:
            font = _slimmed(font, source)
        font.save(HERE / source.file)
        faces.append(_face(TTFont(HERE / source.file), source))
    rows = ",\n".join(json.dumps(face, separators=(",", ":")) for face in faces)
    (HERE / "coverage.json").write_text(f'{{"faces": [\n{rows}\n]}}\n')


def _archive(path: Path, sha256: str) -> dict[str, bytes]:
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


def _slimmed(font: TTFont, source: Source) -> TTFont:
    """One weight axis, all glyphs and features, no hints (widths must grow evenly with size)."""
    if source.pinned:
        file = io.BytesIO()
        instancer.instantiateVariableFont(font, dict(source.pinned)).save(file)
        font = TTFont(file, recalcTimestamp=False)
    options = subset.Options(
        layout_features=["*"], hinting=False, name_IDs=["*"], notdef_outline=True, glyph_names=False
    )
    slim = subset.Subsetter(options)
    slim.populate(unicodes=font.getBestCmap())
    slim.subset(font)
    return font


def _face(font: TTFont, source: Source) -> dict[str, object]:
    """Lengths are shares of the em; ranges are first and last code point in turn."""
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
            round(-post.underlinePosition / em, 4),
            round(post.underlineThickness / em, 4),
        ],
        "ranges": _ranges(font.getBestCmap(), keep_emoji=source.color),
    }


def _ranges(codes: dict[int, str], *, keep_emoji: bool) -> list[int]:
    """What shows as a picture by default is the colour font's alone."""
    ranges: list[int] = []
    for code in sorted(codes):
        if not keep_emoji and EMOJI.match(chr(code)):
            continue
        if ranges and ranges[-1] == code - 1:
            ranges[-1] = code
        else:
            ranges += [code, code]
    return ranges


if __name__ == "__main__":
    build(Path(sys.argv[1]))
