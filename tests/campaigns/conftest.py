import pytest

from tests.campaigns.batch_runner import BatchRunner
from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import document


@pytest.fixture
def world() -> InMemoryService:
    service = InMemoryService()
    service.publish(document())
    return service


@pytest.fixture
def runner(world: InMemoryService) -> BatchRunner:
    return BatchRunner(world)
