"""Drawing ends at its deadline, in a few steps, whatever takes the time."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageFilter

from postcard.canvas import blur
from postcard.canvas.blur import blurred
from postcard.canvas.codecs import encode as encoding
from postcard.canvas.codecs import palette
from postcard.canvas.codecs.animated_gif import encode_animation
from postcard.canvas.codecs.encode import encode, max_seconds
from postcard.canvas.image_filters import ImageFilters
from postcard.canvas.surface import Surface
from postcard.geometry import output_size
from postcard.rendering.inspection.text_carets import find_carets
from postcard.rendering.renderer import PreparedRender, Renderer
from postcard.runtime.deadline import NO_DEADLINE, Deadline, DeadlineExceeded
from postcard.template.bind import bind_defaults
from tests.clocks import SteppingClock
from tests.rendering.drawing import NOON, quarters, renderer
from tests.rendering.inspected import inspect
from tests.template.template_cases import template

SQUARE: dict[str, Any] = {"type": "rectangle", "x": 5, "y": 5, "width": 40, "height": 20}
SHADED = SQUARE | {"fill": "#f00", "shadow": {"blur": 4}}
TEXT = {"type": "text", "width": 60, "text": "so many words that they need three lines or more"}


def looks_of(layers: list[dict[str, Any]], seconds: float, **rest: Any) -> tuple[int, bool]:
    """How often drawing looks at a clock that is a second later at each look; whether it ended."""
    clock = SteppingClock()
    made = template(layers=layers, **rest)
    deadline, own = Deadline(seconds, clock), Renderer(renderer().fonts)
    size = output_size(made.width, made.height)
    format = "gif" if made.document.countdown else "png"
    try:
        values = bind_defaults(made)
        prepared = PreparedRender(made, values, size, now=NOON, deadline=deadline)
        own.render(prepared, {"asset:q": quarters()}, format=format)
    except DeadlineExceeded:
        return clock.looks, False
    return clock.looks, True


MANY: dict[str, list[dict[str, Any]]] = {
    "shadows": [SHADED] * 60,
    "plain layers": [SQUARE] * 100,
    "rotated layers": [SQUARE | {"fill": "#f00", "rotation": 10}] * 60,
    "layers in a group": [{"type": "group", "layers": [SQUARE] * 100}],
    "texts in a column": [{"type": "group", "flow": "column", "layers": [TEXT] * 60}],
    "lines of a text": [TEXT | {"width": 8, "wrap": "word", "text": "a b " * 60}],
    "words with a wide stroke": [
        {
            "type": "text",
            "size": 3,
            "stroke": {"width": 99, "color": "#f00"},
            "text": [{"text": "i", "color": f"#{n:02}{n:02}00"} for n in range(99)],
        }
    ],
    "filtered pictures": [
        {"type": "image", "width": 30 + n, "height": 20, "source": "asset:q"}
        | {"filter": {"blur": 2, "grayscale": 1, "saturation": 2}}
        for n in range(40)
    ],
}


@pytest.mark.parametrize("layers", MANY.values(), ids=MANY)
def test_a_picture_of_too_many_steps_ends_at_the_deadline(layers: list[dict[str, Any]]) -> None:
    needed, ended = looks_of(layers, 1e9)
    assert ended and needed > 80
    assert looks_of(layers, 40) == (41, False)


def test_the_carets_of_a_text_of_many_lines_end_at_the_deadline() -> None:
    lines = json.dumps({"width": 99, "height": 99, "layers": [TEXT | {"text": "a\n" * 200}]})
    clock = SteppingClock()
    inspected = inspect(lines, {}, Deadline(90, clock))
    laid_out = clock.looks
    with pytest.raises(DeadlineExceeded):
        find_carets(inspected.prepared, inspected.placed, "/layers/0")
    assert laid_out < 30 and clock.looks == 91


def test_a_long_animation_ends_between_two_frames() -> None:
    seconds = {"type": "text", "width": 90, "text": "{{ countdown.seconds }}"}
    countdown = {"to": "2030-01-01", "frames": 60}
    assert looks_of([seconds], 1e9, countdown=countdown)[0] > 200
    assert looks_of([seconds], 40, countdown=countdown) == (41, False)


def test_frames_are_not_evaluated_for_their_pictures_after_the_deadline() -> None:
    layer = {"type": "image", "width": 9, "height": 9, "source": "{{ pic }}"}
    layer["if"] = "countdown.seconds != '07'"
    made = template(
        layers=[layer],
        fields={"pic": {"type": "image", "default": "asset:q"}},
        countdown={"to": "2030-01-01", "frames": 60},
    )
    clock = SteppingClock()
    size = output_size(made.width, made.height)
    deadline = Deadline(10, clock)
    prepared = PreparedRender(made, bind_defaults(made), size, now=NOON, deadline=deadline)
    with pytest.raises(DeadlineExceeded):
        prepared.image_sources()
    assert clock.looks == 11


def test_layers_that_were_interrupted_are_not_cached() -> None:
    own, made = Renderer(renderer().fonts), template(layers=[SHADED] * 20)
    size = output_size(made.width, made.height)
    late = Deadline(30, SteppingClock())
    with pytest.raises(DeadlineExceeded):
        own.render(PreparedRender(made, bind_defaults(made), size, deadline=late), {}, format="png")
    drawn = own.render(PreparedRender(made, bind_defaults(made), size), {}, format="png")
    fresh = Renderer(renderer().fonts)
    assert drawn == fresh.render(PreparedRender(made, bind_defaults(made), size), {}, format="png")


def test_cached_layers_do_not_keep_the_deadline_they_were_drawn_with() -> None:
    values = {"name": {"type": "text", "default": "Zoe"}}
    made = template(layers=[SHADED, TEXT | {"text": "{{ name }}", "opacity": 0.5}], fields=values)
    size, own = output_size(made.width, made.height), Renderer(renderer().fonts)
    early = Deadline(1e6, clock := SteppingClock())
    own.render(PreparedRender(made, bind_defaults(made), size, deadline=early), {}, format="png")
    clock.now, looks = 1e9, clock.looks
    own.render(PreparedRender(made, bind_defaults(made), size), {}, format="png")
    assert own.static_layers.draw_count == 1, "the second picture has the cached layers"
    assert clock.looks == looks, "the deadline of the first is not looked at again"


def noise(size: tuple[int, int], mode: str) -> Image.Image:
    bands = [Image.effect_noise(size, 90) for _ in mode]
    return bands[0] if mode == "L" else Image.merge(mode, bands)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBa"])
@pytest.mark.parametrize("sigma", [0.3, 1.0, 2.5, 8.0])
def test_blurring_strip_by_strip_gives_the_pixels_of_one_blur(
    mode: str, sigma: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blur, "_BAND_PIXELS", 20_000)  # strips of a small picture
    image = noise((130, 600), mode)
    whole = image.filter(ImageFilter.GaussianBlur(sigma))
    clock = SteppingClock(step=0)
    strips = blurred(image, sigma, Deadline(1, clock))
    assert clock.looks > 3
    assert strips.mode == mode and strips.tobytes() == whole.tobytes()


def test_a_large_blur_ends_between_two_strips() -> None:
    clock = SteppingClock()
    with pytest.raises(DeadlineExceeded):
        blurred(noise((4000, 2000), "L"), 2, Deadline(3, clock))
    assert clock.looks == 4


def test_filters_end_between_two_of_them() -> None:
    filters = ImageFilters(grayscale=1, brightness=2, saturation=0.5, tint=(9, 9, 9, 99))
    with pytest.raises(DeadlineExceeded):
        filters.apply(noise((30, 20), "RGB"), Deadline(3, SteppingClock()))
    filters.apply(noise((30, 20), "RGB"), Deadline(9, SteppingClock()))


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The bytes of each file that an encoder makes."""
    sizes: list[int] = []

    def counted(write: Any) -> Any:
        def run(image: Image.Image, quality: int) -> bytes:
            body: bytes = write(image, quality)
            sizes.append(len(body))
            return body

        return run

    for format, write in list(encoding._WRITERS.items()):
        monkeypatch.setitem(encoding._WRITERS, format, counted(write))
    yield sizes


