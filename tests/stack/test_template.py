"""The stack: what it makes, who may do what, what it costs to forget."""

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
    """The logical ids that a part of a template needs."""
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


def test_what_sam_makes_of_it_is_clean(cloudformation: SamDocument) -> None:
    assert lint(cloudformation) == []


def test_nothing_waits_for_itself(cloudformation: SamDocument) -> None:
    resources = cloudformation["Resources"]
    needs = {name: set(references(each)) & set(resources) for name, each in resources.items()}
    while free := [name for name, wanted in needs.items() if not wanted]:
        for name in free:
            del needs[name]
        for wanted in needs.values():
            wanted.difference_update(free)
    assert needs == {}


def test_no_role_may_do_everything_or_touch_anything(template: SamDocument) -> None:
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


def test_the_image_function_may_write_and_delete_drawn_pictures_alone(
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
def test_no_function_may_write_keys(template: SamDocument, role: str) -> None:
    actions = [action for each in statements(template, role) for action in listed(each["Action"])]
    allowed = [action for action in actions if action.startswith("secretsmanager:")]
    assert allowed == ["secretsmanager:GetSecretValue"]
    assert not any(action.startswith("cloudfront-keyvaluestore:") for action in actions)


@pytest.mark.parametrize("bucket", BUCKETS)
def test_buckets_are_private_encrypted_and_of_one_owner(template: SamDocument, bucket: str) -> None:
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


def test_only_this_distribution_reads_pictures_and_it_may_not_list_them(
    template: SamDocument,
) -> None:
    (allowed,) = (
        statement
        for statement in statements(template, "PicturesBucketPolicy")
        if statement["Effect"] == "Allow"
    )
    assert allowed["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert allowed["Action"] == "s3:GetObject"
    places = [resource["Fn::Sub"] for resource in allowed["Resource"]]
    assert places == [
        f"${{PicturesBucket.Arn}}/{each}/*" for each in ("renders", "images", "errors")
    ]
    (source,) = allowed["Condition"]["StringEquals"].values()
    assert source["Fn::Sub"].endswith("distribution/${Distribution}")
    assert {each["Effect"] for each in statements(template, "StoreBucketPolicy")} == {"Deny"}


def test_renders_uploads_and_halves_of_uploads_go_by_themselves(template: SamDocument) -> None:
    def rules(bucket: str) -> dict[str, dict[str, Any]]:
        found = template["Resources"][bucket]["Properties"]["LifecycleConfiguration"]["Rules"]
        return {rule["Id"]: rule for rule in found}

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


def test_what_cannot_be_made_again_outlives_the_stack(template: SamDocument) -> None:
    for name in ("Table", "StoreBucket", "Keys"):
        assert template["Resources"][name]["DeletionPolicy"] == "RetainExceptOnCreate"
        assert template["Resources"][name]["UpdateReplacePolicy"] == "Retain"


def test_the_table_is_on_demand_recoverable_and_forgets_by_ttl(template: SamDocument) -> None:
    table = template["Resources"]["Table"]["Properties"]
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}
    assert [key["AttributeName"] for key in table["KeySchema"]] == ["pk", "sk"]


def test_the_secret_is_born_with_the_origin_secret(template: SamDocument) -> None:
    secret = template["Resources"]["Keys"]["Properties"]["GenerateSecretString"]
    assert json.loads(secret["SecretStringTemplate"]) == {}
    assert secret["GenerateStringKey"] == "origin"
    assert secret["PasswordLength"] >= 32


def test_pictures_know_no_throttle_and_the_api_does(template: SamDocument) -> None:
    assert "DefaultRouteSettings" not in template["Resources"]["ImageApi"]["Properties"]
    limits = template["Resources"]["Api"]["Properties"]["DefaultRouteSettings"]
    assert set(limits) == {"ThrottlingRateLimit", "ThrottlingBurstLimit"}
    image = template["Resources"]["ImageFunction"]["Properties"]
    assert "ReservedConcurrentExecutions" not in image


def test_image_api_takes_renders_and_images_in_any_method(template: SamDocument) -> None:
    events = template["Resources"]["ImageFunction"]["Properties"]["Events"].values()
    routes = {(each["Properties"]["Method"], each["Properties"]["Path"]) for each in events}
    assert routes == {("ANY", "/renders/{proxy+}"), ("ANY", "/images/{proxy+}")}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_run_on_lambdas_python_for_either_architecture(
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
def test_every_route_leads_to_a_handler_that_is_there(template: SamDocument, name: str) -> None:
    handler = template["Resources"][name]["Properties"]["Handler"]
    module, _, function = handler.rpartition(".")
    assert callable(getattr(importlib.import_module(module), function))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_settings_know_every_variable_of_the_template(template: SamDocument, name: str) -> None:
    variables = template["Resources"][name]["Properties"]["Environment"]["Variables"]
    ours = {variable for variable in variables if variable.startswith("POSTCARD_")}
    known = {f"POSTCARD_{field.name.upper()}" for field in dataclasses.fields(Settings)}
    assert ours <= known
    required = {"POSTCARD_TABLE", "POSTCARD_PICTURES_BUCKET", "POSTCARD_STORE_BUCKET"}
    assert required | {"POSTCARD_SECRET_ID"} <= ours


def test_the_api_is_told_where_pictures_are_and_the_image_function_need_not_know(
    template: SamDocument,
) -> None:
    def variables(name: str) -> set[str]:
        return set(template["Resources"][name]["Properties"]["Environment"]["Variables"])

    assert {"POSTCARD_BASE_URL", "POSTCARD_DISTRIBUTION_ID"} <= variables("ApiFunction")
    assert not {"POSTCARD_BASE_URL", "POSTCARD_DISTRIBUTION_ID"} & variables("ImageFunction")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_logs_end_after_the_days_asked_for(template: SamDocument, name: str) -> None:
    group = template["Resources"][name]["Properties"]["LoggingConfig"]["LogGroup"]["Ref"]
    assert template["Resources"][group]["Properties"]["RetentionInDays"] == {"Ref": "LogDays"}


def test_every_alarm_tells_somebody_and_keeps_still_without_traffic(template: SamDocument) -> None:
    alarms = of_type(template, "AWS::CloudWatch::Alarm")
    for alarm in alarms.values():
        assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}]
        assert alarm["TreatMissingData"] == "notBreaching"
        assert alarm["AlarmDescription"]
    watched = {alarm.get("MetricName") for alarm in alarms.values()}
    assert {"Errors", "Throttles", "Fallbacks", "AlreadyStored", "5xx", "Latency"} <= watched


