"""Finds the caret positions in the source of a text, with its Liquid, on the drawn picture."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate, islice, pairwise
from typing import Literal

from postcard.errors import BadRequest, Fault
from postcard.rendering.inspection.grapheme_positions import CaretPosition, GraphemePositions
from postcard.rendering.inspection.layer_ink import Chain, walk_placed
from postcard.rendering.placed_layer import PlacedLayer
from postcard.rendering.prepared_render import PreparedRender
from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lazy_regex import lazy_regex
from postcard.template.evaluator import Evaluator
from postcard.template.fields.values import strip_control_characters
from postcard.template.layers.text import TextLayer
from postcard.template.liquid.bounds import LiquidFailed
from postcard.template.liquid.parse import parse_template
from postcard.template.liquid.text_markers import strip_emphasis
from postcard.template.model import walk_layers
from postcard.template.schema.delimiters import find_delimited
from postcard.template.schema.validators import has_liquid
from postcard.text.segmentation import graphemes

NoCaretsReason = Literal["hidden", "tags", "modified"]
_OPENING = lazy_regex(r"(?=(\{\{|\{%))")
_CLOSING = {"{{": "}}", "{%": "%}"}
_LINE_ENDS = lazy_regex(r"\r\n?")


class NoCarets(Exception):
    """A text whose letters cannot be found in the picture.

    `hidden`: it is not drawn. `tags`: Liquid tags, such as `{% if %}`, choose what is drawn.
    `modified`: a modification sets the text.
    """

    def __init__(self, reason: NoCaretsReason) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Caret:
    """A place for a caret in a span of a text; `offset` is in UTF-16 units of its source."""

    span: int
    offset: int
    position: CaretPosition


@dataclass(frozen=True, slots=True)
class _Step:
    """A letter or a `{{ … }}` of a source, and the text that it becomes."""

    source: str
    text: str
    is_output: bool = False


def find_carets(
    prepared: PreparedRender, placed_layers: Sequence[PlacedLayer], pointer: str
) -> list[Caret]:
    """The carets of the text layer at a pointer; of the first copy in a repeated group.

    At most about 5,000: one for each letter and each Liquid output.

    Raises `NoCarets`, and `BadRequest` if there is no text layer at the pointer.
    """
    written = _written_layer(prepared, pointer)
    chain = next(
        (one for one in walk_placed(placed_layers) if one[-1].node.pointer == pointer), None
    )
    if chain is None:
        raise NoCarets("hidden")
    if "value" in prepared.values.layers.get(written.name or "", {}):
        raise NoCarets("modified")
    drawn = chain[-1].layer
    assert isinstance(drawn, TextLayer)
    evaluator = _evaluator(prepared, chain)
    spans = [
        _steps(source.text, span.text, evaluator)
        for source, span in zip(written.spans, drawn.spans, strict=True)
    ]
    positions = GraphemePositions(chain[-1])
    carets: list[Caret] = []
    start = 0
    for index, (steps, span) in enumerate(zip(spans, drawn.spans, strict=True)):
        runs, _ = replace(drawn, text=(span,)).styled_runs(chain[-1])
        length = sum(len(run.text) for run in runs)
        carets += _span_carets(index, steps, _ends(steps, start, length), positions)
        start += length
    return carets


def _written_layer(prepared: PreparedRender, pointer: str) -> TextLayer:
    layers = walk_layers(prepared.layers, prepared.pointer)
    layer = next((one for one, where, _ in layers if where == pointer), None)
    if isinstance(layer, TextLayer):
        return layer
    detail = "There is no text layer at this pointer: use that of a text layer of the document."
    raise BadRequest(detail, errors=[Fault("invalid_value", "/carets", detail)])


def _evaluator(prepared: PreparedRender, chain: Chain) -> Evaluator:
    """Evaluates Liquid for the list items that the layer is drawn for."""
    evaluator = prepared.evaluator(lambda *_: None)
    for placed_layer in chain:
        group, iteration = placed_layer.group, placed_layer.node.iteration
        if group and group.repeat and iteration:
            items = evaluator.iterations(group)
            evaluator = next(islice(items, iteration.item_index, None))
    return evaluator


# From the source to the text that is laid out


def _steps(source: str, drawn: str, evaluator: Evaluator) -> list[_Step]:
    """The letters and outputs of a source; raises `NoCarets` if they do not make up the text."""
    if not has_liquid(source):
        return [_Step(letter, letter) for letter in graphemes(source)]
    steps: list[_Step] = []
    end = 0
    strip_next = False  # a `-` was before the last closing delimiter
    for start, part_end in [*find_delimited(source, _OPENING, _CLOSING), (len(source),) * 2]:
        part = source[start:part_end]
        if part.startswith("{%"):
            raise NoCarets("tags")
        steps += _literal_steps(
            source[end:start], strip_start=strip_next, strip_end=part.startswith("{{-")
        )
        if part:
            steps.append(_Step(part, _rendered(part, evaluator), is_output=True))
        end, strip_next = part_end, part.endswith("-}}")
    if "".join(step.text for step in steps) != drawn:
        raise NoCarets("tags")
    return steps


def _literal_steps(literal: str, *, strip_start: bool, strip_end: bool) -> Iterator[_Step]:
    """The letters of a text between outputs; those that Liquid strips become nothing."""
    first = len(literal) - len(literal.lstrip()) if strip_start else 0
    last = len(literal.rstrip()) if strip_end else len(literal)
    offset = 0
    for letter in graphemes(literal):
        is_shown = first <= offset < last
        yield _Step(letter, _LINE_ENDS.sub("\n", letter) if is_shown else "")
        offset += len(letter)


def _rendered(output: str, evaluator: Evaluator) -> str:
    try:
        return parse_template(output).render(evaluator.text_context)
    except LiquidFailed:
        raise NoCarets("tags") from None


# From the laid out text to carets


def _ends(steps: Sequence[_Step], start: int, length: int) -> list[int]:
    """The indices between the steps in the text of all runs, of which a span has `length`.

    The case of letters may have been changed, which makes a few of them longer. Where more than
    that differs, the indices are spread over the span.
    """
    plain = [strip_control_characters(strip_emphasis(step.text)) for step in steps]
    lengths = [*map(len, plain)]
    if sum(lengths) != length:
        lengths = [len(text.upper()) for text in plain]
    scale = length / total if (total := sum(lengths)) else 0.0
    return [start + round(scale * end) for end in accumulate(lengths, initial=0)]


def _span_carets(
    span: int, steps: Sequence[_Step], ends: Sequence[int], positions: GraphemePositions
) -> Iterator[Caret]:
    yield Caret(span, 0, positions.caret_at(ends[0]))
    offset = 0
    for step, (start, end) in zip(steps, pairwise(ends), strict=True):
        offset += len(step.source.encode("utf-16-le")) // 2
        caret = positions.caret_after(start, end) if step.is_output else positions.caret_at(end)
        yield Caret(span, offset, caret)
