"""Tests of template.yaml: roles, buckets, functions, logs, alarms and the dashboard."""

import dataclasses
import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from deploy.template_check import SamDocument, apply_sam_transform, lint
from image.access_log import emf_metrics
from local.aws.cloudformation import CloudFormationTemplate
from postcard.delivery.fallbacks import FallbackReason
from postcard.settings import Settings

DRAWING_FUNCTIONS = ("ImageFunction", "ApiFunction")
FUNCTIONS = (*DRAWING_FUNCTIONS, "WorkerFunction", "WebhookFunction", "StatusFunction")
LAYERS = ["CoreLayer", "VendorLayer", "FontsLayer"]
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


@pytest.mark.parametrize(("choice", "folder"), [("on", "/opt/more-fonts"), ("off", "")])
def test_the_optional_fonts_are_a_layer_that_a_parameter_adds(choice: str, folder: str) -> None:
    document = CloudFormationTemplate.read(Path("template.yaml"))
    document = document.with_values({}, {"MoreFonts": choice})
    for name in DRAWING_FUNCTIONS:
        properties = document.body["Resources"][name]["Properties"]
        variables = properties["Environment"]["Variables"]
        assert document.resolve(variables["POSTCARD_MORE_FONTS"]) == folder
        layers = document.resolve(properties["Layers"])
        assert layers == [*LAYERS, *(["MoreFontsLayer"] if folder else [])]
    exists = "MoreFontsLayer" in document.resources("AWS::Serverless::LayerVersion")
    assert exists == (choice == "on")


def test_the_optional_fonts_are_left_out_by_default(template: SamDocument) -> None:
    assert template["Parameters"]["MoreFonts"]["Default"] == "off"


def test_cfn_lint_finds_no_problem_in_the_transformed_template(
    whole_template: SamDocument,
) -> None:
    assert lint(apply_sam_transform(whole_template)) == []


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
                    r"\$\{\w+\.Arn\}/\w+/\*|arn:\$.*distribution/\$\{Distribution\}"
                    r"|arn:\$.*:execution:\$\{BatchMachine\.Name\}:\*"
                    r"|\$\{StoreBucket\.Arn\}/batches/\*/(runs/\*|chunks\.json|todo\.json)"
                    r"|\$\{PicturesBucket\.Arn\}/errors/status\.html",
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


@pytest.mark.parametrize(
    "role", ["ImageRole", "ApiRole", "WorkerRole", "WebhookRole", "BatchRole", "StatusRole"]
)
def test_no_function_can_write_keys(template: SamDocument, role: str) -> None:
    actions = [action for each in statements(template, role) for action in listed(each["Action"])]
    allowed = [action for action in actions if action.startswith("secretsmanager:")]
    assert allowed == ([] if role == "WorkerRole" else ["secretsmanager:GetSecretValue"])
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


def test_the_files_of_batches_expire_with_their_old_versions(template: SamDocument) -> None:
    properties = template["Resources"]["StoreBucket"]["Properties"]
    (rule,) = (r for r in properties["LifecycleConfiguration"]["Rules"] if r["Id"] == "batches")
    assert (rule["Prefix"], rule["ExpirationInDays"]) == ("batches/", {"Ref": "BatchDays"})
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}


def test_every_state_of_a_batch_is_reached_and_leads_somewhere(
    cloudformation: SamDocument,
) -> None:
    machine = cloudformation["Resources"]["BatchMachine"]["Properties"]["Definition"]
    states = machine["States"]
    named = {machine["StartAt"]}
    for state in states.values():
        choices = [*state.get("Choices", ()), *state.get("Catch", ()), state]
        named |= {each[key] for each in choices for key in ("Next", "Default") if key in each}
        assert named <= set(states)
    assert named == set(states)
    errors = [each for state in states.values() for each in state.get("Retry", ())]
    assert all(each["MaxAttempts"] <= 20 for each in errors)


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
    assert secret == {  # any change would let CloudFormation replace all keys with a new secret
        "SecretStringTemplate": "{}",
        "GenerateStringKey": "origin",
        "PasswordLength": 48,
        "ExcludePunctuation": True,
    }


def test_a_stack_can_take_over_the_data_of_an_earlier_one(adopting_template: SamDocument) -> None:
    resources, outputs = adopting_template["Resources"], adopting_template["Outputs"]
    for name, condition in DATA.items():
        assert resources[name]["Condition"] == condition
        assert name not in set(references([resources, outputs]))  # or it could not be left out
    assert outputs["TableName"]["Value"] == {"Ref": "ExistingTable"}
    assert outputs["StoreBucketName"]["Value"] == {"Ref": "ExistingStoreBucket"}
    assert outputs["KeysSecret"]["Value"] == {"Ref": "ExistingKeys"}


