"""Types of numbers in a document: a JSON number, or Liquid that yields one."""

from typing import Annotated

from postcard.template.fields.values import read_number
from postcard.template.schema.constraints import Ge, Le, Len
from postcard.template.schema.json_mapping import Liquid, TaggedUnion, Validator
from postcard.template.schema.validators import has_liquid

_MAX_NUMBER = 1e15


def number_or_liquid(text: str) -> None:
    """Raises ValueError for a text that is neither a number nor Liquid."""
    if not has_liquid(text):
        read_number(text)


def positive(written: float | str) -> None:
    """Raises ValueError for a number of 0 or less; Liquid is not checked."""
    if not (isinstance(written, str) and has_liquid(written)) and float(written) <= 0:
        raise ValueError("is not over 0")


Number = Annotated[
    Annotated[float, Ge(-_MAX_NUMBER), Le(_MAX_NUMBER)]
    | Annotated[str, Len(1, 1000), Liquid("number"), Validator(number_or_liquid)],
    TaggedUnion(),
]
PositiveNumber = Annotated[
    Annotated[float, Ge(-_MAX_NUMBER), Le(_MAX_NUMBER), Validator(positive)]
    | Annotated[
        str, Len(1, 1000), Liquid("number"), Validator(number_or_liquid), Validator(positive)
    ],
    TaggedUnion(),
]
