"""Static layers are cached and prerendered, and pictures are the same with and without."""

import io
from dataclasses import fields
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from postcard.geometry import OutputSize, output_size
from postcard.rendering.decoded_image_cache import DecodedImageCache
from postcard.rendering.renderer import PreparedRender, RenderedPicture, Renderer
from postcard.rendering.static_layers import (
    RENDERER_VERSION,
    PrerenderedLayers,
    StaticLayerCache,
)
from postcard.runtime.digest import content_digest
from postcard.runtime.lru_cache import SizedLruCache
from postcard.template.bind import bind, bind_defaults
from postcard.template.compiled import Template
from postcard.template.layers.group import AnyLayer
from postcard.template.modifications import modifications_from_json
from tests.golden.compare import FOLDER, assert_matches_golden
from tests.golden.renderer_version import golden_digests, problem, read_record
from tests.rendering.drawing import NOON, decode, plain_picture, quarters, render, renderer
from tests.template.template_cases import template
from tests.trust.run_scale import scaled

STOPS = [["#ff000080", 0], ["#0000ff", 1]]
PHOTO = {"type": "image", "source": "asset:a", "width": 200, "height": 100}
NAME = {"name": "n", "type": "text", "text": "Hi {{ name }}", "size": 30}
PLAIN: list[dict[str, Any]] = [
    PHOTO,
    {"type": "image", "source": "asset:gone", "width": 20, "height": 20},
    {"type": "rectangle", "x": 5, "width": 90, "height": 60, "fill": "#00f8", "rotation": 20},
    {"type": "rectangle", "width": 60, "height": 90, "fill": {"type": "linear", "stops": STOPS}},
    {"type": "text", "text": "Still", "size": 20, "opacity": 0.5},
    {"type": "text", "name": "t", "text": "\U0001f9ff \ue000", "size": 20},
    {"type": "qr", "name": "q", "value": "https://a.example", "width": 40, "x": 150},
]
DYNAMIC: list[dict[str, Any]] = [
    NAME,
    {"type": "rectangle", "width": 70, "height": 9, "fill": "{{ tint }}"},
    {"type": "text", "text": "for some", "if": "points > 3", "y": 60},
    {"type": "image", "source": "{{ face }}", "x": 90, "width": 30, "height": 30},
    {"type": "text", "text": "{{ now | date: 'mm:ss' }}", "x": 120, "y": 70},
]
FIELDS = {
    "name": {"default": "Zoë"},
    "tint": {"type": "color", "default": "#0f0"},
    "points": {"type": "number", "default": 1},
    "face": {"type": "image", "default": "asset:a"},
}
ONE = st.sampled_from(PLAIN + DYNAMIC)
LAYERS = st.lists(
    ONE | st.builds(lambda inner: {"type": "group", "x": 9, "layers": inner}, st.lists(ONE))
)
ASKED: list[dict[str, Any]] = [
    {"name": "name", "text": "Ann"},
    {"name": "tint", "text": "#123456"},
    {"name": "points", "text": "7"},
    {"name": "t", "text": "Other"},
    {"name": "q", "visible": False},
]
CHANGES = st.lists(
    st.sampled_from(ASKED),
    max_size=3,
    unique_by=lambda change: str(change["name"]),
)


def fresh(max_bytes: int = 0) -> Renderer:
    return Renderer(renderer().fonts, DecodedImageCache(0), StaticLayerCache(max_bytes))


def prerender(
    made: Template, size: OutputSize, pictures: dict[str, bytes]
) -> PrerenderedLayers | None:
    return fresh().prerender(PreparedRender(made, bind_defaults(made), size), pictures)


def made_of(layers: list[dict[str, Any]]) -> Template:
    named: set[str] = set()
    return template(layers=[_once(layer, named) for layer in layers], fields=FIELDS)


def _once(layer: dict[str, Any], named: set[str]) -> dict[str, Any]:
    """Without a name that another layer has."""
    if "layers" in layer:
        return {**layer, "layers": [_once(inner, named) for inner in layer["layers"]]}
    known = layer.get("name") in named
    named.add(layer.get("name", ""))
    return {key: value for key, value in layer.items() if not (known and key == "name")}