def test_alarms_watch_metrics_that_the_image_function_writes(template: SamDocument) -> None:
    line = emf_metrics({"reason": "source", "already_stored": True}, 200, 1.0)
    (told,) = line["_aws"]["CloudWatchMetrics"]
    written = {metric["Name"] for metric in told["Metrics"]}
    alarms = of_type(template, "AWS::CloudWatch::Alarm").values()
    ours = [each for each in alarms if each.get("Namespace") == {"Fn::Sub": "Postcard/${Stage}"}]
    assert {alarm["MetricName"] for alarm in ours} == {"Fallbacks", "AlreadyStored"} <= written
    for alarm in ours:
        by = {each["Name"]: each["Value"] for each in alarm["Dimensions"]}
        assert list(by) in told["Dimensions"]
        assert by["service"] == line["service"]
        assert by.get("reason", "budget") in get_args(FallbackReason)
    variables = template["Resources"]["ImageFunction"]["Properties"]["Environment"]["Variables"]
    assert variables["POWERTOOLS_METRICS_NAMESPACE"] == {"Fn::Sub": "Postcard/${Stage}"}
    assert variables["POWERTOOLS_SERVICE_NAME"] == "image"


def test_the_dashboard_is_readable_json(template: SamDocument) -> None:
    body = template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    assert len(json.loads(body)["widgets"]) == 6


def test_the_built_template_needs_no_yaml_merges() -> None:
    assert "<<:" not in Path("template.yaml").read_text(encoding="utf-8")
