"""A slice of the acid test: 340 awkward names through a stand-in of every mail platform.

`make acid` runs all of it, with template engines and HTML parsers that only it installs.
"""

import shutil
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from postcard.links.platforms.registry import PLATFORM_NAMES, find_platform
from tests.merge_tags.acid import (
    DEFAULT_INSTEAD,
    LOST,
    RIGHT,
    WRONG,
    AcidTest,
    Judge,
    Results,
    is_beyond_any_link,
)
from tests.merge_tags.edge_reader import EdgeReader
from tests.merge_tags.html_parsers import by_html_parser, only_image
from tests.merge_tags.merge_links import MergeLinks, encodings, text_field, usual_attributes
from tests.merge_tags.names import make_names
from tests.merge_tags.platforms_page import problems
from tests.merge_tags.rewrites import FURTHER_REWRITES, REWRITES
from tests.merge_tags.stand_ins import STAND_INS
from tests.merge_tags.stored_addresses import knows_conditions, wrong_sources

COUNT = 340  # ten of each kind
PARSERS = {"html.parser": by_html_parser}
# Those in the development environment's packages.
INSTALLED = [one for one in STAND_INS if one.render is not None and not one.needs]


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeReader]:
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    reader = EdgeReader(tmp_path_factory.mktemp("edge"))
    yield reader
    reader.close()


@pytest.fixture(scope="module")
def links() -> MergeLinks:
    return MergeLinks({"first_name": text_field()})


@pytest.fixture(scope="module")
def results(links: MergeLinks, edge: EdgeReader) -> Results:
    test = AcidTest(links, edge, PARSERS, REWRITES, encodings())
    return test.run(make_names(COUNT, seed=1), INSTALLED)


def test_every_platform_has_a_stand_in() -> None:
    assert {one.platform for one in INSTALLED} == set(PLATFORM_NAMES) - {"custom"}


def test_a_mail_in_windows_1252_shows_the_right_words(links: MergeLinks, edge: EdgeReader) -> None:
    test = AcidTest(links, edge, PARSERS, FURTHER_REWRITES, encodings())
    some = [one for one in INSTALLED if one.platform in ("kit", "hubspot", "activecampaign")]
    tallies = test.run(make_names(COUNT, seed=3), some)
    faults = Counter[tuple[str, str]]()
    for tally in tallies.values():
        faults.update((what, kind) for what, _, kind in tally.faults)
    # An entity for each letter that Windows-1252 lacks makes those too long.
    assert set(faults) <= {(DEFAULT_INSTEAD, "long_wide"), (DEFAULT_INSTEAD, "long")}


@pytest.mark.parametrize(
    ("spec", "texts"),
    [
        (
            {"type": "number", "default": 7, "min": -1e6, "max": 1e6},
            ["+50", "1,250.50", "1'250", "12 500", "50%", "", "n/a", "-3.5", "1 000"],
        ),
        (
            {"type": "date", "default": "2026-01-02", "min": "1990-01-01", "max": "2130-01-01"},
            ["2026-11-05T04:00:00+00:00", "2026-11-05", "Dec 31, 2026", "2026-11-05T04:00:00Z", ""],
        ),
    ],
    ids=["number", "date"],
)
def test_numbers_and_dates_read_as_in_a_link_that_signs_them(
    spec: dict[str, Any], texts: list[str], edge: EdgeReader
) -> None:
    links = MergeLinks({"value": {**spec, "open": True}})
    rewrites = {**REWRITES, **FURTHER_REWRITES}
    for one in INSTALLED:
        attribute = usual_attributes(one.platform)["first_name"]
        tag = links.image_tag(one.platform, {"value": attribute})
        assert one.render
        mails = one.render(tag, [{"first_name": text} for text in texts])
        sources = [
            rewrite(only_image(mail)["src"])
            for name, rewrite in rewrites.items()
            if encodings()[one.platform] == "u" or name != "written anew"  # it takes + for a space
            for mail in mails
        ]
        signed = [links.shown({"value": text} if text else {}) for text in texts]
        shown = words_through(links, edge, sources)
        assert shown == signed * (len(shown) // len(signed)), one


def test_there_are_34_kinds_of_names() -> None:
    assert len({name.kind for name in make_names(COUNT, seed=1)}) == 34


def test_pictures_show_no_wrong_words_beyond_what_no_link_can_mend(results: Results) -> None:
    assert problems(results) == []


def test_no_link_is_lost(results: Results) -> None:
    readings = [tally.readings for tally in results.values()]
    assert sum(count for each in readings for (_, what), count in each.items() if what == LOST) == 0


def test_ordinary_names_are_right_on_every_platform(results: Results) -> None:
    assert sum(tally.ordinary_readings for tally in results.values()) > 20_000
    assert sum(tally.ordinary_wrong for tally in results.values()) == 0


def test_where_the_platform_encodes_all_is_right_but_what_is_too_long(results: Results) -> None:
    for one, tally in results.items():
        if encodings()[one.platform] == "u":
            right = sum(n for (_, what), n in tally.readings.items() if what == RIGHT)
            assert right / tally.readings.total() > 0.99, one
            assert tally.broken_mails == 0


def test_the_alt_text_says_the_name_where_the_platform_has_a_tag_for_it(results: Results) -> None:
    for one, tally in results.items():
        platform = find_platform(one.platform)
        assert platform
        if platform.alt_block:
            assert tally.alts == {"the name": tally.mails}, one
        elif not one.is_raw:  # a value that leaves its attribute may take the alt with it
            assert tally.alts[WRONG] == 0 < tally.alts["the default"], one


def words_through(
    links: MergeLinks, edge: EdgeReader, sources: list[str]
) -> list[dict[str, object]]:
    """What the picture of each address shows."""
    found = []
    for _, _, canonical in edge.read(sources):
        values = links.inserted(canonical)
        assert values is not None
        found.append(links.shown(values))
    return found


def test_a_name_never_shows_in_another_field(edge: EdgeReader) -> None:
    fields = ("first_name", "last_name")
    links = MergeLinks({name: text_field() for name in fields})
    names = make_names(2 * COUNT, seed=5)
    pairs = list(zip(names[::2], reversed(names[1::2]), strict=True))
    judges = [Judge(links, name) for name in fields]
    for one in INSTALLED:
        encoding = encodings()[one.platform]
        if one.is_raw or one.engine not in ("HTML-escaped", "Liquid", "space as +"):
            continue
        tag = links.image_tag(one.platform, usual_attributes(one.platform, fields))
        people = [{"first_name": a.text, "last_name": b.text} for a, b in pairs]
        assert one.render
        shown = words_through(links, edge, [only_image(x)["src"] for x in one.render(tag, people)])
        for (a, b), values in zip(pairs, shown, strict=True):
            for judge, field, name in zip(judges, fields, (a, b), strict=True):
                outcome = judge.outcome_of_shown(name, values[field])
                other = b if name is a else a
                is_cut_before = "#" in other.text or len(other.text) > 200 or len(name.text) > 200
                assert (
                    outcome == RIGHT
                    or is_beyond_any_link(one, encoding, "none", outcome, name.text)
                    or (values[field] == judge.default and is_cut_before)
                ), (one, a, b, values)


def test_a_stored_address_shows_and_an_empty_one_shows_the_default_picture() -> None:
    tested = [one for one in INSTALLED if knows_conditions(one)]
    assert {one.platform for one in tested} >= {"klaviyo", "hubspot", "brevo", "braze", "kit"}
    for one in tested:
        assert one.render
        assert wrong_sources(one, one.render) == [], one