@given(LAYERS, st.lists(CHANGES, min_size=2, max_size=3), st.sampled_from([1, 2]))
@settings(max_examples=scaled(30, 300), deadline=None)
def test_a_picture_with_cached_static_layers_is_the_same(
    layers: list[dict[str, Any]], requests: list[list[dict[str, Any]]], dpr: float
) -> None:
    made, warm = made_of(layers), fresh(10**7)
    for index, request in enumerate(requests):
        changes = [
            change for change in request if change["name"] in {*made.addressable_layers, *FIELDS}
        ]
        pictures = {"asset:a": quarters() if index % 2 else plain_picture("red")}

        def drawn(using: Renderer) -> RenderedPicture:
            return render(made, *changes, pictures=pictures, using=using, dpr=dpr, now=index)  # noqa: B023

        assert drawn(warm) == drawn(fresh())


@given(LAYERS, st.lists(CHANGES, min_size=1, max_size=2), st.sampled_from([1, 2]))
@settings(max_examples=scaled(30, 300), deadline=None)
def test_a_picture_with_prerendered_layers_is_the_same(
    layers: list[dict[str, Any]], requests: list[list[dict[str, Any]]], dpr: float
) -> None:
    made, warm = made_of(layers), fresh(10**7)
    pictures = {"asset:a": quarters(), "asset:gone": plain_picture("red")}
    size = output_size(made.width, made.height, dpr=dpr)
    prerendered = prerender(made, size, pictures)
    read = PrerenderedLayers.from_bytes("key", prerendered.to_bytes()) if prerendered else None
    assert (read is None) == (prerendered is None)
    for request in requests:
        changes = [
            change for change in request if change["name"] in {*made.addressable_layers, *FIELDS}
        ]
        options: dict[str, Any] = {"pictures": pictures, "dpr": dpr}
        expected = render(made, *changes, using=fresh(), **options)
        assert render(made, *changes, using=warm, prerendered=read, **options) == expected


@given(st.lists(st.sampled_from([*PLAIN, *DYNAMIC]), max_size=6), CHANGES)
@settings(max_examples=scaled(30, 300), deadline=None)
def test_only_pictures_in_the_prerendered_layers_need_no_fetching(
    layers: list[dict[str, Any]], request: list[dict[str, Any]]
) -> None:
    made = made_of(layers)
    changes = [
        change for change in request if change["name"] in {*made.addressable_layers, *FIELDS}
    ]
    pictures = {"asset:a": quarters(), "asset:gone": plain_picture("red")}
    size = output_size(made.width, made.height)
    prerendered = prerender(made, size, pictures)
    bound = bind(made, modifications_from_json(made, changes), mode="error")
    sources = PreparedRender(made, bound, size, now=NOON).image_sources(
        has_prerendered=prerendered is not None
    )
    fetched = {
        one.reference: pictures[one.reference] for one in sources if not one.prerendered_only
    }
    expected = render(made, *changes, using=fresh(), pictures=pictures)
    assert (
        render(made, *changes, using=fresh(), pictures=fetched, prerendered=prerendered) == expected
    )


@pytest.mark.parametrize("frames", [2, 5])
def test_each_frame_of_a_countdown_starts_from_the_prerendered_layers(frames: int) -> None:
    clock = {"type": "text", "text": "{{ countdown.seconds }}", "x": 100, "y": 40, "size": 40}
    counting = {"to": "2100-01-01", "frames": frames}
    made = template(layers=[PHOTO, PLAIN[2], clock], countdown=counting)
    pictures, static_layers = {"asset:a": quarters()}, StaticLayerCache()
    prerendered = prerender(made, output_size(200, 100), pictures)
    assert prerendered is not None and prerendered.pointers == ("/layers/0", "/layers/1")
    expected = render(made, pictures=pictures, format="gif", using=fresh())
    warm = Renderer(renderer().fonts, DecodedImageCache(), static_layers)
    assert render(made, format="gif", using=warm, prerendered=prerendered) == expected
    assert static_layers.draw_count == 0
    assert render(made, format="gif", using=warm, pictures=pictures) == expected
    assert render(made, format="gif", using=warm, pictures=pictures) == expected
    assert static_layers.draw_count == 1


def test_layers_that_appear_later_in_a_countdown_are_drawn_once_a_frame() -> None:
    veil = {"type": "rectangle", "width": 200, "height": 100, "fill": "#00f5"}
    ended = {**veil, "fill": "#f005", "if": "countdown.ended"}
    last = {"type": "text", "text": "{{ countdown.seconds }}", "size": 40}
    countdown = {"to": "2026-11-22T10:00:02", "frames": 4}
    made = template(layers=[PHOTO, veil, last, ended, veil], countdown=countdown)
    now, pictures = 1_795_341_600.0, {"asset:a": quarters()}
    prerendered = prerender(made, output_size(200, 100), pictures)
    moving = render(
        made, format="gif", using=fresh(), pictures=pictures, now=now, prerendered=prerendered
    )
    with Image.open(io.BytesIO(moving.image.body)) as file:
        for second in range(4):
            file.seek(second)
            still = decode(render(made, using=fresh(), pictures=pictures, now=now + second))
            apart = ImageChops.difference(file.convert("RGB"), still.convert("RGB"))
            assert max(high for _, high in apart.getextrema()) < 24  # type: ignore[misc]


