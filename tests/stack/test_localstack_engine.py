"""What `make engine` gives to LocalStack: the stack without the types that need a download."""

import json
from pathlib import Path

import pytest

from deploy.template_check import SamDocument
from tests.stack.localstack_engine import (
    NEEDS_A_DOWNLOAD,
    EngineFailed,
    running_engine,
    without_downloads,
)


def test_the_stack_for_the_engine_refers_to_nothing_that_was_left_out(
    cloudformation: SamDocument,
) -> None:
    document = without_downloads(cloudformation)
    kept, whole = document["Resources"], cloudformation["Resources"]
    left_out = whole.keys() - kept.keys()
    assert left_out == {
        name for name, each in whole.items() if each["Type"].startswith(NEEDS_A_DOWNLOAD)
    }
    text = json.dumps(document)
    for name in left_out:
        assert f'"Ref": "{name}"' not in text
        assert f'["{name}", ' not in text
        assert f"${{{name}" not in text
    assert {"Distribution", "Api", "ImageRole", "AlarmTopic"} <= kept.keys()


def test_the_interpreter_may_be_named_from_where_make_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\necho "started with $*"\n')
    python.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EngineFailed, match=r"started with -m localstack"), running_engine("python"):
        pass
