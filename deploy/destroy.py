"""Deletes a stack: says what is lost and what stays, empties its buckets, deletes it.

python -m deploy.destroy --stage dev
python -m deploy.destroy --bucket NAME  # a bucket that stayed, with all versions of its objects
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError, WaiterError

from deploy.__main__ import aws_region, caller_identity
from deploy.cloudformation_stack import DeployedStack, DeployError, DeploymentPlan, failed_resources
from deploy.questions import PARAMETERS_TOGETHER, Declined, read_answer
from deploy.stack_advice import StackName

# Buckets that hold nothing that cannot be made again.
EMPTIED = ("PicturesBucket", "AccessLogsBucket")
# Resources that stay, with the parameter that a new stack takes them over with.
RETAINED = {"Table": "ExistingTable", "StoreBucket": "ExistingStoreBucket", "Keys": "ExistingKeys"}
MAX_ROUNDS = 3  # of emptying and deleting: CloudFront delivers logs for some minutes more
KEYS_PER_CALL = 1000  # of S3's DeleteObjects

LOSS = """\
Deleting {stack} in {region} ({identity}):
- Every picture in mail that was sent disappears at once, unless a new stack takes over the same
  domain, table, store bucket and keys. With CloudFront's own name it disappears for ever.
- Stored pictures and CloudFront's logs are deleted.
- These stay, and go on costing a little. Without the secret no link of sent mail can be verified
  again; without the table there are no templates, API keys and images; without the store bucket
  no uploaded assets:
{retained}
A new stack takes them over with
  make deploy STAGE={stage} PARAMETERS="{parameters}"
"""


def main(argv: Sequence[str], read_line: Callable[[str], str] = input) -> int:
    """Delete the stack of a stage; 0 if it is gone."""
    parser = argparse.ArgumentParser(prog="destroy", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stage", default="dev", help="a stage of samconfig.toml (dev)")
    parser.add_argument(
        "--bucket", help="delete this bucket, which an earlier stack left, instead of a stack"
    )
    arguments = parser.parse_args(argv)
    try:
        if arguments.bucket:
            delete_bucket(arguments.bucket, read_line)
        else:
            destroy(arguments.stage, read_line)
    except Declined:
        print("Nothing was deleted.", file=sys.stderr)
        return 1
    except (DeployError, BotoCoreError, ClientError) as error:
        print(f"The deletion stopped: {error}", file=sys.stderr)
        return 1
    return 0


def destroy(stage: str, read_line: Callable[[str], str]) -> None:
    """Ask for the stack's name, empty its buckets and delete it."""
    session = boto3.Session(region_name=aws_region(os.environ))
    stack = StackName(DeploymentPlan.read(stage, {}).stack_name, str(session.region_name))
    identity = caller_identity(session)
    cloudformation = session.client("cloudformation")
    deployed = DeployedStack.read(cloudformation, stack.name)
    if deployed.status is None:
        raise DeployError(f"There is no stack {stack.name} in {stack.region}.")
    physical = physical_ids(cloudformation, stack.name)
    retained = {
        name: kept
        for name, parameter in RETAINED.items()
        if (kept := physical.get(name) or deployed.parameters.get(parameter))
    }
    print(
        LOSS.format(
            stack=stack.name,
            region=stack.region,
            identity=identity,
            stage=stage,
            retained="\n".join(f"    {name}: {each}" for name, each in retained.items()),
            parameters=" ".join(
                [
                    *(f"{RETAINED[name]}={each}" for name, each in retained.items()),
                    *(
                        f"{name}={deployed.parameters[name]}"
                        for name in PARAMETERS_TOGETHER
                        if deployed.parameters.get(name)
                    ),
                ]
            ),
        )
    )
    if read_answer(read_line, f"Type {stack.name} to delete it: ") != stack.name:
        raise Declined
    buckets = [physical[name] for name in EMPTIED if name in physical]
    delete(cloudformation, session.client("s3"), stack.name, buckets)
    print(f"{stack.name} is deleted.")


def delete(cloudformation: Any, s3: Any, stack: str, buckets: Sequence[str]) -> None:
    """Empty the buckets and delete the stack, again if objects arrived in between."""
    for _ in range(MAX_ROUNDS):
        for bucket in buckets:
            print(f"{bucket}: {empty(s3, bucket):,} objects deleted")
        cloudformation.delete_stack(StackName=stack)
        try:
            cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack)
            return
        except WaiterError as error:
            causes = failed_resources(cloudformation, stack)
            left = {cause.logical_id for cause in causes}
            if not left & set(EMPTIED):
                reasons = [f"{each.logical_id}: {each.reason}" for each in causes]
                raise DeployError("\n".join([f"{error}", *reasons])) from error
    raise DeployError(f"New objects kept arriving in {', '.join(buckets)}. Run the command again.")


def delete_bucket(bucket: str, read_line: Callable[[str], str]) -> None:
    """Ask for the bucket's name, and delete it with every version of its objects.

    `aws s3 rb --force` leaves versions, and then fails.
    """
    session = boto3.Session(region_name=aws_region(os.environ))
    s3, identity = session.client("s3"), caller_identity(session)
    s3.head_bucket(Bucket=bucket)
    print(f"Deleting the bucket {bucket} ({identity}), with all assets and templates in it.")
    if read_answer(read_line, f"Type {bucket} to delete it: ") != bucket:
        raise Declined
    print(f"{empty(s3, bucket):,} objects deleted")
    s3.delete_bucket(Bucket=bucket)
    print(f"{bucket} is deleted.")


def physical_ids(cloudformation: Any, stack: str) -> dict[str, str]:
    """The names or ARNs of the stack's resources, by their name in the template."""
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
    return {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for page in pages
        for each in page["StackResourceSummaries"]
        if each.get("PhysicalResourceId") and each["ResourceStatus"] != "DELETE_COMPLETE"
    }


def empty(s3: Any, bucket: str) -> int:
    """Delete every object, with its versions; returns how many. A missing bucket is empty."""
    deleted = 0
    try:
        for batch in _batches(s3, bucket):
            response = s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
            if errors := response.get("Errors"):
                raise DeployError(f"{bucket}: {errors[0]['Key']}: {errors[0]['Message']}")
            deleted += len(batch)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucket":
            raise
    return deleted


def _batches(s3: Any, bucket: str) -> Iterator[list[dict[str, str]]]:
    """The keys and versions of all objects, as many as one call may delete."""
    pages = s3.get_paginator("list_object_versions").paginate(
        Bucket=bucket, PaginationConfig={"PageSize": KEYS_PER_CALL}
    )
    for page in pages:
        versions = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        if versions:
            yield [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in versions]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
