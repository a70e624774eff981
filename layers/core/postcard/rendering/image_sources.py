"""The pictures that a drawing needs: which, where they may come from, how large they are shown."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from postcard.geometry import OutputSize
from postcard.rendering.image_resolver import image_choice
from postcard.rendering.placement import TargetPixels, target_pixels
from postcard.rendering.prerendered import nodes_start_with, static_layer_pointers, top_level_count
from postcard.rendering.render_tree import RenderNode, build_tree
from postcard.rendering.static_layers import unmodified_nodes
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.bind import BoundValues
from postcard.template.compiled import Template
from postcard.template.evaluator import Evaluator
from postcard.template.layers.image import ImageLayer
from postcard.template.layers.qr import QrLayer


@dataclass(frozen=True, slots=True)
class ImageSource:
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
    from_document: bool
    prerendered_only: bool = False


def image_sources(
    template: Template,
    bound: BoundValues,
    size: OutputSize,
    *,
    now: float,
    has_prerendered: bool = False,
) -> list[ImageSource]:
    """Each reference once, the default of the field in an `on_error: default` layer included.

    `laid`: there is a stored ground of that size.
    """
    scale = size.width / template.width
    static_pointers = static_layer_pointers(template) if has_prerendered else ()
    found: dict[str, ImageSource] = {}
    for nodes in _nodes_per_frame(template, bound, now):
        is_covered = bool(static_pointers) and nodes_start_with(
            unmodified_nodes(nodes, template), static_pointers
        )
        covered_count = top_level_count(static_pointers) if is_covered else 0
        for index, node in enumerate(nodes):
            for inner in node.walk():
                for source in _node_sources(template, bound, inner, scale):
                    known = found.get(source.reference)
                    is_hidden = index < covered_count and (known is None or known.prerendered_only)
                    found[source.reference] = replace(source, prerendered_only=is_hidden)
    return list(found.values())


def _node_sources(
    template: Template, bound: BoundValues, node: RenderNode, scale: float
) -> Iterator[ImageSource]:
    layer = node.layer
    if isinstance(layer, QrLayer) and layer.logo:
        yield ImageSource(
            f"{node.pointer}/logo", layer.logo, None, "hide", 0, 0, from_document=True
        )
    if not isinstance(layer, ImageLayer):
        return
    choice = image_choice(template, node, bound.values)
    box: TargetPixels = target_pixels(layer, template.document, scale)
    width, height = box or (0, 0)
    references = template.image_references
    pointer = f"{node.pointer}/source"
    if layer.on_error == "default" and choice.default not in (None, choice.reference):
        reference = str(choice.default)
        yield ImageSource(pointer, reference, None, "hide", width, height, from_document=True)
    yield ImageSource(
        pointer,
        choice.reference,
        choice.allowed_hosts,
        layer.on_error,
        width,
        height,
        from_document=choice.reference in references,
    )


def _nodes_per_frame(
    template: Template, bound: BoundValues, now: float
) -> Iterator[Sequence[RenderNode]]:
    """What is drawn, in every second of an animation whose pictures come and go."""
    countdown = template.document.countdown
    for second in range(countdown.frames if countdown and template.images_depend_on_time else 1):
        evaluator = Evaluator(template, bound.values, now, _ignore_warning, elapsed_seconds=second)
        yield build_tree(template.document.layers, "/layers", evaluator, bound.layers)


def _ignore_warning(code: str, pointer: str, detail: str) -> None:
    """Drawing says it again."""
