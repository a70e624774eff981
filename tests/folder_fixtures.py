"""What all modules of a folder share: it lives from its first use to the folder's last test.

pytest's own scopes are too short (`module`) or too long (`session`): moto has one state for a
process, so that a service must end before the tests of another folder start theirs.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any, TypeVar

import pytest

T = TypeVar("T")


class FolderFixtures:
    """Context managers that were entered for a folder, by their names."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._entered: dict[str, Any] = {}
        self._resources = ExitStack()

    def get(self, name: str, make: Callable[[], AbstractContextManager[T]]) -> T:
        """What `make` gave at the first call since the last `close`."""
        if name not in self._entered:
            self._entered[name] = self._resources.enter_context(make())
        entered: T = self._entered[name]
        return entered

    def close(self) -> None:
        """End everything, the last first."""
        self._entered.clear()
        self._resources.close()

    def close_after_folder(self, following: pytest.Item | None) -> None:
        """End everything if the following test is not of the folder."""
        if following is None or not following.path.is_relative_to(self._folder):
            self.close()
