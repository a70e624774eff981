"""Tests of the steps of `make deploy`, with moto in place of AWS."""

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

from deploy import bootstrap
from deploy.__main__ import (
    aws_region,
    bootstrap_stack,
    more_fonts,
    read_arguments,
    with_concurrency,
)
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
from deploy.questions import parameter_faults
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


def key_rotation() -> tuple[KeyRotation, MemorySecretStore, MemoryEdgeStore]:
    secrets, edge = MemorySecretStore('{"origin":"from-cloudformation"}'), MemoryEdgeStore()
    return KeyRotation(secrets, edge, sleep=lambda _: None), secrets, edge


class TestKeys:
    def test_new_keys_are_in_the_secret_and_at_the_edge_and_the_origin_secret_stays(self) -> None:
        rotation, secrets, edge = key_rotation()
        keys = bootstrap.create_signing_keys(rotation, now=NOW)
        stored, entry = json.loads(secrets.read()), json.loads(edge.read("postcard") or "")
        assert stored["origin"] == "from-cloudformation"
        assert entry["signing"] == {"k1": stored["signing"]["k1"]["key"]}
        assert (entry["address"], entry["images"]) == (stored["address"], stored["images"])
        assert "origin" not in entry and "id" not in entry
        assert keys.active_kid == "k1"

    def test_a_second_deployment_creates_no_new_keys(self) -> None:
        rotation, secrets, edge = key_rotation()
        bootstrap.create_signing_keys(rotation, now=NOW)
        before = secrets.read(), edge.read("postcard")
        bootstrap.create_signing_keys(rotation, now=NOW + 1)
        assert (secrets.read(), edge.read("postcard")) == before


class TestFallback:
    def test_the_fallback_picture_is_uploaded_once_and_cached_for_a_minute(self) -> None:
        pictures = MemoryObjectStore()
        assert bootstrap.upload_fallback(pictures, lambda: b"png")
        assert not bootstrap.upload_fallback(pictures, lambda: b"png")
        stored = pictures.get("errors/fallback.png")
        assert stored is not None
        assert stored.cache_control == "public, no-transform, max-age=60"
        assert stored.content_type == "image/png"

    def test_a_changed_fallback_picture_replaces_the_old_one(self) -> None:
        pictures = MemoryObjectStore()
        old = StoredObject(body=b"old", content_type="image/png", cache_control="max-age=60")
        pictures.put("errors/fallback.png", old)
        assert bootstrap.upload_fallback(pictures, lambda: b"new")
        stored = pictures.get("errors/fallback.png")
        assert stored is not None and stored.body == b"new"


class TestApiKeys:
    def test_the_first_key_is_created_only_once(self) -> None:
        keys = ApiKeyService(MemoryApiKeyStore())
        key = bootstrap.create_first_api_key(keys, now=NOW)
        assert key is not None and key.startswith("postcard_")
        assert bootstrap.create_first_api_key(keys, now=NOW) is None

    def test_a_revoked_first_key_is_not_created_again(self) -> None:
        keys = ApiKeyService(MemoryApiKeyStore())
        bootstrap.create_first_api_key(keys, now=NOW)
        keys.revoke(keys.list()[0].key_id, now=NOW)
        assert bootstrap.create_first_api_key(keys, now=NOW) is None

    def test_the_smoke_test_key_expires_and_does_not_count_as_the_first(self) -> None:
        keys = ApiKeyService(MemoryApiKeyStore())
        bootstrap.create_smoke_test_key(keys, now=NOW)
        (record,) = keys.list()
        assert record.expires_at == NOW + 600
        assert "admin" not in record.scopes
        assert bootstrap.create_first_api_key(keys, now=NOW) is not None


