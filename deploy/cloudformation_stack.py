"""The CloudFormation stack: the parameters for `sam deploy`, and the stack's outputs."""

import subprocess
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

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
        return cls(stage, deploy["stack_name"], {**configured, **extra_parameters})

    def sam_command(self, region: str) -> list[str]:
        """The `sam deploy` command. A parameter that is not named keeps its deployed value."""
        environment = "default" if self.stage == "dev" else self.stage
        pairs = [f"{name}={value}" for name, value in self.parameters.items()]
        command = [str(SAM), "deploy", "--template-file", str(BUILT_TEMPLATE)]
        command += ["--region", region, "--config-env", environment]
        return [*command, "--parameter-overrides", *pairs]


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


def deployed_parameter(client: Any, stack: str, name: str) -> str | None:
    """The deployed value of a parameter; None if there is no stack yet."""
    try:
        (described,) = client.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        return None
    values = {item["ParameterKey"]: item["ParameterValue"] for item in described["Parameters"]}
    return values.get(name)


def run_sam(command: Sequence[str]) -> None:
    """Run SAM with its output on the terminal; `DeployError` if it fails."""
    if subprocess.run(command, check=False).returncode:  # noqa: S603 - a fixed program
        raise DeployError(
            "`sam deploy` failed; see its output above. Keys and pictures were not changed."
        )
