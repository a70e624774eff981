"""`make deploy`, as far as it goes without AWS."""

import json
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto.server import ThreadedMotoServer

from deploy import bootstrap as seed
from deploy.__main__ import aws_region, bootstrap_stack, read_arguments, with_api_concurrency
from deploy.account_limits import ConcurrencyLimits
from deploy.cloudformation_stack import (
    DeployError,
    DeploymentPlan,
    StackOutputs,
    deployed_parameter,
    run_sam,
)
from deploy.fallback_picture import render_fallback_png
from deploy.template_check import SamDocument
from postcard.adapters.memory import (
    MemoryApiKeyStore,
    MemoryEdgeStore,
    MemoryObjectStore,
    MemorySecretStore,
)
from postcard.keys.api_keys import ApiKeyService
from postcard.keys.key_rotation import KeyRotation
from postcard.ports import StoredObject
from postcard.settings import Settings

NOW = 1_790_000_000.0


def keyring() -> tuple[KeyRotation, MemorySecretStore, MemoryEdgeStore]:
    secrets, edge = MemorySecretStore('{"origin":"from-cloudformation"}'), MemoryEdgeStore()
    return KeyRotation(secrets, edge, sleep=lambda _: None), secrets, edge


class TestKeys:
    def test_the_edge_has_what_the_secret_has_and_the_origin_secret_stays(self) -> None:
        ring, secrets, edge = keyring()
        keys = seed.create_signing_keys(ring, now=NOW)
        stored, entry = json.loads(secrets.read()), json.loads(edge.read("postcard") or "")
        assert stored["origin"] == "from-cloudformation"
        assert entry["signing"] == {"k1": stored["signing"]["k1"]["key"]}
        assert (entry["address"], entry["images"]) == (stored["address"], stored["images"])
        assert "origin" not in entry and "id" not in entry
        assert keys.active_kid == "k1"

    def test_a_second_deployment_makes_no_other_keys(self) -> None:
        ring, secrets, edge = keyring()
        seed.create_signing_keys(ring, now=NOW)
        before = secrets.read(), edge.read("postcard")
        seed.create_signing_keys(ring, now=NOW + 1)
        assert (secrets.read(), edge.read("postcard")) == before


class TestFallback:
    def test_the_picture_for_bad_days_is_kept_a_minute_and_uploaded_once(self) -> None:
        pictures = MemoryObjectStore()
        assert seed.upload_fallback(pictures, lambda: b"png")
        assert not seed.upload_fallback(pictures, lambda: b"png")
        stored = pictures.get("errors/fallback.png")
        assert stored is not None
        assert stored.cache_control == "public, no-transform, max-age=60"
        assert stored.content_type == "image/png"

    def test_another_picture_replaces_it(self) -> None:
        pictures = MemoryObjectStore()
        old = StoredObject(body=b"old", content_type="image/png", cache_control="max-age=60")
        pictures.put("errors/fallback.png", old)
        assert seed.upload_fallback(pictures, lambda: b"new")
        stored = pictures.get("errors/fallback.png")
        assert stored is not None and stored.body == b"new"


class TestApiKeys:
    def test_the_first_key_is_shown_once(self) -> None:
        keys = ApiKeyService(MemoryApiKeyStore())
        key = seed.create_first_api_key(keys, now=NOW)
        assert key is not None and key.startswith("postcard_")
        assert seed.create_first_api_key(keys, now=NOW) is None

    def test_a_revoked_first_key_is_not_made_anew(self) -> None:
        keys = ApiKeyService(MemoryApiKeyStore())
        seed.create_first_api_key(keys, now=NOW)
        keys.revoke(keys.list()[0].key_id, now=NOW)
        assert seed.create_first_api_key(keys, now=NOW) is None

    def test_the_key_of_the_smoke_test_ends_and_does_not_count_as_the_first(self) -> None:
        keys = ApiKeyService(MemoryApiKeyStore())
        seed.create_smoke_test_key(keys, now=NOW)
        (record,) = keys.list()
        assert record.expires_at == NOW + 600
        assert "admin" not in record.scopes
        assert seed.create_first_api_key(keys, now=NOW) is not None