class TestConcurrency:
    def test_the_limits_are_read_from_lambda(self) -> None:
        client = boto3.client("lambda", region_name="us-east-1")
        limits = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 900}
        with Stubber(client) as stub:
            stub.add_response("get_account_settings", {"AccountLimit": limits})
            assert ConcurrencyLimits.read(client) == ConcurrencyLimits(1000, 900)

    @pytest.mark.parametrize(
        ("unreserved", "reserved", "requested", "allowed"),
        [
            (1000, 0, 200, 200),
            (300, 0, 200, 200),
            (299, 0, 200, 0),
            (100, 200, 200, 200),
            (1000, 0, 0, 0),
            (10, 0, 0, 0),
        ],
    )
    def test_concurrency_is_reserved_only_if_lambda_allows_it(
        self, unreserved: int, reserved: int, requested: int, allowed: int
    ) -> None:
        limits = ConcurrencyLimits(1000, unreserved)
        assert limits.allowed_reservation(requested, reserved=reserved) == allowed

    def test_the_summary_names_the_smallest_limit_and_what_is_past_it(self) -> None:
        lines = ConcurrencyLimits(1000, 1000).summary().splitlines()
        assert "Pictures can use 1,000 of them" in lines[0]
        assert lines[2].startswith(
            "    1,600  DynamoDB: usage, in a new table: the picture; its usage"
        )
        assert "    3,500  S3: PUT in one prefix: the picture, not stored" in "\n".join(lines)
        assert "up to 6,061 first opens a second. The limit is Lambda: concurrent" in lines[-1]

    def test_executions_that_the_api_reserves_are_not_counted(self) -> None:
        new_stack = ConcurrencyLimits(1000, 1000).summary(200)
        assert "Pictures can use 800 of them" in new_stack
        assert "up to 4,848 first opens" in new_stack
        assert new_stack.endswith("ask AWS for 1,200 concurrent executions.")
        assert ConcurrencyLimits(1000, 800).summary(200, reserved=200) == new_stack

    def test_a_new_account_s_limit_is_told_with_advice(self) -> None:
        summary = ConcurrencyLimits(10, 10).summary(200)
        assert "up to 61 first opens a second" in summary
        assert summary.endswith("ask AWS for 1,000 concurrent executions.")

    def test_with_more_executions_than_requests_the_next_limit_is_named(self) -> None:
        summary = ConcurrencyLimits(5000, 5000).summary()
        assert "up to 10,000 first opens a second. The limit is API Gateway" in summary


class TestOptionalFonts:
    @pytest.mark.parametrize(
        ("stated", "deployed", "built"),
        [
            ("on", None, "on"),
            (None, "on", "on"),
            ("off", "on", "off"),
            (None, "off", "off"),
            (None, None, "off"),
        ],
    )
    def test_a_stack_that_has_the_optional_fonts_is_built_with_them(
        self, stated: str | None, deployed: str | None, built: str
    ) -> None:
        plan = DeploymentPlan("dev", "s", {"MoreFonts": stated} if stated else {})
        before = DeployedStack("CREATE_COMPLETE", {"MoreFonts": deployed} if deployed else {})
        assert more_fonts(plan, before) == built


class TestPlan:
    def test_parameters_of_the_stage_and_of_the_command_are_combined(self) -> None:
        plan = DeploymentPlan.read("prod", {"Architecture": "x86_64", "LogDays": "60"})
        assert plan.stack_name == "postcard-prod"
        assert plan.parameters["Stage"] == "prod"
        assert plan.parameters["LogDays"] == "60"
        command = plan.sam_command("eu-west-1")
        assert command[command.index("--region") + 1] == "eu-west-1"
        assert command[command.index("--config-env") + 1] == "prod"
        assert "Architecture=x86_64" in command

    def test_sam_reads_the_stack_s_name_from_samconfig(self) -> None:
        """It looks for the file beside the template, unless it is told an absolute path."""
        command = DeploymentPlan.read("dev", {}).sam_command("us-east-1")
        config = Path(command[command.index("--config-file") + 1])
        assert config.is_absolute() and config.samefile("samconfig.toml")

    def test_dev_is_sams_default_environment(self) -> None:
        plan = DeploymentPlan.read("dev", {})
        assert plan.stack_name == "postcard-dev"
        command = plan.sam_command("us-east-1")
        assert command[command.index("--config-env") + 1] == "default"

    @pytest.mark.parametrize(
        ("value", "written"),
        [
            ("", '""'),
            ("https://a.example,https://b.example", "https://a.example,https://b.example"),
            ('a "b" c', '"a \\"b\\" c"'),
        ],
    )
    def test_a_value_can_be_removed_and_may_have_spaces(self, value: str, written: str) -> None:
        plan = DeploymentPlan.read("dev", {"CorsOrigins": value})
        assert f"CorsOrigins={written}" in plan.sam_command("us-east-1")

    def test_a_stage_as_the_page_about_operation_shows_it_has_metrics_of_its_own(
        self, tmp_path: Path
    ) -> None:
        page = Path("docs/operate.md").read_text(encoding="utf-8")
        config = tmp_path / "samconfig.toml"
        config.write_text(page.partition("```toml\n")[2].partition("```")[0])
        plan = DeploymentPlan.read("test", {}, config)
        assert plan.stack_name == "postcard-test"
        assert plan.parameters == {"Stage": "test", "LogDays": "7"}
        assert parameter_faults(plan.parameters, {}) == []

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

    def test_the_region_is_read_from_the_environment(self) -> None:
        assert aws_region({"AWS_REGION": "eu-west-1"}) == "eu-west-1"

    def test_a_failure_of_sam_stops_the_deployment(self) -> None:
        with pytest.raises(DeployError, match="Keys and pictures were not changed"):
            run_sam(["false"])