GLOW = {"type": "radial", "stops": [["#fde047", 0], ["#be123c80", 1]]}
EVERY_KIND: list[dict[str, Any]] = [
    {"type": "rectangle", "width": 320, "height": 200,
     "fill": {"type": "linear", "angle": 120, "stops": [["#0f172a", 0], ["#38bdf8", 1]]}},
    {**PHOTO, "x": 8, "y": 8, "width": 60, "height": 40, "radius": 12, "filter": {"blur": 3}},
    {**PHOTO, "x": 76, "y": 8, "width": 40, "height": 40, "filter": {"saturation": 0.4}},
    {"type": "ellipse", "x": 124, "y": 8, "width": 50, "height": 40, "fill": GLOW,
     "stroke": {"color": "#fff", "width": 2, "dash": [6, 3]}},
    {"type": "path", "x": 180, "y": 8, "width": 40, "height": 40, "view": [24, 24],
     "d": "M12 2 L22 22 A14 9 0 0 1 2 22 Z", "fill": "#a3e635", "stroke": {"color": "#14532d"}},
    {"type": "line", "x": 228, "y": 10, "width": 80, "height": 34,
     "stroke": {"color": "#f472b6", "width": 5, "dash": [9, 4]}},
    {"type": "progress", "x": 8, "y": 56, "width": 110, "height": 10, "value": "70"},
    {"type": "rating", "x": 124, "y": 54, "height": 16, "value": "3.5", "color": "#facc15"},
    {"type": "qr", "x": 8, "y": 74, "width": 70, "value": "HELLO", "style": "round"},
    {"type": "barcode", "x": 84, "y": 74, "width": 150, "height": 44, "value": "AB-12",
     "show_text": True},
    {"type": "text", "x": 8, "y": 122, "size": 22, "weight": 700, "color": "#fff",
     "text": "Zoë, 12.5 \u20ac", "shadow": {"y": 2, "blur": 4, "color": "#000"}},
    {"type": "text", "x": 130, "y": 122, "size": 20, "color": GLOW, "letter_spacing": 0.1,
     "text": [{"text": "\u0645\u0631\u062d\u0628\u0627 "}, {"text": "\U0001f9ff\u6771\u4eac"}]},
    {"type": "text", "x": 8, "y": 156, "width": 120, "size": 12, "color": "#e2e8f0",
     "text": "Two lines that are wrapped and underlined", "decoration": "underline"},
    {"type": "group", "x": 240, "y": 60, "width": 70, "height": 60, "fill": "#ffffffaa",
     "rotation": 12, "opacity": 0.8, "radius": 9, "flow": "column",
     "layers": [{"type": "text", "text": "Turned", "size": 15, "color": "#9f1239"}]},
    {"type": "rectangle", "x": 150, "y": 150, "width": 150, "height": 40, "radius": 20,
     "fill": "#f97316", "blend": "multiply", "shadow": {"blur": 6, "color": "red"}},
]  # fmt: skip
SMALL_DIFFERENCE = 4  # levels of a pixel, as between the processors of two machines


def test_prerendered_layers_match_the_golden_picture_of_their_renderer_version() -> None:
    """A change of this picture must raise RENDERER_VERSION: stored files are not redrawn."""
    made = template(width=320, height=200, layers=[*EVERY_KIND, NAME], fields=FIELDS, locale="en")
    prerendered = prerender(made, output_size(320, 200), {"asset:a": quarters()})
    assert prerendered is not None
    assert {layer["type"] for layer in EVERY_KIND} == {
        each.default for kind in get_args(AnyLayer) for each in fields(kind) if each.name == "type"
    }
    image = prerendered.surface.to_image()
    name = f"prerendered-layers-{RENDERER_VERSION}"
    assert_matches_golden(name, image)
    with Image.open(FOLDER / f"{name}.png") as golden:
        difference = ImageChops.difference(image, golden.convert(image.mode))
    worst = max(high for _, high in difference.getextrema())  # type: ignore[misc]
    assert worst <= SMALL_DIFFERENCE, "raise RENDERER_VERSION, and write the picture by that name"


