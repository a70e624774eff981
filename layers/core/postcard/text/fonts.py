"""Font families, their faces, and the choice of a face for each letter.

Metrics and character coverage come from a prepared table (`coverage.json`), because opening a
font to read them takes far longer than drawing with it.
"""

import json
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import lru_cache
from pathlib import Path

from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lazy_regex import lazy_regex
from postcard.text.bidi import load_fribidi
from postcard.text.font_file import FontFile

DEFAULT_FAMILY = "Inter"  # if none of the requested families exists
_HAN_FAMILIES = {
    "zh": "Noto Sans SC",
    "zh-Hant": "Noto Sans TC",
    "ja": "Noto Sans JP",
    "ko": "Noto Sans KR",
}
_REGIONAL_FAMILIES = {**_HAN_FAMILIES, "ur": "Noto Nastaliq Urdu"}
OPTIONAL_FAMILIES = {  # of layers/more_fonts; the first and last character of each block in turn
    "Noto Sans Javanese": "\ua980\ua9df",
    "Noto Sans Yi": "\ua000\ua4cf",
    "Noto Sans Mongolian": "\u1800\u18af\U00011660\U0001166c",
    "Noto Sans Sundanese": "\u1b80\u1bbf\u1cc0\u1ccf",
    "Noto Sans Balinese": "\u1b00\u1b7f",
    "Noto Sans Buginese": "\u1a00\u1a1f",
    "Noto Sans Syriac": "\u0700\u074f",
    "Noto Sans Lisu": "\ua4d0\ua4ff\U00011fb0\U00011fb0",
    "Noto Sans Hanifi Rohingya": "\U00010d00\U00010d3f",
    "Noto Sans Tai Tham": "\u1a20\u1aaf",
    "Noto Sans Tai Le": "\u1950\u197f",
    "Noto Sans New Tai Lue": "\u1980\u19df",
    "Noto Sans Tai Viet": "\uaa80\uaadf",
    "Noto Sans Miao": "\U00016f00\U00016f9f",
    "Noto Sans Cham": "\uaa00\uaa5f",
    "Noto Sans Newa": "\U00011400\U0001147f",
    "Noto Sans Limbu": "\u1900\u194f",
    "Noto Sans Vai": "\ua500\ua63f",
    "Noto Sans Syloti Nagri": "\ua800\ua82f",
}
# Their letters reach so far that a line is never lower than the font says.
TALL_FAMILIES = frozenset(("Noto Nastaliq Urdu", "Noto Sans Balinese", "Noto Sans Javanese"))
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
    *OPTIONAL_FAMILIES,
)
LATIN_SUBSET_FEATURES = frozenset(("kern", "-kern", "liga", "-liga", "-clig", "tnum"))
_DEFAULT_IGNORABLE = lazy_regex(  # Unicode's Default_Ignorable_Code_Point: never drawn
    "[\u00ad\u034f\u061c\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\U000e0000-\U000e0fff]"
)
_EMOJI_PRESENTATION = lazy_regex("[\ufe0f\u20e3\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff]")


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """One font file at one weight; lengths are in em.

    `axes` are the values of a variable font's axes in its order; empty for a static font. `color`
    fonts hold bitmaps of one size. `character_ranges` are the first and last character of each
    range in turn. `latin_path` is a subset of the characters below U+0100, or empty: words of
    these look the same from it, with the features in LATIN_SUBSET_FEATURES, and are shaped in a
    fifth of the time.
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
    underline: tuple[float, float]  # its centre below the baseline, its thickness
    strikeout: tuple[float, float]  # its centre above the baseline, its thickness
    character_ranges: str
    latin_path: str = ""
    _glyph_cache: dict[str, bool] = field(default_factory=dict, repr=False)

    def has_glyph(self, character: str) -> bool:
        """Whether the font has a glyph for a character."""
        result = self._glyph_cache.get(character)
        if result is None:
            if len(self._glyph_cache) > 20_000:
                self._glyph_cache.clear()
            result = _in_ranges(character, self.character_ranges)
            self._glyph_cache[character] = result
        return result


@dataclass(frozen=True, slots=True)
class Family:
    """A font family; `weights` are all of a static one, or the range of a variable one."""

    name: str
    weights: tuple[int, ...]
    variable: bool
    italic: bool


class Fonts:
    """All font families; made by `load`, safe for threads."""

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
    def load(cls, folder: Path, more: Path | None = None) -> "Fonts":
        """The fonts of a folder with its `coverage.json`, and those of the optional layer.

        RuntimeError if FriBidi is missing.
        """
        load_fribidi()
        table = json.loads((folder / "coverage.json").read_bytes())
        if more is None:
            return cls(folder, table["faces"], table["coverage"])
        optional = json.loads((more / "coverage.json").read_bytes())
        rows = [{**row, "file": str(more.absolute() / row["file"])} for row in optional["faces"]]
        return cls(folder, [*table["faces"], *rows], {**table["coverage"], **optional["coverage"]})

    def with_custom_fonts(self, custom: Mapping[str, Sequence[FontFile]]) -> "Fonts":
        """These fonts and custom ones, by family name; a shipped family cannot be replaced."""
        rows = list(self._face_rows)
        coverage = dict(self._coverage)
        for name, files in custom.items():
            if name in self._families:
                continue
            for file in files:
                coverage[file.path] = file.metadata.character_ranges
                location = {"family": name, "file": file.path, "coverage": file.path}
                rows += [{**row, **location} for row in file.metadata.faces]
        return Fonts(self._folder, rows, coverage)

    def has_family(self, name: str) -> bool:
        """Whether there is a family with this name."""
        return name in self._families

    def absent_scripts(self, characters: Iterable[str]) -> list[str]:
        """The scripts of characters that only the optional fonts have, if these are not loaded."""
        absent = [name for name in OPTIONAL_FAMILIES if name not in self._families]
        return [
            name.removeprefix("Noto Sans ")
            for name in absent
            if any(_in_ranges(character, OPTIONAL_FAMILIES[name]) for character in characters)
        ]

    def families(self) -> list[Family]:
        """All families by name, as `GET /v1/fonts` lists them."""
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
        self, names: tuple[str, ...], weight: int, italic: bool, variant: str = ""
    ) -> tuple[Face, ...]:
        """The faces to try for each letter: the requested families, then the fallbacks.

        `variant` puts the font with that language's letterforms first among these.
        """
        requested = names if any(map(self.has_family, names)) else (*names, DEFAULT_FAMILY)
        regional = (_REGIONAL_FAMILIES[variant],) if variant else ()
        candidates = (*requested, *regional, *_FALLBACK_FAMILIES)
        existing = dict.fromkeys(name for name in candidates if name in self._families)
        return tuple(self._nearest_face(name, weight, italic) for name in existing)

    def _nearest_face(self, name: str, weight: int, italic: bool) -> Face:
        rows = self._families[name]
        same_slant = [i for i, row in enumerate(rows) if row["italic"] == italic]
        index = min(same_slant or range(len(rows)), key=lambda i: _weight_distance(rows[i], weight))
        lightest, boldest = _weights(rows[index])[0], _weights(rows[index])[-1]
        return self._face_cached(name, index, min(boldest, max(lightest, weight)))

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
    """The face for a grapheme cluster, and the characters of it that this face lacks.

    The first face that has all of it, else the one that has its base and lacks the fewest marks.
    For emoji sequences colour fonts come first.
    """
    needed = _DEFAULT_IGNORABLE.sub("", cluster)
    best, best_missing = chain[0], needed
    for face in _candidate_faces(cluster, chain):
        missing = "".join(character for character in needed if not face.has_glyph(character))
        if not missing:
            return face, ""
        if missing[0] != needed[0] and len(missing) < len(best_missing):
            best, best_missing = face, missing
    return best, best_missing


def strip_default_ignorable(text: str) -> str:
    """The text without characters that are never drawn: isolates, direction marks, joiners."""
    return _DEFAULT_IGNORABLE.sub("", text)


def _in_ranges(character: str, ranges: str) -> bool:
    """Whether a character lies in ranges, given by their first and last characters in turn."""
    index = bisect_right(ranges, character)
    return bool(index % 2) or (index > 0 and ranges[index - 1] == character)


def _candidate_faces(cluster: str, chain: Sequence[Face]) -> Iterator[Face]:
    is_emoji_sequence = len(cluster) > 1 and (
        _EMOJI_PRESENTATION.search(cluster) or _is_emoji_zwj_sequence(cluster)
    )
    if is_emoji_sequence:
        yield from (face for face in chain if face.color)
    yield from (face for face in chain if not (is_emoji_sequence and face.color))


def _is_emoji_zwj_sequence(cluster: str) -> bool:
    return "\u200d" in cluster and unicodedata.category(cluster[0]) == "So"


def _weights(row: Mapping[str, object]) -> tuple[int, ...]:
    weights = row["weights"]
    assert isinstance(weights, list | tuple)
    return tuple(sorted(set(weights)))


def _is_variable(row: Mapping[str, object]) -> bool:
    return len(_weights(row)) > 1


def _axis_values(row: Mapping[str, object], weight: int) -> tuple[float, ...]:
    """The axis values of a row, in which None is the weight; by default that is the only axis."""
    settings = row.get("axes", [None] if _is_variable(row) else ())
    assert isinstance(settings, list | tuple)
    return tuple(weight if setting is None else setting for setting in settings)


def _weight_distance(row: Mapping[str, object], weight: int) -> tuple[int, int]:
    """How far a face is from a weight; as in CSS, up to 500 the lighter of two is nearer."""
    lightest, boldest = _weights(row)[0], _weights(row)[-1]
    nearest = min(boldest, max(lightest, weight))
    return abs(nearest - weight), nearest if weight <= 500 else -nearest
