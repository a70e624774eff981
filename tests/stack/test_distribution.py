"""The picture host: who answers what, what is cached by, what a bad day looks like."""

from pathlib import Path
from typing import Any

import pytest

from deploy.inline_edge_function import with_function_code
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


def test_pictures_are_answered_by_s3_first_and_then_by_image_api(config: Config) -> None:
    (group,) = config["OriginGroups"]["Items"]
    assert [member["OriginId"] for member in group["Members"]["Items"]] == ["pictures", "image-api"]
    for pattern in ("/r/*", "/i/*"):
        assert behaviours(config)[pattern]["TargetOriginId"] == group["Id"]
    assert behaviours(config)["/errors/*"]["TargetOriginId"] == "pictures"
    assert behaviours(config)["default"]["TargetOriginId"] == "image-api"
    assert len(behaviours(config)) == 4


def test_image_api_is_asked_after_the_six_codes_alone(config: Config) -> None:
    (group,) = config["OriginGroups"]["Items"]
    codes = group["FailoverCriteria"]["StatusCodes"]
    assert codes["Items"] == [403, 404, 500, 502, 503, 504]
    assert codes["Quantity"] == 6


def test_every_behaviour_takes_get_and_head_and_compresses_nothing(config: Config) -> None:
    for behaviour in behaviours(config).values():
        assert behaviour["AllowedMethods"] == ["GET", "HEAD"]
        assert behaviour["Compress"] is False
        assert behaviour["ViewerProtocolPolicy"] == "https-only"


def test_the_edge_function_stands_on_every_behaviour_but_errors(config: Config) -> None:
    for pattern, behaviour in behaviours(config).items():
        events = [each["EventType"] for each in behaviour.get("FunctionAssociations", ())]
        assert events == ([] if pattern == "/errors/*" else ["viewer-request"])


def test_the_cache_knows_a_picture_by_its_path_alone(template: SamDocument, config: Config) -> None:
    policy = properties(template, "PathOnly")["CachePolicyConfig"]
    key = policy["ParametersInCacheKeyAndForwardedToOrigin"]
    assert (policy["MinTTL"], policy["DefaultTTL"], policy["MaxTTL"]) == (0, 0, 31_536_000)
    assert key["QueryStringsConfig"] == {"QueryStringBehavior": "none"}
    assert key["HeadersConfig"] == {"HeaderBehavior": "none"}
    assert key["CookiesConfig"] == {"CookieBehavior": "none"}
    assert not key["EnableAcceptEncodingGzip"] and not key["EnableAcceptEncodingBrotli"]
    for pattern in ("/r/*", "/i/*", "/errors/*"):
        assert behaviours(config)[pattern]["CachePolicyId"] == {"Ref": "PathOnly"}


def test_origins_get_the_link_header_and_no_host_cookie_or_query(
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
        assert named == ({"Ref": "LinkHeader"} if pattern in ("/r/*", "/i/*") else None)


def test_s3_is_given_up_after_one_attempt_two_and_three_seconds(config: Config) -> None:
    pictures = origins(config)["pictures"]
    assert (pictures["ConnectionAttempts"], pictures["ConnectionTimeout"]) == (1, 2)
    assert pictures["S3OriginConfig"]["OriginReadTimeout"] == 3
    assert pictures["OriginAccessControlId"] == {"Ref": "PicturesAccess"}


def test_cloudfront_waits_longer_for_image_api_than_the_function_may_take(
    template: SamDocument, config: Config
) -> None:
    timeout = properties(template, "ImageFunction")["Timeout"]
    assert origins(config)["image-api"]["CustomOriginConfig"]["OriginReadTimeout"] > timeout


def test_the_distribution_adds_the_origin_secret(config: Config) -> None:
    (header,) = origins(config)["image-api"]["OriginCustomHeaders"]
    assert header["HeaderName"] == "x-postcard-origin"
    assert header["HeaderValue"] == {
        "Fn::Sub": "{{resolve:secretsmanager:${Keys}:SecretString:origin}}"
    }
    assert "OriginCustomHeaders" not in origins(config)["pictures"]


def test_server_errors_become_the_fallback_picture_and_client_errors_stay(config: Config) -> None:
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


def test_pictures_may_be_shown_anywhere_and_are_never_sniffed(
    template: SamDocument, config: Config
) -> None:
    policy = properties(template, "PictureHeaders")["ResponseHeadersPolicyConfig"]
    cors = policy["CorsConfig"]
    assert cors["AccessControlAllowOrigins"] == {"Items": ["*"]}
    assert cors["AccessControlAllowCredentials"] is False
    assert policy["SecurityHeadersConfig"]["ContentTypeOptions"] == {"Override": True}
    assert policy["SecurityHeadersConfig"]["StrictTransportSecurity"]["Override"] is True
    (shown,) = policy["CustomHeadersConfig"]["Items"]
    assert (shown["Header"], shown["Value"]) == ("Cross-Origin-Resource-Policy", "cross-origin")
    for behaviour in behaviours(config).values():
        assert behaviour["ResponseHeadersPolicyId"] == {"Ref": "PictureHeaders"}


def test_no_header_policy_speaks_for_an_origin(template: SamDocument) -> None:
    policy = properties(template, "PictureHeaders")["ResponseHeadersPolicyConfig"]
    set_here = {item["Header"].lower() for item in policy["CustomHeadersConfig"]["Items"]}
    for name in ("cache-control", "content-disposition", "etag", "expires", "server-timing"):
        assert name not in set_here
    assert not any(name.startswith("x-postcard-") for name in set_here)
    assert "RemoveHeadersConfig" not in policy


def test_the_log_has_no_query_no_address_and_no_program_of_a_person(template: SamDocument) -> None:
    fields = set(properties(template, "AccessLogs")["RecordFields"])
    assert fields
    personal = {"cs-uri-query", "c-ip", "c-port", "x-forwarded-for", "cs(Referer)"}
    assert not fields & (personal | {"cs(User-Agent)", "cs(Cookie)", "c-country", "asn"})
    config = properties(template, "Distribution")["DistributionConfig"]
    assert "Logging" not in config  # the legacy log cannot leave the query out


def test_the_template_carries_exactly_the_edge_function(template: SamDocument) -> None:
    source = Path("functions/edge/viewer_request.js").read_text(encoding="utf-8")
    function = properties(template, "ViewerRequest")
    assert function["FunctionCode"] == source
    assert function["FunctionConfig"]["Runtime"] == "cloudfront-js-2.0"
    assert function["AutoPublish"] is True
    text = Path("template.yaml").read_text(encoding="utf-8")
    assert with_function_code(text, source) == text


def test_another_edge_function_replaces_the_whole_old_one() -> None:
    text = "a:\n      FunctionCode: |\n        one\n\n        two\n\n  b: 1\n"
    assert with_function_code(text, "three\n\n  four\n") == (
        "a:\n      FunctionCode: |\n        three\n\n          four\n\n  b: 1\n"
    )


def test_a_template_without_a_place_for_the_edge_function_is_refused() -> None:
    with pytest.raises(ValueError, match="0 blocks"):
        with_function_code("a: 1\n", "code")
