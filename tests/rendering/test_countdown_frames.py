"""template.md, "Time": the pictures of a countdown, one a second, in one GIF."""

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from PIL import Image, ImageChops

from postcard.geometry import output_size
from postcard.rendering.drawing_context import CanvasSpec, DrawingContext, TargetPixels
from postcard.rendering.frame_renderer import FrameRenderer
from postcard.rendering.render_tree import RenderNode, build_tree
from postcard.rendering.renderer import PreparedRender, RenderedPicture
from postcard.template.bind import bind_defaults
from postcard.template.compiled import Template
from postcard.template.evaluator import Evaluator
from tests.golden.compare import assert_matches_golden
from tests.rendering.drawing import decode, quarters, render, renderer
from tests.template.template_cases import template

EVENING = datetime(2026, 11, 30, 19, 0, 30, tzinfo=UTC).timestamp()
TO = "2026-11-30T20:00"
END = datetime(2026, 11, 30, 20, tzinfo=UTC).timestamp()
STYLES = {
    "number": {"weight": 800, "size": 44, "color": "#fbbf24", "features": ["tnum"], "trim": "cap"},
    "unit": {"size": 16, "color": "#9ca3af"},
}


def unit(name: str) -> dict[str, Any]:
    number = {"type": "text", "style": "number", "text": f"{{{{ countdown.{name} }}}}"}
    box = {"type": "group", "width": 108, "height": 76, "fill": "#1f2937", "radius": 12}
    box |= {"flow": "row", "align": "center", "justify": "center", "layers": [number]}
    label = {"type": "text", "style": "unit", "text": name}
    return {
        "type": "group",
        "flow": "column",
        "gap": 6,
        "align": "center",
        "layers": [box, label],
    }


HEADING = "{% if countdown.ended %}The sale is over{% else %}The sale ends in{% endif %}"
UNITS = [unit(name) for name in ("days", "hours", "minutes", "seconds")]
LAYERS: list[dict[str, Any]] = [
    {
        "type": "text",
        "y": 12,
        "width": 600,
        "align": "center",
        "text": HEADING,
        "weight": 700,
        "size": 20,
    },
    {
        "type": "group",
        "y": 44,
        "width": 600,
        "flow": "row",
        "gap": 16,
        "justify": "center",
        "layers": UNITS,
    },
]


def banner(**changes: Any) -> Template:
    """A banner of 600 × 150; `frames` and `loop` are the countdown's."""
    countdown = {"to": TO}
    countdown |= {key: changes.pop(key) for key in ("frames", "loop") if key in changes}
    defaults = {"background": "#111827", "color": "#fff", "styles": STYLES, "layers": LAYERS}
    return template(**{"width": 600, "height": 150, **defaults, "countdown": countdown, **changes})


def gif(made: Template, now: float = EVENING, **more: Any) -> RenderedPicture:
    return render(made, format="gif", now=now, **more)


def frames(rendered: RenderedPicture) -> list[Image.Image]:
    """The pictures as they are seen, decoded one by one."""
    with Image.open(io.BytesIO(rendered.image.body)) as file:
        shown = []
        for index in range(getattr(file, "n_frames", 1)):
            file.seek(index)
            shown.append(file.convert("RGBA"))
        return shown


def difference(one: Image.Image, two: Image.Image) -> int:
    """How far two pictures differ where they differ most: levels of 255, over 4 × 4 pixels."""
    levels = ImageChops.difference(one.convert("RGB"), two.convert("RGB")).reduce(4)
    return max(high for _, high in levels.getextrema())  # type: ignore[misc]


def still(made: Template, now: float, **more: Any) -> Image.Image:
    return decode(render(made, now=now, **more))


def test_the_first_frame_is_of_now_and_each_next_one_a_second_later() -> None:
    made = banner()
    shown = frames(gif(made))
    assert len(shown) == 60
    for second in (0, 1, 2, 29, 30, 31, 59):
        assert difference(shown[second], still(made, EVENING + second)) < 16, second
        assert difference(shown[second], still(made, EVENING + second + 1)) > 40, second


def test_other_formats_have_the_first_frame() -> None:
    made = banner()
    first = frames(gif(made))[0]
    for format in ("png", "jpg", "webp", "avif"):
        picture = render(made, format=format, now=EVENING)
        assert difference(decode(picture), first) < 48
        assert len(frames(picture)) == 1


@pytest.mark.parametrize("count", [60, 120])
def test_a_banner_weighs_at_most_150_kb(count: int) -> None:
    rendered = gif(banner(frames=count))
    assert len(rendered.image.body) <= 150_000
    assert len(frames(rendered)) == count


def test_a_banner_over_a_gradient_weighs_at_most_150_kb_too() -> None:
    fade = {"type": "linear", "angle": 60, "stops": [["#7c3aed", 0], ["#f97316", 1]]}
    backdrop = {"type": "rectangle", "width": 600, "height": 150, "fill": fade}
    assert len(gif(banner(frames=120, layers=[backdrop, *LAYERS])).image.body) <= 150_000


