from collections.abc import Iterator

import pytest

from tests.edge.engines import EmbeddedEngine, Engine, NjsEngine, NodeEngine


@pytest.fixture(scope="session")
def embedded() -> Iterator[EmbeddedEngine]:
    engine = EmbeddedEngine()
    yield engine
    engine.function.close()


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeEngine]:
    engine = NodeEngine(tmp_path_factory.mktemp("node"))
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def njs(tmp_path_factory: pytest.TempPathFactory) -> NjsEngine:
    return NjsEngine(tmp_path_factory.mktemp("njs"))


@pytest.fixture(params=["embedded", "node", "njs"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn; one that is not installed is skipped."""
    found: Engine = request.getfixturevalue(request.param)
    return found
