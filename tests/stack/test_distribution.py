"""Tests of the CloudFront distribution: origins, failover, caching, error pages, headers."""

import json
from pathlib import Path
from typing import Any

import pytest

from deploy.inline_edge_function import deployed_code, with_function_code
from deploy.template_check import SamDocument

Config = dict[str, Any]


@pytest.fixture(scope="module")
def config(template: SamDocument) -> Config:
    found: Config = template["Resources"]["Distribution"]["Properties"]["DistributionConfig"]
    return found


def properties(template: SamDocument, name: str) -> Config:
    found: Config = template["Resources"][name]["Properties"]
    return found


def behaviours(config: Config) -> dict[str, Config]:
    listed = {behaviour["PathPattern"]: behaviour for behaviour in config["CacheBehaviors"]}
    return {**listed, "default": config["DefaultCacheBehavior"]}


def origins(config: Config) -> dict[str, Config]:
    return {origin["Id"]: origin for origin in config["Origins"]}


def test_pictures_are_read_from_s3_first_and_then_from_image_api(config: Config) -> None:
    (group,) = config["OriginGroups"]["Items"]
    assert [member["OriginId"] for member in group["Members"]["Items"]] == ["pictures", "image-api"]
    for pattern in ("/r/*", "/c/*", "/i/*"):
        assert behaviours(config)[pattern]["TargetOriginId"] == group["Id"]
    assert behaviours(config)["/errors/*"]["TargetOriginId"] == "pictures"
    assert behaviours(config)["default"]["TargetOriginId"] == "image-api"
    assert len(behaviours(config)) == 5


def test_failover_to_image_api_happens_for_six_status_codes(config: Config) -> None:
    (group,) = config["OriginGroups"]["Items"]
    codes = group["FailoverCriteria"]["StatusCodes"]
    assert codes["Items"] == [403, 404, 500, 502, 503, 504]
    assert codes["Quantity"] == 6


def test_every_behaviour_allows_get_and_head_without_compression(config: Config) -> None:
    for behaviour in behaviours(config).values():
        assert behaviour["AllowedMethods"] == ["GET", "HEAD"]
        assert behaviour["Compress"] is False
        assert behaviour["ViewerProtocolPolicy"] == "https-only"


def test_the_edge_function_runs_on_every_behaviour_except_errors(config: Config) -> None:
    for pattern, behaviour in behaviours(config).items():
        events = [each["EventType"] for each in behaviour.get("FunctionAssociations", ())]
        assert events == ([] if pattern == "/errors/*" else ["viewer-request"])


def test_the_edge_reads_new_links_before_the_api_signs_them(template: SamDocument) -> None:
    """CloudFormation updates what a resource refers to first."""
    assert '"Distribution"' in json.dumps(properties(template, "ApiFunction"))
    assert "ViewerRequest" in json.dumps(properties(template, "Distribution"))


def test_the_cache_key_is_only_the_path(template: SamDocument, config: Config) -> None:
    policy = properties(template, "PathOnly")["CachePolicyConfig"]
    key = policy["ParametersInCacheKeyAndForwardedToOrigin"]
    assert (policy["MinTTL"], policy["DefaultTTL"], policy["MaxTTL"]) == (0, 0, 31_536_000)
    assert key["QueryStringsConfig"] == {"QueryStringBehavior": "none"}
    assert key["HeadersConfig"] == {"HeaderBehavior": "none"}
    assert key["CookiesConfig"] == {"CookieBehavior": "none"}
    assert not key["EnableAcceptEncodingGzip"] and not key["EnableAcceptEncodingBrotli"]
    for pattern in ("/r/*", "/c/*", "/i/*", "/errors/*"):
        assert behaviours(config)[pattern]["CachePolicyId"] == {"Ref": "PathOnly"}


def test_only_the_link_header_is_forwarded_to_origins(
    template: SamDocument, config: Config
) -> None:
    policy = properties(template, "LinkHeader")["OriginRequestPolicyConfig"]
    assert policy["HeadersConfig"] == {
        "HeaderBehavior": "whitelist",
        "Headers": ["x-postcard-link"],
    }
    assert policy["CookiesConfig"] == {"CookieBehavior": "none"}
    assert policy["QueryStringsConfig"] == {"QueryStringBehavior": "none"}
    for pattern, behaviour in behaviours(config).items():
        named = behaviour.get("OriginRequestPolicyId")
        assert named == ({"Ref": "LinkHeader"} if pattern in ("/r/*", "/c/*", "/i/*") else None)


def test_s3_has_one_attempt_with_short_timeouts(config: Config) -> None:
    pictures = origins(config)["pictures"]
    assert (pictures["ConnectionAttempts"], pictures["ConnectionTimeout"]) == (1, 2)
    assert pictures["S3OriginConfig"]["OriginReadTimeout"] == 3
    assert pictures["OriginAccessControlId"] == {"Ref": "PicturesAccess"}


