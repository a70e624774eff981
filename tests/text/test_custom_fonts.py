"""The sender's own fonts in a picture: their letters, weights, measures, and what stands in."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from postcard.assets.font_cache import FontCache
from postcard.font_sanitizer.sanitize import sanitize
from postcard.runtime.digest import content_digest
from postcard.template.compiled import Template
from postcard.text.fonts import Fonts
from tests.fonts import box_font, space_grotesk_as, upside_down_font
from tests.golden.compare import assert_matches_golden
from tests.rendering.drawing import decode, render, renderer
from tests.template.template_cases import template

FILES = {
    "Kite": [upside_down_font("Kite", 400), upside_down_font("Kite", 700)],
    "Sail": [space_grotesk_as()],
    "asset:boxes": [box_font("AB")],
}
LAYERS = [
    {"type": "text", "x": 20, "y": 16, "size": 30, "text": "Kite flies over Inter"},
    {"type": "text", "x": 20, "y": 62, "size": 30, "weight": 700, "text": "Kite, in bold"},
    *(
        {"type": "text", "x": x, "y": 108, "size": 24, "font": "Sail", "weight": weight, "text": t}
        for x, weight, t in ((20, 300, "Sail 300"), (140, 500, "Sail 500"), (265, 700, "Sail 700"))
    ),
    {"type": "text", "x": 20, "y": 150, "size": 24, "text": "Żółć, مرحبا, 漢字 and 🎈 stand in"},
    {
        "type": "text",
        "x": 20,
        "y": 194,
        "size": 24,
        "text": [
            {"text": "AB", "font": "asset:boxes"},
            {"text": " boxes, ", "font": "Inter"},
            {"text": "Kite", "decoration": "underline"},
        ],
    },
]


class Shelf:
    """Fonts by their digests, counted."""

    def __init__(self) -> None:
        written = {name: [sanitize(body)[0] for body in bodies] for name, bodies in FILES.items()}
        self.bodies = {content_digest(one): one for bodies in written.values() for one in bodies}
        self.families = {
            name: [content_digest(b) for b in found] for name, found in written.items()
        }
        self.reads = 0

    def read(self, key: str, deadline: float | None) -> bytes | None:
        self.reads += 1
        return self.bodies.get(key)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def typefaces(shelf: Shelf) -> Iterator[FontCache]:
    yield FontCache(renderer().fonts, shelf.read)


def made(fonts: Fonts) -> Template:
    looks: dict[str, Any] = {"width": 400, "height": 240, "font": "Kite", "background": "#fffbeb"}
    return replace(template(**looks, color="#1e293b", layers=LAYERS), fonts=fonts)


def test_a_picture_in_fonts_of_one_s_own(shelf: Shelf, typefaces: FontCache) -> None:
    typeface = typefaces.font_set(shelf.families)
    rendered = render(made(typeface.fonts), dpr=2)
    assert rendered.warnings == () and typeface.missing_families == ()
    assert_matches_golden("own-fonts", decode(rendered))


def test_one_choice_of_fonts_is_one_object(shelf: Shelf, typefaces: FontCache) -> None:
    first = typefaces.font_set(shelf.families)
    assert typefaces.font_set(shelf.families).fonts is first.fonts
    assert typefaces.font_set({}).fonts is renderer().fonts
    assert shelf.reads == 4


def test_files_on_disk_keep_to_a_bound(shelf: Shelf) -> None:
    most = max(map(len, shelf.bodies.values())) + 100
    typefaces = FontCache(renderer().fonts, shelf.read, max_bytes=most)
    kept = set()
    for name in ("Kite", "Sail", "asset:boxes", "Sail"):
        typeface = typefaces.font_set({name: shelf.families[name][:1]})
        path = Path(typeface.fonts.face_chain((name,), 400, False)[0].path)
        kept.add(path)
        assert path.is_file()
        assert sum(one.stat().st_size for one in kept if one.exists()) <= most
    assert render(made(typefaces.font_set({"Sail": shelf.families["Sail"]}).fonts)).warnings == ()


def test_files_are_gone_with_what_kept_them(shelf: Shelf) -> None:
    typefaces = FontCache(renderer().fonts, shelf.read)
    path = Path(typefaces.font_set(shelf.families).fonts.face_chain(("Sail",), 400, False)[0].path)
    assert path.is_file()
    del typefaces
    assert not path.exists()


@pytest.mark.parametrize("harm", ["gone", "changed", "foreign"])
def test_a_font_that_is_not_what_it_was_is_lost_and_others_stand_in(
    shelf: Shelf, typefaces: FontCache, harm: str
) -> None:
    [digest] = shelf.families["Sail"]
    bodies = {"gone": None, "changed": shelf.bodies[digest] + b"!", "foreign": None}
    families = {"Sail": shelf.families["Sail"]}
    if harm == "foreign":
        families = {"Sail": [content_digest(space_grotesk_as())]}
        shelf.bodies[content_digest(space_grotesk_as())] = space_grotesk_as()
    elif (body := bodies[harm]) is not None:
        shelf.bodies[digest] = body
    else:
        del shelf.bodies[digest]
    typeface = typefaces.font_set(families)
    assert typeface.missing_families == ("Sail",)
    assert [fault.code for fault in typeface.warnings] == ["font_unavailable"]
    assert typeface.fonts.face_chain(("Sail",), 400, False)[0].family == "Inter"


def test_the_measures_of_a_line_are_the_font_s_own(shelf: Shelf, typefaces: FontCache) -> None:
    fonts = typefaces.font_set(shelf.families).fonts
    face = fonts.face_chain(("Sail",), 400, False)[0]
    assert (face.ascent, face.descent, face.cap_height) == (0.984, 0.292, 0.7)
    assert fonts.face_chain(("Kite",), 600, False)[0].weight == 700
    assert face.axes == (400.0,)
    assert not fonts.face_chain(("Kite",), 400, False)[0].axes
