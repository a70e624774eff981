"""Sizes, formats, byte limits, fallback pictures and determinism of renders."""

import hashlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postcard.geometry import output_size
from postcard.image_formats import FORMATS
from postcard.rendering.decoded_image_cache import DecodedImageCache
from postcard.rendering.renderer import ImageSource, PreparedRender, Renderer
from postcard.rendering.static_layers import StaticLayerCache
from postcard.template.bind import bind
from postcard.template.modifications import modifications_from_json
from postcard.template.validation.parse import load_published, parse_document
from tests.rendering.drawing import content_box, decode, plain_picture, quarters, render, renderer
from tests.template.template_cases import bind_link, document, template
from tests.trust.run_scale import scaled

TEXT = {"type": "text", "text": "Hi {{ name }}", "size": 30}
NAME = {"name": {"default": "Zoë"}}


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    ("width", "dpr"), [(None, 1), (101, 1), (100, 2), (33, 1.5), (1, 1), (600, 3)]
)
def test_a_picture_is_drawn_at_the_requested_size(
    format: str, width: int | None, dpr: float
) -> None:
    rendered = render(template(layers=[TEXT], fields=NAME), width=width, dpr=dpr, format=format)
    size = output_size(200, 100, width=width, dpr=dpr)
    assert (rendered.image.width, rendered.image.height) == (size.width, size.height)
    assert decode(rendered).size == (size.width, size.height)
    assert rendered.image.format == format


def test_a_larger_picture_is_drawn_not_resized() -> None:
    made = template(layers=[{"type": "qr", "value": "x", "width": 60}])
    assert {color for _, color in decode(render(made, dpr=3)).getcolors() or []} == {
        (0, 0, 0),
        (255, 255, 255),
    }


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_request_has_the_same_bytes(format: str) -> None:
    made = template(
        layers=[TEXT, {"type": "image", "source": "asset:a", "x": 99, "width": 30}], fields=NAME
    )
    bodies = {
        hashlib.sha256(
            render(
                made, pictures={"asset:a": quarters()}, format=format, using=using, now=now
            ).image.body
        ).hexdigest()
        for using, now in ((renderer(), 1.0), (Renderer(renderer().fonts), 2.0), (renderer(), 3.0))
    }
    assert len(bodies) == 1


