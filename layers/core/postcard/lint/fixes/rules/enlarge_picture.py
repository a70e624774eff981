"""Enlarges a small picture by a whole factor, with everything in it."""

import math
from collections.abc import Iterator
from typing import Any

from postcard.errors import Fault
from postcard.lint.fixes.examination import Examination
from postcard.lint.fixes.fix import Fix
from postcard.lint.fixes.json_patch import set_value
from postcard.lint.mail_clients import RECOLORED_SIDE

_LENGTHS = frozenset(
    (
        *("x", "y", "width", "height", "size", "min_size", "radius", "padding", "gap"),
        *("thickness", "blur", "dash"),
    )
)
_CONTAINERS = frozenset(("layers", "stroke", "border", "shadow", "highlight", "text", "filter"))
_MAX_FACTOR = 10
_DEFAULT_SIZE = 16
_OUTLINES = ("stroke", "border")  # one pixel wide by default
_PARTS = ("layers", "styles", "fallback", "ended")


def enlarge_picture(finding: Fault, examined: Examination) -> Iterator[Fix]:
    """The least factor after which Gmail keeps the colours."""
    document, template = examined.document, examined.template
    factor = math.ceil((RECOLORED_SIDE + 1) / min(template.width, template.height))
    if factor > _MAX_FACTOR:
        return
    width, height = template.width * factor, template.height * factor
    patch = [
        set_value(document, "/width", width),
        set_value(document, "/height", height),
        *(
            set_value(document, f"/{part}", _scaled_part(part, document[part], factor))
            for part in _PARTS
            if document.get(part)
        ),
    ]
    detail = (
        f"Draw everything {factor} times as large, in {width} × {height} pixels, so that Gmail "
        f"keeps the colours. Show it with width={template.width} in the mail, as before."
    )
    yield Fix(tuple(patch), detail, scale=factor)


def _scaled_part(part: str, value: Any, factor: int) -> Any:
    if part == "styles":
        return {name: _scaled(style, factor) for name, style in value.items()}
    return _scaled_each(value, factor) if part == "layers" else _scaled(value, factor)


def _scaled(properties: Any, factor: int) -> Any:
    """An object with all of its lengths enlarged, those of the objects inside too."""
    if not isinstance(properties, dict):
        return properties
    properties = _with_default_lengths(properties)
    return {name: _scaled_member(name, value, factor) for name, value in properties.items()}


def _with_default_lengths(properties: dict[str, Any]) -> dict[str, Any]:
    """A layer with the lengths that it leaves to their defaults."""
    kind = properties.get("type")
    if kind == "path" and not properties.get("view"):
        return {**properties, "view": [properties["width"], properties["height"]]}
    if kind == "text" and not properties.get("style"):
        return {"size": _DEFAULT_SIZE, **properties}
    return properties


def _scaled_member(name: str, value: Any, factor: int) -> Any:
    if name in _OUTLINES and isinstance(value, dict):
        value = {"width": 1, **value}
    if name in _LENGTHS:
        return _times(value, factor)
    if name in _CONTAINERS:
        return _scaled_each(value, factor)
    return value


def _scaled_each(value: Any, factor: int) -> Any:
    if isinstance(value, list):
        return [_scaled(one, factor) for one in value]
    return _scaled(value, factor)


def _times(value: Any, factor: int) -> Any:
    if isinstance(value, list):
        return [_times(one, factor) for one in value]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value * factor if is_number else value
