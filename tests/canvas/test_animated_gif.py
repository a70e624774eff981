"""Animated GIFs over photographs: small enough for mail, without artefacts."""

import io
from functools import cache
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from PIL import Image, ImageChops

from postcard.canvas.codecs.ordered_dither import apply_dither
from tests.rendering.drawing import pixel, render
from tests.template.template_cases import template

WIDTH, HEIGHT = 600, 150
PHOTO = {"type": "image", "source": "asset:busy", "width": WIDTH, "height": HEIGHT}
CLOCK: dict[str, Any] = {
    "type": "text",
    "x": 30,
    "y": 40,
    "width": 540,
    "align": "center",
    "text": "{{ countdown.hours }}:{{ countdown.minutes }}:{{ countdown.seconds }}",
    "size": 56,
    "weight": 800,
    "color": "white",
    "features": ["tnum"],
}


@cache
def busy_photo(noise: float = 0.18) -> bytes:
    """A JPEG with many colours at every scale, like a photograph, and some noise."""
    random = Random(7)
    image = Image.new("RGB", (WIDTH, HEIGHT), "#7f6f8f")
    for scale, opacity in ((120, 0.6), (40, 0.4), (12, 0.25), (4, 0.15), (1, noise)):
        size = (WIDTH // scale, max(1, HEIGHT // scale))
        pattern = Image.frombytes("RGB", size, random.randbytes(size[0] * size[1] * 3))
        pattern = pattern.resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
        image = Image.blend(image, pattern, opacity)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=90)
    return file.getvalue()


def countdown_gif(frames: int, **options: Any) -> bytes:
    countdown = {"to": "2100-12-24", "frames": frames}
    document = template(width=WIDTH, height=HEIGHT, layers=[PHOTO, CLOCK], countdown=countdown)
    pictures = {"asset:busy": busy_photo()}
    return render(document, format="gif", pictures=pictures, **options).image.body


@pytest.mark.parametrize("frames", [60, 120])
def test_a_countdown_over_a_busy_photograph_has_at_most_150_kb(frames: int) -> None:
    body = countdown_gif(frames)
    assert len(body) <= 150_000
    with Image.open(io.BytesIO(body)) as file:
        assert getattr(file, "n_frames", 1) == frames


def test_the_default_size_limit_grows_with_the_pixels() -> None:
    assert 150_000 < len(countdown_gif(20, dpr=2)) <= 600_000


def test_no_pixel_has_a_quite_different_colour() -> None:
    with Image.open(io.BytesIO(countdown_gif(60))) as file:
        image = file.convert("RGB")
    expected = Image.open(io.BytesIO(busy_photo())).convert("RGB")
    above_text = (0, 0, WIDTH, 35)
    difference = ImageChops.difference(image.crop(above_text), expected.crop(above_text))
    assert max(high for _, high in difference.getextrema()) < 110  # type: ignore[misc]


def test_frames_differ_only_where_the_text_changes() -> None:
    with Image.open(io.BytesIO(countdown_gif(12))) as file:
        frames = []
        for second in range(12):
            file.seek(second)
            frames.append(file.convert("RGB"))
    for previous, current in pairwise(frames):
        box = ImageChops.difference(previous, current).getbbox()
        assert box is not None and box[1] >= 40 and box[3] <= 110 and box[2] - box[0] < 120


def test_dithering_depends_only_on_position_and_keeps_the_average() -> None:
    flat = Image.new("RGB", (40, 24), (100, 150, 200))
    whole = apply_dither(flat, (0, 0), 6)
    part = apply_dither(flat.crop((0, 0, 10, 9)), (13, 5), 6)
    assert part.tobytes() == whole.crop((13, 5, 23, 14)).tobytes()
    levels = [pixel(whole, (x, y))[0] for x in range(8) for y in range(8)]
    assert (min(levels), max(levels), sum(levels)) == (94, 106, 64 * 100)


def test_dithering_changes_white_and_black_by_a_few_levels_at_most() -> None:
    for level in (0, 255):
        extrema = apply_dither(Image.new("RGB", (8, 8), (level,) * 3), (0, 0), 4).getextrema()
        assert all(abs(end - level) <= 4 for band in extrema for end in band)  # type: ignore[union-attr]
