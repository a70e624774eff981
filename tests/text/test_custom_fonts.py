"""Custom fonts in pictures: weights, metrics, fallback for missing letters, caching on disk."""

import functools
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


@functools.cache
def sanitized_fonts() -> dict[str, list[bytes]]:
    files = {
        "Kite": [upside_down_font("Kite", 400), upside_down_font("Kite", 700)],
        "Sail": [space_grotesk_as()],
        "asset:boxes": [box_font("AB")],
    }
    return {name: [sanitize(body)[0] for body in bodies] for name, bodies in files.items()}


class FontStore:
    """Sanitized fonts by digest; counts reads."""

    def __init__(self) -> None:
        fonts = sanitized_fonts()
        self.bodies = {content_digest(body): body for bodies in fonts.values() for body in bodies}
        self.families = {name: list(map(content_digest, bodies)) for name, bodies in fonts.items()}
        self.reads = 0

    def read(self, key: str, deadline: float | None) -> bytes | None:
        self.reads += 1
        return self.bodies.get(key)


@pytest.fixture
def store() -> FontStore:
    return FontStore()


@pytest.fixture
def cache(store: FontStore) -> Iterator[FontCache]:
    yield FontCache(renderer().fonts, store.read)


def font_template(fonts: Fonts) -> Template:
    options: dict[str, Any] = {"width": 400, "height": 240, "font": "Kite", "background": "#fffbeb"}
    return replace(template(**options, color="#1e293b", layers=LAYERS), fonts=fonts)


def test_a_picture_in_custom_fonts(store: FontStore, cache: FontCache) -> None:
    font_set = cache.font_set(store.families)
    rendered = render(font_template(font_set.fonts), dpr=2)
    assert rendered.warnings == () and font_set.missing_families == ()
    assert_matches_golden("own-fonts", decode(rendered))


def test_equal_choices_of_fonts_are_loaded_once(store: FontStore, cache: FontCache) -> None:
    first = cache.font_set(store.families)
    assert cache.font_set(store.families).fonts is first.fonts
    assert cache.font_set({}).fonts is renderer().fonts
    assert store.reads == 4


def test_files_on_disk_stay_within_their_limit(store: FontStore) -> None:
    max_bytes = max(map(len, store.bodies.values())) + 100
    cache = FontCache(renderer().fonts, store.read, max_bytes=max_bytes)
    paths = set()
    for name in ("Kite", "Sail", "asset:boxes", "Sail"):
        font_set = cache.font_set({name: store.families[name][:1]})
        path = Path(font_set.fonts.face_chain((name,), 400, False)[0].path)
        paths.add(path)
        assert path.is_file()
        assert sum(path.stat().st_size for path in paths if path.exists()) <= max_bytes
    sail = cache.font_set({"Sail": store.families["Sail"]})
    assert render(font_template(sail.fonts)).warnings == ()


def test_files_are_deleted_with_the_cache(store: FontStore) -> None:
    cache = FontCache(renderer().fonts, store.read)
    path = Path(cache.font_set(store.families).fonts.face_chain(("Sail",), 400, False)[0].path)
    assert path.is_file()
    del cache
    assert not path.exists()


@pytest.mark.parametrize("damage", ["missing", "changed", "not sanitized"])
def test_a_font_that_cannot_be_used_is_replaced_by_a_fallback(
    store: FontStore, cache: FontCache, damage: str
) -> None:
    [digest] = store.families["Sail"]
    families = {"Sail": store.families["Sail"]}
    if damage == "not sanitized":
        families = {"Sail": [content_digest(space_grotesk_as())]}
        store.bodies[content_digest(space_grotesk_as())] = space_grotesk_as()
    elif damage == "changed":
        store.bodies[digest] += b"!"
    else:
        del store.bodies[digest]
    font_set = cache.font_set(families)
    assert font_set.missing_families == ("Sail",)
    assert [fault.code for fault in font_set.warnings] == ["font_unavailable"]
    assert font_set.fonts.face_chain(("Sail",), 400, False)[0].family == "Inter"


def test_line_metrics_are_those_of_the_custom_font(store: FontStore, cache: FontCache) -> None:
    fonts = cache.font_set(store.families).fonts
    face = fonts.face_chain(("Sail",), 400, False)[0]
    assert (face.ascent, face.descent, face.cap_height) == (0.984, 0.292, 0.7)
    assert fonts.face_chain(("Kite",), 600, False)[0].weight == 700
    assert face.axes == (400.0,)
    assert not fonts.face_chain(("Kite",), 400, False)[0].axes
