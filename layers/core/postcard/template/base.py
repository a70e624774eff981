"""What every layer has: its place, its looks as one picture, and the condition to be drawn."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Le

from postcard.template.rules import layer_name, small_meta
from postcard.template.shape import CONFIG, Choice, Rule

if TYPE_CHECKING:
    from postcard.canvas.canvas import Canvas
    from postcard.template.stage import Size, Stage

FARTHEST = 20_000  # pixels; four times the largest canvas

Length = Annotated[float, Ge(0), Le(FARTHEST)]
Place = Annotated[float, Ge(-FARTHEST), Le(FARTHEST)]
Share = Annotated[float, Ge(0), Le(1)]
Radius = Annotated[
    Length | Annotated[tuple[Length, Length, Length, Length], ...] | Literal["full"], Choice()
]
