"""Parses the CloudFront distribution in `template.yaml`: behaviors, origins, policies, errors."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from local.aws.cloudformation import CloudFormationTemplate, TemplateError

_CACHING_DISABLED_ID = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"  # the managed policy CachingDisabled
_PREFIX = "AWS::CloudFront::"


@dataclass(frozen=True, slots=True)
class CloudFrontCachePolicy:
    """Bounds of the time in the cache, in seconds. The cache key is the path alone."""

    min_ttl: int
    default_ttl: int
    max_ttl: int


@dataclass(frozen=True, slots=True)
class Origin:
    """An origin: `target` is the logical id of a bucket or an HTTP API."""

    target: str
    is_bucket: bool
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CacheBehavior:
    """The settings for requests whose normalized path matches `pattern`."""

    pattern: re.Pattern[str]
    origins: tuple[Origin, ...]
    failover_statuses: frozenset[int]
    allowed_methods: frozenset[str]
    has_edge_function: bool
    cache_policy: CloudFrontCachePolicy
    forwarded_headers: tuple[str, ...]
    response_headers: "ResponseHeadersPolicy"


@dataclass(frozen=True, slots=True)
class ResponseHeadersPolicy:
    """Response headers to set (`override`), to set if missing (`defaults`), and to remove."""

    override: Mapping[str, str]
    defaults: Mapping[str, str]
    removed: tuple[str, ...]

    def apply(self, headers: Mapping[str, str]) -> dict[str, str]:
        """The headers of a response after the policy was applied."""
        remaining = {name: value for name, value in headers.items() if name not in self.removed}
        return {**self.defaults, **remaining, **self.override}


@dataclass(frozen=True, slots=True)
class CustomErrorResponse:
    """The response to an origin's error: cached for `caching_min_ttl` seconds; the page, if any."""

    caching_min_ttl: int = 10
    page_path: str | None = None
    response_code: int | None = None


@dataclass(frozen=True, slots=True)
class Distribution:
    """Behaviors in their order, the default one last; error rules by status; the edge function."""

    behaviors: tuple[CacheBehavior, ...]
    error_responses: Mapping[int, CustomErrorResponse]
    function_code: str

    @classmethod
    def read(
        cls, template: CloudFormationTemplate, resolve_secrets: Callable[[str], str]
    ) -> "Distribution":
        """Parse the template's only distribution; `resolve_secrets` fills dynamic references in."""
        (resource,) = template.resources(f"{_PREFIX}Distribution").values()
        (function,) = template.resources(f"{_PREFIX}Function").values()
        config = template.resolve(resource["DistributionConfig"])
        parser = _DistributionParser(template, config, resolve_secrets)
        behaviors = [*config.get("CacheBehaviors", []), config["DefaultCacheBehavior"]]
        return cls(
            tuple(parser.behavior(properties) for properties in behaviors),
            {
                rule["ErrorCode"]: _error_response(rule)
                for rule in config.get("CustomErrorResponses", [])
            },
            template.resolve(function["FunctionCode"]),
        )

    def behavior_for(self, path: str) -> CacheBehavior:
        """The first behavior whose pattern matches the normalized `path`."""
        return next(each for each in self.behaviors if each.pattern.fullmatch(path))


def _error_response(rule: Mapping[str, Any]) -> CustomErrorResponse:
    page, code = rule.get("ResponsePagePath"), rule.get("ResponseCode")
    return CustomErrorResponse(
        rule.get("ErrorCachingMinTTL", 10), page, int(code) if code else None
    )


