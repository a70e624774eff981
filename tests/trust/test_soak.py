"""Requests without end leave nothing behind: `make soak` answers a million, this some of them."""

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
def soaked() -> Any:
    """What a process of its own held, which pytest's records of log lines would fill."""
    requests = scaled(3_000, 50_000)
    command = [sys.executable, "-m", "tests.trust.soak", str(requests)]
    ended = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": PATH}
    )
    assert ended.stdout, ended.stderr
    found = json.loads(ended.stdout)
    record_figure("requests of all kinds, one after the other, in one process", **found)
    return found


def test_memory_does_not_grow_once_what_is_kept_is_full(soaked: Any) -> None:
    assert soaked["growth"] <= MAX_GROWTH_BYTES


def test_no_descriptor_and_no_thread_is_left_behind(soaked: Any) -> None:
    for name in ("descriptors", "threads"):
        assert soaked["before"][name] == soaked["most"][name] == soaked["after"][name]
    assert soaked["cells"] == 1, "strangers' pictures share a cell"


def test_every_kind_of_request_was_answered_and_none_failed(soaked: Any) -> None:
    answered = [said.split() for said in soaked["statuses"]]
    assert {name for name, _ in answered} == {kind.__name__ for kind in REQUEST_KINDS}
    assert not [said for said in answered if int(said[1]) >= 500]