DATA = {"Table": "CreatesTable", "StoreBucket": "CreatesStoreBucket", "Keys": "CreatesKeys"}


def test_deleted_and_replaced_assets_can_be_brought_back(template: SamDocument) -> None:
    bucket = template["Resources"]["StoreBucket"]["Properties"]
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    rules = {rule["Id"]: rule for rule in bucket["LifecycleConfiguration"]["Rules"]}
    assert rules["old-versions"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 35}


NAMES_IN_THE_ACCOUNT = {
    "Dashboard": "${AWS::StackName}-${AWS::Region}",
    "PathOnly": "${AWS::StackName}-${AWS::Region}-path-only",
    "LinkHeader": "${AWS::StackName}-${AWS::Region}-link-header",
    "PictureHeaders": "${AWS::StackName}-${AWS::Region}-picture-headers",
    "PicturesAccess": "${AWS::StackName}-${AWS::Region}-pictures",
    "EdgeKeys": "${AWS::StackName}-${AWS::Region}-keys",
    "ViewerRequest": "${AWS::StackName}-${AWS::Region}-viewer-request",
}


def test_names_that_are_unique_in_an_account_never_change_and_differ_by_region(
    template: SamDocument,
) -> None:
    """Another name would replace the resource, and lose the keys."""
    for name, expected in NAMES_IN_THE_ACCOUNT.items():
        properties = template["Resources"][name]["Properties"]
        (inner,) = [each for each in properties.values() if isinstance(each, dict)][:1] or [{}]
        named = properties.get("Name") or properties.get("DashboardName") or inner["Name"]
        assert named == {"Fn::Sub": expected}
    global_types = ("AWS::CloudFront::", "AWS::CloudWatch::Dashboard", "AWS::IAM::")
    unnamed = {  # CloudFormation names them
        "ApiRole",
        "BatchMachineMapPolicy",
        "BatchMachineRole",
        "BatchRole",
        "Distribution",
        "ImageRole",
        "StatusRole",
        "StatusScheduleRole",
        "ScheduleRole",
        "WebhookRole",
        "WorkerLogPolicy",
        "WorkerRole",
    }
    assert unnamed | NAMES_IN_THE_ACCOUNT.keys() == {
        name
        for name, each in template["Resources"].items()
        if each["Type"].startswith(global_types)
    }
    roles = of_type(template, "AWS::IAM::Role")
    assert not any("RoleName" in properties for properties in roles.values())


@pytest.mark.parametrize(
    ("domain", "certificate", "accepted"),
    [("", "", True), ("a.example", "arn", True), ("a.example", "", False), ("", "arn", False)],
)
def test_a_domain_and_its_certificate_are_set_together(
    template: SamDocument, domain: str, certificate: str, accepted: bool
) -> None:
    values = {"PictureDomain": domain, "PictureCertificateArn": certificate}
    (rule,) = template["Rules"]["PictureDomainHasItsCertificate"]["Assertions"]
    assert evaluate(rule["Assert"], values) is accepted


def evaluate(node: Any, values: dict[str, str]) -> Any:
    """The value of CloudFormation's condition functions."""
    if not isinstance(node, dict):
        return node
    ((function, operands),) = node.items()
    if function == "Ref":
        return values[operands]
    results = [evaluate(each, values) for each in operands]
    if function == "Fn::Equals":
        return results[0] == results[1]
    if function == "Fn::Not":
        return not results[0]
    return all(results) if function == "Fn::And" else any(results)


def test_cloudfronts_log_may_be_written_without_the_prefix_that_an_edit_drops(
    template: SamDocument,
) -> None:
    (allowed,) = (
        each for each in statements(template, "AccessLogsBucketPolicy") if each["Effect"] == "Allow"
    )
    assert allowed["Resource"] == {"Fn::Sub": "${AccessLogsBucket.Arn}/*"}
    assert set(allowed["Condition"]) == {"StringEquals", "ArnLike"}


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
    assert function.get("SnapStart") == (applied if name in DRAWING_FUNCTIONS else None)


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


def test_all_who_price_pictures_know_whether_they_are_stored(template: SamDocument) -> None:
    for name in ("ImageFunction", "ApiFunction", "BatchFunction"):
        variables = template["Resources"][name]["Properties"]["Environment"]["Variables"]
        assert variables["POSTCARD_STORE_RENDERS"] == {"Ref": "StoreRenders"}, name


