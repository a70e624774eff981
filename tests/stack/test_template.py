"""Tests of template.yaml: roles, buckets, functions, logs, alarms and the dashboard."""

import dataclasses
import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from deploy.template_check import SamDocument, lint
from image.access_log import emf_metrics
from postcard.delivery.fallbacks import FallbackReason
from postcard.settings import Settings

FUNCTIONS = ("ImageFunction", "ApiFunction")
BUCKETS = ("PicturesBucket", "StoreBucket", "AccessLogsBucket")


def of_type(template: SamDocument, kind: str) -> dict[str, dict[str, Any]]:
    resources = template["Resources"].items()
    return {name: each["Properties"] for name, each in resources if each["Type"] == kind}


def statements(template: SamDocument, name: str) -> list[dict[str, Any]]:
    document = template["Resources"][name]["Properties"]
    policies = document.get("Policies", [{"PolicyDocument": document.get("PolicyDocument")}])
    return [each for policy in policies for each in policy["PolicyDocument"]["Statement"]]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def references(node: Any) -> Iterator[str]:
    """The logical ids that a part of a template refers to."""
    if isinstance(node, list):
        for each in node:
            yield from references(each)
    if isinstance(node, dict):
        for key, value in node.items():
            yield from named_by(key, value)
            yield from references(value)


def named_by(key: str, value: Any) -> list[str]:
    if key in ("Ref", "DependsOn"):
        return listed(value)
    if key == "Fn::GetAtt":
        return [(value if isinstance(value, str) else value[0]).split(".")[0]]
    if key == "Fn::Sub":
        text = value if isinstance(value, str) else value[0]
        return [name.split(".")[0] for name in re.findall(r"\$\{([\w.]+)\}", text)]
    return []


def test_cfn_lint_finds_no_problem_in_the_transformed_template(
    cloudformation: SamDocument,
) -> None:
    assert lint(cloudformation) == []


def test_resources_have_no_circular_dependencies(cloudformation: SamDocument) -> None:
    resources = cloudformation["Resources"]
    pending = {name: set(references(each)) & set(resources) for name, each in resources.items()}
    while ready := [name for name, dependencies in pending.items() if not dependencies]:
        for name in ready:
            del pending[name]
        for dependencies in pending.values():
            dependencies.difference_update(ready)
    assert pending == {}


def test_no_role_has_wildcard_actions_or_resources(template: SamDocument) -> None:
    for role in of_type(template, "AWS::IAM::Role"):
        for statement in statements(template, role):
            assert not any("*" in action for action in listed(statement["Action"]))
            for resource in listed(statement["Resource"]):
                assert resource != "*"
                assert "Fn::Sub" not in resource or re.fullmatch(
                    r"\$\{\w+\.Arn\}/\w+/\*|arn:\$.*distribution/\$\{Distribution\}",
                    resource["Fn::Sub"],
                )
    assert not any("ManagedPolicyArns" in each for each in of_type(template, "AWS::IAM::Role"))


def test_the_image_function_can_write_and_delete_only_drawn_pictures(
    template: SamDocument,
) -> None:
    writable = [
        resource
        for statement in statements(template, "ImageRole")
        if {"s3:PutObject", "s3:DeleteObject"} & set(listed(statement["Action"]))
        for resource in listed(statement["Resource"])
    ]
    assert writable == [
        {"Fn::Sub": "${PicturesBucket.Arn}/renders/*"},
        {"Fn::Sub": "${PicturesBucket.Arn}/images/*"},
    ]
    actions = {
        action
        for statement in statements(template, "ImageRole")
        for action in listed(statement["Action"])
    }
    assert {action for action in actions if "Delete" in action} == {"s3:DeleteObject"}
    assert "cloudfront:CreateInvalidation" not in actions


@pytest.mark.parametrize("role", ["ImageRole", "ApiRole"])
def test_no_function_can_write_keys(template: SamDocument, role: str) -> None:
    actions = [action for each in statements(template, role) for action in listed(each["Action"])]
    allowed = [action for action in actions if action.startswith("secretsmanager:")]
    assert allowed == ["secretsmanager:GetSecretValue"]
    assert not any(action.startswith("cloudfront-keyvaluestore:") for action in actions)


@pytest.mark.parametrize("bucket", BUCKETS)
def test_buckets_are_private_and_encrypted_and_have_one_owner(
    template: SamDocument, bucket: str
) -> None:
    properties = template["Resources"][bucket]["Properties"]
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert properties["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    denied = [
        statement
        for statement in statements(template, f"{bucket}Policy")
        if statement["Effect"] == "Deny"
    ]
    assert [each["Condition"] for each in denied] == [{"Bool": {"aws:SecureTransport": "false"}}]


