"""Deploys the stack, creates its keys and fallback picture, and runs a smoke test.

    python -m deploy --stage dev --architecture arm64 [--parameter AlarmEmail=you@example.com]

Region, credentials, the stack's status and questions come first, then the build. It can be run
again at any time: existing keys and pictures are not replaced.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

import boto3
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from deploy import bootstrap, origin_secret, questions
from deploy.account_limits import ConcurrencyLimits
from deploy.cloudformation_stack import (
    DeployedStack,
    DeployError,
    DeploymentPlan,
    StackOutputs,
    failed_resources,
    newest_event,
    run_sam,
)
from deploy.fallback_picture import render_fallback_png
from deploy.questions import Declined, Terminal
from deploy.smoke_test import SmokeTest, SmokeTestFailed
from deploy.stack_advice import StackName, obstacle
from deploy.template_check import read_template
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
    given = {**dict(arguments.parameter), "Architecture": arguments.architecture}
    terminal = Terminal(sys.stdin.isatty(), yes=arguments.yes)
    try:
        deploy(arguments, given, terminal)
    except Declined:
        print("Nothing was deployed.", file=sys.stderr)
        return 1
    except (DeployError, SmokeTestFailed, Problem, BotoCoreError, ClientError) as error:
        print(f"The deployment stopped: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "Stopped. CloudFormation goes on with an update that it has begun. Run the command"
            " again to deploy the rest.",
            file=sys.stderr,
        )
        return 130
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
    parser.add_argument("--yes", action="store_true", help="ask nothing, for example in CI")
    parser.add_argument(
        "--without-domain",
        action="store_true",
        help="deploy the stage prod with CloudFront's own name",
    )
    parser.add_argument(
        "--changes", action="store_true", help="show what would change, and deploy nothing"
    )
    arguments = parser.parse_args(argv)
    if arguments.changes:  # nothing is deployed, so nothing is asked
        arguments.yes = arguments.without_domain = True
    return arguments


def parse_parameter(text: str) -> tuple[str, str]:
    """A parameter of template.yaml, written as `Name=Value`."""
    name, equals, value = text.partition("=")
    if not equals or not name.isalnum():
        raise argparse.ArgumentTypeError(f'"{text}" is not Name=Value')
    return name, value


def deploy(
    arguments: argparse.Namespace, extra_parameters: Mapping[str, str], terminal: Terminal
) -> None:
    """Run every step in order; the first failure stops the deployment."""
    session = boto3.Session(region_name=aws_region(os.environ))
    region = str(session.region_name)
    plan = DeploymentPlan.read(arguments.stage, extra_parameters)
    identity = caller_identity(session)
    stack = StackName(plan.stack_name, region)
    cloudformation = session.client("cloudformation")
    deployed = DeployedStack.read(cloudformation, plan.stack_name)
    if problem := obstacle(deployed.status, stack):
        raise DeployError(problem)
    if faults := questions.parameter_faults(plan.parameters, deployed.parameters):
        raise DeployError("\n  ".join(["The parameters are wrong.", *faults]))
    plan = questions.complete(plan, deployed, terminal, without_domain=arguments.without_domain)
    limits = ConcurrencyLimits.read(session.client("lambda"))
    capped = [concurrency_of(name, plan, deployed) for name in RESERVATIONS]
    requested, reserved = (sum(numbers) for numbers in zip(*capped, strict=True))
    print(limits.summary(requested, reserved=reserved))
    questions.confirm(plan, deployed, terminal, region=region, identity=identity)
    build(arguments.architecture, more_fonts=more_fonts(plan, deployed))
    plan = with_concurrency(plan, limits, deployed)
    before = newest_event(cloudformation, plan.stack_name)
    try:
        run_sam(plan.sam_command(region, only_show_changes=arguments.changes))
    except DeployError as error:
        causes = failed_resources(cloudformation, plan.stack_name, after=before)
        raise DeployError(
            "\n".join([str(error), *(each.explain(stack) for each in causes)])
        ) from None
    if arguments.changes:
        return
    outputs = StackOutputs.read(cloudformation, plan.stack_name)
    settings = outputs.settings(region=region, stage=arguments.stage)
    bootstrap_stack(settings)
    if updated := origin_secret.repair(session, settings):
        print(updated)
    run_smoke_test(outputs, settings)


def caller_identity(session: boto3.Session) -> str:
    """The account and user that deploy; `DeployError` without valid credentials."""
    try:
        identity = session.client("sts").get_caller_identity()
    except (NoCredentialsError, ClientError) as error:
        raise DeployError(
            f"AWS does not accept your credentials ({error}). Sign in, for example with"
            " `aws sso login` and AWS_PROFILE, then run the command again."
        ) from None
    return str(identity["Arn"])


def more_fonts(plan: DeploymentPlan, deployed: DeployedStack) -> str:
    """`on` if the stack has or gets the optional fonts, else `off`."""
    return plan.parameters.get("MoreFonts") or deployed.parameters.get("MoreFonts", "off")


def build(architecture: str, *, more_fonts: str) -> None:
    """Build the functions and layers with `make`; `DeployError` if it fails."""
    command = ["make", "--no-print-directory", "stack", "build", f"ARCH={architecture}"]
    command.append(f"MORE_FONTS={more_fonts if more_fonts == 'on' else ''}")
    if subprocess.run(command, check=False).returncode:  # noqa: S603 - a fixed program
        raise DeployError("The build failed; see its output above. Nothing was deployed.")


def aws_region(environ: Mapping[str, str]) -> str:
    """AWS_REGION, which boto3 alone does not read, or the region of boto3's configuration."""
    region = environ.get("AWS_REGION") or boto3.Session().region_name
    if not region:
        raise DeployError("No AWS region is set. Set AWS_REGION, for example to us-east-1.")
    return str(region)


RESERVATIONS = ("ApiConcurrency", "BatchConcurrency")


def concurrency_of(name: str, plan: DeploymentPlan, deployed: DeployedStack) -> tuple[int, int]:
    """The concurrency that the plan reserves by a parameter, and what the stack reserves now."""
    reserved = int(deployed.parameters.get(name) or 0)
    default = read_template()["Parameters"][name]["Default"]
    parameters = {name: default, **deployed.parameters, **plan.parameters}
    return int(parameters[name] or 0), reserved


def with_concurrency(
    plan: DeploymentPlan, limits: ConcurrencyLimits, deployed: DeployedStack
) -> DeploymentPlan:
    """The plan with concurrencies for `api` and `batch`, and an alarm, that suit the account."""
    parameters = {"ConcurrencyAlarm": str(limits.alarm_threshold), **plan.parameters}
    free = limits
    for name in RESERVATIONS:
        requested, reserved = concurrency_of(name, plan, deployed)
        allowed = free.allowed_reservation(requested, reserved=reserved)
        parameters[name] = str(allowed)
        free = replace(free, unreserved=free.unreserved + reserved - allowed)
    return replace(plan, parameters=parameters)


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
