"""A fix: a JSON Patch with a sentence that describes it and names the layers in it."""

from typing import Any

from postcard.lint.fixes.json_patch import Patch, value_at
from postcard.runtime.lazy_dataclass import dataclass

_MAX_EXCERPT = 40
_NOUNS = {
    "qr": "QR code",
    "image": "picture",
    "progress": "progress bar",
    "rating": "rating",
}


@dataclass(frozen=True, slots=True)
class Fix:
    """A patch and what it does, in a sentence that makes sense alone.

    `scale` is the factor by which it enlarges the whole picture; None if it does not.
    """

    patch: Patch
    detail: str
    scale: int | None = None


def describe_layer(document: Any, pointer: str) -> str:
    """A layer in words, by its name or its text: `the text “Hi {{ name }}”`.

    >>> describe_layer({"layers": [{"type": "text", "text": "Hello"}]}, "/layers/0")
    'the text “Hello”'
    """
    layer = value_at(document, pointer)
    if not isinstance(layer, dict):
        return "the layer"
    kind = str(layer.get("type", "layer"))
    noun = f"the {_NOUNS.get(kind, kind)}"
    words = layer.get("name") or _text_of(layer)
    return f"{noun} “{excerpt(words)}”" if words else noun


def excerpt(text: str) -> str:
    """The beginning of a text, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= _MAX_EXCERPT else f"{line[: _MAX_EXCERPT - 1].rstrip()}…"


def _text_of(layer: dict[str, Any]) -> str:
    text = layer.get("text")
    if isinstance(text, list):
        return "".join(str(span.get("text", "")) for span in text if isinstance(span, dict))
    if isinstance(text, str):
        return text
    value = layer.get("value") or layer.get("source") or ""
    return value if isinstance(value, str) else ""