@pytest.mark.parametrize("format", ["jpg", "webp", "avif"])
@pytest.mark.parametrize("share", [0.9, 0.5, 0.2, 0.01])
def test_a_search_for_a_quality_makes_seven_files_at_most(
    format: str, share: float, written: list[int]
) -> None:
    surface = Surface(noise((120, 80), "RGB"), None)
    largest = len(encode(surface, format).image.body)
    max_bytes = round(largest * share)
    written.clear()
    result = encode(surface, format, max_bytes=max_bytes)
    assert len(written) <= 7
    assert result.over_budget or len(result.image.body) == max(
        size for size in written if size <= max_bytes
    )


def test_a_hopeless_search_for_a_quality_makes_two_files(written: list[int]) -> None:
    surface = Surface(noise((400, 300), "RGB"), None)
    assert encode(surface, "avif", quality=90, max_bytes=300).over_budget
    assert len(written) == 2


@pytest.mark.parametrize("format", ["png", "gif"])
def test_a_search_for_a_number_of_colours_makes_five_files_at_most(
    format: str, written: list[int]
) -> None:
    surface = Surface(noise((120, 80), "RGB"), None)
    sizes = {
        colors: len(encoding._WRITERS[format](palette.quantize(surface.color, colors), 0))
        for colors in (256, 128, 64, 32, 16)
    }
    for colors, limit in sizes.items():
        written.clear()
        body = encode(surface, format, max_bytes=limit).image.body
        assert len(body) == limit, colors
        assert len(written) <= 5
    assert encode(surface, format, max_bytes=10).over_budget