@dataclass(frozen=True, slots=True)
class _DistributionParser:
    template: CloudFormationTemplate
    config: Mapping[str, Any]
    resolve_secrets: Callable[[str], str]

    def behavior(self, properties: Mapping[str, Any]) -> CacheBehavior:
        origins, failover = self._origins(properties["TargetOriginId"])
        return CacheBehavior(
            _glob_pattern(properties.get("PathPattern", "*")),
            origins,
            failover,
            frozenset(properties.get("AllowedMethods", ["GET", "HEAD"])),
            bool(properties.get("FunctionAssociations")),
            self._cache_policy(properties["CachePolicyId"]),
            self._forwarded_headers(properties.get("OriginRequestPolicyId")),
            self._response_headers_policy(properties.get("ResponseHeadersPolicyId")),
        )

    def _origins(self, name: str) -> tuple[tuple[Origin, ...], frozenset[int]]:
        groups = self.config.get("OriginGroups", {}).get("Items", [])
        for group in groups:
            if group["Id"] == name:
                members = [member["OriginId"] for member in group["Members"]["Items"]]
                codes = group["FailoverCriteria"]["StatusCodes"]["Items"]
                return tuple(self._origin(member) for member in members), frozenset(codes)
        return (self._origin(name),), frozenset()

    def _origin(self, name: str) -> Origin:
        (origin,) = (each for each in self.config["Origins"] if each["Id"] == name)
        headers = {
            header["HeaderName"].lower(): self.resolve_secrets(header["HeaderValue"])
            for header in origin.get("OriginCustomHeaders", [])
        }
        target = origin["DomainName"].split(".")[0]
        return Origin(target, "S3OriginConfig" in origin, headers)

    def _policy(self, kind: str, name: str) -> Mapping[str, Any]:
        properties = self.template.resources(f"{_PREFIX}{kind}").get(name)
        if properties is None:
            raise TemplateError(f"template.yaml defines no {kind} {name}")
        policy: Mapping[str, Any] = self.template.resolve(properties[f"{kind}Config"])
        return policy

    def _cache_policy(self, name: str) -> CloudFrontCachePolicy:
        if name == _CACHING_DISABLED_ID:
            return CloudFrontCachePolicy(0, 0, 0)
        policy = self._policy("CachePolicy", name)
        key = policy["ParametersInCacheKeyAndForwardedToOrigin"]
        parts = ("CookiesConfig", "CookieBehavior"), ("HeadersConfig", "HeaderBehavior")
        for part, setting in (*parts, ("QueryStringsConfig", "QueryStringBehavior")):
            if key[part][setting] != "none":
                raise TemplateError(
                    f"{name}: the local cache key is the path alone; set {setting} to none"
                )
        return CloudFrontCachePolicy(policy["MinTTL"], policy["DefaultTTL"], policy["MaxTTL"])

    def _forwarded_headers(self, name: str | None) -> tuple[str, ...]:
        if name is None:
            return ()
        headers = self._policy("OriginRequestPolicy", name)["HeadersConfig"]
        if headers["HeaderBehavior"] not in ("none", "whitelist"):
            raise TemplateError(
                f"{name}: the local service supports HeaderBehavior none and whitelist only"
            )
        return tuple(header.lower() for header in headers.get("Headers", []))

    def _response_headers_policy(self, name: str | None) -> ResponseHeadersPolicy:
        if name is None:
            return ResponseHeadersPolicy({}, {}, ())
        policy = self._policy("ResponseHeadersPolicy", name)
        overriding: dict[str, str] = {}
        defaults: dict[str, str] = {}
        for header, value, overrides in (
            *_security_headers(policy),
            *_cors_headers(policy),
            *_custom_headers(policy),
        ):
            (overriding if overrides else defaults)[header] = value
        removed = policy.get("RemoveHeadersConfig", {}).get("Items", [])
        return ResponseHeadersPolicy(
            overriding, defaults, tuple(item["Header"].lower() for item in removed)
        )


_HeaderRows = list[tuple[str, str, bool]]


def _security_headers(policy: Mapping[str, Any]) -> _HeaderRows:
    """Without Strict-Transport-Security, which browsers ignore over plain HTTP."""
    security = policy.get("SecurityHeadersConfig", {})
    return [
        (header, "nosniff" if key is None else security[name][key], security[name]["Override"])
        for name, (header, key) in _SECURITY_HEADERS.items()
        if name in security
    ]


_SECURITY_HEADERS = {
    "ContentTypeOptions": ("x-content-type-options", None),
    "FrameOptions": ("x-frame-options", "FrameOption"),
    "ReferrerPolicy": ("referrer-policy", "ReferrerPolicy"),
    "ContentSecurityPolicy": ("content-security-policy", "ContentSecurityPolicy"),
}


def _cors_headers(policy: Mapping[str, Any]) -> _HeaderRows:
    cors = policy.get("CorsConfig")
    if not cors:
        return []
    origins = ", ".join(cors["AccessControlAllowOrigins"]["Items"])
    return [("access-control-allow-origin", origins, bool(cors["OriginOverride"]))]


def _custom_headers(policy: Mapping[str, Any]) -> _HeaderRows:
    items = policy.get("CustomHeadersConfig", {}).get("Items", [])
    return [(item["Header"].lower(), item["Value"], bool(item["Override"])) for item in items]


def _glob_pattern(glob: str) -> re.Pattern[str]:
    """A path pattern of CloudFront as a regular expression: `*` is any text, `?` any character."""
    parts = {"*": ".*", "?": "."}
    text = "".join(parts.get(letter, re.escape(letter)) for letter in glob)
    return re.compile(f"/?{text}" if not glob.startswith("/") else text, re.DOTALL)