def test_cloudfronts_timeout_is_longer_than_the_image_functions(
    template: SamDocument, config: Config
) -> None:
    timeout = properties(template, "ImageFunction")["Timeout"]
    assert origins(config)["image-api"]["CustomOriginConfig"]["OriginReadTimeout"] > timeout


def test_the_distribution_sends_the_origin_secret_to_image_api(config: Config) -> None:
    (header,) = origins(config)["image-api"]["OriginCustomHeaders"]
    assert header["HeaderName"] == "x-postcard-origin"
    assert header["HeaderValue"] == {
        "Fn::Sub": [
            "{{resolve:secretsmanager:${Arn}:SecretString:origin}}",
            {"Arn": {"Ref": "Keys"}},
        ]
    }
    assert "OriginCustomHeaders" not in origins(config)["pictures"]


def test_server_errors_show_the_fallback_picture_and_client_errors_stay(config: Config) -> None:
    pages = {page["ErrorCode"]: page for page in config["CustomErrorResponses"]}
    for code in (500, 502, 503, 504):
        assert pages[code] == {
            "ErrorCode": code,
            "ErrorCachingMinTTL": 5,
            "ResponseCode": 200,
            "ResponsePagePath": "/errors/fallback.png",
        }
    for code in (400, 403, 404, 405, 414, 416):
        assert pages[code] == {"ErrorCode": code, "ErrorCachingMinTTL": 0}


def test_any_site_can_show_pictures_and_types_are_not_sniffed(
    template: SamDocument, config: Config
) -> None:
    policy = properties(template, "PictureHeaders")["ResponseHeadersPolicyConfig"]
    cors = policy["CorsConfig"]
    assert cors["AccessControlAllowOrigins"] == {"Items": ["*"]}
    assert cors["AccessControlAllowCredentials"] is False
    assert policy["SecurityHeadersConfig"]["ContentTypeOptions"] == {"Override": True}
    assert policy["SecurityHeadersConfig"]["StrictTransportSecurity"]["Override"] is True
    (header,) = policy["CustomHeadersConfig"]["Items"]
    assert (header["Header"], header["Value"]) == ("Cross-Origin-Resource-Policy", "cross-origin")
    for behaviour in behaviours(config).values():
        assert behaviour["ResponseHeadersPolicyId"] == {"Ref": "PictureHeaders"}


def test_the_headers_policy_does_not_override_origins(template: SamDocument) -> None:
    policy = properties(template, "PictureHeaders")["ResponseHeadersPolicyConfig"]
    names = {item["Header"].lower() for item in policy["CustomHeadersConfig"]["Items"]}
    for name in ("cache-control", "content-disposition", "etag", "expires", "server-timing"):
        assert name not in names
    assert not any(name.startswith("x-postcard-") for name in names)
    assert "RemoveHeadersConfig" not in policy


def test_the_access_log_has_no_personal_data(template: SamDocument) -> None:
    fields = set(properties(template, "AccessLogs")["RecordFields"])
    assert fields
    personal = {"cs-uri-query", "c-ip", "c-port", "x-forwarded-for", "cs(Referer)"}
    assert not fields & (personal | {"cs(User-Agent)", "cs(Cookie)", "c-country", "asn"})
    config = properties(template, "Distribution")["DistributionConfig"]
    assert "Logging" not in config  # the legacy log cannot leave the query out


def test_the_template_contains_the_edge_function_without_comments(template: SamDocument) -> None:
    source = Path("functions/edge/viewer_request.js").read_text(encoding="utf-8")
    function = properties(template, "ViewerRequest")
    assert function["FunctionCode"] == deployed_code(source)
    assert function["FunctionConfig"]["Runtime"] == "cloudfront-js-2.0"
    assert function["AutoPublish"] is True
    text = Path("template.yaml").read_text(encoding="utf-8")
    assert with_function_code(text, source) == text


def test_inlining_replaces_the_whole_old_edge_function() -> None:
    text = "a:\n      FunctionCode: |\n        one\n\n        two\n\n  b: 1\n"
    assert with_function_code(text, "three\n\n  four\n") == (
        "a:\n      FunctionCode: |\n        three\n        four\n\n  b: 1\n"
    )


def test_inlining_leaves_comments_out_and_nothing_else() -> None:
    source = (
        "// a\nf(); // b\n\nif (a) { // c\n  g('https://d'); // e\n  // f\n  h = /\\/r\\//;\n}\n"
    )
    assert deployed_code(source) == "f();\nif (a) {\ng('https://d');\nh = /\\/r\\//;\n}\n"


def test_a_template_without_function_code_is_refused() -> None:
    with pytest.raises(ValueError, match="0 blocks"):
        with_function_code("a: 1\n", "code")


def test_without_stored_pictures_cloudfront_asks_the_function_first(
    adopting_template: SamDocument,
) -> None:
    config = adopting_template["Resources"]["Distribution"]["Properties"]["DistributionConfig"]
    for pattern in ("/r/*", "/c/*"):
        assert behaviours(config)[pattern]["TargetOriginId"] == "image-api"
    assert behaviours(config)["/i/*"]["TargetOriginId"] == "stored-or-drawn"
