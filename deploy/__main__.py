"""Deploys, seeds and tries out the stack.

    python -m deploy --stage dev --architecture arm64 [--parameter AlarmEmail=you@example.com]

It may be run again at any time: what is there stays.
"""

import argparse
import os
import sys
import time
from collections.abc import Mapping, Sequence

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from deploy import bootstrap as seed
from deploy import fallback_picture as fallback
from deploy.account_limits import ConcurrencyLimits
from deploy.cloudformation_stack import (
    DeployError,
    DeploymentPlan,
    StackOutputs,
    deployed_parameter,
    run_sam,
)
from deploy.smoke_test import SmokeTest, SmokeTestFailed
from postcard import wiring
from postcard.adapters.aws.boto_client import boto_client
from postcard.adapters.aws.objects import S3ObjectStore
from postcard.errors import Problem
from postcard.keys.api_keys import ApiKeyService
from postcard.keys.key_rotation import KeyRotation
from postcard.settings import Settings


def main(argv: Sequence[str]) -> int:
    """0 if the stack stands and drew a picture."""
    arguments = read_arguments(argv)
    added = {**dict(arguments.parameter), "Architecture": arguments.architecture}
    try:
        deploy(arguments.stage, added)
    except (DeployError, SmokeTestFailed, Problem, BotoCoreError, ClientError) as error:
        print(f"stopped: {error}", file=sys.stderr)
        return 1
    return 0


def read_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Stage, architecture, and parameters of template.yaml."""
    parser = argparse.ArgumentParser(prog="deploy", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stage", default="dev")
    parser.add_argument("--architecture", default="arm64", choices=("arm64", "x86_64"))
    parser.add_argument("--parameter", action="append", default=[], type=parse_parameter)
    return parser.parse_args(argv)


def parse_parameter(text: str) -> tuple[str, str]:
    """`Name=Value` of template.yaml's Parameters."""
    name, equals, value = text.partition("=")
    if not equals or not name.isalnum():
        raise argparse.ArgumentTypeError(f'"{text}" is not Name=Value')
    return name, value


def deploy(stage: str, extra_parameters: Mapping[str, str]) -> None:
    """Every step in order; the first that fails ends it."""
    session = boto3.Session(region_name=aws_region(os.environ))
    plan = DeploymentPlan.read(stage, extra_parameters)
    formation = session.client("cloudformation")
    concurrency = ConcurrencyLimits.read(session.client("lambda"))
    print(concurrency.summary())
    run_sam(with_api_concurrency(plan, concurrency, formation).sam_command(session.region_name))
    outputs = StackOutputs.read(formation, plan.stack_name)
    settings = outputs.settings(region=session.region_name, stage=stage)
    bootstrap_stack(settings)
    run_smoke_test(outputs, settings)


def aws_region(environ: Mapping[str, str]) -> str:
    """AWS_REGION, which boto3 alone would not read, else what boto3 reads."""
    found = environ.get("AWS_REGION") or boto3.Session().region_name
    if not found:
        raise DeployError("Set AWS_REGION (us-east-1 if you have no other wish).")
    return str(found)


def with_api_concurrency(
    plan: DeploymentPlan, concurrency: ConcurrencyLimits, formation: object
) -> DeploymentPlan:
    """The plan with a cap for `api` that the account can bear."""
    reserved = int(deployed_parameter(formation, plan.stack_name, "ApiConcurrency") or 0)
    cap = concurrency.allowed_reservation(
        int(plan.parameters.get("ApiConcurrency", reserved)), reserved=reserved
    )
    return DeploymentPlan(
        plan.stage, plan.stack_name, {**plan.parameters, "ApiConcurrency": str(cap)}
    )


def bootstrap_stack(settings: Settings) -> None:
    """Keys, the picture for bad days, and the first API key, which is shown this once."""
    now = time.time()
    keyring = KeyRotation(wiring.secret_store(settings), wiring.edge_store(settings))
    keys = seed.create_signing_keys(keyring, now=now)
    print(f"keys: {len(keys.signing)} at the edge and read back there, {keys.active_kid} mints")
    pictures = S3ObjectStore(boto_client("s3", settings), settings.pictures_bucket)
    uploaded = seed.upload_fallback(pictures, fallback.render_fallback_png)
    print(f"{seed.FALLBACK_KEY}: {'uploaded' if uploaded else 'there'}")
    if first := seed.create_first_api_key(api_keys(settings), now=now):
        print(f"the first API key, shown this once: {first}")


def run_smoke_test(outputs: StackOutputs, settings: Settings) -> None:
    """A picture through every part, with a key that ends afterwards."""
    keys, now = api_keys(settings), time.time()
    key, key_id = seed.create_smoke_test_key(keys, now=now)
    try:
        for sentence in SmokeTest(outputs["ApiUrl"], key).run(f"at {now:.0f}"):
            print(sentence)
    finally:
        keys.revoke(key_id, now=time.time())
    print(f"pictures: {outputs['PictureUrl']}\nAPI: {outputs['ApiUrl']}/docs")
    print(f"dashboard: {outputs['DashboardUrl']}")


def api_keys(settings: Settings) -> ApiKeyService:
    """API keys in the stack's table."""
    return ApiKeyService(wiring.api_key_store(settings))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
