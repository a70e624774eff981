"""The CloudFormation stack: the parameters for `sam deploy`, and the stack's outputs."""

import re
import subprocess
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from deploy.stack_advice import FailedResource
from postcard.settings import Settings

SAM = Path(".venv-sam/bin/sam")
SAM_CONFIG = Path("samconfig.toml")
BUILT_TEMPLATE = Path(".aws-sam/build/template.yaml")


class DeployError(Exception):
    """The deployment stopped; the text says where and what to do."""


@dataclass(frozen=True, slots=True)
class DeploymentPlan:
    """A stage of samconfig.toml with the parameters of this deployment."""

    stage: str
    stack_name: str
    parameters: Mapping[str, str]

    @classmethod
    def read(
        cls, stage: str, extra_parameters: Mapping[str, str], config: Path = SAM_CONFIG
    ) -> "DeploymentPlan":
        """Read a stage; `extra_parameters` go before those of samconfig.toml.

        `sam deploy --parameter-overrides` replaces the list of samconfig.toml, so it gets both.
        """
        environments = tomllib.loads(config.read_text(encoding="utf-8"))
        environment = environments.get("default" if stage == "dev" else stage)
        if environment is None:
            raise DeployError(f'samconfig.toml has no stage "{stage}". Add it, or use dev or prod.')
        deploy = environment["deploy"]["parameters"]
        configured = dict(pair.split("=", 1) for pair in deploy.get("parameter_overrides", ()))
        parameters = {"Stage": stage, **configured, **extra_parameters}
        return cls(stage, deploy["stack_name"], parameters)

    def sam_command(self, region: str, *, only_show_changes: bool = False) -> list[str]:
        """The `sam deploy` command. A parameter that is not named keeps its deployed value.

        It never asks: `sam deploy` ends with 0 also when its question is answered with no.
        """
        environment = "default" if self.stage == "dev" else self.stage
        pairs = [f"{name}={_quoted(value)}" for name, value in self.parameters.items()]
        command = [str(SAM), "deploy", "--template-file", str(BUILT_TEMPLATE)]
        # By itself, SAM looks for samconfig.toml beside the built template.
        command += ["--config-file", str(SAM_CONFIG.absolute()), "--config-env", environment]
        command += ["--region", region]
        command += ["--no-confirm-changeset"]
        command += ["--no-execute-changeset"] if only_show_changes else []
        return [*command, "--parameter-overrides", *pairs]


def _quoted(value: str) -> str:
    """A parameter's value as SAM reads it, which takes an empty one only in quotes."""
    if value and not re.search(r"[\s\"]", value):
        return value
    return '"' + value.replace('"', '\\"') + '"'


@dataclass(frozen=True, slots=True)
class StackOutputs:
    """The outputs of the deployed stack: names and URLs of its resources."""

    values: Mapping[str, str]

    @classmethod
    def read(cls, client: Any, stack: str) -> "StackOutputs":
        """Read the outputs with boto3's CloudFormation client."""
        (described,) = client.describe_stacks(StackName=stack)["Stacks"]
        return cls({item["OutputKey"]: item["OutputValue"] for item in described["Outputs"]})

    def __getitem__(self, name: str) -> str:
        if name not in self.values:
            raise DeployError(
                f"The stack has no output {name}. Deploy it with this version of template.yaml."
            )
        return self.values[name]

    def settings(self, *, region: str, stage: str) -> Settings:
        """The functions' settings, for work on the stack from this machine."""
        return Settings(
            table=self["TableName"],
            pictures_bucket=self["PicturesBucketName"],
            store_bucket=self["StoreBucketName"],
            secret_id=self["KeysSecret"],
            base_url=self["PictureUrl"],
            kvs_arn=self["EdgeKeysArn"],
            distribution_id=self["DistributionId"],
            stage=stage,
            region=region,
        )


@dataclass(frozen=True, slots=True)
class DeployedStack:
    """The stack before this deployment; `status` is None if there is none."""

    status: str | None
    parameters: Mapping[str, str]

    @classmethod
    def read(cls, client: Any, stack: str) -> "DeployedStack":
        """Read the status and parameters with boto3's CloudFormation client."""
        try:
            (described,) = client.describe_stacks(StackName=stack)["Stacks"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationError":
                raise
            return cls(None, {})
        values = described.get("Parameters", ())
        return cls(
            described["StackStatus"],
            {item["ParameterKey"]: item["ParameterValue"] for item in values},
        )


def run_sam(command: Sequence[str]) -> None:
    """Run SAM with its output on the terminal; `DeployError` if it fails."""
    if subprocess.run(command, check=False).returncode:  # noqa: S603 - a fixed program
        raise DeployError(
            "`sam deploy` failed; see its output above. Keys and pictures were not changed."
        )


def newest_event(client: Any, stack: str) -> str | None:
    """The id of the stack's newest event, None if there is no stack."""
    return next((event["EventId"] for event in _events(client, stack)), None)


def failed_resources(client: Any, stack: str, *, after: str | None = None) -> list[FailedResource]:
    """The resources that failed in the last operation on the stack, the first cause first.

    CloudFormation's newest events come first, and an operation begins with an event of the stack
    itself. Events up to the one with the id `after` are of an earlier operation: there is no later
    one if SAM stopped before CloudFormation began. Resources that were cancelled because another
    one failed are left out.
    """
    failed: list[FailedResource] = []
    for event in _events(client, stack):
        is_stack = event["LogicalResourceId"] == stack
        if event["EventId"] == after or (is_stack and event["ResourceStatus"] in _FIRST_STATUSES):
            break
        reason = event.get("ResourceStatusReason", "")
        if is_stack or not event["ResourceStatus"].endswith("_FAILED"):
            continue
        if reason and "cancelled" not in reason.lower():
            failed.append(FailedResource(event["LogicalResourceId"], event["ResourceType"], reason))
    return failed[::-1]


def _events(client: Any, stack: str) -> Iterator[dict[str, Any]]:
    """The stack's events, the newest first; none if there is no stack.

    A rollback writes more of them than a page holds.
    """
    try:
        for page in client.get_paginator("describe_stack_events").paginate(StackName=stack):
            yield from page["StackEvents"]
    except ClientError:
        return


_FIRST_STATUSES = (
    "CREATE_IN_PROGRESS",
    "UPDATE_IN_PROGRESS",
    "DELETE_IN_PROGRESS",
    "REVIEW_IN_PROGRESS",
)
