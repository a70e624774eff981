import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Discard the log lines of up to a million calls."""
    with Path(os.devnull).open("w") as devnull, contextlib.redirect_stdout(devnull):
        yield