@pytest.fixture
def cloudformation_stub() -> Iterator[tuple[object, Stubber]]:
    client = boto3.client("cloudformation", region_name="us-east-1")
    with Stubber(client) as stub:
        yield client, stub


def describe_stacks_response(**properties: object) -> dict[str, object]:
    stack = {"StackName": "s", "CreationTime": 1, "StackStatus": "CREATE_COMPLETE", **properties}
    return {"Stacks": [stack]}


class TestStack:
    def test_settings_are_read_from_the_outputs(
        self, cloudformation_stub: tuple[object, Stubber], template: SamDocument
    ) -> None:
        client, stub = cloudformation_stub
        items = [{"OutputKey": name, "OutputValue": f"<{name}>"} for name in template["Outputs"]]
        stub.add_response("describe_stacks", describe_stacks_response(Outputs=items))
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
        names = set(re.findall(r"(?:self|outputs)\[[\"'](\w+)[\"']\]", code))
        assert {"TableName", "ApiUrl", "PictureUrl"} <= names
        assert names <= set(template["Outputs"])

    def test_the_reserved_concurrency_of_the_stack_is_not_changed(self) -> None:
        plan = with_concurrency(
            DeploymentPlan("prod", "s", {}),
            ConcurrencyLimits(400, 200),
            DeployedStack("CREATE_COMPLETE", {"ApiConcurrency": "200"}),
        )
        assert plan.parameters["ApiConcurrency"] == "200"

    @pytest.mark.parametrize(("unreserved", "reserved"), [(10, "0"), (139, "0"), (140, "40")])
    def test_batches_get_their_share_only_where_the_account_allows_it(
        self, unreserved: int, reserved: str
    ) -> None:
        limits = ConcurrencyLimits(unreserved, unreserved)
        plan = with_concurrency(
            DeploymentPlan("postcard-dev", "dev", {}), limits, DeployedStack(None, {})
        )
        assert plan.parameters["BatchConcurrency"] == reserved

    def test_the_status_and_parameters_of_a_stack_are_read(
        self, cloudformation_stub: tuple[object, Stubber]
    ) -> None:
        client, stub = cloudformation_stub
        parameters = [{"ParameterKey": "LogDays", "ParameterValue": "30"}]
        stub.add_response("describe_stacks", describe_stacks_response(Parameters=parameters))
        assert DeployedStack.read(client, "s") == DeployedStack(
            "CREATE_COMPLETE", {"LogDays": "30"}
        )

    def test_before_the_first_deployment_there_is_no_status(
        self, cloudformation_stub: tuple[object, Stubber]
    ) -> None:
        client, stub = cloudformation_stub
        stub.add_client_error("describe_stacks", "ValidationError")
        assert DeployedStack.read(client, "s") == DeployedStack(None, {})

    def test_the_causes_of_the_last_failure_are_read_from_the_events(
        self, cloudformation_stub: tuple[object, Stubber]
    ) -> None:
        client, stub = cloudformation_stub
        stub.add_response("describe_stack_events", {"StackEvents": events(FAILED_UPDATE)})
        causes = [(each.logical_id, each.reason) for each in failed_resources(client, "s")]
        assert causes == [("Table", "the first cause"), ("Distribution", "another cause")]

    def test_a_failure_before_cloudformation_began_quotes_no_earlier_one(
        self, cloudformation_stub: tuple[object, Stubber]
    ) -> None:
        client, stub = cloudformation_stub
        for _ in range(2):
            stub.add_response("describe_stack_events", {"StackEvents": events(FAILED_UPDATE)})
        assert failed_resources(client, "s", after=newest_event(client, "s")) == []

    def test_the_causes_are_found_behind_the_many_events_of_a_rollback(
        self, cloudformation_stub: tuple[object, Stubber]
    ) -> None:
        client, stub = cloudformation_stub
        rollback = events([(f"R{n}", "DELETE_COMPLETE", "") for n in range(100)])
        page = {"StackEvents": rollback, "NextToken": "more"}
        stub.add_response("describe_stack_events", page)
        stub.add_response("describe_stack_events", {"StackEvents": events(FAILED_UPDATE)})
        assert [each.logical_id for each in failed_resources(client, "s")] == [
            "Table",
            "Distribution",
        ]

    def test_a_stack_that_was_never_there_has_no_events(
        self, cloudformation_stub: tuple[object, Stubber]
    ) -> None:
        client, stub = cloudformation_stub
        stub.add_client_error("describe_stack_events", "ValidationError")
        assert newest_event(client, "s") is None


