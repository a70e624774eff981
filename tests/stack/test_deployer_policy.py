"""Tests of the IAM policy for whoever deploys, which people attach to a user or role."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from deploy.stack_advice import POLICY_FILE
from deploy.template_check import SamDocument, lint

MAX_CHARACTERS = 6_144  # of a managed policy, without white space
# The IAM prefixes of the types of resources in template.yaml.
PREFIXES = {
    "AWS::Athena": "athena",
    "AWS::Glue": "glue",
    "AWS::ApiGatewayV2": "apigateway",
    "AWS::CloudFront": "cloudfront",
    "AWS::CloudWatch": "cloudwatch",
    "AWS::DynamoDB": "dynamodb",
    "AWS::Events": "events",
    "AWS::IAM": "iam",
    "AWS::Lambda": "lambda",
    "AWS::Logs": "logs",
    "AWS::S3": "s3",
    "AWS::SNS": "sns",
    "AWS::SQS": "sqs",
    "AWS::Scheduler": "scheduler",
    "AWS::SecretsManager": "secretsmanager",
    "AWS::StepFunctions": "states",
}


@pytest.fixture(scope="module")
def policy() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(Path(POLICY_FILE).read_text(encoding="utf-8"))
    return document


def actions(policy: dict[str, Any]) -> set[str]:
    listed = (statement["Action"] for statement in policy["Statement"])
    return {action for each in listed for action in ([each] if isinstance(each, str) else each)}


def test_it_is_a_valid_managed_policy(policy: dict[str, Any]) -> None:
    """cfn-lint knows the actions of every service."""
    managed = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": policy}}
    template = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"Deployer": managed}}
    assert lint(template) == []
    assert len(re.sub(r"\s", "", json.dumps(policy))) < MAX_CHARACTERS


def test_it_covers_every_type_of_resource_in_the_stack(
    policy: dict[str, Any], cloudformation: SamDocument
) -> None:
    types = {each["Type"].rpartition("::")[0] for each in cloudformation["Resources"].values()}
    allowed = {action.partition(":")[0] for action in actions(policy)}
    assert {PREFIXES[kind] for kind in types} <= allowed


def test_roles_can_be_passed_to_services_only(policy: dict[str, Any]) -> None:
    (statement,) = (each for each in policy["Statement"] if each["Action"] == "iam:PassRole")
    assert statement["Condition"]["StringEquals"]["iam:PassedToService"]
    assert not {action for action in actions(policy) if action in ("*", "iam:*")}
