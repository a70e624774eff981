"""Pictures in dark mode: findings, and the gallery as each mail client shows it."""

from functools import cache
from typing import Any

import pytest

from postcard.color import parse_color
from postcard.lint.contrast import contrast_ratio, text_contrasts
from postcard.lint.fixes.examination import Examination
from postcard.lint.mail_clients import DARK_CLIENTS, MailClient, recolored
from tests.lint.broken_templates import examiner, seed_documents

TEXT: dict[str, Any] = {"type": "text", "x": 20, "y": 20, "text": "Hello", "color": "#222222"}
QR: dict[str, Any] = {"type": "qr", "x": 80, "y": 60, "width": 120, "value": "https://a.example"}
PLATE: dict[str, Any] = {"type": "rectangle", "width": 300, "height": 200, "fill": "#ffffff"}


@cache
def seed_examination(name: str) -> Examination:
    return examiner().examine(seed_documents()[name], file_bytes=1)


def examine(*layers: dict[str, Any], **properties: Any) -> Examination:
    card = {"width": 300, "height": 200, "alt": "A card", "background": "transparent"}
    return examiner().examine({**card, "layers": list(layers), **properties})


def codes(*layers: dict[str, Any], **properties: Any) -> list[str]:
    return [one.code for one in examine(*layers, **properties).findings]


@pytest.mark.parametrize("client", DARK_CLIENTS, ids=lambda client: client.id)
@pytest.mark.parametrize("name", sorted(seed_documents()))
def test_texts_of_the_gallery_are_readable_in_each_client(name: str, client: MailClient) -> None:
    examined = seed_examination(name)
    document = examined.template.document
    contrasts = list(text_contrasts(document, examined.boxes, client.background_color))
    for text in contrasts:
        shown, behind = (
            client.shown(color, document.width, document.height)
            for color in (text.seen, text.background)
        )
        assert contrast_ratio(shown, behind) >= 4.5, (text.pointer, text.seen, text.background)


def test_most_texts_of_the_gallery_have_a_known_background() -> None:
    known = 0
    for examined in map(seed_examination, seed_documents()):
        contrasts = text_contrasts(examined.template.document, examined.boxes)
        known += len({one.pointer for one in contrasts})
    assert known >= 20


@pytest.mark.parametrize(
    ("size", "found"), [((100, 300), True), ((300, 100), True), ((101, 101), False)]
)
def test_a_picture_of_a_hundred_pixels_a_side_is_recoloured(
    size: tuple[int, int], found: bool
) -> None:
    card = {"width": size[0], "height": size[1], "background": "#ffffff"}
    assert ("small_picture" in codes(**card)) is found


@pytest.mark.parametrize(
    ("layers", "found"),
    [
        ([TEXT], True),
        ([{**TEXT, "color": "#dddddd"}], False),
        ([PLATE, TEXT], False),
        ([{**PLATE, "fill": "#ffffff20"}, TEXT], True),
        ([{**QR, "background": "transparent"}], True),
        ([QR], False),
        ([{**TEXT, "color": "{{ brand }}"}], False),
    ],
)
def test_texts_and_codes_of_a_transparent_picture_are_compared_with_a_dark_mail(
    layers: list[dict[str, Any]], found: bool
) -> None:
    fields = {"brand": {"type": "color", "default": "#222222"}}
    assert ("low_contrast_in_dark_mode" in codes(*layers, fields=fields)) is found
    assert "low_contrast_in_dark_mode" not in codes(*layers, fields=fields, background="#ffffff")


def test_the_finding_names_the_worst_client_and_the_background() -> None:
    finding = next(one for one in examine(TEXT).findings if one.code == "low_contrast_in_dark_mode")
    assert finding.pointer == "/layers/0"
    assert finding.detail == (
        "Outlook on iOS shows #202124 behind this transparent picture in dark mode, where the "
        "text is hard to read (contrast 1.0): give the document an opaque background."
    )


@pytest.mark.parametrize(
    ("fill", "background", "found"),
    [
        ("#101010", "transparent", True),
        ("#e0e0e0", "transparent", False),
        ("#101010", "#ffffff", False),
        ("#10101040", "transparent", False),  # hardly visible anywhere
    ],
)
def test_a_dark_transparent_picture_is_invisible_in_a_dark_mail(
    fill: str, background: str, found: bool
) -> None:
    mark = {"type": "ellipse", "x": 20, "y": 20, "width": 160, "height": 160, "fill": fill}
    assert ("invisible_in_dark_mode" in codes(mark, background=background)) is found


def test_recolouring_inverts_lightness_and_keeps_hue() -> None:
    red = recolored(parse_color("#800000"))
    assert red[0] > red[1] == pytest.approx(red[2], abs=40)
    assert sum(recolored(parse_color("#202020"))) > sum(parse_color("#c0c0c0"))


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"color": "#777777"}, "low_contrast_code"),
        ({"color": "#767676"}, None),
        ({"color": "#ffffff", "background": "#000000"}, "unscannable"),
        ({"color": "#eeeeee"}, "unscannable"),
        ({"color": "{{ brand }}"}, None),
        ({"color": "#777777", "background": "transparent"}, "low_contrast_code"),
    ],
)
def test_a_code_needs_the_contrast_of_a_text(properties: dict[str, Any], code: str | None) -> None:
    fields = {"brand": {"type": "color", "default": "#222222"}}
    liquid = "{{" in properties["color"]
    layer = {**QR, **properties}
    found = codes(layer, background="#ffffff", fields=fields if liquid else {})
    assert found == ([code] if code else [])