# Newest first, as CloudFormation lists them: an update that failed, after a creation that failed.
FAILED_UPDATE = [
    ("s", "UPDATE_ROLLBACK_COMPLETE", ""),
    ("s", "UPDATE_ROLLBACK_IN_PROGRESS", "The following resource(s) failed to update"),
    ("Api", "UPDATE_FAILED", "Resource update cancelled"),
    ("Distribution", "UPDATE_FAILED", "another cause"),
    ("Table", "UPDATE_FAILED", "the first cause"),
    ("s", "UPDATE_IN_PROGRESS", "User Initiated"),
    ("Keys", "CREATE_FAILED", "of an earlier operation"),
]


def events(rows: list[tuple[str, str, str]]) -> list[dict[str, object]]:
    common = {"StackId": "i", "StackName": "s", "Timestamp": 1, "ResourceType": "T"}
    return [
        {
            **common,
            "EventId": f"{name} {status} {reason}",
            "LogicalResourceId": name,
            "ResourceStatus": status,
            "ResourceStatusReason": reason,
        }
        for name, status, reason in rows
    ]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings with moto as AWS and a folder as the edge's KeyValueStore."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    client: Any = partial(boto3.client, endpoint_url=url, region_name="us-east-1")
    keys = {"pk": "HASH", "sk": "RANGE"}
    client("dynamodb").create_table(
        TableName="t",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys],
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()],
    )
    client("s3").create_bucket(Bucket="pictures")
    secret = client("secretsmanager").create_secret(Name="k", SecretString='{"origin":"o"}')
    yield Settings(
        "t", "pictures", "s", secret["ARN"], kvs_arn=f"file:{tmp_path}", endpoint_url=url
    )
    client("secretsmanager").delete_secret(SecretId="k", ForceDeleteWithoutRecovery=True)
    client("dynamodb").delete_table(TableName="t")
    server.stop()


def test_a_second_bootstrap_shows_no_new_api_key(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    bootstrap_stack(settings)
    first = capsys.readouterr().out
    assert "signing keys at the edge: 1; k1 signs links" in first
    assert "errors/fallback.png: uploaded" in first
    assert re.search(r"shown only once: postcard_\w{40}\n", first)
    bootstrap_stack(settings)
    assert capsys.readouterr().out == (
        "signing keys at the edge: 1; k1 signs links\nerrors/fallback.png: unchanged\n"
    )


def test_the_fallback_picture_is_a_small_png_and_always_the_same() -> None:
    body = render_fallback_png()
    assert body.startswith(b"\x89PNG") and len(body) < 200_000
    assert render_fallback_png() == body
