"""Fonts: families, their faces, and which of them has a letter.

What the fonts can is read from a table made beforehand (`coverage.json`): opening a font to ask
takes far longer than drawing with it.
"""

import json
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from functools import lru_cache
from pathlib import Path

from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lazy_regex import lazy_regex
from postcard.text.bidi import load_fribidi
from postcard.text.font_file import FontFile

DEFAULT_FAMILY = "Inter"  # where none of the families asked for is there
_HAN_FAMILIES = {
    "zh": "Noto Sans SC",
    "zh-Hant": "Noto Sans TC",
    "ja": "Noto Sans JP",
    "ko": "Noto Sans KR",
}
_FALLBACK_FAMILIES = (
    "Noto Sans",
    "Noto Sans Arabic",
    "Noto Sans Hebrew",
    "Noto Sans Devanagari",
    "Noto Sans Bengali",
    "Noto Sans Tamil",
    "Noto Sans Telugu",
    "Noto Sans Gujarati",
    "Noto Sans Gurmukhi",
    "Noto Sans Kannada",
    "Noto Sans Malayalam",
    "Noto Sans Sinhala",
    "Noto Sans Thai",
    "Noto Sans Lao",
    "Noto Sans Khmer",
    "Noto Sans Myanmar",
    "Noto Sans Georgian",
    "Noto Sans Armenian",
    "Noto Sans Ethiopic",
    "Noto Sans Oriya",
    "Noto Sans Thaana",
    "Noto Sans Ol Chiki",
    "Noto Sans Meetei Mayek",
    "Noto Sans Adlam",
    "Noto Sans NKo",
    "Noto Sans Chakma",
    "Noto Sans Tifinagh",
    "Noto Sans Cherokee",
    "Noto Sans Canadian Aboriginal",
    "Noto Serif Tibetan",
    "Noto Sans Symbols",
    "Noto Sans Symbols 2",
    "Noto Sans Math",
    *_HAN_FAMILIES.values(),
    "Noto Color Emoji",
)
LATIN_SUBSET_FEATURES = frozenset(("kern", "-kern", "liga", "-liga", "-clig", "tnum"))
_DEFAULT_IGNORABLE = lazy_regex(  # says how to show its neighbours, is never shown itself
    "[\u00ad\u034f\u061c\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\U000e0000-\U000e0fff]"
)
_EMOJI_PRESENTATION = lazy_regex("[\ufe0f\u20e3\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff]")


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One font file at one weight. Lengths are em: shares of the size.

    `axes` are where a variable font's axes stand, in its order; a static one has none. `color`
    fonts hold pictures at one size. `ranges` are the first and last of the letters it has, in turn.
    `latin` is a second file with the letters below U+0100 alone: words of them are shaped from it
    in a fifth of the time and look the same, but under features that are not `ALIKE`. Empty where
    there is none.
    """

    family: str
    path: str
    weight: int
    italic: bool
    axes: tuple[float, ...]
    color: bool
    ascent: float
    descent: float
    cap_height: float
    underline: tuple[float, float]  # its middle below the base line, its thickness
    strikeout: tuple[float, float]  # its middle above the base line, its thickness
    character_ranges: str
    latin_path: str = ""
    _glyph_cache: dict[str, bool] = field(default_factory=dict, repr=False)

    def has_glyph(self, character: str) -> bool:
        """Whether the font has a glyph for it."""
        known = self._glyph_cache.get(character)
        if known is None:
            if len(self._glyph_cache) > 20_000:
                self._glyph_cache.clear()
            at = bisect_right(self.character_ranges, character)
            known = bool(at % 2) or (at > 0 and self.character_ranges[at - 1] == character)
            self._glyph_cache[character] = known
        return known


@dataclass(frozen=True, slots=True)
class Family:
    """A family that a template may name.

    `weights` are all it has, or the least and greatest of a variable one.
    """

    name: str
    weights: tuple[int, ...]
    variable: bool
    italic: bool


class Fonts:
    """The fonts of a folder. `load` is the door; one object serves all threads."""

    def __init__(
        self, folder: Path, face_rows: Sequence[Mapping[str, object]], coverage: Mapping[str, str]
    ) -> None:
        self._folder = folder
        self._face_rows = face_rows
        self._coverage = coverage
        self._families: dict[str, list[Mapping[str, object]]] = {}
        for row in face_rows:
            self._families.setdefault(str(row["family"]), []).append(row)
        self.face_chain = lru_cache(maxsize=512)(self._build_face_chain)
        self._face_cached = lru_cache(maxsize=None)(self._build_face)

    @classmethod
    def load(cls, folder: Path) -> "Fonts":
        """The fonts of `folder`; raises RuntimeError where letters could not be shaped right."""
        load_fribidi()
        told = json.loads((folder / "coverage.json").read_bytes())
        return cls(folder, told["faces"], told["coverage"])

    def with_custom_fonts(self, custom: Mapping[str, Sequence[FontFile]]) -> "Fonts":
        """These fonts and others, by the names that a template gives them; ours keep theirs."""
        rows = list(self._face_rows)
        coverage = dict(self._coverage)
        for name, files in custom.items():
            if name in self._families:
                continue
            for file in files:
                coverage[file.path] = file.metadata.character_ranges
                told = {"family": name, "file": file.path, "coverage": file.path}
                rows += [{**row, **told} for row in file.metadata.faces]
        return Fonts(self._folder, rows, coverage)

    def has_family(self, name: str) -> bool:
        """Whether there is a family of that name."""
        return name in self._families

    def families(self) -> list[Family]:
        """What `GET /v1/fonts` lists."""
        return [
            Family(
                name,
                tuple(sorted({weight for row in rows for weight in _weights(row)})),
                any(_is_variable(row) for row in rows),
                any(row["italic"] for row in rows),
            )
            for name, rows in sorted(self._families.items())
        ]

    def _build_face_chain(
        self, names: tuple[str, ...], weight: int, italic: bool, han_variant: str = ""
    ) -> tuple[Face, ...]:
        """The faces to ask in turn: the families named, then the scripts' own.

        `han` says whose shapes Chinese letters take.
        """
        named = names if any(map(self.has_family, names)) else (*names, DEFAULT_FAMILY)
        asked = (
            *named,
            *([_HAN_FAMILIES[han_variant]] if han_variant else ()),
            *_FALLBACK_FAMILIES,
        )
        known = dict.fromkeys(name for name in asked if name in self._families)
        return tuple(self._nearest_face(name, weight, italic) for name in known)

    def _nearest_face(self, name: str, weight: int, italic: bool) -> Face:
        rows = self._families[name]
        alike = [at for at, row in enumerate(rows) if row["italic"] == italic] or range(len(rows))
        index = min(alike, key=lambda at: _weight_distance(rows[at], weight))
        least, greatest = _weights(rows[index])[0], _weights(rows[index])[-1]
        return self._face_cached(name, index, min(greatest, max(least, weight)))

    def _build_face(self, name: str, index: int, weight: int) -> Face:
        row = self._families[name][index]
        file = str(row["file"])
        return Face(
            family=str(row["family"]),
            path=str(self._folder / file),
            weight=weight,
            italic=bool(row["italic"]),
            axes=_axis_values(row, weight),
            color=bool(row["color"]),
            **{name: row[name] for name in ("ascent", "descent", "cap_height")},  # type: ignore[arg-type]
            character_ranges=self._coverage[str(row["coverage"])],
            latin_path=str(self._folder / str(row["latin"])) if "latin" in row else "",
            underline=tuple(row["underline"]),  # type: ignore[arg-type]
            strikeout=tuple(row["strikeout"]),  # type: ignore[arg-type]
        )


def choose_face(cluster: str, chain: Sequence[Face]) -> tuple[Face, str]:
    """The face for a letter with its marks, and the part of it that no font has.

    A face that has all of it is best, then one that has its base; what is wanted as a picture is
    asked of the colour font first.
    """
    needed = _DEFAULT_IGNORABLE.sub("", cluster)
    best, lacking = chain[0], needed
    for face in _candidate_faces(cluster, chain):
        lacks = "".join(character for character in needed if not face.has_glyph(character))
        if not lacks:
            return face, ""
        if lacks[0] != needed[0] and len(lacks) < len(lacking):
            best, lacking = face, lacks
    return best, lacking


def strip_default_ignorable(text: str) -> str:
    """The text without what is never drawn by itself: isolates, marks, joiners at no letter."""
    return _DEFAULT_IGNORABLE.sub("", text)


def _candidate_faces(cluster: str, chain: Sequence[Face]) -> Iterator[Face]:
    as_picture = len(cluster) > 1 and (
        _EMOJI_PRESENTATION.search(cluster) or _is_emoji_zwj_sequence(cluster)
    )
    if as_picture:
        yield from (face for face in chain if face.color)
    yield from (face for face in chain if not (as_picture and face.color))


def _is_emoji_zwj_sequence(cluster: str) -> bool:
    return "\u200d" in cluster and unicodedata.category(cluster[0]) == "So"


def _weights(row: Mapping[str, object]) -> tuple[int, ...]:
    weights = row["weights"]
    assert isinstance(weights, list | tuple)
    return tuple(sorted(set(weights)))


def _is_variable(row: Mapping[str, object]) -> bool:
    return len(_weights(row)) > 1


def _axis_values(row: Mapping[str, object], weight: int) -> tuple[float, ...]:
    """Where a font's axes stand: the weight's for None, which is the only one unless it says."""
    settings = row.get("axes", [None] if _is_variable(row) else ())
    assert isinstance(settings, list | tuple)
    return tuple(weight if setting is None else setting for setting in settings)


def _weight_distance(row: Mapping[str, object], weight: int) -> tuple[int, int]:
    """How far a face is from a weight; CSS looks to the lighter side first below 500."""
    least, greatest = _weights(row)[0], _weights(row)[-1]
    nearest = min(greatest, max(least, weight))
    return abs(nearest - weight), nearest if weight <= 500 else -nearest
