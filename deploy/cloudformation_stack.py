"""The stack in CloudFormation: what `sam deploy` is told, and what it put out."""

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
    """What samconfig.toml says of a stage, and what this deployment adds."""

    stage: str
    stack_name: str
    parameters: Mapping[str, str]

    @classmethod
    def read(
        cls, stage: str, extra_parameters: Mapping[str, str], config: Path = SAM_CONFIG
    ) -> "DeploymentPlan":
        """`sam deploy --parameter-overrides` replaces samconfig's list, so both go together."""
        environments = tomllib.loads(config.read_text(encoding="utf-8"))
        environment = environments.get("default" if stage == "dev" else stage)
        if environment is None:
            raise DeployError(f'samconfig.toml has no stage "{stage}".')
        deploy = environment["deploy"]["parameters"]
        own = dict(pair.split("=", 1) for pair in deploy.get("parameter_overrides", ()))
        return cls(stage, deploy["stack_name"], {**own, **extra_parameters})

    def sam_command(self, region: str) -> list[str]:
        """The call of SAM. A parameter that is not named keeps its value of last time."""
        environment = "default" if self.stage == "dev" else self.stage
        pairs = [f"{name}={value}" for name, value in self.parameters.items()]
        command = [str(SAM), "deploy", "--template-file", str(BUILT_TEMPLATE)]
        command += ["--region", region, "--config-env", environment]
        return [*command, "--parameter-overrides", *pairs]


@dataclass(frozen=True, slots=True)
class StackOutputs:
    """Names and addresses of what the stack is made of."""

    values: Mapping[str, str]

    @classmethod
    def read(cls, client: Any, stack: str) -> "StackOutputs":
        """Ask CloudFormation: `client` has boto3's method names."""
        (described,) = client.describe_stacks(StackName=stack)["Stacks"]
        return cls({item["OutputKey"]: item["OutputValue"] for item in described["Outputs"]})

    def __getitem__(self, name: str) -> str:
        if name not in self.values:
            raise DeployError(f"The stack has no output {name}: was it deployed from here?")
        return self.values[name]

    def settings(self, *, region: str, stage: str) -> Settings:
        """What the functions read from their environment, for work from this machine."""
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
    """What the stack was given last time; None if there is no stack yet."""
    try:
        (described,) = client.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        return None
    given = {item["ParameterKey"]: item["ParameterValue"] for item in described["Parameters"]}
    return given.get(name)


def run_sam(command: Sequence[str]) -> None:
    """Run SAM, its output shown; `DeployError` if it fails."""
    if subprocess.run(command, check=False).returncode:  # noqa: S603 - a fixed program
        raise DeployError("`sam deploy` failed: what it printed says why. Nothing was seeded.")
