"""How far the access log is counted, in every implementation."""

from postcard.ports import LogProgress
from tests.adapters.conftest import PortImplementations


def test_the_last_progress_is_read(adapters: PortImplementations) -> None:
    assert adapters.log_progress.get() is None
    adapters.log_progress.put(LogProgress(1_795_341_600, 1_795_338_000))
    last = LogProgress(1_795_345_200, 1_795_341_600)
    adapters.log_progress.put(last)
    assert adapters.log_progress.get() == last
