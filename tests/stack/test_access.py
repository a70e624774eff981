"""Tests of who can access the stack's resources, and of the security headers of responses."""

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

import pytest

from api.middleware import SECURITY_HEADERS
from api.routes.docs import CONTENT_SECURITY_POLICY
from deploy.template_check import SamDocument
from tests.stack.test_template import listed, of_type, statements

YEAR = 31_536_000


def picture_headers(template: SamDocument) -> dict[str, Any]:
    policy = template["Resources"]["PictureHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]
    headers: dict[str, Any] = policy["SecurityHeadersConfig"]
    return headers


def distribution(template: SamDocument) -> dict[str, Any]:
    config: dict[str, Any] = template["Resources"]["Distribution"]["Properties"]
    return dict(config["DistributionConfig"])


def directives(policy: str) -> dict[str, list[str]]:
    parts = (part.split() for part in policy.split(";"))
    return {name: values for name, *values in parts}


def test_pictures_have_all_security_headers(template: SamDocument) -> None:
    headers = picture_headers(template)
    assert all(header["Override"] for header in headers.values())
    assert set(headers) == {
        "ContentTypeOptions",
        "StrictTransportSecurity",
        "ContentSecurityPolicy",
        "ReferrerPolicy",
    }
    assert headers["StrictTransportSecurity"]["AccessControlMaxAgeSec"] >= YEAR
    assert headers["ReferrerPolicy"]["ReferrerPolicy"] == "no-referrer"
    policy = directives(headers["ContentSecurityPolicy"]["ContentSecurityPolicy"])
    assert policy == {
        "default-src": ["'none'"],
        "style-src": ["'unsafe-inline'"],  # browsers centre a picture with their own inline styles
        "sandbox": [],
        "frame-ancestors": ["'none'"],
    }


def test_api_responses_have_all_security_headers() -> None:
    assert SECURITY_HEADERS["X-Content-Type-Options"] == "nosniff"
    assert f"max-age={YEAR}" in SECURITY_HEADERS["Strict-Transport-Security"]
    assert SECURITY_HEADERS["Referrer-Policy"] == "no-referrer"
    assert SECURITY_HEADERS["Cross-Origin-Resource-Policy"] == "same-origin"
    assert SECURITY_HEADERS["Cache-Control"] == "no-store"
    assert directives(SECURITY_HEADERS["Content-Security-Policy"]) == {
        "default-src": ["'none'"],
        "frame-ancestors": ["'none'"],
    }


def test_the_page_that_describes_the_api_loads_nothing_from_other_hosts() -> None:
    assert directives(CONTENT_SECURITY_POLICY) == {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],  # icons of Swagger UI, and previews
        "connect-src": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
    }


def test_cors_is_off_unless_origins_are_configured(template: SamDocument) -> None:
    assert template["Parameters"]["CorsOrigins"]["Default"] == ""
    for api in of_type(template, "AWS::Serverless::HttpApi").values():
        assert "CorsConfiguration" not in api  # it would answer before the function could
    store = template["Resources"]["StoreBucket"]["Properties"]
    _, configured = store["CorsConfiguration"]["CorsRules"]
    assert (configured["Fn::If"][0], configured["Fn::If"][2]) == (
        "HasCors",
        {"Ref": "AWS::NoValue"},
    )
    assert "CorsConfiguration" not in template["Resources"]["PicturesBucket"]["Properties"]


def test_the_template_editor_may_upload_by_a_form_and_nothing_else(template: SamDocument) -> None:
    store = template["Resources"]["StoreBucket"]["Properties"]
    editor, _ = store["CorsConfiguration"]["CorsRules"]
    assert editor["AllowedMethods"] == ["POST"]
    (origin,) = editor["AllowedOrigins"]
    assert origin["Fn::Sub"] == "https://*.execute-api.${AWS::Region}.${AWS::URLSuffix}"
    api_url = template["Outputs"]["ApiUrl"]["Value"]["Fn::Sub"]
    assert fnmatchcase(api_url, origin["Fn::Sub"].replace("[", "[[]"))


def test_every_bucket_is_private_encrypted_and_requires_tls(template: SamDocument) -> None:
    buckets = of_type(template, "AWS::S3::Bucket")
    policies = of_type(template, "AWS::S3::BucketPolicy")
    policy_names = {policy["Bucket"]["Ref"]: name for name, policy in policies.items()}
    assert set(policy_names) == set(buckets)
    for name, bucket in buckets.items():
        assert len(bucket["PublicAccessBlockConfiguration"]) == 4
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert not {"AccessControl", "WebsiteConfiguration"} & set(bucket)
        (denied,) = (s for s in statements(template, policy_names[name]) if s["Effect"] == "Deny")
        assert (denied["Principal"], denied["Action"]) == ("*", "s3:*")
        assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert denied["Resource"] == [
            {"Fn::GetAtt": [name, "Arn"]},
            {"Fn::Sub": f"${{{name}.Arn}}/*"},
        ]


CALLERS = ("apigateway.amazonaws.com", "events.amazonaws.com", "sns.amazonaws.com")


