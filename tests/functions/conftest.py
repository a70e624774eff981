import pytest

from tests.functions.in_memory_service import World
from tests.functions.sample_events import document


@pytest.fixture
def world() -> World:
    """A service with one published template, `welcome`."""
    world = World()
    world.put(document())
    return world


@pytest.fixture
def empty() -> World:
    """A service without anything."""
    return World()
