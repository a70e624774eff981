"""A text: runs of letters laid out in a box."""

from collections.abc import Hashable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from postcard.color import parse_color
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.fields.values import strip_control_characters
from postcard.template.layers.base import BaseLayer
from postcard.template.liquid.text_markers import is_blank, split_emphasis
from postcard.template.properties.lengths import four
from postcard.template.properties.paints import to_paint
from postcard.template.properties.text_style import (
    Families,
    Highlight,
    Letters,
    TextProperties,
    said,
)
from postcard.template.schema.constraints import Ge, Le, Len
from postcard.template.schema.json_mapping import TaggedUnion, Liquid, Validator
from postcard.template.schema.validators import check_drawable_text
from postcard.text import style as drawn
from postcard.text.layout import TextLayout, lay_out

if TYPE_CHECKING:
    from postcard.canvas.canvas import Canvas
    from postcard.template.layers.context import LayerContext

Said = tuple[tuple[str, Hashable], ...]  # text properties by name
WrittenText = Annotated[str, Len(0, 20_000), Liquid("text"), Validator(check_drawable_text)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span(Letters):
    """A part of a text with letters of its own; `rise` in em."""

    text: WrittenText
    style: str | None = None
    rise: Annotated[float, Ge(-2), Le(2)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLayer(TextProperties, BaseLayer):
    """A text. Without a width it is as wide as its lines, without a height as high."""

    takes: ClassVar = {"value": "text", "color": "color", "background": "highlight"}

    type: Literal["text"] = "text"
    text: Annotated[WrittenText | Annotated[tuple[Span, ...], Len(0, 100)], TaggedUnion()]
    style: str | None = None
    emphasis: str | None = None

    def measure(self, stage: "LayerContext") -> tuple[float, float]:
        """The layout's size where the document leaves one open."""
        layout, (width, height) = self.layout(stage), stage.given
        return (
            layout.width if width is None else width,
            layout.height if height is None else height,
        )

    def layout(self, stage: "LayerContext") -> TextLayout:
        """The lines; laid out once a drawing."""
        if stage.layout is None:
            look = {**stage.look(self.style), **said(self)}
            stage.layout = lay_out(
                tuple(self._runs(look, stage)),
                _paragraph(tuple(look.items()), stage.direction),
                width=stage.given[0],
                height=stage.given[1],
                fonts=stage.fonts,
            )
            if stage.layout.missing:
                letters = ", ".join(sorted(stage.layout.missing))
                stage.warn("missing_glyph", f"No font has these letters: {letters}")
        return stage.layout

    def draw(self, canvas: "Canvas", stage: "LayerContext") -> None:
        """The lines; nothing if they are empty."""
        canvas.draw_text(self.layout(stage), stage.box)

    @property
    def spans(self) -> tuple[Span, ...]:
        """The text as spans."""
        return (Span(text=self.text),) if isinstance(self.text, str) else self.text

    @property
    def empty(self) -> bool:
        """Whether there is nothing to see."""
        return all(is_blank(span.text) for span in self.spans)

    def _runs(self, look: Mapping[str, Any], stage: "LayerContext") -> Iterator[drawn.Run]:
        for span in self.spans:
            own = {**look, **stage.look(span.style), **said(span)}
            strong = {**own, **stage.look(self.emphasis)}
            for text, strongly in split_emphasis(span.text):
                chosen = strong if strongly else own
                language = chosen.get("language", stage.locale)
                shown = _cased(strip_control_characters(text), chosen.get("transform", "none"), language)
                around = (stage.families, stage.color_text, language)
                yield drawn.Run(shown, _style(tuple(chosen.items()), around, span.rise or 0.0))


def looks(layer: TextLayer, styles: Mapping[str, Letters]) -> Iterator[tuple[Span, dict[str, Any]]]:
    """Each span that has letters, and all that is said of them."""

    def named(style: str | None) -> dict[str, Any]:
        return said(styles[style]) if style else {}

    base = {**named(layer.style), **said(layer)}
    for span in layer.spans:
        if span.text.strip():
            yield span, {**base, **named(span.style), **said(span)}


def _cased(text: str, transform: str, language: str) -> str:
    if transform == "none":
        return text
    from postcard.template.properties.letter_case import (
        transformed,  # most texts stand as they are written
    )

    return transformed(text, transform, language)


def highlighted(layer: TextLayer, color: str) -> Highlight:
    """The layer's highlight in another colour."""
    own = layer.highlight
    return (
        Highlight(color=color, padding=own.padding, radius=own.radius)
        if own
        else Highlight(color=color)
    )


@lru_cache(maxsize=512)
def _style(written: Said, around: tuple[Families, str, str], rise: float) -> drawn.TextStyle:
    """The style of what is written `around`: the document's font and colour, the language.

    Equal styles are one object, which is compared with itself in a blink.
    """
    look: dict[str, Any] = dict(written)
    font, base, language = around
    font = look.get("font", font)
    color, stroke, highlight = (look.get(k) for k in ("color", "stroke", "highlight"))
    return drawn.TextStyle(
        fonts=(font,) if isinstance(font, str) else font,
        weight=look.get("weight", 400),
        italic=look.get("italic", False),
        size=look.get("size", 16.0),
        line_height=look.get("line_height", 1.2),
        letter_spacing=look.get("letter_spacing", 0.0),
        rise=rise,
        color=to_paint(color) if color is not None else parse_color(base),
        stroke=drawn.Stroke(parse_color(stroke.color), stroke.width, stroke.dash)
        if stroke
        else None,
        decoration=look.get("decoration", "none"),
        highlight=_highlight(highlight) if highlight else None,
        features=look.get("features", ()),
        language=language,
    )


def _highlight(highlight: Highlight) -> drawn.Highlight:
    color = parse_color(highlight.color)
    return drawn.Highlight(color, four(highlight.padding), highlight.radius)


@lru_cache(maxsize=512)
def _paragraph(written: Said, direction: drawn.Direction) -> drawn.Paragraph:
    look: dict[str, Any] = dict(written)
    return drawn.Paragraph(
        align=look.get("align", "start"),
        valign=look.get("valign", "top"),
        wrap=look.get("wrap", "word"),
        max_lines=look.get("max_lines"),
        fit=look.get("fit", "none"),
        min_size=look.get("min_size"),
        overflow=look.get("overflow", "ellipsis"),
        direction=look.get("direction", direction),
        trim_cap=look.get("trim", "none") == "cap",
    )