def test_only_aws_services_are_allowed_by_resource_policies(cloudformation: SamDocument) -> None:
    policies = of_type(cloudformation, "AWS::S3::BucketPolicy")
    for name in policies:
        for statement in statements(cloudformation, name):
            if statement["Effect"] == "Allow":
                assert set(statement["Principal"]) == {"Service"}
                assert statement["Condition"], "a service acts for this account alone"
    for permission in of_type(cloudformation, "AWS::Lambda::Permission").values():
        assert permission["Principal"] in CALLERS
        assert permission["SourceArn"]


def test_only_what_the_stack_names_can_invoke_a_function(cloudformation: SamDocument) -> None:
    kinds = {resource["Type"] for resource in cloudformation["Resources"].values()}
    assert "AWS::Lambda::Url" not in kinds
    sources = of_type(cloudformation, "AWS::Lambda::EventSourceMapping").values()
    assert [source["EventSourceArn"] for source in sources] == [
        {"Fn::GetAtt": [queue, "Arn"]} for queue in ("WorkQueue", "HintQueue", "SlowHintQueue")
    ]
    [(name, policy)] = of_type(cloudformation, "AWS::SQS::QueuePolicy").items()
    [statement] = policy["PolicyDocument"]["Statement"]
    own_account = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert name == "HintQueuePolicy" and statement["Condition"] == own_account
    assert (statement["Principal"], statement["Action"]) == (
        {"Service": "s3.amazonaws.com"},
        "sqs:SendMessage",
    ), "nobody outside the account may send"
    roles = of_type(cloudformation, "AWS::IAM::Role")
    of_functions = {"ImageRole", "ApiRole", "WorkerRole", "WebhookRole", "BatchRole", "StatusRole"}
    services = {name: "lambda" for name in of_functions} | {
        "BatchMachineRole": "states",
        "ScheduleRole": "scheduler",
        "StatusScheduleRole": "scheduler",
    }
    assert set(roles) == set(services), "SAM must not generate other roles"
    for name, role in roles.items():
        (trusted,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert trusted["Principal"] == {"Service": f"{services[name]}.amazonaws.com"}
    (allowed,) = (
        each
        for each in statements(cloudformation, "BatchMachineRole")
        if each["Action"] == "lambda:InvokeFunction"
    )
    assert "BatchFunctionAlias" in str(allowed["Resource"])
    for rule in of_type(cloudformation, "AWS::Events::Rule").values():
        pattern = rule["EventPattern"]
        assert pattern["detail"]["stateMachineArn"] == [{"Ref": "BatchMachine"}]


@pytest.mark.parametrize(
    "role", ["ImageRole", "ApiRole", "WorkerRole", "WebhookRole", "BatchRole", "StatusRole"]
)
def test_no_role_can_change_roles_functions_or_the_distribution(
    template: SamDocument, role: str
) -> None:
    services = {
        action.split(":")[0]
        for statement in statements(template, role)
        for action in listed(statement["Action"])
    }
    assert services <= {"logs", "secretsmanager", "dynamodb", "s3", "cloudfront", "sqs", "states"}
    actions = {a for each in statements(template, role) for a in listed(each["Action"])}
    assert {a for a in actions if a.startswith("cloudfront:")} <= {"cloudfront:CreateInvalidation"}
    assert "dynamodb:Scan" not in actions


def queue_of(statement: Mapping[str, Any]) -> str:
    """The name of the queue that a statement is about."""
    resource = statement["Resource"]["Fn::GetAtt"]
    name = resource if isinstance(resource, str) else resource[0]
    return str(name).split(".")[0]


def test_the_api_only_sends_tasks_and_the_worker_reads_no_picture(template: SamDocument) -> None:
    def allowed(role: str, service: str) -> dict[str, list[Any]]:
        return {
            action: listed(statement["Resource"])
            for statement in statements(template, role)
            for action in listed(statement["Action"])
            if action.startswith(f"{service}:")
        }

    sending = [
        (action, queue_of(statement))
        for statement in statements(template, "ApiRole")
        for action in listed(statement["Action"])
        if action.startswith("sqs:")
    ]
    assert sending == [("sqs:SendMessage", "WorkQueue"), ("sqs:SendMessage", "HintQueue")]
    assert allowed("ImageRole", "sqs") == {}
    names = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes", "SendMessage")
    for role, queue in (("WorkerRole", "WorkQueue"), ("WebhookRole", "HintQueue")):
        assert set(allowed(role, "sqs")) == {f"sqs:{name}" for name in names}
        (queues,) = {str(resources) for resources in allowed(role, "sqs").values()}
        assert queue in queues
    assert allowed("WebhookRole", "s3") == {
        "s3:GetObject": [{"Fn::Sub": "${PicturesBucket.Arn}/images/*"}],
        "s3:ListBucket": [{"Fn::GetAtt": ["PicturesBucket", "Arn"]}],
    }
    assert set(allowed("WorkerRole", "s3")) == {"s3:DeleteObject", "s3:ListBucket"}
    assert not any("Store" in str(each) for each in allowed("WorkerRole", "s3").values())


def test_all_who_count_usage_may_change_a_row_and_who_reads_it_may_store_sums(
    template: SamDocument,
) -> None:
    read = {"dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem"}
    counting = {"dynamodb:UpdateItem"}
    for role, needed in (
        ("ImageRole", counting),
        ("BatchRole", counting),
        ("ApiRole", counting | read),
        ("WorkerRole", counting | read),
    ):
        actions = {
            action
            for statement in statements(template, role)
            for action in listed(statement["Action"])
        }
        assert needed <= actions, role


def test_batches_are_started_by_the_api_and_stay_in_their_folder(template: SamDocument) -> None:
    starting = [each for each in statements(template, "ApiRole") if "states:" in str(each)]
    assert {(each["Action"], str(each["Resource"])) for each in starting} == {
        ("states:StartExecution", str({"Ref": "BatchMachine"})),
        ("states:StopExecution", str({"Fn::Sub": BATCH_EXECUTIONS})),
    }
    written = [
        resource["Fn::Sub"]
        for role in ("BatchRole", "BatchMachineRole")
        for statement in statements(template, role)
        if "s3:PutObject" in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    ]
    assert written == [
        "${StoreBucket.Arn}/batches/*",
        "${PicturesBucket.Arn}/renders/*",
        "${PicturesBucket.Arn}/images/*",
        "${StoreBucket.Arn}/batches/*/runs/*",
    ]


BATCH_EXECUTIONS = (
    "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:execution:${BatchMachine.Name}:*"
)


def test_the_distribution_reads_pictures_with_signed_requests(
    template: SamDocument,
) -> None:
    access = template["Resources"]["PicturesAccess"]["Properties"]["OriginAccessControlConfig"]
    assert (access["SigningBehavior"], access["SigningProtocol"]) == ("always", "sigv4")
    origins = {each["Id"]: each for each in distribution(template)["Origins"]}
    assert origins["pictures"]["OriginAccessControlId"] == {"Ref": "PicturesAccess"}
    assert origins["pictures"]["S3OriginConfig"]["OriginAccessIdentity"] == ""
    assert origins["image-api"]["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
    assert origins["image-api"]["CustomOriginConfig"]["OriginSSLProtocols"] == ["TLSv1.2"]


def test_readers_must_use_https(template: SamDocument) -> None:
    config = distribution(template)
    for behaviour in (config["DefaultCacheBehavior"], *config["CacheBehaviors"]):
        assert behaviour["ViewerProtocolPolicy"] == "https-only"
        assert set(behaviour["AllowedMethods"]) == {"GET", "HEAD"}
    custom_certificate = config["ViewerCertificate"]["Fn::If"][1]
    assert custom_certificate["MinimumProtocolVersion"] == "TLSv1.2_2021"
    assert template["Parameters"]["AllowHttp"]["Default"] == ""


def test_a_web_acl_is_optional(template: SamDocument) -> None:
    assert template["Parameters"]["WebAclArn"]["Default"] == ""
    expected = {"Fn::If": ["HasWebAcl", {"Ref": "WebAclArn"}, {"Ref": "AWS::NoValue"}]}
    assert distribution(template)["WebACLId"] == expected


def test_every_log_expires(template: SamDocument) -> None:
    for group in of_type(template, "AWS::Logs::LogGroup").values():
        assert group["RetentionInDays"] == {"Ref": "LogDays"}
    logs = template["Resources"]["AccessLogsBucket"]["Properties"]["LifecycleConfiguration"]
    rules = {rule["Id"]: rule for rule in logs["Rules"]}
    assert rules["age"]["ExpirationInDays"] == {"Ref": "LogDays"}
    assert "Prefix" not in rules["age"], "of all files"


def test_the_origin_secret_is_in_no_output_or_environment_variable(
    cloudformation: SamDocument,
) -> None:
    text = json.dumps(cloudformation)
    assert text.count("resolve:secretsmanager") == 1, "only in the distribution's header"
    assert "resolve:secretsmanager" not in json.dumps(cloudformation["Outputs"])
    for function in of_type(cloudformation, "AWS::Lambda::Function").values():
        variables = function["Environment"]["Variables"]
        assert variables["POSTCARD_SECRET_ID"] == {"Ref": "Keys"}, (
            "the secret's ARN, never its value"
        )


def test_the_secrets_description_says_how_to_change_keys(template: SamDocument) -> None:
    description = template["Resources"]["Keys"]["Properties"]["Description"]["Fn::Sub"]
    assert "`postcard signing-keys`" in description
    assert not of_type(template, "AWS::SecretsManager::RotationSchedule")


def test_a_spent_budget_raises_an_alarm(template: SamDocument) -> None:
    alarm = template["Resources"]["BudgetAlarm"]["Properties"]
    assert {"Name": "reason", "Value": "budget"} in alarm["Dimensions"]
    assert (alarm["MetricName"], alarm["Threshold"]) == ("Fallbacks", 1)
    assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}]