def test_all_frames_share_one_palette() -> None:
    body = gif(banner()).image.body
    descriptors = list(image_descriptors(body))
    assert len(descriptors) == 60
    assert body[10] & 0x80, "a colour table for all"
    assert not any(flags & 0x80 for *_, flags in descriptors), "and none for one"


def test_a_frame_has_only_the_area_that_changes() -> None:
    (_, _, width, height, _), *rest = image_descriptors(gif(banner()).image.body)
    assert (width, height) == (600, 150)
    areas = sorted(width * height for _, _, width, height, _ in rest)
    assert areas[-2] < 70 * 50, "the digits of the seconds"
    assert areas[-1] < 200 * 50, "when the minute changes, what lies between the two"


def image_descriptors(body: bytes) -> Any:
    """Left, top, width, height and flags of every picture in a GIF, read block by block."""
    place = 13 + (6 << (body[10] & 7))
    while (kind := body[place : place + 1]) != b";":
        if kind == b",":
            numbers = [int.from_bytes(body[place + n : place + n + 2], "little") for n in (1, 3)]
            numbers += [int.from_bytes(body[place + n : place + n + 2], "little") for n in (5, 7)]
            yield *numbers, body[place + 9]
            place += 11
        else:
            assert kind == b"!"
            place += 2
        while body[place]:
            place += 1 + body[place]
        place += 1


@pytest.mark.parametrize(("loop", "again"), [(True, 0), (False, None)])
def test_an_animation_loops_or_plays_once(loop: bool, again: int | None) -> None:
    with Image.open(io.BytesIO(gif(banner(loop=loop, frames=3)).image.body)) as file:
        assert file.info.get("loop") == again
        assert file.info["duration"] == 1000


def test_a_countdown_that_ends_in_the_animation_is_played_once() -> None:
    made = banner(frames=10)
    rendered = gif(made, END - 4)
    shown = frames(rendered)
    assert len(shown) == 10
    assert difference(shown[3], still(made, END - 1)) < 16
    assert all(difference(picture, still(made, END)) < 16 for picture in shown[4:])
    with Image.open(io.BytesIO(rendered.image.body)) as file:
        assert "loop" not in file.info


def test_a_countdown_that_ends_after_the_animation_loops() -> None:
    with Image.open(io.BytesIO(gif(banner(frames=10), END - 10).image.body)) as file:
        assert file.info["loop"] == 0


def test_an_animation_in_which_nothing_changes_has_one_frame() -> None:
    made = banner()
    over = gif(made, END + 5)
    (shown,) = frames(over)
    assert difference(shown, still(made, END)) < 16
    assert b"NETSCAPE" not in over.image.body


def test_a_countdown_of_one_frame_has_one_frame() -> None:
    assert len(frames(gif(banner(frames=1)))) == 1


def test_the_same_moment_is_the_same_bytes() -> None:
    made = banner(frames=20)
    assert gif(made).image == gif(made).image
    assert gif(made).image != gif(made, EVENING + 1).image


def test_a_date_that_follows_the_clock_is_that_of_the_first_picture() -> None:
    made = banner(countdown={"to": "{{ now | date: '%s' | plus: 90 }}", "frames": 3})
    first, second, third = frames(gif(made))
    assert difference(first, second) > 40 and difference(second, third) > 40


def test_layers_below_the_first_change_are_drawn_once() -> None:
    made = banner()
    drawn = [layers_drawn(made, EVENING, seconds) for seconds in (1, 2, 3, 30)]
    assert drawn[0] == 9, "heading, four boxes, four labels"
    assert drawn[1] == 9 + 9, "once more what stays, apart; seconds and label"
    assert drawn[2] == drawn[1] + 2
    assert drawn[3] == drawn[1] + 28 * 2


class NoPictures:
    """A document without pictures."""

    def resolve(self, node: RenderNode, target_pixels: TargetPixels) -> None:
        return None

    def find(self, reference: str, target_pixels: TargetPixels) -> None:
        return None


def layers_drawn(made: Template, now: float, seconds: int) -> int:
    """How many layers are drawn for an animation."""
    frame_renderer, canvas_spec = (
        FrameRenderer(),
        CanvasSpec((600, 150), (600, 150), (17, 24, 39, 255)),
    )
    for second in range(seconds):
        evaluator = Evaluator(made, bind_defaults(made).values, now, print, elapsed_seconds=second)
        context = DrawingContext(evaluator.document, renderer().fonts, 1.0, NoPictures())
        frame_renderer.draw(
            context, canvas_spec, build_tree(made.document.layers, "/layers", evaluator, {})
        )
    return frame_renderer.layers_drawn


