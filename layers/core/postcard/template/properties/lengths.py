"""Types of lengths, sizes, corners, padding and names in a document."""

from typing import Annotated, Any, Literal

from postcard.template.schema.constraints import Ge, Le
from postcard.template.schema.json_mapping import SchemaHint, TaggedUnion, Validator
from postcard.template.schema.validators import check_meta_size, check_name, check_two_or_four_sides

MAX_LENGTH = 20_000  # pixels; four times the largest canvas
Name = Annotated[str, Validator(check_name), SchemaHint("name")]
Meta = Annotated[Any, Validator(check_meta_size)]
Length = Annotated[float, Ge(0), Le(MAX_LENGTH), SchemaHint(unit="px")]
Coordinate = Annotated[float, Ge(-MAX_LENGTH), Le(MAX_LENGTH), SchemaHint(unit="px")]
CornerRadii = tuple[Length, Length, Length, Length]
Radius = Annotated[Length | CornerRadii | Literal["full"], TaggedUnion(), SchemaHint("radius")]
Dimension = Annotated[Length | Literal["fill"], TaggedUnion()]  # `fill`: in a row or column
Padding = Annotated[
    Length | Annotated[tuple[Length, ...], Validator(check_two_or_four_sides)],
    TaggedUnion(),
    SchemaHint("padding"),
]


def padding_sides(padding: float | tuple[float, ...]) -> tuple[float, float, float, float]:
    """Top, right, bottom, left.

    >>> padding_sides((8, 16))
    (8, 16, 8, 16)
    """
    sides = padding if isinstance(padding, tuple) else (padding, padding)
    top, right = sides[:2]
    bottom, left = sides[-2:]
    return top, right, bottom, left
