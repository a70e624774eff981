"""Fixtures: one imitated AWS account for all tests of a module, and a function on its own proxy."""

from collections.abc import Iterator

import pytest

from tests.trust.faults.moto_service import CREDENTIALS, ImageWorker, MotoCloud


@pytest.fixture(scope="module")  # moto has one state for a process
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoCloud]:
    with pytest.MonkeyPatch.context() as patch:
        for name, text in CREDENTIALS.items():
            patch.setenv(name, text)
        cloud = MotoCloud(tmp_path_factory.mktemp("cloud"))
        yield cloud
        cloud.close()


@pytest.fixture
def worker(cloud: MotoCloud) -> Iterator[ImageWorker]:
    proxy = cloud.proxy()
    yield ImageWorker(cloud, proxy)
    proxy.close()