def test_the_image_function_knows_neither_the_distribution_nor_the_queue(
    template: SamDocument,
) -> None:
    def variables(name: str) -> set[str]:
        return set(template["Resources"][name]["Properties"]["Environment"]["Variables"])

    assert {"POSTCARD_BASE_URL", "POSTCARD_DISTRIBUTION_ID"} <= variables("ApiFunction")
    assert not {"POSTCARD_BASE_URL", "POSTCARD_DISTRIBUTION_ID"} & variables("ImageFunction")
    assert {"POSTCARD_QUEUE_URL", "POSTCARD_DISTRIBUTION_ID"} <= variables("WorkerFunction")
    assert "POSTCARD_QUEUE_URL" not in variables("ImageFunction")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_logs_are_deleted_after_the_configured_days(template: SamDocument, name: str) -> None:
    group = template["Resources"][name]["Properties"]["LoggingConfig"]["LogGroup"]["Ref"]
    assert template["Resources"][group]["Properties"]["RetentionInDays"] == {"Ref": "LogDays"}


def test_a_task_that_fails_five_times_becomes_a_dead_letter(template: SamDocument) -> None:
    queues = of_type(template, "AWS::SQS::Queue")
    assert all(queue["SqsManagedSseEnabled"] for queue in queues.values())
    assert {queue["MessageRetentionPeriod"] for queue in queues.values()} == {14 * 86_400}
    for queue, dead, function in (
        ("WorkQueue", "DeadLetters", "WorkerFunction"),
        ("HintQueue", "HintDead", "WebhookFunction"),
        ("SlowHintQueue", "HintDead", "WebhookFunction"),
    ):
        redrive = queues[queue]["RedrivePolicy"]
        assert list(references(redrive["deadLetterTargetArn"])) == [dead]
        assert redrive["maxReceiveCount"] == 5
        timeout = template["Resources"][function]["Properties"]["Timeout"]
        assert queues[queue]["VisibilityTimeout"] >= 6 * timeout, "as AWS advises"


def test_a_batch_returns_only_its_failed_messages_and_starves_no_pictures(
    cloudformation: SamDocument,
) -> None:
    sources = of_type(cloudformation, "AWS::Lambda::EventSourceMapping").values()
    assert [(each["EventSourceArn"], each["FunctionName"]) for each in sources] == [
        ({"Fn::GetAtt": [queue, "Arn"]}, {"Ref": function})
        for queue, function in (
            ("WorkQueue", "WorkerFunction"),
            ("HintQueue", "WebhookFunction"),
            ("SlowHintQueue", "WebhookFunction"),
        )
    ]
    for source in sources:
        assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert source["ScalingConfig"]["MaximumConcurrency"] <= 5


def test_stopped_work_raises_alarms(template: SamDocument) -> None:
    alarms = of_type(template, "AWS::CloudWatch::Alarm")
    dead, old = alarms["DeadLettersAlarm"], alarms["OldTasksAlarm"]
    for alarm, queue in ((dead, "DeadLetters"), (old, "WorkQueue")):
        (dimension,) = alarm["Dimensions"]
        assert dimension["Name"] == "QueueName"
        assert list(references(dimension)) == [queue]
    assert (dead["MetricName"], dead["Threshold"]) == ("ApproximateNumberOfMessagesVisible", 1)
    assert old["MetricName"] == "ApproximateAgeOfOldestMessage"
    visible_again = template["Resources"]["WorkQueue"]["Properties"]["VisibilityTimeout"]
    assert old["Threshold"] > 5 * visible_again, "a task that fails is a dead letter before"
    errors = alarms["WorkerErrorsAlarm"]["Metrics"]
    assert {"Errors", "Throttles"} == {
        part["MetricStat"]["Metric"]["MetricName"] for part in errors if "MetricStat" in part
    }


def test_every_alarm_notifies_the_topic_and_is_quiet_without_traffic(template: SamDocument) -> None:
    alarms = of_type(template, "AWS::CloudWatch::Alarm")
    for alarm in alarms.values():
        assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}]
        assert alarm["TreatMissingData"] == "notBreaching"
        assert alarm["AlarmDescription"]
    metrics = {alarm.get("MetricName") for alarm in alarms.values()}
    assert {"Errors", "Throttles", "Fallbacks", "AlreadyStored", "5xx", "4xx", "Latency"} <= metrics
    assert "ConcurrentExecutions" in metrics


