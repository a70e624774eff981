"""How each dependency is, asked by one cheap question."""

from collections.abc import Callable, Mapping

from postcard.errors import Unavailable

Question = Callable[[], object]


def states(questions: Mapping[str, Question]) -> dict[str, str]:
    """`ok` or `unavailable` by name."""
    return {name: _state(question) for name, question in questions.items()}


def _state(question: Question) -> str:
    try:
        question()
    except Unavailable:
        return "unavailable"
    return "ok"
