"""How each dependency is, asked by one cheap question."""

from collections.abc import Callable, Mapping

from postcard.errors import ServiceUnavailable

HealthCheck = Callable[[], object]


def check_all(questions: Mapping[str, HealthCheck]) -> dict[str, str]:
    """`ok` or `unavailable` by name."""
    return {name: _check(question) for name, question in questions.items()}


def _check(question: HealthCheck) -> str:
    try:
        question()
    except ServiceUnavailable:
        return "unavailable"
    return "ok"
