import pytest

from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import document


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
