"""Functions, routes, names and the distribution are read from `template.yaml`."""

import json
from pathlib import Path
from typing import Any

import pytest

from local.aws.cloudformation import CloudFormationTemplate, TemplateError
from local.aws.distribution_config import Distribution
from local.aws.stack_resources import Route, StackResources

STACK = StackResources.read(Path("template.yaml"))


def test_functions_have_the_handlers_limits_and_environment_of_the_template() -> None:
    functions = {spec.name: spec for spec in STACK.functions()}
    names = ("Image", "Api", "Worker", "Webhook", "Batch", "Status")
    assert set(functions) == {f"{name}Function" for name in names}
    image = functions["ImageFunction"]
    assert image.handler == "image.app.handler"
    properties = STACK.template.body["Resources"]["ImageFunction"]["Properties"]
    assert (image.memory, image.timeout) == (properties["MemorySize"], properties["Timeout"])
    assert set(image.environment) == set(properties["Environment"]["Variables"])


def test_all_functions_get_the_same_bucket_table_and_secret_names() -> None:
    environments = {spec.name: spec.environment for spec in STACK.functions()}
    api = environments["ApiFunction"]
    for environment in environments.values():
        for name in set(environment) & set(api) - {"POWERTOOLS_SERVICE_NAME"}:
            assert environment[name] == api[name]
    assert api["POSTCARD_PICTURES_BUCKET"] == STACK.buckets()["PicturesBucket"]
    assert api["POSTCARD_TABLE"] == STACK.tables()[0]["TableName"]
    assert [api["POSTCARD_SECRET_ID"]] == STACK.secrets()


def test_a_state_machine_has_the_names_of_its_function_and_bucket_in_its_definition() -> None:
    (machine,) = STACK.state_machines()
    api = next(spec.environment for spec in STACK.functions() if spec.name == "ApiFunction")
    assert machine.arn == api["POSTCARD_BATCH_MACHINE"]
    states = json.loads(machine.definition)["States"]
    function = states["Split"]["Parameters"]["FunctionName"]
    assert function == "arn:aws:lambda:us-east-1:123456789012:function:BatchFunction:live"
    bucket = states["Work"]["ItemReader"]["Parameters"]["Bucket"]
    assert bucket == STACK.buckets()["StoreBucket"]
    assert "${" not in machine.definition


def test_a_rule_matches_the_events_that_its_pattern_names() -> None:
    (rule,) = STACK.rule_sources()
    (machine,) = STACK.state_machines()
    detail = {"stateMachineArn": machine.arn, "status": "ABORTED"}
    event = {
        "source": "aws.states",
        "detail-type": "Step Functions Execution Status Change",
        "detail": detail,
    }
    assert rule.function == "BatchFunction" and rule.matches(event)
    assert not rule.matches({**event, "source": "aws.ec2"})
    assert not rule.matches({**event, "detail": {**detail, "status": "SUCCEEDED"}})
    assert not rule.matches({"source": "aws.states"})


def test_routes_are_those_of_the_template() -> None:
    assert set(STACK.routes("ImageApi")) == {
        Route("ANY", "/renders/{proxy+}", "ImageFunction"),
        Route("ANY", "/images/{proxy+}", "ImageFunction"),
    }
    assert {route.function for route in STACK.routes("Api")} == {"ApiFunction"}


def test_the_distribution_is_that_of_the_template() -> None:
    distribution = Distribution.read(STACK.template, lambda text: f"<{text}>")
    signed = distribution.behavior_for("/r/a.png")
    assert signed.has_edge_function
    assert [origin.target for origin in signed.origins] == ["PicturesBucket", "ImageApi"]
    assert signed.failover_statuses == {403, 404, 500, 502, 503, 504}
    assert signed.forwarded_headers == ("x-postcard-link",)
    assert signed.cache_policy.max_ttl == 31_536_000
    secret = signed.origins[1].headers["x-postcard-origin"]
    assert secret == "<{{resolve:secretsmanager:postcard-keys:SecretString:origin}}>"
    assert not distribution.behavior_for("/errors/fallback.png").has_edge_function
    assert distribution.behavior_for("/anything").cache_policy.max_ttl == 0
    assert distribution.error_responses[503].caching_min_ttl == 5
    assert "async function handler" in distribution.function_code


