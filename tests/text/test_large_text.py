"""Text far larger than the picture is drawn with bounded effort."""

import pytest

from tests.rendering.drawing import decode, render
from tests.template.template_cases import template


@pytest.mark.parametrize(
    "layer",
    [
        {"text": "W" * 5000, "size": 1000, "wrap": "none", "overflow": "visible"},
        {"text": "W" * 5000, "size": 12, "wrap": "none", "stroke": {"color": "#f00", "width": 100}},
        {"text": "ا" * 1000, "size": 1000, "wrap": "none", "overflow": "visible"},
        {"text": "W" * 300, "size": 1000, "width": 600},
    ],
)
def test_letters_beyond_the_picture_are_not_drawn(layer: dict[str, object]) -> None:
    """Pillow warns of masks over 89 Mpx, and warnings are errors here."""
    document = template(width=600, height=300, layers=[{"type": "text", **layer}])
    image = decode(render(document, dpr=3))
    assert image.size == (1800, 900)
    assert min(image.convert("L").tobytes()) < 100, "letters on the picture are drawn"
