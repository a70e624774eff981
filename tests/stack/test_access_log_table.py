"""CloudFront's access log, the table that Athena reads it by, and the job that counts it."""

import json
from typing import Any

from deploy.template_check import SamDocument
from local.aws.cloudformation import CloudFormationTemplate
from postcard import wiring
from postcard.settings import Settings
from postcard.usage.hit_counter import RUNS_SECONDS
from tests.stack.test_template import listed, of_type, statements

RESOURCES = ("AccessLogsBucket", "LogDatabase", "LogTable", "LogWorkGroup", "WorkerLogPolicy")


def properties(template: SamDocument, name: str) -> dict[str, Any]:
    found: dict[str, Any] = template["Resources"][name]["Properties"]
    return found


def table_parameters(template: SamDocument) -> dict[str, Any]:
    table = properties(template, "LogTable")["TableInput"]
    assert [key["Name"] for key in table["PartitionKeys"]] == ["place", "folder"]
    parameters: dict[str, Any] = table["Parameters"]
    return parameters


def test_the_table_reads_the_log_wherever_cloudformation_has_put_it(template: SamDocument) -> None:
    """Its path begins with the destination's prefix, with AWS's own, or with none."""
    destination = properties(template, "AccessLogsDestination")["DestinationResourceArn"]["Fn::Sub"]
    prefix = destination.removeprefix("${AccessLogsBucket.Arn}/")
    parameters = table_parameters(template)
    assert parameters["projection.place.values"]["Fn::Sub"].split(",") == [
        f"{prefix}/${{Distribution}}",
        "AWSLogs/${AWS::AccountId}/CloudFront/${Distribution}",
        "${Distribution}",
    ]
    assert parameters["storage.location.template"] == {
        "Fn::Sub": "s3://${AccessLogsBucket}/${!place}/${!folder}"
    }


def test_the_table_has_a_folder_a_day_as_the_log_is_written(template: SamDocument) -> None:
    suffix = properties(template, "AccessLogs")["S3SuffixPath"]
    parameters = table_parameters(template)
    folder = parameters["projection.folder.format"]
    assert suffix == "{DistributionId}/{yyyy}/{MM}/{dd}"
    assert folder == suffix.partition("/")[2].replace("{", "").replace("}", "") == "yyyy/MM/dd"
    assert parameters["projection.enabled"] == "true"
    assert parameters["projection.folder.range"].endswith(",NOW+2DAYS")


def test_results_of_queries_are_no_part_of_the_log_and_are_deleted_after_a_day(
    template: SamDocument,
) -> None:
    group = properties(template, "LogWorkGroup")["WorkGroupConfiguration"]
    location = group["ResultConfiguration"]["OutputLocation"]["Fn::Sub"]
    assert location == "s3://${AccessLogsBucket}/query-results/"
    places = table_parameters(template)["projection.place.values"]["Fn::Sub"]
    assert "query-results" not in places
    rules = properties(template, "AccessLogsBucket")["LifecycleConfiguration"]["Rules"]
    (rule,) = (each for each in rules if each.get("Prefix") == "query-results/")
    assert rule["ExpirationInDays"] == 1


def test_a_query_cannot_read_more_than_a_quarter_of_a_dollar(template: SamDocument) -> None:
    group = properties(template, "LogWorkGroup")["WorkGroupConfiguration"]
    assert group["BytesScannedCutoffPerQuery"] / 1e12 * 5 == 0.25
    assert group["EnforceWorkGroupConfiguration"] is True


def test_the_worker_may_read_the_log_and_write_results_only(template: SamDocument) -> None:
    allowed = {
        action: json.dumps(statement["Resource"])
        for statement in statements(template, "WorkerLogPolicy")
        for action in listed(statement["Action"])
    }
    assert {action.partition(":")[0] for action in allowed} == {"athena", "glue", "s3"}
    assert "query-results/*" in allowed["s3:PutObject"]
    assert not {"s3:DeleteObject", "glue:UpdateTable", "glue:DeleteTable"} & set(allowed)
    assert all(resource != '"*"' for resource in allowed.values())


def test_the_schedule_sends_a_task_that_the_worker_knows(template: SamDocument) -> None:
    schedule = properties(template, "WorkerFunction")["Events"]["CountHits"]["Properties"]
    worker = wiring.worker_service(Settings("t", "p", "s", "k"))
    assert json.loads(schedule["Input"])["task"] in worker.handlers


def test_hits_are_counted_after_the_last_line_of_a_day_can_have_come(template: SamDocument) -> None:
    minutes = template["Parameters"]["UsageMinutes"]
    assert minutes["MaxValue"] * 60 < RUNS_SECONDS
    assert minutes["MinValue"] > 1, "`rate(1 minutes)` is no schedule"
    assert minutes["MinValue"] <= minutes["Default"] <= minutes["MaxValue"]


def test_regions_without_cloudfronts_log_count_nothing(template: SamDocument) -> None:
    for name in RESOURCES:
        assert template["Resources"][name]["Condition"] == "SeesCloudFront"
    abroad = CloudFormationTemplate(template, {("AWS::Region", ""): "eu-west-1"})
    worker = abroad.body["Resources"]["WorkerFunction"]["Properties"]
    variables = abroad.resolve(worker["Environment"]["Variables"])
    assert variables["POSTCARD_LOG_DATABASE"] == variables["POSTCARD_LOG_WORKGROUP"] == ""
    schedule = abroad.resolve(worker["Events"]["CountHits"]["Properties"])
    assert schedule["State"] == "DISABLED"
    assert of_type(template, "AWS::Athena::WorkGroup")