@pytest.mark.parametrize("format", ["jpg", "png", "webp", "avif", "gif"])
def test_a_search_ends_when_the_next_try_may_outlast_the_deadline(
    format: str, written: list[int]
) -> None:
    surface = Surface(noise((120, 80), "RGB"), None)
    limit = len(encode(surface, format).image.body) // 5
    written.clear()
    with pytest.raises(DeadlineExceeded):
        encode(surface, format, max_bytes=limit, deadline=Deadline(5, SteppingClock()))
    assert len(written) <= 4


def test_no_encoding_begins_that_the_time_may_not_hold(written: list[int]) -> None:
    surface = Surface(Image.new("RGB", (2000, 1000)), None)
    needed = max_seconds("avif", surface.size)
    with pytest.raises(DeadlineExceeded):
        encode(surface, "avif", deadline=Deadline(needed / 2, SteppingClock(step=0)))
    assert not written
    encode(surface, "avif", deadline=Deadline(needed * 2, SteppingClock(step=0)))


def test_an_animation_is_not_written_again_after_the_deadline() -> None:
    frames = [Surface(noise((60, 40), "RGB"), None) for _ in range(10)]
    clock = SteppingClock()
    with pytest.raises(DeadlineExceeded):
        encode_animation(frames, loop=True, max_bytes=2000, deadline=Deadline(40, clock))
    assert clock.looks <= 41
    assert encode_animation(frames, loop=True, max_bytes=2000, deadline=NO_DEADLINE).image.body


def test_a_large_avif_is_a_picture_like_a_small_one() -> None:
    soft = noise((60, 40), "RGB").resize((2000, 1400), Image.Resampling.BICUBIC)
    decoded = Image.open(io.BytesIO(encode(Surface(soft, None), "avif").image.body))
    difference = ImageChops.difference(decoded.convert("RGB"), soft).resize((1, 1))
    assert max(difference.getpixel((0, 0))) <= 4  # type: ignore[arg-type]
