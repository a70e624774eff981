"""HTML and SVG elements as values, serialized to markup or to JSON.

The template editor's page may not turn text into HTML (Trusted Types), so it gets JSON and builds
the elements. Pages without a script get markup. Both come from the same tree.
"""

import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Union

Child = Union["Element", str]
JsonElement = list[object]  # [tag, {attribute: value}, [child, …]]
# What `studio/src/screens/usage/server_elements.ts` builds; a test compares the two.
TAGS = frozenset(
    [
        "caption",
        "details",
        "div",
        "figcaption",
        "figure",
        "g",
        "h2",
        "p",
        "rect",
        "span",
        "summary",
        "svg",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "title",
        "tr",
    ]
)
ATTRIBUTES = frozenset(
    [
        "aria-hidden",
        "aria-label",
        "class",
        "height",
        "id",
        "preserveAspectRatio",
        "role",
        "scope",
        "tabindex",
        "viewBox",
        "width",
        "x",
        "y",
    ]
)


@dataclass(frozen=True, slots=True)
class Element:
    """An element with its attributes and children; texts are escaped when they are written."""

    tag: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    children: tuple[Child, ...] = ()

    def __post_init__(self) -> None:
        if self.tag not in TAGS or not ATTRIBUTES.issuperset(self.attributes):
            raise ValueError(f"{self.tag} {sorted(self.attributes)} is not in TAGS and ATTRIBUTES")


def element(tag: str, *children: Child, **attributes: str | int) -> Element:
    """An element; `class_` and `aria_label` stand for `class` and `aria-label`."""
    named = {name.rstrip("_").replace("_", "-"): str(text) for name, text in attributes.items()}
    return Element(tag, named, children)


def markup(node: Child) -> str:
    """The element as HTML."""
    return "".join(_markup_parts(node))


def _markup_parts(node: Child) -> Iterator[str]:
    if isinstance(node, str):
        yield html.escape(node)
        return
    attributes = "".join(f' {name}="{html.escape(text)}"' for name, text in node.attributes.items())
    yield f"<{node.tag}{attributes}>"
    for child in node.children:
        yield from _markup_parts(child)
    yield f"</{node.tag}>"


def element_json(node: Element) -> JsonElement:
    """The element as lists of tag, attributes and children."""
    children = [child if isinstance(child, str) else element_json(child) for child in node.children]
    return [node.tag, dict(node.attributes), children]
