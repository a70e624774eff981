"""The pictures that a drawing needs: which, where they may come from, how large they are shown."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from postcard.geometry import OutputSize
from postcard.rendering.image_resolver import choice_of
from postcard.rendering.placement import Near, near
from postcard.rendering.prerendered import depth, lies_under, still
from postcard.rendering.render_tree import Node, nodes_of
from postcard.rendering.static_layers import untouched
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.bind import BoundValues
from postcard.template.compiled import Template
from postcard.template.evaluator import Evaluator
from postcard.template.layers.image import ImageLayer
from postcard.template.layers.qr import QrLayer


@dataclass(frozen=True, slots=True)
class Source:
    """A picture that is needed: an address or an asset, for the layer at `pointer`.

    `width` and `height` are the device pixels of its box, 0 where its own proportions decide.
    `own`: the document itself names it, so it was fetched at publish. `below`: only the stored
    ground shows it.
    """

    pointer: str
    reference: str
    allowed_hosts: tuple[str, ...] | None
    on_error: str
    width: int
    height: int
    own: bool
    below: bool = False


def needs(
    template: Template, bound: BoundValues, size: OutputSize, *, now: float, laid: bool = False
) -> list[Source]:
    """Each reference once, the default of the field in an `on_error: default` layer included.

    `laid`: there is a stored ground of that size.
    """
    scale = size.width / template.width
    first = still(template) if laid else ()
    found: dict[str, Source] = {}
    for nodes in _in_time(template, bound, now):
        lies = bool(first) and lies_under(untouched(nodes, template), first)
        below = depth(first) if lies else 0
        for place, node in enumerate(nodes):
            for inner in node.all():
                for source in _sources(template, bound, inner, scale):
                    known = found.get(source.reference)
                    hidden = place < below and (known is None or known.below)
                    found[source.reference] = replace(source, below=hidden)
    return list(found.values())


def _sources(template: Template, bound: BoundValues, node: Node, scale: float) -> Iterator[Source]:
    layer = node.layer
    if isinstance(layer, QrLayer) and layer.logo:
        yield Source(f"{node.pointer}/logo", layer.logo, None, "hide", 0, 0, own=True)
    if not isinstance(layer, ImageLayer):
        return
    choice = choice_of(template, node, bound.values)
    box: Near = near(layer, template.document, scale)
    width, height = box or (0, 0)
    own = template.references
    where = f"{node.pointer}/source"
    if layer.on_error == "default" and choice.default not in (None, choice.reference):
        reference = str(choice.default)
        yield Source(where, reference, None, "hide", width, height, own=True)
    yield Source(
        where,
        choice.reference,
        choice.allowed_hosts,
        layer.on_error,
        width,
        height,
        own=choice.reference in own,
    )


def _in_time(template: Template, bound: BoundValues, now: float) -> Iterator[Sequence[Node]]:
    """What is drawn, in every second of an animation whose pictures come and go."""
    countdown = template.document.countdown
    for second in range(countdown.frames if countdown and template.images_depend_on_time else 1):
        speaker = Evaluator(template, bound.values, now, _unheard, elapsed_seconds=second)
        yield nodes_of(template.document.layers, "/layers", speaker, bound.layers)


def _unheard(code: str, where: str, detail: str) -> None:
    """Drawing says it again."""
