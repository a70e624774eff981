"""Tests of `make destroy`, with moto in place of AWS."""

import io
import sys
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import WaiterError
from moto import mock_aws

from deploy import destroy
from deploy.cloudformation_stack import DeployError

TEMPLATE = """
Parameters:
  ExistingKeys: {Type: String, Default: ""}
  PictureDomain: {Type: String, Default: ""}
Resources:
  PicturesBucket: {Type: AWS::S3::Bucket}
  StoreBucket: {Type: AWS::S3::Bucket, DeletionPolicy: Retain}
  Table:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: pk, AttributeType: S}]
      KeySchema: [{AttributeName: pk, KeyType: HASH}]
"""


KEYS = "arn:aws:secretsmanager:us-east-1:1:secret:keys-of-an-earlier-stack"
PARAMETERS = [
    {"ParameterKey": "ExistingKeys", "ParameterValue": KEYS},
    {"ParameterKey": "PictureDomain", "ParameterValue": "pictures.example.com"},
]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        boto3.client("cloudformation", "us-east-1").create_stack(
            StackName="postcard-dev", TemplateBody=TEMPLATE, Parameters=PARAMETERS
        )
        yield


def bucket_name(logical_id: str) -> str:
    client = boto3.client("cloudformation", "us-east-1")
    return destroy.physical_ids(client, "postcard-dev")[logical_id]


def statuses() -> list[str]:
    stacks = boto3.client("cloudformation", "us-east-1").list_stacks()["StackSummaries"]
    return [each["StackStatus"] for each in stacks]


@pytest.mark.usefixtures("aws")
def test_the_stack_and_its_pictures_go_and_the_rest_stays(
    capsys: pytest.CaptureFixture[str],
) -> None:
    s3 = boto3.client("s3", "us-east-1")
    pictures, store = bucket_name("PicturesBucket"), bucket_name("StoreBucket")
    s3.put_bucket_versioning(Bucket=pictures, VersioningConfiguration={"Status": "Enabled"})
    for key in ("renders/a.png", "renders/a.png", "images/b.png"):
        s3.put_object(Bucket=pictures, Key=key, Body=b"x")
    s3.put_object(Bucket=store, Key="assets/logo", Body=b"x")
    assert destroy.main(["--stage", "dev"], lambda _: "postcard-dev") == 0
    output = capsys.readouterr().out
    assert f"{pictures}: 3 objects deleted" in output
    assert f"ExistingStoreBucket={store}" in output and "ExistingTable=" in output
    assert statuses() == ["DELETE_COMPLETE"]


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize("answer", ["", "y", "postcard-prod"])
def test_only_the_stacks_name_deletes_it(answer: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert destroy.main([], lambda _: answer) == 1
    assert capsys.readouterr().err == "Nothing was deleted.\n"
    assert statuses() == ["CREATE_COMPLETE"]


@pytest.mark.usefixtures("aws")
def test_the_command_for_a_new_stack_names_also_what_this_one_had_taken_over(
    capsys: pytest.CaptureFixture[str],
) -> None:
    table, store = (
        destroy.physical_ids(boto3.client("cloudformation", "us-east-1"), "postcard-dev")[name]
        for name in ("Table", "StoreBucket")
    )
    destroy.main([], lambda _: "")
    said = f"ExistingTable={table} ExistingStoreBucket={store} ExistingKeys={KEYS}"
    assert f'PARAMETERS="{said} PictureDomain=pictures.example.com"' in capsys.readouterr().out


@pytest.mark.usefixtures("aws")
def test_without_a_terminal_nothing_is_deleted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert destroy.main([]) == 1
    assert capsys.readouterr().err == "Nothing was deleted.\n"
    assert statuses() == ["CREATE_COMPLETE"]


@pytest.mark.usefixtures("aws")
def test_a_stack_that_does_not_exist_is_said_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert destroy.main(["--stage", "prod"], lambda _: "postcard-prod") == 1
    assert "There is no stack postcard-prod in us-east-1." in capsys.readouterr().err


@pytest.mark.usefixtures("aws")
def test_a_bucket_that_stayed_is_deleted_with_the_versions_of_its_objects() -> None:
    s3: Any = boto3.client("s3", "us-east-1")
    store = bucket_name("StoreBucket")
    s3.put_bucket_versioning(Bucket=store, VersioningConfiguration={"Status": "Enabled"})
    for _ in range(2):
        s3.put_object(Bucket=store, Key="assets/logo", Body=b"x")
    s3.delete_object(Bucket=store, Key="assets/logo")
    assert destroy.main(["--bucket", store], lambda _: "yes") == 1
    assert len(s3.list_object_versions(Bucket=store)["Versions"]) == 2
    assert destroy.main(["--bucket", store], lambda _: store) == 0
    assert store not in {each["Name"] for each in s3.list_buckets()["Buckets"]}
    assert destroy.main(["--bucket", store], lambda _: store) == 1


class BusyStack:
    """A stack whose bucket gets new objects while it is being deleted, `busy` times."""

    def __init__(self, busy: int) -> None:
        self.busy, self.deletions = busy, 0

    def delete_stack(self, **_: str) -> None:
        self.deletions += 1

    def get_waiter(self, _: str) -> "BusyStack":
        return self

    def wait(self, **_: str) -> None:
        if self.deletions <= self.busy:
            raise WaiterError("StackDeleteComplete", "DELETE_FAILED", {})

    def get_paginator(self, _: str) -> "BusyStack":
        return self

    def paginate(self, **_: str) -> Iterator[dict[str, Any]]:
        event = {"LogicalResourceId": "AccessLogsBucket", "ResourceType": "AWS::S3::Bucket"}
        reason = "The bucket you tried to delete is not empty"
        failed = {"ResourceStatus": "DELETE_FAILED", "ResourceStatusReason": reason}
        yield {"StackEvents": [{**event, **failed, "EventId": "e"}]}


def test_logs_that_arrive_during_the_deletion_are_deleted_too() -> None:
    stack = BusyStack(busy=2)
    destroy.delete(stack, None, "s", [])
    assert stack.deletions == 3


def test_a_bucket_that_never_stays_empty_ends_in_a_sentence() -> None:
    with pytest.raises(DeployError, match="Run the command again"):
        destroy.delete(BusyStack(busy=9), None, "s", [])
