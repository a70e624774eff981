"""A short soak test: requests leak no memory, descriptors or threads (`make soak`: a million)."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.functions.fake_services import ROOT
from tests.trust.run_scale import record_figure, scaled
from tests.trust.soak import MAX_GROWTH_BYTES, REQUEST_KINDS

PATH = os.pathsep.join(str(ROOT / part) for part in ("functions", "layers/core", ""))


@pytest.fixture(scope="module")
def soak_result() -> Any:
    """The result of a separate process, since pytest itself accumulates captured log lines."""
    requests = scaled(3_000, 50_000)
    command = [sys.executable, "-m", "tests.trust.soak", str(requests)]
    process = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": PATH}
    )
    assert process.stdout, process.stderr
    result = json.loads(process.stdout)
    record_figure("requests of all kinds, one after the other, in one process", **result)
    return result


def test_nothing_is_leaked_and_no_request_fails(soak_result: Any) -> None:
    """One test, since two processes would each send the requests."""
    assert soak_result["growth"] <= MAX_GROWTH_BYTES, "once the caches are full"
    for name in ("descriptors", "threads"):
        before, peak, after = (soak_result[when][name] for when in ("before", "peak", "after"))
        assert before == peak == after
    assert soak_result["decoders"] in (1, 2), "one that decodes, and at times its successor"
    assert soak_result["lost_decoders"] == 0
    statuses = [each.split() for each in soak_result["statuses"]]
    assert {kind for kind, _ in statuses} == {kind.__name__ for kind in REQUEST_KINDS}
    assert not [each for each in statuses if int(each[1]) >= 500]