def test_alarms_use_metrics_that_the_image_function_writes(template: SamDocument) -> None:
    line = emf_metrics({"reason": "source", "already_stored": True}, 200, 1.0)
    written = {
        (metric["Name"], *dimensions)
        for directive in line["_aws"]["CloudWatchMetrics"]
        for metric in directive["Metrics"]
        for dimensions in directive["Dimensions"]
    }
    namespace = {"Fn::Sub": "Postcard/${Stage}"}
    alarms = [
        alarm
        for alarm in of_type(template, "AWS::CloudWatch::Alarm").values()
        if alarm.get("Namespace") == namespace
    ]
    of_image = [alarm for alarm in alarms if alarm.get("Dimensions")]
    names = {alarm["MetricName"] for alarm in of_image}
    assert names == {"Fallbacks", "AlreadyStored", "Unstored", "Unverified"}
    for alarm in of_image:
        dimensions = {each["Name"]: each["Value"] for each in alarm["Dimensions"]}
        assert (alarm["MetricName"], *dimensions) in written
        assert dimensions["service"] == line["service"]
        assert dimensions.get("reason", "budget") in get_args(FallbackReason)
    variables = template["Resources"]["ImageFunction"]["Properties"]["Environment"]["Variables"]
    assert variables["POWERTOOLS_METRICS_NAMESPACE"] == namespace
    assert variables["POWERTOOLS_SERVICE_NAME"] == "image"


@pytest.mark.parametrize(("api", "logs"), [("ImageApi", "ImageApiLogs"), ("Api", "ApiGatewayLogs")])
def test_calls_that_reach_no_function_are_logged_without_addresses_and_paths(
    template: SamDocument, api: str, logs: str
) -> None:
    settings = template["Resources"][api]["Properties"]["AccessLogSettings"]
    assert settings["DestinationArn"] == {"Fn::GetAtt": f"{logs}.Arn"} or settings[
        "DestinationArn"
    ] == {"Fn::GetAtt": [logs, "Arn"]}
    line = json.loads(settings["Format"])
    assert {"request_id", "status", "error"} <= line.keys()
    assert not re.search(r"sourceIp|path|query|userAgent", settings["Format"], re.IGNORECASE)


def test_an_unsealed_decoder_of_either_function_raises_an_alarm(template: SamDocument) -> None:
    alarm = template["Resources"]["UnsealedDecoderAlarm"]["Properties"]
    _, *parts = alarm["Metrics"]
    metrics = [part["MetricStat"]["Metric"] for part in parts]
    assert {metric["MetricName"] for metric in metrics} == {"UnsealedDecoder"}
    services = [one["Value"] for metric in metrics for one in metric["Dimensions"]]
    assert services == ["image", "api"]
    assert {str(metric["Namespace"]) for metric in metrics} == {
        str({"Fn::Sub": "Postcard/${Stage}"})
    }
    assert alarm["EvaluationPeriods"] * parts[0]["MetricStat"]["Period"] <= 86_400, "AWS's limit"
    assert (alarm["Threshold"], alarm["DatapointsToAlarm"]) == (1, 1)


def test_an_alarm_over_two_metrics_works_while_one_has_no_data(template: SamDocument) -> None:
    """DynamoDB and Lambda write throttles only when there are some, and the other one may be late.

    AWS advises against FILL in an alarm that looks at the newest data point only: it may be the
    filled one.
    """
    alarms = of_type(template, "AWS::CloudWatch::Alarm")
    sums = {name: each for name, each in alarms.items() if "Metrics" in each}
    assert len(sums) >= 5
    for name, alarm in sums.items():
        result, *metrics = alarm["Metrics"]
        if name != "PicturesRefusedAlarm":  # a rate counts for nothing without its requests
            filled = [f"FILL({metric['Id']}, 0)" for metric in metrics]
            assert result["Expression"] == " + ".join(filled)
        assert alarm["DatapointsToAlarm"] < alarm["EvaluationPeriods"]


def test_the_page_about_operation_has_each_alarm_and_each_parameter(template: SamDocument) -> None:
    page = Path("docs/operate.md").read_text(encoding="utf-8")
    names = {*of_type(template, "AWS::CloudWatch::Alarm"), *template["Parameters"]}
    assert {name for name in names if f"`{name}`" not in page} == {"Stage"}


def test_the_dashboard_is_valid_json(template: SamDocument) -> None:
    body = template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    assert len(json.loads(body)["widgets"]) == 6


def test_the_template_uses_no_yaml_merge_keys() -> None:
    assert "<<:" not in Path("template.yaml").read_text(encoding="utf-8")