def template(body: dict[str, Any]) -> CloudFormationTemplate:
    return CloudFormationTemplate({"Resources": {}, **body})


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ({"Ref": "Stage"}, "dev"),
        ({"Fn::Sub": "${AWS::Region}/${Stage}/${!Literal}"}, "us-east-1/dev/${Literal}"),
        ({"Fn::Sub": ["${A}-${Stage}", {"A": {"Ref": "Stage"}}]}, "dev-dev"),
        ({"Fn::GetAtt": ["Bucket", "Arn"]}, "Bucket.Arn"),
        ({"Fn::If": ["IsDev", "yes", "no"]}, "yes"),
        ({"Fn::If": ["IsProd", "yes", "no"]}, "no"),
        ([1, {"Fn::If": ["IsProd", 2, {"Ref": "AWS::NoValue"}]}], [1]),
        ({"a": {"Ref": "AWS::NoValue"}, "b": 1}, {"b": 1}),
        ({"Fn::Join": ["-", ["a", {"Ref": "Stage"}]]}, "a-dev"),
        ({"Fn::Split": [",", "a,b"]}, ["a", "b"]),
        ({"Fn::Select": ["1", ["a", "b"]]}, "b"),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "Memory"]}, 512),
        ({"Fn::And": [{"Condition": "IsDev"}, {"Condition": "IsProd"}]}, False),
        ({"Fn::Or": [{"Condition": "IsDev"}, {"Condition": "IsProd"}]}, True),
    ],
)
def test_intrinsic_functions_have_the_results_of_cloudformation(value: Any, result: Any) -> None:
    body = {
        "Parameters": {"Stage": {"Default": "dev"}},
        "Conditions": {
            "IsDev": {"Fn::Equals": [{"Ref": "Stage"}, "dev"]},
            "IsProd": {"Fn::Not": [{"Condition": "IsDev"}]},
        },
        "Mappings": {"Sizes": {"dev": {"Memory": 512}}},
        "Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}},
    }
    assert template(body).resolve(value) == result


def test_short_forms_of_intrinsic_functions_are_read(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(
        'a: !Ref B\nb: !GetAtt B.C.D\nc: !Join ["", [x, !Sub "${B}"]]\nd: !Not [!Ref B]'
    )
    assert CloudFormationTemplate.read(path).body == {
        "a": {"Ref": "B"},
        "b": {"Fn::GetAtt": ["B", "C.D"]},
        "c": {"Fn::Join": ["", ["x", {"Fn::Sub": "${B}"}]]},
        "d": {"Fn::Not": [{"Ref": "B"}]},
    }


def test_resources_with_a_false_condition_are_left_out() -> None:
    bucket = {"Type": "AWS::S3::Bucket", "Condition": "Never"}
    body = {"Conditions": {"Never": {"Fn::Equals": ["a", "b"]}}, "Resources": {"Bucket": bucket}}
    assert template(body).resources("AWS::S3::Bucket") == {}


def test_a_name_that_the_template_does_not_define_is_an_error() -> None:
    with pytest.raises(TemplateError, match="Nowhere"):
        template({}).resolve({"Ref": "Nowhere"})


def test_a_cache_key_of_more_than_the_path_is_an_error() -> None:
    body = {**STACK.template.body, "Resources": {**STACK.template.body["Resources"]}}
    config = body["Resources"]["PathOnly"]["Properties"]["CachePolicyConfig"]
    key = {
        **config["ParametersInCacheKeyAndForwardedToOrigin"],
        "QueryStringsConfig": {"QueryStringBehavior": "all"},
    }
    policy = {"CachePolicyConfig": {**config, "ParametersInCacheKeyAndForwardedToOrigin": key}}
    body["Resources"]["PathOnly"] = {"Type": "AWS::CloudFront::CachePolicy", "Properties": policy}
    with pytest.raises(TemplateError, match="path"):
        Distribution.read(CloudFormationTemplate(body), str)
