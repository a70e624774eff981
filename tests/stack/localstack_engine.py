"""Creates, updates and deletes the stack in LocalStack, an engine that is not ours: `make engine`.

    python -m tests.stack.localstack_engine PYTHON

PYTHON is the interpreter of an environment with requirements/stack-tools/localstack.txt. LocalStack
downloads a server before it can hold a DynamoDB table or run a function, so these are left out, and
other resources see fixed texts in their place. Nothing is downloaded and no AWS account is used.

The engine holds CloudFront, the HTTP APIs and the log delivery without reading their properties,
and ignores some properties of others, such as a bucket's lifecycle, a log group's days and changes
of an alarm. There it proves only that references, conditions and parameters resolve, in an order
that works.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from deploy.template_check import SamDocument, apply_sam_transform, read_template

STACK, REGION, ACCOUNT = "postcard-engine", "us-east-1", "000000000000"
NEEDS_A_DOWNLOAD = ("AWS::DynamoDB::", "AWS::Lambda::")
START_SECONDS, CHANGE_SECONDS = 120.0, 180.0
TEMPLATES = "templates"  # a bucket for the template, which is too large for a call
EMAIL = "ops@example.com"
CREATED = {"Stage": "dev"}
UPDATED = {**CREATED, "AlarmEmail": EMAIL}


class EngineFailed(Exception):
    """The engine refused the stack, or what it made is not what the template says."""


def without_downloads(document: SamDocument) -> SamDocument:
    """The template without resources of the types that LocalStack cannot hold by itself."""
    resources = document["Resources"]
    left_out = {
        name for name, each in resources.items() if each["Type"].startswith(NEEDS_A_DOWNLOAD)
    }
    kept = {name: each for name, each in resources.items() if name not in left_out}
    result: SamDocument = _replaced({**document, "Resources": kept}, left_out)
    result.pop("Transform", None)
    for resource in result["Resources"].values():
        depends = resource.get("DependsOn", [])
        names = [depends] if isinstance(depends, str) else depends
        resource["DependsOn"] = [name for name in names if name not in left_out]
        if resource.get("DeletionPolicy") == "RetainExceptOnCreate":
            resource["DeletionPolicy"] = "Retain"  # the engine does not know the other
        if definition := resource["Properties"].pop("Definition", None):
            # A template holds no null; `sam deploy` uploads the definition as a file.
            resource["Properties"]["DefinitionString"] = json.dumps(definition)
    return result


def _replaced(node: Any, left_out: set[str]) -> Any:
    """A part of the template in which references to these resources are texts."""
    if isinstance(node, list):
        return [_replaced(each, left_out) for each in node]
    if not isinstance(node, dict):
        return node
    if len(node) == 1:
        ((key, value),) = node.items()
        target = value if isinstance(value, str) else value[0] if isinstance(value, list) else ""
        if key == "Ref" and target in left_out:
            return _text_for(target)
        if key == "Fn::GetAtt" and str(target).partition(".")[0] in left_out:
            return _text_for(str(target).partition(".")[0])
        if key == "Fn::Sub":
            return {key: _replaced_in_sub(value, left_out)}
    return {key: _replaced(value, left_out) for key, value in node.items()}


def _replaced_in_sub(value: Any, left_out: set[str]) -> Any:
    if isinstance(value, list):
        return [_replaced_in_sub(value[0], left_out), *_replaced(value[1:], left_out)]
    return re.sub(
        r"\$\{(\w+)(\.\w+)*\}",
        lambda match: _text_for(match[1]) if match[1] in left_out else match[0],
        value,
    )


def _text_for(name: str) -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


@contextmanager
def running_engine(python: str) -> Iterator[str]:
    """LocalStack in a process group of its own; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="postcard-engine-") as folder:
        log = Path(folder) / "log"
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": folder,
            "TMPDIR": folder,
            "GATEWAY_LISTEN": f"127.0.0.1:{port}",
            "LOCALSTACK_VOLUME_DIR": folder,
            "DISABLE_EVENTS": "1",
            "SKIP_SSL_CERT_DOWNLOAD": "1",
            "DNS_ADDRESS": "0",
        }
        with log.open("w") as output:
            process = subprocess.Popen(
                [Path(python).absolute(), "-m", "localstack.runtime.main"],  # `cwd` is another
                env=environment,
                cwd=folder,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        url = f"http://127.0.0.1:{port}"
        try:
            _wait_until_ready(url, process, log)
            yield url
        finally:
            with suppress(ProcessLookupError):  # it has ended by itself
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/_localstack/health", timeout=5):
                return
        except OSError:
            time.sleep(0.5)
    raise EngineFailed(f"LocalStack did not start:\n{log.read_text()[-2000:]}")


# The engine answers when the stack is made, which takes minutes on a busy machine; a call that is
# repeated would find the stack of the first.
NO_REPETITION = Config(read_timeout=CHANGE_SECONDS, retries={"total_max_attempts": 1})


class Engine:
    """CloudFormation in the engine, and the services that it fills."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.cloudformation = self.client("cloudformation")

    def client(self, service: str) -> Any:
        connect: Any = boto3.client
        return connect(
            service,
            endpoint_url=self._url,
            region_name=REGION,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
            config=NO_REPETITION,
        )

    def upload(self, document: SamDocument) -> str:
        """The template's address in the engine."""
        store = self.client("s3")
        store.create_bucket(Bucket=TEMPLATES)
        store.put_object(Bucket=TEMPLATES, Key="stack.json", Body=json.dumps(document))
        return f"{self._url}/{TEMPLATES}/stack.json"

    def change(self, method: str, wanted: str, **arguments: Any) -> None:
        """Create, update or delete the stack, and wait for its status `wanted`."""
        getattr(self.cloudformation, method)(StackName=STACK, **arguments)
        deadline = time.monotonic() + CHANGE_SECONDS
        while (status := self.status()).endswith("_IN_PROGRESS") and time.monotonic() < deadline:
            time.sleep(0.5)
        if status != wanted:
            raise EngineFailed(f"{method}: {status}\n" + "\n".join(self.failures()))

    def status(self) -> str:
        try:
            (stack,) = self.cloudformation.describe_stacks(StackName=STACK)["Stacks"]
        except self.cloudformation.exceptions.ClientError:
            return "DELETE_COMPLETE"
        return str(stack["StackStatus"])

    def failures(self) -> list[str]:
        events = self.cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
        return [
            f"{event['LogicalResourceId']} ({event['ResourceType']}):"
            f" {event.get('ResourceStatusReason', '')}"
            for event in events
            if event["ResourceStatus"].endswith("FAILED")
        ]

    def resources(self) -> dict[str, str]:
        """The resources' types by logical name."""
        pages = self.cloudformation.get_paginator("list_stack_resources").paginate(StackName=STACK)
        return {
            each["LogicalResourceId"]: each["ResourceType"]
            for page in pages
            for each in page["StackResourceSummaries"]
        }

    def physical_id(self, name: str) -> str:
        detail = self.cloudformation.describe_stack_resource(
            StackName=STACK, LogicalResourceId=name
        )["StackResourceDetail"]
        return str(detail["PhysicalResourceId"])


def observed(engine: Engine) -> dict[str, Any]:
    """What the engine's services hold of the stack."""
    store = engine.client("s3")
    alarms = engine.client("cloudwatch").describe_alarms()["MetricAlarms"]
    versioning = store.get_bucket_versioning(Bucket=engine.physical_id("StoreBucket"))
    secrets, roles = engine.client("secretsmanager"), engine.client("iam").list_roles()["Roles"]
    return {
        "versioning": versioning.get("Status"),
        "alarms": sorted(alarm["AlarmName"] for alarm in alarms),
        "roles": len([role for role in roles if STACK in role["RoleName"]]),
        "secret": secrets.get_secret_value(SecretId=engine.physical_id("Keys"))["SecretString"],
        "subscribers": [
            each["Endpoint"] for each in engine.client("sns").list_subscriptions()["Subscriptions"]
        ],
        "buckets": {bucket["Name"] for bucket in store.list_buckets()["Buckets"]},
    }


def check(engine: Engine, document: SamDocument) -> list[str]:
    """Create, update and delete; sentences about what was seen."""
    address = engine.upload(document)
    common = {"TemplateURL": address, "Capabilities": ["CAPABILITY_IAM"]}
    engine.change("create_stack", "CREATE_COMPLETE", **common, **_parameters(CREATED))
    made, before = engine.resources(), observed(engine)
    engine.change("update_stack", "UPDATE_COMPLETE", **common, **_parameters(UPDATED))
    after = observed(engine)
    new = sorted(set(engine.resources()) - set(made))
    store = engine.physical_id("StoreBucket")
    engine.change("delete_stack", "DELETE_COMPLETE")
    left = {bucket["Name"] for bucket in engine.client("s3").list_buckets()["Buckets"]}
    secrets = engine.client("secretsmanager").list_secrets()["SecretList"]
    _expect("AlarmEmail", (before["subscribers"], after["subscribers"]) == ([], [EMAIL]))
    _expect("the version of StoreBucket", after["versioning"] == "Enabled")
    for name in ("secret", "buckets", "alarms", "roles"):
        _expect(f"after an update, {name}", before[name] == after[name])
    _expect("what a deleted stack leaves", left == {TEMPLATES, store} and len(secrets) == 1)
    return [
        f"created {len(made)} resources of {len(set(made.values()))} types,"
        f" {len(before['alarms'])} alarms and {before['roles']} roles among them",
        f"updated in place; the secret, buckets and alarms stayed; new: {', '.join(new)}",
        "deleted the stack; the store bucket and the secret stay",
    ]


def _expect(what: str, holds: bool) -> None:
    if not holds:
        raise EngineFailed(f"{what} is not what the template says.")


def _parameters(values: Mapping[str, str]) -> dict[str, Any]:
    return {
        "Parameters": [
            {"ParameterKey": name, "ParameterValue": value} for name, value in values.items()
        ]
    }


def main(argv: Sequence[str]) -> int:
    whole = apply_sam_transform(read_template())
    document = without_downloads(whole)
    left_out = sorted(set(whole["Resources"]) - set(document["Resources"]))
    try:
        with running_engine(argv[0]) as url:
            sentences = check(Engine(url), document)
    except EngineFailed as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(sentences))
    print(f"not tried here (they need a download): {', '.join(left_out)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
