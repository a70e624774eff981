"""Deploys the stack, creates its keys and fallback picture, and runs a smoke test.

    python -m deploy --stage dev --architecture arm64 [--parameter AlarmEmail=you@example.com]

It can be run again at any time: existing keys and pictures are not replaced.
"""

import argparse
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from deploy import bootstrap
from deploy.account_limits import ConcurrencyLimits
from deploy.cloudformation_stack import (
    BUILT_TEMPLATE,
    DeployError,
    DeploymentPlan,
    StackOutputs,
    deployed_parameter,
    run_sam,
)
from deploy.fallback_picture import render_fallback_png
from deploy.smoke_test import SmokeTest, SmokeTestFailed
from postcard import wiring
from postcard.adapters.aws.boto_client import boto_client
from postcard.adapters.aws.objects import S3ObjectStore
from postcard.errors import Problem
from postcard.keys.api_keys import ApiKeyService
from postcard.keys.key_rotation import KeyRotation
from postcard.settings import Settings


def main(argv: Sequence[str]) -> int:
    """Deploy; 0 if the stack is deployed and passed the smoke test."""
    arguments = read_arguments(argv)
    parameters = {**dict(arguments.parameter), "Architecture": arguments.architecture}
    try:
        deploy(arguments.stage, parameters)
    except (DeployError, SmokeTestFailed, Problem, BotoCoreError, ClientError) as error:
        print(f"The deployment stopped: {error}", file=sys.stderr)
        return 1
    return 0


def read_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Stage, architecture, and parameters of template.yaml."""
    parser = argparse.ArgumentParser(prog="deploy", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stage", default="dev", help="a stage of samconfig.toml (dev)")
    parser.add_argument(
        "--architecture",
        default="arm64",
        choices=("arm64", "x86_64"),
        help="the architecture that was built (arm64)",
    )
    parser.add_argument(
        "--parameter",
        action="append",
        default=[],
        type=parse_parameter,
        metavar="NAME=VALUE",
        help="a parameter of template.yaml; can be repeated",
    )
    return parser.parse_args(argv)


def parse_parameter(text: str) -> tuple[str, str]:
    """A parameter of template.yaml, written as `Name=Value`."""
    name, equals, value = text.partition("=")
    if not equals or not name.isalnum():
        raise argparse.ArgumentTypeError(f'"{text}" is not Name=Value')
    return name, value


def deploy(stage: str, extra_parameters: Mapping[str, str]) -> None:
    """Run every step in order; the first failure stops the deployment."""
    session = boto3.Session(region_name=aws_region(os.environ))
    plan = DeploymentPlan.read(stage, extra_parameters)
    cloudformation = session.client("cloudformation")
    limits = ConcurrencyLimits.read(session.client("lambda"))
    print(limits.summary())
    check_more_fonts(plan, cloudformation)
    run_sam(with_api_concurrency(plan, limits, cloudformation).sam_command(session.region_name))
    outputs = StackOutputs.read(cloudformation, plan.stack_name)
    settings = outputs.settings(region=session.region_name, stage=stage)
    bootstrap_stack(settings)
    run_smoke_test(outputs, settings)


def check_more_fonts(
    plan: DeploymentPlan, cloudformation: object, built: Path = BUILT_TEMPLATE.parent
) -> None:
    """DeployError if the stack has or gets the optional fonts and the build has none."""
    state = plan.parameters.get("MoreFonts") or deployed_parameter(
        cloudformation, plan.stack_name, "MoreFonts"
    )
    if state == "on" and not (built / "MoreFontsLayer/more-fonts/coverage.json").is_file():
        raise DeployError(
            "The stack has the optional fonts (MoreFonts=on), but they were not built. Run `make"
            " deploy MORE_FONTS=on`, or MORE_FONTS=off to remove them from the stack."
        )


def aws_region(environ: Mapping[str, str]) -> str:
    """AWS_REGION, which boto3 alone does not read, or the region of boto3's configuration."""
    region = environ.get("AWS_REGION") or boto3.Session().region_name
    if not region:
        raise DeployError("No AWS region is set. Set AWS_REGION, for example to us-east-1.")
    return str(region)


def with_api_concurrency(
    plan: DeploymentPlan, limits: ConcurrencyLimits, cloudformation: object
) -> DeploymentPlan:
    """The plan with a concurrency for `api` that the account's limit allows."""
    reserved = int(deployed_parameter(cloudformation, plan.stack_name, "ApiConcurrency") or 0)
    allowed = limits.allowed_reservation(
        int(plan.parameters.get("ApiConcurrency", reserved)), reserved=reserved
    )
    return DeploymentPlan(
        plan.stage, plan.stack_name, {**plan.parameters, "ApiConcurrency": str(allowed)}
    )


def bootstrap_stack(settings: Settings) -> None:
    """Create the keys, the fallback picture and the first API key; the key is shown only once."""
    now = time.time()
    rotation = KeyRotation(wiring.secret_store(settings), wiring.edge_store(settings))
    keys = bootstrap.create_signing_keys(rotation, now=now)
    print(f"signing keys at the edge: {len(keys.signing)}; {keys.active_kid} signs links")
    pictures = S3ObjectStore(boto_client("s3", settings), settings.pictures_bucket)
    uploaded = bootstrap.upload_fallback(pictures, render_fallback_png)
    print(f"{bootstrap.FALLBACK_KEY}: {'uploaded' if uploaded else 'unchanged'}")
    if first := bootstrap.create_first_api_key(api_keys(settings), now=now):
        print(f"Your first API key. Save it now, it is shown only once: {first}")


def run_smoke_test(outputs: StackOutputs, settings: Settings) -> None:
    """Draw a picture through every part of the stack, with a temporary API key."""
    keys, now = api_keys(settings), time.time()
    key, key_id = bootstrap.create_smoke_test_key(keys, now=now)
    try:
        for sentence in SmokeTest(outputs["ApiUrl"], key).run(f"at {now:.0f}"):
            print(sentence)
    finally:
        keys.revoke(key_id, now=time.time())
    print(f"pictures: {outputs['PictureUrl']}\nAPI: {outputs['ApiUrl']}/docs")
    print(f"dashboard: {outputs['DashboardUrl']}")


def api_keys(settings: Settings) -> ApiKeyService:
    """The service for API keys, with the stack's table."""
    return ApiKeyService(wiring.api_key_store(settings))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
