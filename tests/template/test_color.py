import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageColor

from postcard.color import LinearGradient, is_opaque, parse_color


@pytest.mark.parametrize(
    ("text", "color"),
    [
        ("#fff", (255, 255, 255, 255)),
        ("#0f08", (0, 255, 0, 136)),
        ("#1E293B", (30, 41, 59, 255)),
        ("#00000040", (0, 0, 0, 64)),
        ("rgb(1, 2, 3)", (1, 2, 3, 255)),
        ("rgb(1 2 3)", (1, 2, 3, 255)),
        ("rgb(100% 0% 50%)", (255, 0, 128, 255)),
        ("rgba(0, 0, 0, 0.5)", (0, 0, 0, 128)),
        ("rgb(0 0 0 / 25%)", (0, 0, 0, 64)),
        ("rgb(300, -20, 0)", (255, 0, 0, 255)),
        ("hsl(0, 100%, 50%)", (255, 0, 0, 255)),
        ("hsl(120deg 100% 25%)", (0, 128, 0, 255)),
        ("hsl(-0.5turn 100% 50%)", (0, 255, 255, 255)),
        ("hsla(240, 100%, 50%, .5)", (0, 0, 255, 128)),
        ("Rebecca".lower() + "Purple", (102, 51, 153, 255)),
        (" transparent ", (0, 0, 0, 0)),
    ],
)
def test_colours_are_parsed_like_css(text: str, color: tuple[int, ...]) -> None:
    assert parse_color(text) == color


@pytest.mark.parametrize(
    "text",
    [
        "", "#", "#12", "#12345", "#1234567", "#ggg", "blu", "rgb(1,2)", "rgb(1 2 3 4)",
        "rgb(1,2,3,4,5)", "rgb(a,b,c)", "rgb(1 2 3 / )", "hsl(1%, 2%, 3%)", "rgb(1deg 2 3)",
        "currentColor", "url(x)", "rgb(1e3, 2, 3)", "#fff;", "rgb(NaN 0 0)", "١", "rgb()",
    ],
)  # fmt: skip
def test_an_invalid_colour_raises_an_error_that_shows_the_syntax(text: str) -> None:
    with pytest.raises(ValueError, match="is not a colour; write #rrggbb"):
        parse_color(text)


@pytest.mark.parametrize("name", sorted(ImageColor.colormap))
def test_every_css_colour_name_is_known_in_any_case(name: str) -> None:
    assert parse_color(name.upper()) == (*ImageColor.getrgb(name), 255)


@given(st.tuples(*[st.integers(0, 255)] * 4))
def test_hex_and_rgb_notation_yield_the_same_colour(color: tuple[int, int, int, int]) -> None:
    red, green, blue, alpha = color
    assert parse_color("#" + bytes(color).hex()) == color
    assert parse_color(f"rgb({red} {green} {blue} / {alpha / 255:.6f})") == color


@given(st.text(max_size=40))
def test_any_text_is_a_colour_or_a_value_error(text: str) -> None:
    try:
        color = parse_color(text)
    except ValueError:
        return
    assert all(0 <= channel <= 255 for channel in color)


def test_a_gradient_is_opaque_when_all_its_stops_are() -> None:
    black, clear = (0, 0, 0, 255), (0, 0, 0, 0)
    assert is_opaque(LinearGradient(0, ((black, 0.0), (black, 1.0))))
    assert not is_opaque(LinearGradient(0, ((black, 0.0), (clear, 1.0))))
    assert is_opaque(black)
    assert not is_opaque(clear)