def test_only_this_distribution_reads_pictures_and_it_cannot_list_them(
    template: SamDocument,
) -> None:
    (allowed,) = (
        statement
        for statement in statements(template, "PicturesBucketPolicy")
        if statement["Effect"] == "Allow"
    )
    assert allowed["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert allowed["Action"] == "s3:GetObject"
    resources = [resource["Fn::Sub"] for resource in allowed["Resource"]]
    assert resources == [
        f"${{PicturesBucket.Arn}}/{each}/*" for each in ("renders", "images", "errors")
    ]
    (source,) = allowed["Condition"]["StringEquals"].values()
    assert source["Fn::Sub"].endswith("distribution/${Distribution}")
    assert {each["Effect"] for each in statements(template, "StoreBucketPolicy")} == {"Deny"}


def test_renders_uploads_and_aborted_uploads_expire(template: SamDocument) -> None:
    def rules(bucket: str) -> dict[str, dict[str, Any]]:
        properties = template["Resources"][bucket]["Properties"]
        return {rule["Id"]: rule for rule in properties["LifecycleConfiguration"]["Rules"]}

    renders = rules("PicturesBucket")["renders"]
    assert (renders["Prefix"], renders["ExpirationInDays"]) == (
        "renders/",
        {"Ref": "RetentionDays"},
    )
    uploads = rules("StoreBucket")["uploads"]
    assert (uploads["Prefix"], uploads["ExpirationInDays"]) == ("uploads/", 1)
    for bucket in ("PicturesBucket", "StoreBucket"):
        aborted = rules(bucket)["aborted-uploads"]["AbortIncompleteMultipartUpload"]
        assert aborted == {"DaysAfterInitiation": 1}


def test_data_that_cannot_be_recreated_is_retained(template: SamDocument) -> None:
    for name in ("Table", "StoreBucket", "Keys"):
        assert template["Resources"][name]["DeletionPolicy"] == "RetainExceptOnCreate"
        assert template["Resources"][name]["UpdateReplacePolicy"] == "Retain"


def test_the_table_is_on_demand_with_recovery_and_ttl(template: SamDocument) -> None:
    table = template["Resources"]["Table"]["Properties"]
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}
    assert [key["AttributeName"] for key in table["KeySchema"]] == ["pk", "sk"]


def test_the_secret_is_created_with_the_origin_secret(template: SamDocument) -> None:
    secret = template["Resources"]["Keys"]["Properties"]["GenerateSecretString"]
    assert json.loads(secret["SecretStringTemplate"]) == {}
    assert secret["GenerateStringKey"] == "origin"
    assert secret["PasswordLength"] >= 32


def test_only_the_api_is_throttled(template: SamDocument) -> None:
    assert "DefaultRouteSettings" not in template["Resources"]["ImageApi"]["Properties"]
    limits = template["Resources"]["Api"]["Properties"]["DefaultRouteSettings"]
    assert set(limits) == {"ThrottlingRateLimit", "ThrottlingBurstLimit"}
    image = template["Resources"]["ImageFunction"]["Properties"]
    assert "ReservedConcurrentExecutions" not in image


def test_image_api_routes_renders_and_images_for_every_method(template: SamDocument) -> None:
    events = template["Resources"]["ImageFunction"]["Properties"]["Events"].values()
    routes = {(each["Properties"]["Method"], each["Properties"]["Path"]) for each in events}
    assert routes == {("ANY", "/renders/{proxy+}"), ("ANY", "/images/{proxy+}")}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_use_python_3_13_on_the_chosen_architecture(
    template: SamDocument, name: str
) -> None:
    function = template["Resources"][name]["Properties"]
    assert function["Runtime"] == "python3.13"
    assert function["Architectures"] == [{"Ref": "Architecture"}]
    assert template["Parameters"]["Architecture"]["AllowedValues"] == ["arm64", "x86_64"]
    assert template["Parameters"]["SnapStart"]["Default"] == "off"
    applied = {"ApplyOn": {"Fn::If": ["SnapStartOn", "PublishedVersions", "None"]}}
    assert function["SnapStart"] == applied


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_handler_exists(template: SamDocument, name: str) -> None:
    handler = template["Resources"][name]["Properties"]["Handler"]
    module, _, function = handler.rpartition(".")
    assert callable(getattr(importlib.import_module(module), function))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_environment_variable_is_a_setting(template: SamDocument, name: str) -> None:
    variables = template["Resources"][name]["Properties"]["Environment"]["Variables"]
    names = {variable for variable in variables if variable.startswith("POSTCARD_")}
    known = {f"POSTCARD_{field.name.upper()}" for field in dataclasses.fields(Settings)}
    assert names <= known
    required = {"POSTCARD_TABLE", "POSTCARD_PICTURES_BUCKET", "POSTCARD_STORE_BUCKET"}
    assert required | {"POSTCARD_SECRET_ID"} <= names