def test_max_bytes_reduces_quality_or_colours_and_warns_if_that_is_not_enough() -> None:
    spot = {"type": "radial", "stops": [["#123456", 0], ["#fedcba", 0.4], ["#00ff88", 1]]}
    made = template(layers=[{"type": "rectangle", "width": 200, "height": 100, "fill": spot}])
    for format in ("jpg", "webp", "png"):
        free = render(made, format=format, width=800)
        small = render(made, format=format, width=800, max_bytes=len(free.image.body) * 3 // 4)
        assert len(small.image.body) <= len(free.image.body) * 3 // 4
        assert (small.warnings, small.image.width) == ((), 800)
    over = render(made, format="jpg", width=800, max_bytes=2000)
    assert [warning.code for warning in over.warnings] in ([], ["max_bytes_exceeded"])
    assert [w.code for w in render(made, format="png", width=4000, max_bytes=2000).warnings] == [
        "max_bytes_exceeded"
    ]


def test_a_jpg_is_drawn_over_the_background() -> None:
    assert decode(render(template(background="#00000000"), format="jpg")).getpixel((5, 5)) == (
        255,
        255,
        255,
    )
    assert decode(render(template(background="transparent"))).getpixel((5, 5)) == (0, 0, 0, 0)


def test_now_is_the_time_of_the_render() -> None:
    made = template(layers=[{**TEXT, "text": "{{ now | date: 'HH:mm:ss' }}"}])
    assert render(made, now=1.0).image.body == render(made, now=1.2).image.body
    assert render(made, now=1.0).image.body != render(made, now=2.0).image.body


def test_liquid_that_fails_is_empty_text_and_a_warning() -> None:
    made = template(
        layers=[{**TEXT, "text": "a {{ n | divided_by: 0 }}"}],
        fields={"n": {"type": "number", "default": 1}},
    )
    rendered = render(made)
    assert rendered.boxes == ()
    assert [(w.code, w.pointer) for w in rendered.warnings] == [("liquid_error", "/layers/0/text")]


# Sources


def sources(made: Any, *modifications: dict[str, Any], dpr: float = 1) -> list[ImageSource]:
    bound = bind(made, modifications_from_json(made, modifications), mode="error")
    size = output_size(made.width, made.height, dpr=dpr)
    return PreparedRender(made, bound, size).image_sources()


def test_the_sources_are_the_pictures_that_drawing_needs() -> None:
    fields = {"photo": {"type": "image", "default": "asset:d", "allowed_hosts": ["a.example"]}}
    layers = [
        {"type": "image", "source": "{{ photo }}", "width": 40, "height": 20},
        {"type": "image", "source": "asset:logo", "if": "false"},
        {"type": "group", "layers": [{"type": "image", "name": "hero", "source": "asset:hero"}]},
    ]
    made = template(fields=fields, layers=layers)
    own = [(s.pointer, s.reference, s.from_document) for s in sources(made)]
    assert own == [
        ("/layers/0/source", "asset:d", True),
        ("/layers/2/layers/0/source", "asset:hero", True),
    ]
    given = sources(made, {"name": "photo", "image_url": "https://a.example/x"}, dpr=2)
    assert [
        (s.reference, s.allowed_hosts, s.from_document, s.width, s.height) for s in given[:2]
    ] == [
        ("asset:d", None, True, 80, 40),
        ("https://a.example/x", ("a.example",), False, 80, 40),
    ]
    changed = sources(made, {"name": "hero", "image_url": "https://b.example/y"})
    assert [(s.reference, s.from_document) for s in changed[1:]] == [("https://b.example/y", False)]


def test_a_warm_process_decodes_a_templates_picture_once() -> None:
    cache = DecodedImageCache()
    warm = Renderer(renderer().fonts, cache)
    made = template(
        layers=[{"type": "image", "source": "asset:a", "width": 200, "height": 100}, TEXT],
        fields=NAME,
    )
    for name in ("Ann", "Ben", "Cem"):
        render(made, {"name": "name", "text": name}, pictures={"asset:a": quarters()}, using=warm)
    assert cache.decode_count == 1
    render(made, pictures={"asset:a": plain_picture("red")}, using=warm)
    assert cache.decode_count == 2  # the asset's name means other bytes now


def test_a_picture_that_a_request_names_is_not_cached_and_the_cache_is_bounded() -> None:
    cache = DecodedImageCache(max_bytes=1000)
    warm = Renderer(renderer().fonts, cache, StaticLayerCache(0))
    fields = {"photo": {"type": "image"}}
    made = template(
        layers=[{"type": "image", "source": "{{ photo }}", "width": 9, "height": 9}], fields=fields
    )
    for _ in range(2):
        render(
            made,
            {"name": "photo", "image_url": "asset:x"},
            pictures={"asset:x": quarters()},
            using=warm,
        )
    assert cache.decode_count == 2
    large = template(layers=[{"type": "image", "source": "asset:x"}])
    for _ in range(2):
        render(large, pictures={"asset:x": quarters(40)}, using=warm)
    assert cache.decode_count == 4


# Fallback pictures


def stored(which: Any, pictures: dict[str, bytes] | None = None, **rest: Any) -> Any:
    size = output_size(200, 100, width=100, dpr=2)
    made = template(**rest)
    return renderer().render_fallback(
        made, which, size, format="png", fetched_images=pictures or {}
    )


def test_a_fallback_source_covers_the_whole_picture() -> None:
    rendered = stored("fallback", {"asset:f": plain_picture("red")}, fallback={"source": "asset:f"})
    assert (rendered.image.width, rendered.image.height) == (200, 100)
    assert decode(rendered).getcolors() == [(20_000, (255, 0, 0))]


def test_fallback_layers_see_the_fields_defaults() -> None:
    layers = [{"type": "rectangle", "width": 200, "height": 100, "fill": "{{ brand }}"}]
    fields = {"brand": {"type": "color", "default": "#00ff00"}}
    rendered = stored("ended", ended={"layers": layers}, fields=fields)
    assert decode(rendered).getpixel((3, 3)) == (0, 255, 0)


def test_a_fallback_text_is_centred_on_its_background() -> None:
    ended = {"text": "This offer has ended", "color": "#ffffff", "background": "#ff0000"}
    image = decode(stored("ended", ended=ended))
    left, top, right, bottom = content_box(image, "#ff0000") or (0, 0, 0, 0)
    assert left + right == pytest.approx(200, abs=3)
    assert top + bottom == pytest.approx(100, abs=8)


def test_without_a_fallback_only_the_background_is_drawn() -> None:
    assert decode(stored("fallback", background="red")).getcolors() == [(20_000, (255, 0, 0))]
    plain = renderer().solid_color(output_size(30, 20), format="jpg", background="#00000000")
    assert (plain.width, plain.height, plain.format) == (30, 20, "jpg")


# Any valid template with any values

COLORS = st.sampled_from(["red", "#12345678", "{{ brand }}", "transparent", "hsl(9 90% 50%)"])
PLACES = st.integers(-50, 250) | st.floats(-300, 300)
LENGTHS = st.integers(0, 300) | st.floats(0, 300)
PAINTS = COLORS | st.fixed_dictionaries(
    {
        "type": st.sampled_from(["linear", "radial"]),
        "stops": st.lists(st.tuples(COLORS, st.floats(0, 1)).map(list), min_size=2, max_size=4),
    }
)
COMMON: dict[str, Any] = {
    "x": PLACES,
    "y": PLACES,
    "rotation": st.floats(-720, 720),
    "opacity": st.floats(0, 1),
    "if": st.sampled_from(["name", "points > 3", "not name"]),
}
SIZE: dict[str, Any] = {"width": LENGTHS, "height": LENGTHS}
RADII = st.just("full") | LENGTHS | st.lists(LENGTHS, min_size=4, max_size=4)
STROKES = st.fixed_dictionaries({"color": COLORS, "width": st.floats(0, 100)})
WORDS = st.text(max_size=12) | st.sampled_from(
    ["{{ name }}", "{{ points | number }} שלום", "🎉 {{ name | upcase }}"]
)
BOXES = st.fixed_dictionaries(
    {"type": st.just("rectangle"), **SIZE},
    optional={**COMMON, "fill": PAINTS, "stroke": STROKES, "radius": RADII},
)
TEXTS = st.fixed_dictionaries(
    {"type": st.just("text"), "text": WORDS.filter(lambda t: not (t.count("{") % 2 or "{%" in t))},
    optional={
        **COMMON,
        **SIZE,
        "size": st.floats(1, 200),
        "weight": st.integers(1, 1000),
        "color": PAINTS,
        "fit": st.sampled_from(["none", "shrink"]),
        "wrap": st.sampled_from(["word", "balance", "none"]),
        "align": st.sampled_from(["start", "center", "end", "justify"]),
        "overflow": st.sampled_from(["ellipsis", "clip", "visible"]),
        "max_lines": st.integers(1, 3),
        "direction": st.sampled_from(["auto", "rtl"]),
        "stroke": STROKES,
        "letter_spacing": st.floats(-0.5, 2),
    },
)
PICTURES = st.fixed_dictionaries(
    {
        "type": st.just("image"),
        "source": st.sampled_from(["asset:a", "asset:none", "{{ photo }}", ""]),
    },
    optional={
        **COMMON,
        **SIZE,
        "fit": st.sampled_from(["cover", "contain", "fill", "none"]),
        "radius": RADII,
    },
)
CODES = st.fixed_dictionaries(
    {"type": st.just("qr"), "value": WORDS.filter(lambda t: "{" not in t), "width": LENGTHS},
    optional=COMMON,
)
LEAVES = BOXES | TEXTS | PICTURES | CODES
LAYERS = st.recursive(
    LEAVES,
    lambda inner: st.fixed_dictionaries(
        {"type": st.just("group"), "layers": st.lists(inner, max_size=3)},
        optional={
            **COMMON,
            **SIZE,
            "fill": PAINTS,
            "radius": RADII,
            "clip": st.booleans(),
            "padding": LENGTHS,
        },
    ),
    max_leaves=4,
)
FIELDS = {
    "name": {"default": "Zoë"},
    "points": {"type": "number", "default": 0},
    "brand": {"type": "color", "default": "red"},
    "photo": {"type": "image"},
}


@settings(max_examples=scaled(50, 500), deadline=None)
@given(
    st.lists(LAYERS, max_size=4),
    st.fixed_dictionaries(
        {},
        optional={"name": st.text(), "points": st.text(), "photo": st.text(), "brand": st.text()},
    ),
    st.sampled_from([None, 1, 77, 400]),
)
def test_any_valid_template_draws_any_values_at_the_right_size_and_the_same_each_time(
    layers: list[dict[str, Any]], values: dict[str, str], width: int | None
) -> None:
    text = document(layers=layers, fields=FIELDS)
    assert load_published(text) == parse_document(text)
    made = template(layers=layers, fields=FIELDS)
    bound, size = bind_link(made, **values), output_size(200, 100, width=width)
    first, second = (
        renderer().render(PreparedRender(made, bound, size), {"asset:a": quarters()}, format="png")
        for _ in range(2)
    )
    assert (first.image.width, first.image.height) == (size.width, size.height)
    assert first == second
