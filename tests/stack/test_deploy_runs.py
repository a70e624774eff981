"""Runs of `make deploy` until SAM has ended, with moto as AWS and exit codes for build and SAM."""

import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.cloudformation.models import Event, Stack, cloudformation_backends

import deploy.__main__ as deployment
from deploy import questions
from deploy.account_limits import ConcurrencyLimits
from deploy.template_check import SamDocument, read_template

TEMPLATE = "Resources: {Topic: {Type: AWS::SNS::Topic}}"


class Keyboard(io.StringIO):
    """What someone types, and then Ctrl-D; no terminal if it is nothing."""

    def isatty(self) -> bool:
        return bool(self.getvalue())


@cache  # parsing it takes longer than a test
def parsed_template() -> SamDocument:
    return read_template()


class Machine:
    """Where someone deploys: its terminal's answers, and the programs that a deployment starts."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.started: list[str] = []
        self.sam_exit_code = 0
        self.during_sam: Callable[[], None] = lambda: None
        self._monkeypatch = monkeypatch
        monkeypatch.setattr(subprocess, "run", self._run)
        monkeypatch.setattr(ConcurrencyLimits, "read", lambda _: ConcurrencyLimits(1000, 1000))
        for module in (deployment, questions):
            monkeypatch.setattr(module, "read_template", parsed_template)
        self.answer()

    def answer(self, *lines: str) -> None:
        """Have a terminal on which someone types these lines; none without lines."""
        self._monkeypatch.setattr(sys, "stdin", Keyboard("\n".join(lines)))

    def _run(self, command: list[str], **_: object) -> SimpleNamespace:
        self.started.append(Path(command[0]).name)
        if self.started[-1] == "make":
            return SimpleNamespace(returncode=0)
        self.during_sam()
        return SimpleNamespace(returncode=self.sam_exit_code)


def stack(name: str = "postcard-prod") -> Stack:
    """A deployed stack, as moto keeps it."""
    client: Any = boto3.client("cloudformation", "us-east-1")
    client.create_stack(StackName=name, TemplateBody=TEMPLATE)
    (found,) = cloudformation_backends["123456789012"]["us-east-1"].stacks.values()
    return found


def fail(deployed: Stack, reason: str) -> None:
    """Have the update of a resource fail."""
    kind, status = "AWS::CloudFront::KeyValueStore", "UPDATE_FAILED"
    name = deployed.name
    event = Event(deployed.stack_id, name, "EdgeKeys", "keys", kind, status, reason, None)
    deployed.events.append(event)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    with mock_aws():
        yield Machine(monkeypatch)


def test_without_a_terminal_prod_is_not_deployed_before_all_answers_are_given(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert deployment.main(["--stage", "prod"]) == 1
    assert "WITHOUT_DOMAIN=1" in capsys.readouterr().err
    assert deployment.main(["--stage", "prod", "--without-domain"]) == 1
    assert "YES=1" in capsys.readouterr().err
    assert machine.started == []


@pytest.mark.parametrize(
    "answers", [["n"], ["y", "", "n"], ["y", "ops@example.com", ""], [" "], ["y", " "]]
)
def test_no_at_any_question_of_prod_builds_nothing(
    machine: Machine, answers: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    machine.answer(*answers)
    assert deployment.main(["--stage", "prod"]) == 1
    assert capsys.readouterr().err == "Nothing was deployed.\n"
    assert machine.started == []


def test_a_missing_region_is_said_before_anything_is_built(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AWS_REGION")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    assert deployment.main(["--stage", "dev"]) == 1
    assert "Set AWS_REGION" in capsys.readouterr().err
    assert machine.started == []


@pytest.mark.parametrize(
    ("status", "command"),
    [
        ("ROLLBACK_COMPLETE", "delete-stack"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback"),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "wait stack-rollback-complete"),
    ],
)
def test_a_stack_that_cannot_be_updated_is_found_before_anything_is_built(
    machine: Machine, status: str, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    stack().status = status
    assert deployment.main(["--stage", "prod", "--yes", "--without-domain"]) == 1
    assert f"aws cloudformation {command} --stack-name postcard-prod" in capsys.readouterr().err
    assert machine.started == []


@pytest.mark.parametrize("reached_cloudformation", [True, False])
def test_a_failure_of_sam_is_explained_only_if_cloudformation_reported_it(
    machine: Machine, reached_cloudformation: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    deployed = stack()
    fail(deployed, "an earlier cause")
    machine.sam_exit_code = 1
    if reached_cloudformation:
        machine.during_sam = lambda: fail(deployed, "keys already exists")
    assert deployment.main(["--stage", "prod", "--yes", "--without-domain"]) == 1
    error = capsys.readouterr().err
    assert "an earlier cause" not in error
    assert ("keys already exists" in error) is reached_cloudformation
    assert machine.started == ["make", "sam"]


@pytest.mark.parametrize(
    ("parameter", "sentence"),
    [
        ("AlarmMail=ops@example.com", "no parameter AlarmMail: did you mean AlarmEmail?"),
        ("Sandwich=1", "docs/operate.md lists them"),
        ("PictureDomain=pictures.example.com", "PictureCertificateArn is missing"),
        (
            "PictureCertificateArn=arn:aws:acm:eu-west-1:1:certificate/x",
            "PictureCertificateArn does not match",
        ),
        ("LogDays=8", "LogDays is one of 1, 3, 5"),
        ("RetentionDays=0", "RetentionDays is 1 or more, and 3650 or less"),
        ("MergeRenders=many", 'MergeRenders is a whole number, not "many"'),
        ("AllowHttp=yes", "AllowHttp is one of nothing, 1"),
    ],
)
def test_a_wrong_parameter_is_refused_before_anything_is_built(
    machine: Machine, parameter: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert deployment.main(["--parameter", parameter, "--yes"]) == 1
    assert sentence in capsys.readouterr().err
    assert machine.started == []


def test_a_domain_whose_certificate_is_deployed_already_may_be_given_again() -> None:
    domain, certificate = "pictures.example.com", "arn:aws:acm:us-east-1:1:certificate/x"
    deployed = {"PictureDomain": domain, "PictureCertificateArn": certificate}
    assert questions.parameter_faults({"PictureDomain": domain}, deployed) == []
    assert questions.parameter_faults(deployed, {}) == []