def test_a_background_may_follow_the_clock() -> None:
    color = "{% if countdown.ended %}#7f1d1d{% else %}#14532d{% endif %}"
    shown = frames(gif(banner(background=color, frames=4), END - 2))
    assert [picture.getpixel((2, 2)) for picture in shown] == [
        pytest.approx((20, 83, 45, 255), abs=3),
        pytest.approx((20, 83, 45, 255), abs=3),
        pytest.approx((127, 29, 29, 255), abs=3),
        pytest.approx((127, 29, 29, 255), abs=3),
    ]


def test_layers_may_come_and_go_in_any_place() -> None:
    mark = {"type": "rectangle", "width": 40, "height": 40, "fill": "#dc2626"}
    blink = {**mark, "if": "countdown.seconds == '29'"}
    turned = {**LAYERS[1], "opacity": 0.5, "rotation": 10}
    made = banner(layers=[blink, LAYERS[0], turned, {**blink, "x": 560}], frames=4)
    for second, picture in enumerate(frames(gif(made))):
        assert difference(picture, still(made, EVENING + second)) < 16


@pytest.mark.parametrize("boxed", [True, False])
def test_every_frame_keeps_its_transparency(boxed: bool) -> None:
    box = {"type": "rectangle", "width": 600, "height": 150, "radius": 40, "fill": "#1e3a8a"}
    text = {"type": "text", "width": 600, "height": 150, "align": "center", "valign": "middle"}
    text |= {"text": "{{ countdown.seconds }}", "size": 80, "weight": 800, "color": "#dc2626"}
    layers = [box, text] if boxed else [text]
    made = banner(background="transparent", layers=layers, frames=4)
    for second, picture in enumerate(frames(gif(made))):
        alpha, expected = picture.getchannel("A"), still(made, EVENING + second).getchannel("A")
        assert alpha.getpixel((1, 1)) == 0
        hard = expected.point([255 * (level >= 128) for level in range(256)])
        assert ImageChops.difference(alpha, hard).getbbox() is None, second


def test_max_bytes_reduces_colours_and_frames_and_warns_if_that_is_not_enough() -> None:
    made = banner(frames=10)
    whole = gif(made)
    smaller = gif(made, max_bytes=len(whole.image.body) * 3 // 4)
    assert len(smaller.image.body) <= len(whole.image.body) * 3 // 4
    assert smaller.warnings == () and len(frames(smaller)) == 10
    short = gif(made, max_bytes=len(whole.image.body) // 4)
    assert len(short.image.body) <= len(whole.image.body) // 4 or short.warnings
    assert len(frames(short)) < 10
    small = gif(made, max_bytes=100)
    assert [warning.code for warning in small.warnings] == ["max_bytes_exceeded"]


def test_a_larger_animation_has_as_many_frames_as_are_within_the_limit() -> None:
    made = banner(width=1000, height=480, layers=[], frames=100)
    seconds = LAYERS[0] | {"text": "{{ countdown.seconds }}"}
    moving = banner(width=1000, height=480, layers=[seconds])
    assert len(frames(gif(made))) == 1
    assert len(frames(gif(moving, dpr=1))) == 60
    assert len(frames(gif(moving, dpr=2))) == 25


def test_a_picture_of_a_later_frame_is_a_source_of_the_animation() -> None:
    image = {"type": "image", "width": 600, "height": 150, "source": "asset:over"}
    made = banner(layers=[{**image, "if": "countdown.ended"}, *LAYERS], frames=5)
    size = output_size(600, 150)
    sources = PreparedRender(made, bind_defaults(made), size, now=END - 3).image_sources()
    assert [source.reference for source in sources] == ["asset:over"]
    assert not PreparedRender(made, bind_defaults(made), size, now=END - 9).image_sources()
    shown = frames(gif(made, END - 3, pictures={"asset:over": quarters()}))
    assert shown[2].getpixel((2, 2)) == pytest.approx((17, 24, 39, 255), abs=3)
    assert shown[3].getpixel((2, 2)) == pytest.approx((255, 0, 0, 255), abs=3)


def test_a_warning_of_a_later_frame_is_a_warning_of_the_animation() -> None:
    text = "{% if countdown.ended %}\U000f1234{% endif %}"
    made = banner(layers=[*LAYERS, {"type": "text", "text": text}], frames=3)
    assert [warning.code for warning in gif(made, END - 2).warnings] == ["missing_glyph"]
    assert gif(made, END - 3).warnings == ()


@pytest.mark.parametrize(
    ("name", "now", "second"),
    [
        ("countdown-first", EVENING, 0),
        ("countdown-second", EVENING, 1),
        ("countdown-next-minute", EVENING, 31),
        ("countdown-over", END - 3, 59),
    ],
)
def test_a_countdown_matches_its_golden_pictures(name: str, now: float, second: int) -> None:
    assert_matches_golden(name, frames(gif(banner(), now))[second].convert("RGB"))