def test_only_the_api_function_gets_the_picture_url_and_distribution(
    template: SamDocument,
) -> None:
    def variables(name: str) -> set[str]:
        return set(template["Resources"][name]["Properties"]["Environment"]["Variables"])

    assert {"POSTCARD_BASE_URL", "POSTCARD_DISTRIBUTION_ID"} <= variables("ApiFunction")
    assert not {"POSTCARD_BASE_URL", "POSTCARD_DISTRIBUTION_ID"} & variables("ImageFunction")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_logs_are_deleted_after_the_configured_days(template: SamDocument, name: str) -> None:
    group = template["Resources"][name]["Properties"]["LoggingConfig"]["LogGroup"]["Ref"]
    assert template["Resources"][group]["Properties"]["RetentionInDays"] == {"Ref": "LogDays"}


def test_every_alarm_notifies_the_topic_and_is_quiet_without_traffic(template: SamDocument) -> None:
    alarms = of_type(template, "AWS::CloudWatch::Alarm")
    for alarm in alarms.values():
        assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}]
        assert alarm["TreatMissingData"] == "notBreaching"
        assert alarm["AlarmDescription"]
    metrics = {alarm.get("MetricName") for alarm in alarms.values()}
    assert {"Errors", "Throttles", "Fallbacks", "AlreadyStored", "5xx", "Latency"} <= metrics


def test_alarms_use_metrics_that_the_image_function_writes(template: SamDocument) -> None:
    line = emf_metrics({"reason": "source", "already_stored": True}, 200, 1.0)
    (definition,) = line["_aws"]["CloudWatchMetrics"]
    written = {metric["Name"] for metric in definition["Metrics"]}
    namespace = {"Fn::Sub": "Postcard/${Stage}"}
    alarms = [
        alarm
        for alarm in of_type(template, "AWS::CloudWatch::Alarm").values()
        if alarm.get("Namespace") == namespace
    ]
    assert {alarm["MetricName"] for alarm in alarms} == {"Fallbacks", "AlreadyStored"} <= written
    for alarm in alarms:
        dimensions = {each["Name"]: each["Value"] for each in alarm["Dimensions"]}
        assert list(dimensions) in definition["Dimensions"]
        assert dimensions["service"] == line["service"]
        assert dimensions.get("reason", "budget") in get_args(FallbackReason)
    variables = template["Resources"]["ImageFunction"]["Properties"]["Environment"]["Variables"]
    assert variables["POWERTOOLS_METRICS_NAMESPACE"] == namespace
    assert variables["POWERTOOLS_SERVICE_NAME"] == "image"


def test_an_unsealed_decoder_of_either_function_raises_an_alarm(template: SamDocument) -> None:
    alarm = template["Resources"]["UnsealedDecoderAlarm"]["Properties"]
    total, *parts = alarm["Metrics"]
    assert total["Expression"] == f"SUM([{', '.join(part['Id'] for part in parts)}])"
    metrics = [part["MetricStat"]["Metric"] for part in parts]
    assert {metric["MetricName"] for metric in metrics} == {"UnsealedDecoder"}
    services = [one["Value"] for metric in metrics for one in metric["Dimensions"]]
    assert services == ["image", "api"]
    assert {str(metric["Namespace"]) for metric in metrics} == {
        str({"Fn::Sub": "Postcard/${Stage}"})
    }
    assert alarm["EvaluationPeriods"] * parts[0]["MetricStat"]["Period"] <= 86_400, "AWS's limit"
    assert (alarm["Threshold"], alarm["DatapointsToAlarm"]) == (1, 1)


def test_the_dashboard_is_valid_json(template: SamDocument) -> None:
    body = template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    assert len(json.loads(body)["widgets"]) == 6


def test_the_template_uses_no_yaml_merge_keys() -> None:
    assert "<<:" not in Path("template.yaml").read_text(encoding="utf-8")