class TestConcurrency:
    def test_lambda_is_asked_for_the_accounts_limit(self) -> None:
        client = boto3.client("lambda", region_name="us-east-1")
        limits = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 900}
        with Stubber(client) as stub:
            stub.add_response("get_account_settings", {"AccountLimit": limits})
            assert ConcurrencyLimits.read(client) == ConcurrencyLimits(1000, 900)

    @pytest.mark.parametrize(
        ("unreserved", "reserved", "wanted", "cap"),
        [
            (1000, 0, 200, 200),
            (300, 0, 200, 200),
            (299, 0, 200, 0),
            (100, 200, 200, 200),
            (1000, 0, 0, 0),
            (10, 0, 0, 0),
        ],
    )
    def test_a_cap_is_set_only_where_lambda_would_take_it(
        self, unreserved: int, reserved: int, wanted: int, cap: int
    ) -> None:
        assert (
            ConcurrencyLimits(1000, unreserved).allowed_reservation(wanted, reserved=reserved)
            == cap
        )

    def test_people_read_what_a_send_may_take(self) -> None:
        assert "Ask for 1,000" in ConcurrencyLimits(10, 10).summary()
        assert "about 5,000 first opens a second." in ConcurrencyLimits(1000, 1000).summary()


class TestPlan:
    def test_what_a_stage_says_and_what_is_added_go_together(self) -> None:
        plan = DeploymentPlan.read("prod", {"Architecture": "x86_64", "LogDays": "60"})
        assert plan.stack_name == "postcard-prod"
        assert plan.parameters["Stage"] == "prod"
        assert plan.parameters["LogDays"] == "60"
        command = plan.sam_command("eu-west-1")
        assert command[command.index("--region") + 1] == "eu-west-1"
        assert command[command.index("--config-env") + 1] == "prod"
        assert "Architecture=x86_64" in command

    def test_dev_is_what_sam_takes_by_default(self) -> None:
        plan = DeploymentPlan.read("dev", {})
        assert plan.stack_name == "postcard-dev"
        command = plan.sam_command("us-east-1")
        assert command[command.index("--config-env") + 1] == "default"

    def test_an_unknown_stage_is_refused(self) -> None:
        with pytest.raises(DeployError, match="no stage"):
            DeploymentPlan.read("nowhere", {})

    @pytest.mark.parametrize("stage", ["dev", "prod"])
    def test_samconfig_names_only_parameters_of_the_template(
        self, stage: str, template: SamDocument
    ) -> None:
        assert set(DeploymentPlan.read(stage, {}).parameters) <= set(template["Parameters"])

    def test_parameters_are_read_from_the_command_line(self) -> None:
        arguments = read_arguments(["--stage", "prod", "--parameter", "AlarmEmail=a=b@example.com"])
        assert (arguments.stage, arguments.parameter) == (
            "prod",
            [("AlarmEmail", "a=b@example.com")],
        )

    @pytest.mark.parametrize("text", ["AlarmEmail", "=x", "A b=c"])
    def test_a_parameter_without_name_or_value_is_refused(
        self, text: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(SystemExit):
            read_arguments(["--parameter", text])
        assert "Name=Value" in capsys.readouterr().err

    def test_the_region_is_that_of_the_environment(self) -> None:
        assert aws_region({"AWS_REGION": "eu-west-1"}) == "eu-west-1"

    def test_a_failure_of_sam_ends_the_deployment(self) -> None:
        with pytest.raises(DeployError, match="Nothing was seeded"):
            run_sam(["false"])


@pytest.fixture
def formation() -> Iterator[tuple[object, Stubber]]:
    client = boto3.client("cloudformation", region_name="us-east-1")
    with Stubber(client) as stub:
        yield client, stub


def described(**more: object) -> dict[str, object]:
    stack = {"StackName": "s", "CreationTime": 1, "StackStatus": "CREATE_COMPLETE", **more}
    return {"Stacks": [stack]}


class TestStack:
    def test_the_settings_of_the_functions_come_from_the_outputs(
        self, formation: tuple[object, Stubber], template: SamDocument
    ) -> None:
        client, stub = formation
        items = [{"OutputKey": name, "OutputValue": f"<{name}>"} for name in template["Outputs"]]
        stub.add_response("describe_stacks", described(Outputs=items))
        settings = StackOutputs.read(client, "s").settings(region="eu-west-1", stage="prod")
        assert settings.table == "<TableName>"
        assert settings.kvs_arn == "<EdgeKeysArn>"
        assert settings.base_url == "<PictureUrl>"
        assert settings.region == "eu-west-1"

    def test_a_missing_output_is_named(self) -> None:
        with pytest.raises(DeployError, match="TableName"):
            StackOutputs({}).settings(region="us-east-1", stage="dev")

    def test_every_output_that_deploy_reads_is_in_the_template(self, template: SamDocument) -> None:
        code = "".join(path.read_text(encoding="utf-8") for path in Path("deploy").glob("*.py"))
        read = set(re.findall(r"(?:self|outputs)\[[\"'](\w+)[\"']\]", code))
        assert {"TableName", "ApiUrl", "PictureUrl"} <= read
        assert read <= set(template["Outputs"])

    def test_a_cap_that_the_stack_has_already_stays(
        self, formation: tuple[object, Stubber]
    ) -> None:
        client, stub = formation
        given = [{"ParameterKey": "ApiConcurrency", "ParameterValue": "200"}]
        stub.add_response("describe_stacks", described(Parameters=given))
        plan = with_api_concurrency(
            DeploymentPlan("prod", "s", {}), ConcurrencyLimits(400, 200), client
        )
        assert plan.parameters["ApiConcurrency"] == "200"

    def test_before_the_first_deployment_there_are_no_parameters(
        self, formation: tuple[object, Stubber]
    ) -> None:
        client, stub = formation
        stub.add_client_error("describe_stacks", "ValidationError")
        assert deployed_parameter(client, "s", "ApiConcurrency") is None


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """moto as AWS, and a folder as the edge's store."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    make: Any = partial(boto3.client, endpoint_url=url, region_name="us-east-1")
    keys = {"pk": "HASH", "sk": "RANGE"}
    make("dynamodb").create_table(
        TableName="t",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys],
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()],
    )
    make("s3").create_bucket(Bucket="pictures")
    made = make("secretsmanager").create_secret(Name="k", SecretString='{"origin":"o"}')
    yield Settings("t", "pictures", "s", made["ARN"], kvs_arn=f"file:{tmp_path}", endpoint_url=url)
    make("secretsmanager").delete_secret(SecretId="k", ForceDeleteWithoutRecovery=True)
    make("dynamodb").delete_table(TableName="t")
    server.stop()


def test_filling_the_stack_twice_shows_the_first_key_once(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    bootstrap_stack(settings)
    first = capsys.readouterr().out
    assert "keys: 1 at the edge and read back there, k1 mints" in first
    assert "errors/fallback.png: uploaded" in first
    assert re.search(r"shown this once: postcard_\w{40}\n", first)
    bootstrap_stack(settings)
    assert capsys.readouterr().out == (
        "keys: 1 at the edge and read back there, k1 mints\nerrors/fallback.png: there\n"
    )


def test_the_picture_for_bad_days_is_a_small_png_and_always_the_same() -> None:
    body = render_fallback_png()
    assert body.startswith(b"\x89PNG") and len(body) < 200_000
    assert render_fallback_png() == body
