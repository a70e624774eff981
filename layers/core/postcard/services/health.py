"""Health checks: one cheap request to each dependency."""

from collections.abc import Callable, Mapping

from postcard.errors import ServiceUnavailable

HealthCheck = Callable[[], object]


def check_all(checks: Mapping[str, HealthCheck]) -> dict[str, str]:
    """`ok` or `unavailable` for each dependency."""
    return {name: _check(check_dependency) for name, check_dependency in checks.items()}


def _check(check_dependency: HealthCheck) -> str:
    try:
        check_dependency()
    except ServiceUnavailable:
        return "unavailable"
    return "ok"
