import pytest

from tests.functions.samples import document
from tests.functions.world import World


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
