"""The fonts that ship: the pinned package of each, and how it is converted."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from layers.fonts import character_sets

HEBREW_WEIGHTS = {
    100: "Thin", 200: "ExtraLight", 300: "Light", 400: "Regular", 500: "Medium",
    600: "SemiBold", 700: "Bold", 800: "ExtraBold", 900: "Black",
}  # fmt: skip


@dataclass(frozen=True)
class FontSource:
    """One font file in a package, and how it is converted.

    `pinned` are variation axes with a fixed value. `collection_index` is the font's index in a
    collection, -1 outside one. `characters` are those that are kept; None keeps all. `as_published`
    copies the file unchanged, because its licence reserves the name for the original. `whole` keeps
    all glyphs and only removes hints: cutting Nastaliq would double its size. `kerned` fonts get a
    second file with only Latin letters, because their kerning is slow to shape with.
    """

    package: str
    sha256: str
    member: str
    license_member: str
    file: str
    family: str
    italic: bool = False
    weight: int | None = None
    pinned: tuple[tuple[str, float], ...] = ()
    color: bool = False
    collection_index: int = -1
    characters: Callable[[], frozenset[str]] | None = None
    as_published: bool = False
    whole: bool = False
    kerned: bool = False

    @property
    def latin_file(self) -> str:
        """The file with only Latin letters; empty if it would save no time."""
        return f"{self.file.removesuffix('.ttf')}-Latin.ttf" if self.kerned else ""


def _noto_variable(
    name: str, version: str, sha256: str, file: str, *, italic: bool = False, kerned: bool = False
) -> FontSource:
    package = f"fontpkg_noto_sans{name}"
    family = "Noto Sans" + name.replace("_", " ").title()
    return FontSource(
        package=f"{package}-{version}-py3-none-any.whl",
        sha256=sha256,
        member=f"{package}/files/{file}[wdth,wght].ttf",
        license_member=f"{package}/LICENSE",
        file=f"{file}.ttf",
        family=family,
        italic=italic,
        pinned=(("wdth", 100),),
        kerned=kerned,
    )


def _inter(file: str, *, italic: bool) -> FontSource:
    return FontSource(
        package="fontpkg_inter-4.1.post1-py3-none-any.whl",
        sha256="b1105c8b368787112e9352ba657fe4fd32feb0722cc3046a308f65962298ddf8",
        member=f"fontpkg_inter/files/{file}[opsz,wght].ttf",
        license_member="fontpkg_inter/LICENSE",
        file=f"{file}.ttf",
        family="Inter",
        italic=italic,
        pinned=(("opsz", 14),),
        kerned=True,
    )


def _noto_hebrew(weight: int) -> FontSource:
    name = f"NotoSansHebrew_{weight}{HEBREW_WEIGHTS[weight]}.ttf"
    return FontSource(
        package="expo-google-fonts-noto-sans-hebrew-0.4.1.tgz",
        sha256="f82f8e852e3355521c511f2762a0130216d208d108bf4739aa977eb6a6d3012c",
        member=f"package/{weight}{HEBREW_WEIGHTS[weight]}/{name}",
        license_member="package/LICENSE_FONT",
        file=f"NotoSansHebrew-{weight}.ttf",
        family="Noto Sans Hebrew",
        weight=weight,
    )


def noto_script(
    name: str,
    sha256: str,
    *,
    version: str = "5.3.0",
    variable: bool = True,
    style: str = "Sans",
    subset: str = "",
    **rest: Any,
) -> FontSource:
    """A font of a fontsource package; if not variable, only the regular weight."""
    script = name.lower().replace(" ", "-")
    slug = f"noto-{style.lower()}-{script}"
    scope, weight = ("fontsource-variable", "wght") if variable else ("fontsource", "400")
    family = f"Noto {style} {name}"
    return FontSource(
        package=f"{scope}-{slug}-{version}.tgz",
        sha256=sha256,
        member=f"package/files/{slug}-{subset or script}-{weight}-normal.woff2",
        license_member="package/LICENSE",
        file=f"{family.replace(' ', '')}.ttf",
        family=family,
        weight=None if variable else 400,
        **rest,
    )


def _noto_from_debian(name: str, weight: int = 400, *, style: str = "Sans") -> FontSource:
    file = f"Noto{style}{name.replace(' ', '')}"
    return FontSource(
        package="fonts-noto-core_20201225-1_all.deb",
        sha256="58f4f0bb6720f919f92096b3508e1412a0f1544424ade6c5b5bf1eb694dd64ba",
        member=f"./usr/share/fonts/truetype/noto/{file}-{_STATIC_WEIGHTS[weight]}.ttf",
        license_member="./usr/share/doc/fonts-noto-core/copyright",
        file=f"{file}-{weight}.ttf",
        family=f"Noto {style} {name}",
        weight=weight,
    )


def noto_static(name: str, version: str, sha256: str, **rest: Any) -> FontSource:
    """The regular weight of a sans font, from an expo-google-fonts package."""
    file = f"NotoSans{name.replace(' ', '')}"
    return FontSource(
        package=f"expo-google-fonts-noto-sans-{name.lower().replace(' ', '-')}-{version}.tgz",
        sha256=sha256,
        member=f"package/400Regular/{file}_400Regular.ttf",
        license_member="package/LICENSE_FONT",
        file=f"{file}.ttf",
        family=f"Noto Sans {name}",
        weight=400,
        **rest,
    )


def _noto_cjk(
    name: str, collection_index: int, characters: Callable[[], frozenset[str]], weight: int
) -> FontSource:
    return FontSource(
        package="fonts-noto-cjk_1%3a20220127+repack1-1_all.deb",
        sha256="4a2515eb6db3978b897fef9709ed0d2b1f4c6c4df4d83d6c4ef65f71f1b1f502",
        member=f"./usr/share/fonts/opentype/noto/NotoSansCJK-{_STATIC_WEIGHTS[weight]}.ttc",
        license_member="./usr/share/doc/fonts-noto-cjk/copyright",
        file=f"NotoSans{name}-{weight}.otf",
        family=f"Noto Sans {name}",
        weight=weight,
        collection_index=collection_index,
        characters=characters,
    )


def _design_font(
    family: str, version: str, sha256: str, *, italic: bool = False, axes: str = "wght", **rest: Any
) -> FontSource:
    package = f"fontpkg_{family.lower().replace(' ', '_')}"
    file = family.replace(" ", "") + ("-Italic" if italic else "")
    return FontSource(
        package=f"{package}-{version}-py3-none-any.whl",
        sha256=sha256,
        member=f"{package}/files/{file}[{axes}].ttf",
        license_member=f"{package}/LICENSE",
        file=f"{file}.ttf",
        family=family,
        italic=italic,
        **rest,
    )


_SANS = "54016cb4dfbfdd8f0cae3d71a9401a73e786a473debd12f1d79067e349c9a4a3"
_SERIF = "6c33ac5d27b0396b0ed228e400d9c7ee4445c359ce21b3d8d9b9723e8c5c49a7"
_PLAYFAIR = "5941b14cc9742d6d93b8a163b4582b81761d1fd99fbe312ad2efb116f1d1106e"
_STATIC_WEIGHTS = {400: "Regular", 700: "Bold"}
_TWO_WEIGHTS = (
    "Oriya", "Thaana", "Ol Chiki", "Meetei Mayek", "Adlam", "Cherokee", "Canadian Aboriginal",
)  # fmt: skip
_ONE_WEIGHT = ("NKo", "Chakma", "Tifinagh")
FONT_SOURCES = (
    _inter("Inter", italic=False),
    _inter("Inter-Italic", italic=True),
    _noto_variable("", "2.15", _SANS, "NotoSans", kerned=True),
    _noto_variable("", "2.15", _SANS, "NotoSans-Italic", italic=True, kerned=True),
    _noto_variable("_arabic", "2.12",
            "eeca37a7ad6854bf1b6aa42bbce1908a6a6dcd2252ed56d021c20b613f6d16fc", "NotoSansArabic"),
    *map(_noto_hebrew, HEBREW_WEIGHTS),
    _noto_variable("_devanagari", "2.7",
            "3f8859d4905238a95daecf45c508dff148936e5aa60bd2e30a89333041a64adf",
            "NotoSansDevanagari"),
    _noto_variable("_thai", "2.2",
            "1768cb43e1b01a5614a771a07c579c5d6109d21e8ef9fd4920de3cd7f842f863", "NotoSansThai"),
    noto_script("Bengali", "c5811f21f12e6ecfb076898a438f808ccbb56b64deaab0311952863d18e80558"),
    noto_script("Tamil", "99800b83c2ff671c98e8818890d36610b7196ceb7b6dc73663dd84a05f97e275"),
    noto_script("Telugu", "960165b9650d2600814f7373f946578b5b6e91e86fd9e2427422f397a68c350f"),
    noto_script("Gujarati", "7258991da1cb9fc0a32b8cf1cab6ab0b972c431f806b137eef9f4520215aeedf"),
    noto_script("Gurmukhi", "4ae1237f3b5a9463e0769750a74910c1af8768bed2bfb111b13057891cf56d27"),
    noto_script("Kannada", "9c76c9f54352b54c99090cb6acd78f0070cbfdcf7cedf1bcab7c51bd42042b18"),
    noto_script("Malayalam", "7a4d311230b7758617b7d55e041a915b56b3b767ba8d1abca4350b93ee24f34c"),
    noto_script("Sinhala", "0c5f7b07e9f87f628f77df1d5059b6ca6d12a4082b4e3259f0da3e35fc30c802"),
    noto_script("Khmer", "b76e5a2f3ca9045ddc80c68e14bac62ed6d5f65cbe26073c1f12fb8d64333b84"),
    noto_script("Lao", "c6f71327f8126b2469674f17bb31a1eedf37d4611527ba271b921fcef47909b0"),
    noto_script("Myanmar", "9fab01cdff80b6dc4e4f58e0238a43439046dd9068166abdfb1e34032d71f7e9"),
    noto_script("Georgian", "88950e3400a0829dec4c205eb1e92b2b0b7070cdf476009f86152797b236733c"),
    noto_script("Armenian", "758f942eb2aed799bbd01419c2be8e1d39e2d500f615ba6c127cf4edaec216d0"),
    noto_script("Ethiopic", "2e32a424614637c2a370fd8bde2ddb2b162d5daf8989bfc1f8a920a8398b11aa"),
    *(_noto_cjk("SC", 2, character_sets.simplified_chinese, weight) for weight in _STATIC_WEIGHTS),
    *(_noto_cjk("TC", 3, character_sets.traditional_chinese, weight) for weight in _STATIC_WEIGHTS),
    *(_noto_cjk("JP", 0, character_sets.japanese, weight) for weight in _STATIC_WEIGHTS),
    *(_noto_cjk("KR", 1, character_sets.korean, weight) for weight in _STATIC_WEIGHTS),
    *(_noto_from_debian(name, weight) for name in _TWO_WEIGHTS for weight in _STATIC_WEIGHTS),
    *map(_noto_from_debian, _ONE_WEIGHT),
    _noto_from_debian("Tibetan", style="Serif"),
    noto_script("Symbols", "7ec374a93bb2e4865faeeb73a3ee732a7d082dae7d64d9667fda57fe4190dbe7"),
    noto_static("Symbols 2", "0.4.1",
            "3bf3d6333487df36e88d146e032a9ed8246617ca2dfe1513a8a382c3fad12ac4"),
    noto_static("Math", "0.4.2",
            "652041ca903e7adcc1502a0621350526463e91416757310391370ff5f8fb3ce8",
            characters=character_sets.mathematical),
    _design_font("Source Serif 4", "4.4", _SERIF, axes="opsz,wght", pinned=(("opsz", 20),)),
    _design_font("Source Serif 4", "4.4", _SERIF, axes="opsz,wght", pinned=(("opsz", 20),),
            italic=True),
    _design_font("Playfair Display", "1.203", _PLAYFAIR, as_published=True),
    _design_font("Playfair Display", "1.203", _PLAYFAIR, as_published=True, italic=True),
    _design_font("Space Grotesk", "2.0",
            "aebb9c6c82325e29fe81d36543df2b99d8290ad78f9779f786e2df64c2a4c908", kerned=True),
    FontSource(
        package="fonts-noto-color-emoji_2.051-0+deb13u1_all.deb",
        sha256="03141cd51c0e9ff8ad858fcf2d8234f8a00ae4d7a0872df43a71519359c54e8c",
        member="./usr/share/fonts/truetype/noto/NotoColorEmoji.ttf",
        license_member="./usr/share/doc/fonts-noto-color-emoji/copyright",
        file="NotoColorEmoji.ttf",
        family="Noto Color Emoji",
        color=True,
    ),
)  # fmt: skip
