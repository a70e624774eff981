import pytest

from postcard.font_sanitizer import subprocess_client
from postcard.font_sanitizer.subprocess_client import sanitize_in_subprocess
from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import document

CHECKED: dict[bytes, bytes] = {}  # sanitized fonts by what was uploaded


@pytest.fixture
def world() -> InMemoryService:
    """A service with one published template, `welcome`."""
    world = InMemoryService()
    world.publish(document())
    return world


@pytest.fixture
def empty() -> InMemoryService:
    """A service without anything."""
    return InMemoryService()


@pytest.fixture
def fonts_are_checked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A font that passed its check in an earlier test is not given to another process again."""
    monkeypatch.setattr(subprocess_client, "sanitize_in_subprocess", _checked)


def _checked(body: bytes, *, timeout: float) -> bytes:
    if body not in CHECKED:
        CHECKED[body] = sanitize_in_subprocess(body, timeout=timeout)
    return CHECKED[body]
