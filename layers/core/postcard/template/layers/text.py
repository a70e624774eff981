"""The text layer."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from postcard.color import parse_color
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.fields.values import strip_control_characters
from postcard.template.layers.base import BaseLayer
from postcard.template.liquid.text_markers import is_blank, split_emphasis
from postcard.template.properties.lengths import padding_sides
from postcard.template.properties.paints import to_paint
from postcard.template.properties.text_style import (
    CharacterStyle,
    Families,
    Highlight,
    TextProperties,
    written_properties,
)
from postcard.template.schema.constraints import Ge, Le, Len
from postcard.template.schema.json_mapping import Liquid, SchemaHint, TaggedUnion, Validator
from postcard.template.schema.validators import check_drawable_text
from postcard.text.fonts import Fonts
from postcard.text.layout import TextLayout, layout_text
from postcard.text.style import (
    Direction,
    ParagraphStyle,
    TextHighlight,
    TextRun,
    TextStroke,
    TextStyle,
)

if TYPE_CHECKING:
    from postcard.canvas.canvas import Canvas
    from postcard.template.layers.context import LayerContext

PropertyItems = tuple[tuple[str, Hashable], ...]  # names and values of text properties
StyleName = Annotated[str, SchemaHint("style")]  # one of the document's
WrittenText = Annotated[str, Len(0, 20_000), Liquid("text"), Validator(check_drawable_text)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span(CharacterStyle):
    """A part of a text with its own style; `rise` moves it up, in em."""

    text: WrittenText
    style: StyleName | None = None
    rise: Annotated[float, Ge(-2), Le(2), SchemaHint(unit="em")] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLayer(TextProperties, BaseLayer):
    """A text. A side that is not stated follows its lines."""

    modifiable: ClassVar = {"value": "text", "color": "color", "background": "highlight"}

    type: Literal["text"] = "text"
    text: Annotated[WrittenText | Annotated[tuple[Span, ...], Len(0, 100)], TaggedUnion()]
    style: StyleName | None = None
    emphasis: StyleName | None = None

    def measure(self, context: "LayerContext") -> tuple[float, float]:
        """The layout's size where the context leaves a side open."""
        layout, (width, height) = self.layout(context), context.definite_size
        return (
            layout.width if width is None else width,
            layout.height if height is None else height,
        )

    def layout(self, context: "LayerContext") -> TextLayout:
        """The laid out lines, cached in the context."""
        if context.text_layout is None:
            runs, paragraph = self.styled_runs(context)
            context.text_layout = layout_text(
                runs,
                paragraph,
                width=context.definite_size[0],
                height=context.definite_size[1],
                fonts=context.fonts,
            )
            if missing := sorted(context.text_layout.missing_characters):
                context.warn("missing_glyph", _missing_glyphs_detail(missing, context.fonts))
        return context.text_layout

    def styled_runs(self, context: "LayerContext") -> tuple[tuple[TextRun, ...], ParagraphStyle]:
        """The text in runs with their styles, and the style of its lines."""
        properties = {**context.style_properties(self.style), **written_properties(self)}
        runs = tuple(self._runs(properties, context))
        return runs, _paragraph(tuple(properties.items()), context.direction)

    def draw(self, canvas: "Canvas", context: "LayerContext") -> None:
        """Draws the lines."""
        canvas.draw_text(self.layout(context), context.box)

    @property
    def spans(self) -> tuple[Span, ...]:
        """The text as spans."""
        return (Span(text=self.text),) if isinstance(self.text, str) else self.text

    @property
    def is_empty(self) -> bool:
        """Whether all of its text is blank."""
        return all(is_blank(span.text) for span in self.spans)

    def _runs(self, properties: Mapping[str, Any], context: "LayerContext") -> Iterator[TextRun]:
        for span in self.spans:
            own = {**properties, **context.style_properties(span.style), **written_properties(span)}
            emphasized = {**own, **context.style_properties(self.emphasis)}
            for text, is_emphasized in split_emphasis(span.text):
                chosen = emphasized if is_emphasized else own
                language = chosen.get("language", context.locale)
                cased = _apply_text_transform(
                    strip_control_characters(text),
                    chosen.get("transform", "none"),
                    language,
                )
                inherited = (context.font_families, context.document_color, language)
                yield TextRun(
                    cased,
                    _text_style(tuple(chosen.items()), inherited, span.rise or 0.0),
                )


def span_styles(
    layer: TextLayer, styles: Mapping[str, CharacterStyle]
) -> Iterator[tuple[Span, dict[str, Any]]]:
    """Each span that is not blank, with all text properties that apply to it."""

    def named(style: str | None) -> dict[str, Any]:
        return written_properties(styles[style]) if style else {}

    base = {**named(layer.style), **written_properties(layer)}
    for span in layer.spans:
        if span.text.strip():
            yield span, {**base, **named(span.style), **written_properties(span)}


def _missing_glyphs_detail(missing: Sequence[str], fonts: Fonts) -> str:
    detail = f"No font has these letters: {', '.join(missing)}"
    scripts = fonts.absent_scripts(missing)
    if not scripts:
        return detail
    return (
        f"{detail}. The optional fonts layer has {' and '.join(scripts)}: build, deploy or serve"
        " with MORE_FONTS=on."
    )


def _apply_text_transform(text: str, transform: str, language: str) -> str:
    if transform == "none":
        return text
    from postcard.template.schema.text_transform import (
        apply_text_transform,  # few texts need it
    )

    return apply_text_transform(text, transform, language)


def highlight_with_color(layer: TextLayer, color: str) -> Highlight:
    """The layer's highlight in another colour."""
    own = layer.highlight
    return (
        Highlight(color=color, padding=own.padding, radius=own.radius)
        if own
        else Highlight(color=color)
    )


@lru_cache(maxsize=512)
def _text_style(
    properties: PropertyItems, inherited: tuple[Families, str, str], rise: float
) -> TextStyle:
    """The style of a run. `inherited` are the document's font and colour, and the language.

    Equal styles are one object, which compares equal to itself without looking at its fields.
    """
    values: dict[str, Any] = dict(properties)
    font, base, language = inherited
    font = values.get("font", font)
    color, stroke, highlight = (values.get(k) for k in ("color", "stroke", "highlight"))
    return TextStyle(
        families=(font,) if isinstance(font, str) else font,
        weight=values.get("weight", 400),
        italic=values.get("italic", False),
        size=values.get("size", 16.0),
        line_height=values.get("line_height", 1.2),
        letter_spacing=values.get("letter_spacing", 0.0),
        rise=rise,
        color=to_paint(color) if color is not None else parse_color(base),
        stroke=TextStroke(parse_color(stroke.color), stroke.width, stroke.dash) if stroke else None,
        decoration=values.get("decoration", "none"),
        highlight=_text_highlight(highlight) if highlight else None,
        features=values.get("features", ()),
        language=language,
    )


def _text_highlight(highlight: Highlight) -> TextHighlight:
    color = parse_color(highlight.color)
    return TextHighlight(color, padding_sides(highlight.padding), highlight.radius)


@lru_cache(maxsize=512)
def _paragraph(properties: PropertyItems, direction: Direction) -> ParagraphStyle:
    values: dict[str, Any] = dict(properties)
    return ParagraphStyle(
        align=values.get("align", "start"),
        valign=values.get("valign", "top"),
        wrap=values.get("wrap", "word"),
        max_lines=values.get("max_lines"),
        fit=values.get("fit", "none"),
        min_size=values.get("min_size"),
        overflow=values.get("overflow", "ellipsis"),
        direction=values.get("direction", direction),
        trim_cap=values.get("trim", "none") == "cap",
    )
