"""Finds pictures that look wrong in dark mode: recoloured, or transparent on a dark background."""

from collections.abc import Iterator

from postcard.errors import Fault
from postcard.lint.contrast import LayerBoxes, contrast_ratio, opaque_color, text_contrasts
from postcard.lint.faint_codes import code_colors, scans_well
from postcard.lint.mail_clients import DARK_CLIENTS, RECOLORED_SIDE, MailClient
from postcard.template.model import Document
from postcard.template.schema.validators import has_liquid

MAX_DARK_SHARE = 0.95  # of the visible pixels: more of them leave nothing to see
DARK_LEVEL = 56  # of 255: up to it, a colour has a contrast under 1.5 to the darkest background
_ADVICE = "give the document an opaque background."


def small_picture(document: Document) -> Iterator[Fault]:
    """`small_picture` for a picture that Gmail recolours in dark mode."""
    width, height = document.width, document.height
    if min(width, height) <= RECOLORED_SIDE:
        detail = (
            f"Gmail changes the colours of pictures with {RECOLORED_SIDE} pixels or less a side in "
            f"dark mode, and this one has {width} × {height}: make it larger, or ask for it with "
            f"a dpr that gives it over {RECOLORED_SIDE} pixels a side."
        )
        yield Fault("small_picture", "", detail)


def is_transparent(document: Document) -> bool:
    """Whether what is behind the picture shows through its background."""
    return not has_liquid(document.background) and opaque_color(document.background) is None


def low_contrast_in_dark_mode(document: Document, boxes: LayerBoxes) -> Iterator[Fault]:
    """`low_contrast_in_dark_mode` for texts and codes of a transparent document.

    What is readable on the white of a light mail may not be on a dark one.
    """
    if not is_transparent(document):
        return
    worst: dict[str, tuple[float, str]] = {}
    for client in DARK_CLIENTS:
        for pointer, ratio, detail in _low_contrasts(document, boxes, client):
            if pointer not in worst or ratio < worst[pointer][0]:
                worst[pointer] = ratio, detail
    for pointer, (_, detail) in worst.items():
        yield Fault("low_contrast_in_dark_mode", pointer, detail)


def _low_contrasts(
    document: Document, boxes: LayerBoxes, client: MailClient
) -> Iterator[tuple[str, float, str]]:
    behind = client.background_color
    known = {(one.pointer, one.span) for one in text_contrasts(document, boxes)}
    for text in text_contrasts(document, boxes, behind):
        if text.is_low and (text.pointer, text.span) not in known:
            yield text.pointer, text.ratio, _detail("text", text.ratio, client)
    known_codes = {pointer for pointer, _, _ in code_colors(document, boxes)}
    for pointer, color, background in code_colors(document, boxes, behind):
        if pointer not in known_codes and not scans_well(color, background):
            ratio = contrast_ratio(color, background)
            yield pointer, ratio, _detail("code", ratio, client)


def _detail(noun: str, ratio: float, client: MailClient) -> str:
    verb = "read" if noun == "text" else "scan"
    return (
        f"{client.name} shows {client.background} behind this transparent picture in dark mode, "
        f"where the {noun} is hard to {verb} (contrast {ratio:.1f}): {_ADVICE}"
    )


def invisible_in_dark_mode(dark_share: float) -> Iterator[Fault]:
    """`invisible_in_dark_mode` for a transparent picture whose visible pixels are nearly all dark.

    `dark_share` is the share of them that have at most `DARK_LEVEL`.
    """
    if dark_share > MAX_DARK_SHARE:
        detail = (
            "The picture is transparent and dark, so mail in dark mode shows almost nothing of "
            f"it: {_ADVICE}"
        )
        yield Fault("invisible_in_dark_mode", "", detail)