def test_a_change_of_a_golden_picture_raises_the_renderer_version() -> None:
    assert problem(*read_record(), RENDERER_VERSION, golden_digests()) is None


def test_a_changed_picture_is_recorded_only_with_a_new_version() -> None:
    old, new = {"a.png": "1"}, {"a.png": "2"}
    assert problem(1, old, 1, old) is None
    assert "a.png changed: raise RENDERER_VERSION" in (problem(1, old, 1, new) or "")
    assert (problem(1, old, 2, new) or "").startswith("run ")
    assert (problem(1, old, 1, {**old, "b.png": "1"}) or "").startswith("run ")
    assert problem(2, new, 2, new) is None


def test_layers_that_gave_a_warning_are_not_prerendered() -> None:
    made = made_of([PLAIN[1], NAME])
    assert prerender(made, output_size(200, 100), {}) is None


@pytest.mark.parametrize("cut", [0, 1, 30, -40, -1])
def test_a_damaged_file_of_prerendered_layers_is_ignored(cut: int) -> None:
    prerendered = prerender(made_of([PHOTO, NAME]), output_size(200, 100), {"asset:a": quarters()})
    assert prerendered is not None
    file = prerendered.to_bytes()
    key = f"prerendered/200x100-{content_digest(file)}"
    assert StaticLayerCache().add_prerendered(key, file[:cut]) is None
    assert StaticLayerCache().add_prerendered(key, b"") is None
    read = StaticLayerCache().add_prerendered(key, file)
    assert read is not None and read.key == key


def test_static_layers_are_drawn_once() -> None:
    cache, static_layers = DecodedImageCache(), StaticLayerCache()
    warm = Renderer(renderer().fonts, cache, static_layers)
    made = made_of([*PLAIN, NAME, PHOTO])
    for name in ("Ann", "Ben", "Cem"):
        render(made, {"name": "name", "text": name}, pictures={"asset:a": quarters()}, using=warm)
    assert static_layers.draw_count == 1


def test_every_size_picture_and_document_has_static_layers_of_its_own() -> None:
    static_layers = StaticLayerCache()
    warm = Renderer(renderer().fonts, DecodedImageCache(), static_layers)
    made, twin = made_of([PHOTO, NAME]), made_of([PHOTO, NAME])
    for count, (which, dpr, color) in enumerate(
        [(made, 1, "red"), (made, 2, "red"), (made, 1, "blue"), (twin, 1, "red")], start=1
    ):
        for _ in range(2):
            render(which, pictures={"asset:a": plain_picture(color)}, dpr=dpr, using=warm)
        assert static_layers.draw_count == count


def test_a_value_in_the_documents_own_colour_has_static_layers_of_its_own() -> None:
    still = {"type": "text", "text": "Still", "size": 20}
    made = template(layers=[still], color="{{ tint }}", fields=FIELDS)
    warm = fresh(10**7)
    red, blue = (render(made, {"name": "tint", "text": c}, using=warm) for c in ("red", "blue"))
    assert red.image.body != blue.image.body


def test_the_least_recently_used_static_layers_are_evicted() -> None:
    static_layers = StaticLayerCache(max_bytes=200 * 100 * 4 * 2 + 1000)
    warm = Renderer(renderer().fonts, DecodedImageCache(), static_layers)
    two, other = made_of([PHOTO]), [made_of([PHOTO]) for _ in range(2)]
    for made in (two, *other, two):
        render(made, pictures={"asset:a": plain_picture("red")}, using=warm)
    assert static_layers.draw_count == 4


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 7))))
def test_a_cache_never_exceeds_its_size(puts: list[tuple[int, int]]) -> None:
    cache: SizedLruCache[int, int] = SizedLruCache(10, int)
    for key, weight in puts:
        cache.put(key, weight)
        assert cache.get(key) == weight
        assert cache.size == sum(cache.get(one) or 0 for one in range(6)) <= 10


def test_an_entry_larger_than_the_cache_is_not_stored() -> None:
    cache: SizedLruCache[str, int] = SizedLruCache(10, int)
    cache.put("small", 9)
    cache.put("large", 11)
    assert (cache.get("small"), cache.get("large")) == (9, None)


@pytest.mark.parametrize("which", ["t", "q"])
def test_a_layer_that_a_request_changes_is_not_static(which: str) -> None:
    warm = fresh(10**7)
    made = made_of(PLAIN)
    before = render(made, using=warm).image.body
    assert render(made, {"name": which, "visible": False}, using=warm).image.body != before
    assert render(made, using=warm).image.body == before
