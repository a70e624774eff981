"""The width of a word is the sum of its pairs: proven from the fonts' tables, and measured."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from fontTools.ttLib import TTFont
from hypothesis import given
from hypothesis import strategies as st

from postcard.text.fonts import Face, Fonts
from postcard.text.glyphs import FontRun, advance
from postcard.text.pair_advances import NOT_PAIRWISE, PairAdvances, pairwise_letters
from postcard.text.shaping import LETTER_SPACING_FEATURES

Glyphs = set[str]
# What HarfBuzz applies to horizontal Latin text without being asked, of the fonts' features.
DEFAULT_FEATURES = frozenset(
    "abvm blwm calt ccmp clig curs dist kern liga locl mark mkmk rclt rlig rvrn".split()  # noqa: SIM905
)


@cache
def fonts() -> Fonts:
    return Fonts.load(Path("layers/fonts"))


@cache
def faces() -> list[Face]:
    chains = [
        fonts().face_chain((family,), weight, italic)[0]
        for family in NOT_PAIRWISE
        for weight in (100, 450, 900)
        for italic in (False, True)
    ]
    return list(dict.fromkeys(chains))


def default_lookups(table: Any) -> Iterator[Any]:
    """The subtables of the lookups that are applied, of all scripts and languages."""
    numbers: set[int] = set()
    for record in table.FeatureList.FeatureRecord:
        if record.FeatureTag in DEFAULT_FEATURES:
            numbers.update(record.Feature.LookupListIndex)
    variations = getattr(table, "FeatureVariations", None)
    for record in variations.FeatureVariationRecord if variations else ():
        for change in record.FeatureTableSubstitution.SubstitutionRecord:
            numbers.update(change.Feature.LookupListIndex)
    for number in sorted(numbers):
        for subtable in table.LookupList.Lookup[number].SubTable:
            yield getattr(subtable, "ExtSubTable", subtable)


def positions(subtable: Any, glyphs: Glyphs) -> Iterator[list[Glyphs]]:
    """The glyphs at each place of each contextual rule that substitutes something."""
    if subtable.Format == 3:
        covers = [*subtable.BacktrackCoverage, *subtable.InputCoverage, *subtable.LookAheadCoverage]
        if subtable.SubstLookupRecord:
            yield [set(cover.glyphs) for cover in covers]
    elif subtable.Format == 1:
        for first, rules in zip(subtable.Coverage.glyphs, subtable.ChainSubRuleSet, strict=True):
            for rule in rules.ChainSubRule:
                if rule.SubstLookupRecord:
                    names = [*rule.Backtrack, first, *rule.Input, *rule.LookAhead]
                    yield [{name} for name in names]
    else:
        yield from class_positions(subtable, glyphs)


def class_positions(subtable: Any, glyphs: Glyphs) -> Iterator[list[Glyphs]]:
    def members(definition: Any, number: int) -> Glyphs:
        classes = definition.classDefs if definition else {}
        return {glyph for glyph in glyphs if classes.get(glyph, 0) == number}

    for number, rules in enumerate(subtable.ChainSubClassSet):
        for rule in rules.ChainSubClassRule if rules else ():
            if rule.SubstLookupRecord:
                first = members(subtable.InputClassDef, number) & set(subtable.Coverage.glyphs)
                yield [
                    *(members(subtable.BacktrackClassDef, each) for each in rule.Backtrack),
                    first,
                    *(members(subtable.InputClassDef, each) for each in rule.Input),
                    *(members(subtable.LookAheadClassDef, each) for each in rule.LookAhead),
                ]


def is_substituted(subtable: Any, glyphs: Glyphs) -> bool:
    """Whether a word of these glyphs alone may get another glyph."""
    kind = type(subtable).__name__
    if kind in ("SingleSubst", "MultipleSubst"):
        return not glyphs.isdisjoint(subtable.mapping)
    if kind == "LigatureSubst":
        return any(
            {first, *ligature.Component} <= glyphs
            for first, ligatures in subtable.ligatures.items()
            for ligature in ligatures
        )
    assert kind == "ChainContextSubst", kind
    return any(all(place & glyphs for place in rule) for rule in positions(subtable, glyphs))


@pytest.mark.parametrize("face", faces(), ids=lambda face: f"{face.family}-{face.italic}")
def test_nothing_but_kerning_of_neighbours_happens_in_a_word(face: Face) -> None:
    """No substitution can match, and the only positions are those of pairs and marks."""
    font = TTFont(face.latin_path)
    characters = font.getBestCmap()
    glyphs = {characters[ord(letter)] for letter in pairwise_letters(face)}
    assert len(glyphs) > 100
    substituting = [s for s in default_lookups(font["GSUB"].table) if is_substituted(s, glyphs)]
    assert substituting == []
    for subtable in default_lookups(font["GPOS"].table):
        kind = type(subtable).__name__
        assert kind in ("PairPos", "MarkBasePos", "MarkMarkPos", "MarkLigPos")
        assert kind != "PairPos" or not subtable.ValueFormat2  # the second letter begins a new pair


def test_the_proof_refuses_the_letters_that_are_left_out() -> None:
    face = faces()[0]
    font = TTFont(face.latin_path)
    characters = font.getBestCmap()
    letters = {characters[ord(letter)] for letter in [*pairwise_letters(face), "x"]}
    assert any(
        is_substituted(subtable, letters) for subtable in default_lookups(font["GSUB"].table)
    )


@given(
    st.sampled_from(faces()),
    st.sampled_from([(), LETTER_SPACING_FEATURES]),
    st.sampled_from(["", "en-GB", "tr", "nl", "ca"]),
    st.data(),
)
def test_the_sum_of_pairs_is_the_measured_width(
    face: Face, features: tuple[str, ...], language: str, data: st.DataObject
) -> None:
    letters = sorted(pairwise_letters(face))
    word = data.draw(st.text(st.sampled_from(letters) | st.sampled_from("AVTLYTojf"), min_size=1))
    run = FontRun(word, face, False, features, language)
    assert PairAdvances(run._replace(text="")).advance(word) == advance(run)
