"""Counts the steps of a call, so that tests can measure how work grows without a clock."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def count_steps(function: Callable[[], object]) -> int:
    """The number of bytecode instructions that a call executes, those of a failed call too.

    Work inside C functions is not counted: count it by what the input is asked for
    (`CountedText`).
    """
    steps = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal steps
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        steps += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function()
    except Exception:
        pass
    finally:
        sys.settrace(before)
    return steps


class CountedText(str):
    """A text that counts how often texts of its class are compared, also inside C functions."""

    __slots__ = ()
    comparisons = 0

    def __eq__(self, other: object) -> bool:
        CountedText.comparisons += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__
