"""Imports, log line and metrics of the image function."""

import io
import json
import subprocess
import sys

import pytest
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from image import access_log
from tests.functions.fake_services import ROOT, FakeLambdaContext
from tests.functions.in_memory_service import InMemoryService

HEAVY = ("pydantic", "boto3", "botocore", "aws_lambda_powertools", "numpy", "asyncio", "yaml")
NEVER_SIGNS = "postcard.links.build"


def test_the_image_function_imports_no_heavy_package() -> None:
    code = (
        "import sys; from image import app; from postcard import wiring; "
        f"print([m for m in {(*HEAVY, NEVER_SIGNS)!r} if m in sys.modules])"
    )
    path = f"{ROOT / 'layers/core'}:{ROOT / 'functions'}"
    found = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": path, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert found.stdout.strip() == "[]"


def lines_of(world: InMemoryService, capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    capsys.readouterr()
    world.open_link(world.sign_link({"first_name": "Zoe-the-person"}, campaign="spring"))
    out = capsys.readouterr().out
    assert "Zoe" not in out and "_sig" not in out
    return [json.loads(line) for line in out.splitlines()]


def test_the_log_line_has_the_keys_of_powertools(
    world: InMemoryService, capsys: pytest.CaptureFixture[str]
) -> None:
    out = io.StringIO()
    logger = Logger(service="shape", stream=out)

    @logger.inject_lambda_context
    def handler(event: dict[str, object], context: FakeLambdaContext) -> None:
        logger.info("answered")

    handler({}, FakeLambdaContext())
    powertools = json.loads(out.getvalue())
    line, _ = lines_of(world, capsys)
    assert list(line)[: len(powertools)] == list(powertools)
    assert {k: type(v) for k, v in powertools.items()} == {k: type(line[k]) for k in powertools}


def test_the_log_line_has_the_outcome_and_the_timings(
    world: InMemoryService, capsys: pytest.CaptureFixture[str]
) -> None:
    line, _ = lines_of(world, capsys)
    assert (line["template_id"], line["version"], line["outcome"]) == ("welcome", 1, "drawn")
    assert line["campaign"] == "spring" and len(str(line["digest"])) == 64
    steps = line["timings_ms"]
    assert isinstance(steps, dict)
    assert list(steps) == ["verify", "template", "values", "sources", "draw", "encode", "store"]


def test_metrics_have_the_format_of_powertools(
    capsys: pytest.CaptureFixture[str],
) -> None:
    metrics = Metrics(namespace="Postcard", service="image")
    metrics.add_metric("Renders", MetricUnit.Count, 1)
    metrics.flush_metrics()
    powertools = json.loads(capsys.readouterr().out)
    ours = access_log.emf_metrics({"renders": 1}, 200, 12.5)
    assert list(ours["_aws"]) == list(powertools["_aws"])
    directive, powertools_directive = (
        ours["_aws"]["CloudWatchMetrics"][0],
        powertools["_aws"]["CloudWatchMetrics"][0],
    )
    assert list(directive) == list(powertools_directive)
    assert (directive["Namespace"], directive["Dimensions"]) == (
        powertools_directive["Namespace"],
        powertools_directive["Dimensions"],
    )
    assert powertools_directive["Metrics"][0] in directive["Metrics"]
    assert (ours["service"], ours["Renders"]) == (powertools["service"], powertools["Renders"])


def test_only_fallbacks_are_counted_by_reason() -> None:
    ours = access_log.emf_metrics({"reason": "source", "outcome": "fallback", "bytes": 7}, 200, 1)
    service, reason = ours["_aws"]["CloudWatchMetrics"]
    assert service["Dimensions"] == [["service"]]
    assert reason["Dimensions"] == [["service", "reason"]]
    assert reason["Metrics"] == [{"Name": "Fallbacks", "Unit": "Count"}]  # AWS bills each metric
    assert (ours["reason"], ours["Fallbacks"], ours["Bytes"]) == ("source", [1.0], [7.0])
