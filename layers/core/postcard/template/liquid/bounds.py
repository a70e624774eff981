"""Bounds of what Liquid computes: the size of every value, and the steps of a picture's Liquid."""

from collections.abc import Iterable
from typing import Any

MAX_ITERATIONS = 1000  # of a loop, and of loops inside each other together
MAX_LIST_ITEMS = 1000
MAX_CHARACTERS = 100_000  # of a text, and of all texts in a list together
MAX_NUMBER = 10**15  # exclusive: 15 digits before the point, as in a field's value
MAX_STEPS = 50_000  # of one text with Liquid
MAX_PICTURE_STEPS = 200_000  # of all texts of a picture, or of all frames of an animation
MIN_FRAME_STEPS = 10_000  # of one frame, however many there are
CHARACTERS_PER_STEP = 50  # which take a filter about as long as a step without any


class LiquidFailed(Exception):
    """Liquid that cannot be parsed, or rendered with these values; the message says why."""


class StepBudget:
    """Counts the steps of a picture's Liquid: nodes, filters, iterations and characters.

    Untrusted values decide how often a loop runs, so its cost is only known while it runs.
    """

    __slots__ = ("_picture_steps_left", "_text_steps", "_text_steps_left")

    def __init__(
        self, *, text_steps: int = MAX_STEPS, picture_steps: int = MAX_PICTURE_STEPS
    ) -> None:
        self._text_steps = text_steps
        self._picture_steps_left = picture_steps
        self.start_text()

    @classmethod
    def for_frame(cls, frames: int) -> "StepBudget":
        """The budget of one of so many frames; none depends on what the others take."""
        return cls(picture_steps=max(MAX_PICTURE_STEPS // frames, MIN_FRAME_STEPS))

    def start_text(self) -> None:
        """Begins the next text or condition, which has `text_steps` of its own."""
        self._text_steps_left = self._text_steps

    def spend(self, steps: int) -> None:
        """Takes steps; raises `LiquidFailed` if there are not so many left."""
        self._text_steps_left -= steps
        self._picture_steps_left -= steps
        if self._text_steps_left < 0:
            raise LiquidFailed("it takes too many steps")
        if self._picture_steps_left < 0:
            raise LiquidFailed("all Liquid of the picture takes too many steps")

    def spend_on(self, *values: Any) -> None:
        """Takes the steps of reading or writing these values."""
        self.spend(sum(map(_steps_to_read, values)))


def check_value(value: Any) -> Any:
    """Returns a value that Liquid computed; raises `LiquidFailed` if it is out of bounds."""
    if isinstance(value, str):
        check_length(len(value))
    elif isinstance(value, bool):
        return value
    elif isinstance(value, int | float):
        if not abs(value) < MAX_NUMBER:  # also true of NaN
            raise LiquidFailed("a number has more than 15 digits")
    elif isinstance(value, range):
        _check_item_count(value.stop - value.start)  # `len` fails for large ones
    elif isinstance(value, list | tuple):
        _check_item_count(len(value))
        check_length(sum(map(len, _texts_in(value))))
    return value


def check_length(characters: int) -> None:
    """Raises `LiquidFailed` if a text would have more than `MAX_CHARACTERS`."""
    if characters > MAX_CHARACTERS:
        raise LiquidFailed(f"a text has more than {MAX_CHARACTERS} characters")


def _check_item_count(count: int) -> None:
    if count > MAX_LIST_ITEMS:
        raise LiquidFailed(f"a list has more than {MAX_LIST_ITEMS} items")


def _steps_to_read(value: Any) -> int:
    if isinstance(value, str):
        return len(value) // CHARACTERS_PER_STEP
    if isinstance(value, list | tuple):
        return len(value) + sum(map(len, _texts_in(value))) // CHARACTERS_PER_STEP
    return 0


def _texts_in(items: Iterable[Any]) -> Iterable[str]:
    return (item for item in items if isinstance(item, str))
