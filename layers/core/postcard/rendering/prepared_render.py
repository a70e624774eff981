"""What a render needs before its pictures are fetched: Liquid evaluated, render tree built."""

from collections.abc import Callable, Iterator, Sequence
from copy import copy

from postcard.errors import Fault
from postcard.geometry import OutputSize
from postcard.rendering.drawing_context import WarningList
from postcard.rendering.images import FramePictures, ImageSource, image_sources
from postcard.rendering.render_tree import RenderNode, build_tree
from postcard.runtime.deadline import NO_DEADLINE, Deadline
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.bind import BoundValues
from postcard.template.compiled import Template
from postcard.template.evaluator import NO_CLOCK, Evaluator
from postcard.template.fields.countdown import frame_count
from postcard.template.fields.field_types import ListField
from postcard.template.layers.group import AnyLayer
from postcard.template.model import Document

Warn = Callable[[str, str, str], None]  # with a code, a pointer and a detail


@dataclass(frozen=True, slots=True)
class EvaluatedFrame:
    """The document with its Liquid evaluated, its render tree, and the warnings that this gave.

    `countdown_end` is in Unix seconds; None without a countdown or a clock.
    """

    document: Document
    nodes: tuple[RenderNode, ...]
    warnings: tuple[Fault, ...]
    countdown_end: float | None


class PreparedRender:
    """A template with its values, in one size, at one moment: ready to be drawn.

    Fetch its `image_sources`, then give it and the files to `Renderer.render`. `now` is in Unix
    seconds. `layers` at the JSON pointer `pointer` are drawn in place of the document's own.
    `evaluator_class` evaluates their Liquid and says which are shown. Evaluating, layout, drawing
    and encoding end at `deadline`, with `DeadlineExceeded`. `frame_pictures` keeps decoded
    untrusted pictures, for drawing more than once.
    """

    def __init__(
        self,
        template: Template,
        values: BoundValues,
        size: OutputSize,
        *,
        now: float = NO_CLOCK,
        deadline: Deadline = NO_DEADLINE,
        layers: Sequence[AnyLayer] | None = None,
        pointer: str = "/layers",
        evaluator_class: type[Evaluator] = Evaluator,
        frame_pictures: FramePictures | None = None,
    ) -> None:
        self.template, self.values, self.size, self.now = template, values, size, now
        self.deadline, self.frame_pictures = deadline, frame_pictures
        self.layers = template.document.layers if layers is None else layers
        self.pointer = pointer
        self._evaluator_class = evaluator_class
        self._frames = {0: self._evaluate(0)}

    def at_size(self, size: OutputSize) -> "PreparedRender":
        """The same in another size; nothing is evaluated again."""
        resized = copy(self)
        resized.size = size
        return resized

    def frame(self, second: int = 0) -> EvaluatedFrame:
        """The frame of an animation that is shown that many seconds after the first."""
        return self._frames.get(second) or self._evaluate(second)

    def image_sources(self, *, has_prerendered: bool = False) -> list[ImageSource]:
        """The pictures to fetch, each reference once.

        The default of the field in an `on_error: default` layer is among them. `has_prerendered`:
        the template's prerendered layers are stored in that size; the pictures that only these
        show are marked `prerendered_only`.
        """
        return image_sources(
            self.template,
            self.values,
            self.size,
            self._trees_with_images(),
            has_prerendered=has_prerendered,
        )

    def times_drawn(self) -> dict[str, float]:
        """How often each layer is drawn at most, by its JSON pointer: as items and in frames.

        A layer of a list counts as often as the list may have items. From the first layer that
        changes with time on, a countdown draws all layers in each frame.
        """
        nodes, countdown = self._frames[0].nodes, self.template.document.countdown
        times = {node.pointer: self._items_ratio(node) for top in nodes for node in top.walk()}
        frames = frame_count(countdown, self.size.width * self.size.height)
        if frames > 1:
            later = self._evaluate(1).nodes
            pairs = zip(nodes, later, strict=False)
            first = next((i for i, (one, two) in enumerate(pairs) if one != two), len(nodes))
            for top in nodes[first:]:
                for node in top.walk():
                    times[node.pointer] *= frames
        return times

    def evaluator(self, warn: Warn, second: int = 0) -> Evaluator:
        """Evaluates the template's Liquid for the frame of that second."""
        return self._evaluator_class(
            self.template, self.values.values, self.now, warn, elapsed_seconds=second
        )

    def _items_ratio(self, node: RenderNode) -> float:
        """The items that the node's list may have for each item that it has."""
        if node.iteration is None:
            return 1.0
        name = node.iteration.list_name
        field, items = self.template.fields.get(name), self.values.values.get(name)
        if not isinstance(field, ListField) or not isinstance(items, tuple) or not items:
            return 1.0
        return field.max_items / len(items)

    def _trees_with_images(self) -> Iterator[Sequence[RenderNode]]:
        """The render tree of the first frame; those of all frames if they differ in pictures.

        The frames evaluated here are kept until they are drawn. All others are evaluated when they
        are drawn, since those of a long animation would take much memory together.
        """
        countdown = self.template.document.countdown
        for second in range(
            countdown.frames if countdown and self.template.images_depend_on_time else 1
        ):
            if second not in self._frames:
                self._frames[second] = self._evaluate(second)
            yield self._frames[second].nodes

    def _evaluate(self, second: int) -> EvaluatedFrame:
        self.deadline.check()
        warnings = WarningList()
        evaluator = self.evaluator(warnings.warn, second)
        nodes = build_tree(self.layers, self.pointer, evaluator, self.values.layers)
        return EvaluatedFrame(
            evaluator.document, nodes, tuple(warnings.faults), evaluator.countdown_end
        )
