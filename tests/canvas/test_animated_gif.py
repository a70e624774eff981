"""Animations over photographs: light enough for mail, no specks, still where they stand."""

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

WIDE, HIGH = 600, 150
PHOTO = {"type": "image", "source": "asset:busy", "width": WIDE, "height": HIGH}
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
def busy(noise: float = 0.18) -> bytes:
    """A photograph's worth of colours at every scale, and some noise."""
    chance = Random(7)
    shown = Image.new("RGB", (WIDE, HIGH), "#7f6f8f")
    for cell, share in ((120, 0.6), (40, 0.4), (12, 0.25), (4, 0.15), (1, noise)):
        size = (WIDE // cell, max(1, HIGH // cell))
        grain = Image.frombytes("RGB", size, chance.randbytes(size[0] * size[1] * 3))
        shown = Image.blend(shown, grain.resize((WIDE, HIGH), Image.Resampling.BICUBIC), share)
    file = io.BytesIO()
    shown.save(file, "JPEG", quality=90)
    return file.getvalue()


def counted(frames: int, **options: Any) -> bytes:
    countdown = {"to": "2100-12-24", "frames": frames}
    made = template(width=WIDE, height=HIGH, layers=[PHOTO, CLOCK], countdown=countdown)
    return render(made, format="gif", pictures={"asset:busy": busy()}, **options).image.body


@pytest.mark.parametrize("frames", [60, 120])
def test_a_countdown_over_a_busy_photograph_keeps_to_150_kb(frames: int) -> None:
    body = counted(frames)
    assert len(body) <= 150_000
    with Image.open(io.BytesIO(body)) as file:
        assert getattr(file, "n_frames", 1) == frames


def test_twice_the_size_may_weigh_four_times_as_much() -> None:
    assert 150_000 < len(counted(20, dpr=2)) <= 600_000


def test_no_pixel_is_a_speck_of_another_colour() -> None:
    with Image.open(io.BytesIO(counted(60))) as file:
        shown = file.convert("RGB")
    expected = Image.open(io.BytesIO(busy())).convert("RGB")
    outside = (0, 0, WIDE, 35)
    apart = ImageChops.difference(shown.crop(outside), expected.crop(outside))
    assert max(high for _, high in apart.getextrema()) < 110  # type: ignore[misc]


def test_what_does_not_change_is_not_written_again() -> None:
    with Image.open(io.BytesIO(counted(12))) as file:
        pictures = []
        for second in range(12):
            file.seek(second)
            pictures.append(file.convert("RGB"))
    for one, two in pairwise(pictures):
        box = ImageChops.difference(one, two).getbbox()
        assert box is not None and box[1] >= 40 and box[3] <= 110 and box[2] - box[0] < 120


def test_a_grain_is_the_same_at_the_same_place_and_none_on_average() -> None:
    plain = Image.new("RGB", (40, 24), (100, 150, 200))
    whole = apply_dither(plain, (0, 0), 6)
    part = apply_dither(plain.crop((0, 0, 10, 9)), (13, 5), 6)
    assert part.tobytes() == whole.crop((13, 5, 23, 14)).tobytes()
    levels = [pixel(whole, (x, y))[0] for x in range(8) for y in range(8)]
    assert (min(levels), max(levels), sum(levels)) == (94, 106, 64 * 100)


def test_white_and_black_stay_so_under_a_grain() -> None:
    for level in (0, 255):
        low_and_high = apply_dither(Image.new("RGB", (8, 8), (level,) * 3), (0, 0), 4).getextrema()
        assert all(abs(end - level) <= 4 for band in low_and_high for end in band)  # type: ignore[union-attr]
