"""The status function with its own adapters: every call of AWS is allowed by its role."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from deploy.template_check import SamDocument
from postcard import wiring
from postcard.adapters.aws.boto_client import boto_client
from postcard.settings import Settings
from postcard.status.history_copy import COPY, WAITING
from status.app import handle_event
from tests.adapters.conftest import CREDENTIALS, make_table
from tests.functions.fake_services import FakeLambdaContext
from tests.functions.test_status import CHECK, RECORDED, iso
from tests.stack.permissions import PermissionRecorder, allows, recorded_aws
from tests.stack.test_template import statements

KEY_ID = "statusfunction"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[PermissionRecorder, Settings]]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with recorded_aws() as aws:
        yield aws


def test_every_call_of_the_status_function_is_allowed_by_its_role(
    aws: tuple[PermissionRecorder, Settings],
    template: SamDocument,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    recorder, settings = aws
    with monkeypatch.context() as environment:
        for name, text in CREDENTIALS.items():
            environment.setenv(name, text)
        clients = {
            name: boto_client(name, settings) for name in ("dynamodb", "s3", "secretsmanager")
        }
        make_table(clients["dynamodb"], settings.table)
        for bucket in (settings.pictures_bucket, settings.store_bucket):
            clients["s3"].create_bucket(Bucket=bucket)
        clients["secretsmanager"].create_secret(Name=settings.secret_id, SecretString="{}")
        for n in range(2):
            clients["s3"].put_object(
                Bucket=settings.store_bucket,
                Key=f"{WAITING}{n}.json",
                Body=json.dumps(["ApiErrorsAlarm", "OK", 1_795_341_600.0 + n]).encode(),
            )
    for is_public in (True, False):
        status = wiring.status_recorder(replace(settings, public_status=is_public))
        for event in (*RECORDED, {**CHECK, "time": iso(0)}):
            handle_event(event, FakeLambdaContext(30_000), status)
    used = recorder.used_permissions[KEY_ID]
    assert {
        ("dynamodb:PutItem", "Table"),
        ("s3:DeleteObject", f"StoreBucket/{WAITING}1.json"),
        ("s3:PutObject", "PicturesBucket/errors/status.html"),
        ("s3:DeleteObject", "PicturesBucket/errors/status.html"),
        ("secretsmanager:GetSecretValue", "Keys"),
    } <= used
    role = statements(template, "StatusRole")
    assert sorted(each for each in used if not allows(role, each)) == []
    assert allows(statements(template, "ApiRole"), ("s3:GetObject", f"StoreBucket/{COPY}"))
