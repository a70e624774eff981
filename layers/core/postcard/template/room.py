"""Texts that do not fit their boxes: as drawn at publish, or with the longest values."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle, islice
from typing import Any

from postcard.canvas.picture import Picture
from postcard.errors import Fault
from postcard.template.bind import bind, examples
from postcard.template.changes import Changes
from postcard.template.compiled import Template
from postcard.template.fields import TextField
from postcard.template.letters import said
from postcard.template.nodes import Node, nodes_of
from postcard.template.programs import names_in
from postcard.template.speaking import NO_CLOCK, Speaker
from postcard.template.stage import Near, Scene, Stage
from postcard.template.text import TextLayer
from postcard.text.fonts import Fonts

_WIDE = "Wilhelmina Hammersmith Montgomery "  # what a long value of wide letters looks like


class _NoPictures:
    """None is at hand: a text has the most room without the pictures beside it."""

    def __call__(self, node: Node, near: Near) -> Picture | None:
        return None

    def found(self, reference: str, near: Near) -> Picture | None:
        return None


def tight(template: Template, fonts: Fonts) -> Iterator[Fault]:
    """`overflow` for every text of which some is not shown where its author expects all of it.

    An author who writes `overflow`, or `max_lines` without shrinking, expects a text to be cut.
    """
    told = set()
    for stage in _cut(template, examples(template).values, fonts):
        told.add(stage.node.pointer)
        detail = "Not all of this text can be shown with the examples: give it more room."
        yield Fault("overflow", stage.node.pointer, detail)
    longest = _longest(template)
    for stage in _cut(template, _bound(template, longest), fonts):
        names = [name for name in _named(template, stage) if name in longest]
        if names and stage.node.pointer not in told:
            detail = f"Not all of this text can be shown {_cause(names, longest)}{_ADVICE}"
            yield Fault("overflow", stage.node.pointer, detail)


_ADVICE = ": give it more room or shorter values, or write overflow to say that it may be cut."


def _cause(names: Sequence[str], longest: Mapping[str, str]) -> str:
    sizes = [f"{name} has {len(longest[name])} wide letters" for name in names]
    return f"when {' and '.join(sizes)}"


def _longest(template: Template) -> dict[str, str]:
    """The widest value of each text field that says how long one may be."""
    return {
        name: value
        for name, field in template.fields.items()
        if isinstance(field, TextField) and (value := _widest(field))
    }


def _widest(field: TextField) -> str | None:
    if field.choices:
        return max(field.choices, key=len)
    if field.max_length is None or field.pattern:
        return None
    letters = "".join(islice(cycle(_WIDE), field.max_length))
    return letters[:-1] + "m" if letters.endswith(" ") else letters


def _bound(template: Template, longest: Mapping[str, str]) -> Mapping[str, Any]:
    shown = {n: f.example for n, f in template.fields.items() if f.example is not None}
    return bind(template, Changes({**shown, **longest}), mode="link").values


def _cut(template: Template, values: Mapping[str, Any], fonts: Fonts) -> Iterator[Stage]:
    """The texts that are cut, though nothing says that they may be."""
    speaker = Speaker(template, values, NO_CLOCK, lambda *_: None)
    nodes = nodes_of(template.document.layers, "/layers", speaker, {})
    scene = Scene(speaker.document, fonts, 1.0, _NoPictures())
    for stage in _all(scene.placed(nodes)):
        layer = stage.layer
        if not isinstance(layer, TextLayer) or _may_be_cut(layer, stage):
            continue
        if layer.layout(stage).cut:
            yield stage


def _all(stages: Sequence[Stage]) -> Iterator[Stage]:
    for stage in stages:
        yield stage
        if stage.group:
            yield from _all(stage.children)


def _may_be_cut(layer: TextLayer, stage: Stage) -> bool:
    look = {**stage.look(layer.style), **said(layer)}
    if "overflow" in look:
        return True
    return look.get("max_lines") is not None and look.get("fit", "none") != "shrink"


def _named(template: Template, stage: Stage) -> list[str]:
    """The fields in a text, each once."""
    slots = template.slots.get(stage.node.pointer, ())
    words = [name for slot in slots if slot.path[0] == "text" for name in names_in(slot.source)]
    return [name for name in dict.fromkeys(words) if name in template.fields]
