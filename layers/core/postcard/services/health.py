"""Health checks: one cheap request to each dependency."""

from collections.abc import Callable, Mapping

from postcard import ports
from postcard.errors import ServiceUnavailable

HealthCheck = Callable[[], object]
MISSING = "healthcheck"  # a name that does not exist


def dependency_checks(
    templates: ports.TemplateStore,
    pictures: ports.ObjectStore,
    store: ports.ObjectStore,
    read_keys: HealthCheck,
) -> Mapping[str, HealthCheck]:
    """The check of each dependency of pictures."""
    return {
        "table": lambda: templates.record(MISSING),
        "pictures": lambda: pictures.get(f"errors/{MISSING}"),
        "store": lambda: store.get(f"assets/{MISSING}"),
        "keys": read_keys,
    }


class OccasionalCheck:
    """A check that is made again after `seconds`, or at once if it failed."""

    def __init__(self, check: HealthCheck, seconds: float, clock: Callable[[], float]) -> None:
        self._check = check
        self._seconds = seconds
        self._clock = clock
        self._succeeded_at = float("-inf")

    def __call__(self) -> None:
        """Check the dependency, if it is time to."""
        if self._clock() - self._succeeded_at >= self._seconds:
            self._check()
            self._succeeded_at = self._clock()


def check_all(checks: Mapping[str, HealthCheck]) -> dict[str, str]:
    """`ok` or `unavailable` for each dependency."""
    return {name: _check(check_dependency) for name, check_dependency in checks.items()}


def _check(check_dependency: HealthCheck) -> str:
    try:
        check_dependency()
    except ServiceUnavailable:
        return "unavailable"
    return "ok"
