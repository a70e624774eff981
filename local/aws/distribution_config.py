"""The distribution as `template.yaml` describes it: behaviours, origins, policies, error pages."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from local.aws.cloudformation import Template, TemplateError

_DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"  # AWS's own policy CachingDisabled
_PREFIX = "AWS::CloudFront::"


@dataclass(frozen=True, slots=True)
class CachePolicy:
    """For how long answers are kept, in seconds. The key is the path alone."""

    minimum: int
    default: int
    maximum: int


@dataclass(frozen=True, slots=True)
class Origin:
    """Where pictures come from: the logical id of a bucket or an HTTP API."""

    target: str
    is_bucket: bool
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What happens to requests whose normalised path matches `pattern`."""

    pattern: re.Pattern[str]
    origins: tuple[Origin, ...]
    failover: frozenset[int]
    methods: frozenset[str]
    has_function: bool
    cache: CachePolicy
    forwarded: tuple[str, ...]
    headers: "HeaderPolicy"


@dataclass(frozen=True, slots=True)
class HeaderPolicy:
    """What every answer gets, what it gets where an origin said nothing, what is taken off."""

    overriding: Mapping[str, str]
    filling: Mapping[str, str]
    removed: tuple[str, ...]

    def apply(self, headers: Mapping[str, str]) -> dict[str, str]:
        """The headers of an answer after the policy."""
        kept = {name: value for name, value in headers.items() if name not in self.removed}
        return {**self.filling, **kept, **self.overriding}


@dataclass(frozen=True, slots=True)
class ErrorRule:
    """How an origin's error is answered: kept for `seconds`, replaced by `page` if there is one."""

    seconds: int = 10
    page: str | None = None
    answer: int | None = None


@dataclass(frozen=True, slots=True)
class Distribution:
    """Behaviours in their order, the default one last; rules for errors; the function's text."""

    behaviours: tuple[Behaviour, ...]
    errors: Mapping[int, ErrorRule]
    function: str

    @classmethod
    def read(cls, template: Template, secret: Callable[[str], str]) -> "Distribution":
        """The template's only distribution. `secret` fills dynamic references in."""
        (resource,) = template.resources(f"{_PREFIX}Distribution").values()
        (function,) = template.resources(f"{_PREFIX}Function").values()
        config = template.resolve(resource["DistributionConfig"])
        reader = _Reader(template, config, secret)
        listed = [*config.get("CacheBehaviors", []), config["DefaultCacheBehavior"]]
        return cls(
            tuple(reader.behaviour(behaviour) for behaviour in listed),
            {rule["ErrorCode"]: _error(rule) for rule in config.get("CustomErrorResponses", [])},
            template.resolve(function["FunctionCode"]),
        )

    def behaviour(self, path: str) -> Behaviour:
        """The first behaviour that takes the normalised `path`."""
        return next(found for found in self.behaviours if found.pattern.fullmatch(path))


def _error(rule: Mapping[str, Any]) -> ErrorRule:
    page, answer = rule.get("ResponsePagePath"), rule.get("ResponseCode")
    return ErrorRule(rule.get("ErrorCachingMinTTL", 10), page, int(answer) if answer else None)


@dataclass(frozen=True, slots=True)
class _Reader:
    template: Template
    config: Mapping[str, Any]
    secret: Callable[[str], str]

    def behaviour(self, behaviour: Mapping[str, Any]) -> Behaviour:
        origins, failover = self._origins(behaviour["TargetOriginId"])
        return Behaviour(
            _pattern(behaviour.get("PathPattern", "*")),
            origins,
            failover,
            frozenset(behaviour.get("AllowedMethods", ["GET", "HEAD"])),
            bool(behaviour.get("FunctionAssociations")),
            self._cache(behaviour["CachePolicyId"]),
            self._forwarded(behaviour.get("OriginRequestPolicyId")),
            self._headers(behaviour.get("ResponseHeadersPolicyId")),
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
        (origin,) = (found for found in self.config["Origins"] if found["Id"] == name)
        headers = {
            header["HeaderName"].lower(): self.secret(header["HeaderValue"])
            for header in origin.get("OriginCustomHeaders", [])
        }
        target = origin["DomainName"].split(".")[0]
        return Origin(target, "S3OriginConfig" in origin, headers)

    def _policy(self, kind: str, name: str) -> Mapping[str, Any]:
        properties = self.template.resources(f"{_PREFIX}{kind}").get(name)
        if properties is None:
            raise TemplateError(f"template.yaml holds no {kind} {name}")
        policy: Mapping[str, Any] = self.template.resolve(properties[f"{kind}Config"])
        return policy

    def _cache(self, name: str) -> CachePolicy:
        if name == _DISABLED:
            return CachePolicy(0, 0, 0)
        policy = self._policy("CachePolicy", name)
        key = policy["ParametersInCacheKeyAndForwardedToOrigin"]
        parts = ("CookiesConfig", "CookieBehavior"), ("HeadersConfig", "HeaderBehavior")
        for part, behaviour in (*parts, ("QueryStringsConfig", "QueryStringBehavior")):
            if key[part][behaviour] != "none":
                raise TemplateError(f"{name}: the cache here knows no key but the path ({part})")
        return CachePolicy(policy["MinTTL"], policy["DefaultTTL"], policy["MaxTTL"])

    def _forwarded(self, name: str | None) -> tuple[str, ...]:
        if name is None:
            return ()
        headers = self._policy("OriginRequestPolicy", name)["HeadersConfig"]
        if headers["HeaderBehavior"] not in ("none", "whitelist"):
            raise TemplateError(f"{name}: name the headers that reach the origin")
        return tuple(header.lower() for header in headers.get("Headers", []))

    def _headers(self, name: str | None) -> HeaderPolicy:
        if name is None:
            return HeaderPolicy({}, {}, ())
        policy = self._policy("ResponseHeadersPolicy", name)
        overriding: dict[str, str] = {}
        filling: dict[str, str] = {}
        for header, value, overrides in (*_security(policy), *_cors(policy), *_custom(policy)):
            (overriding if overrides else filling)[header] = value
        removed = policy.get("RemoveHeadersConfig", {}).get("Items", [])
        return HeaderPolicy(overriding, filling, tuple(item["Header"].lower() for item in removed))


_Headers = list[tuple[str, str, bool]]


def _security(policy: Mapping[str, Any]) -> _Headers:
    """Strict-Transport-Security apart, which browsers do not take over plain http anyway."""
    security = policy.get("SecurityHeadersConfig", {})
    return [
        (header, "nosniff" if key is None else security[name][key], security[name]["Override"])
        for name, (header, key) in _SECURITY.items()
        if name in security
    ]


_SECURITY = {
    "ContentTypeOptions": ("x-content-type-options", None),
    "FrameOptions": ("x-frame-options", "FrameOption"),
    "ReferrerPolicy": ("referrer-policy", "ReferrerPolicy"),
    "ContentSecurityPolicy": ("content-security-policy", "ContentSecurityPolicy"),
}


def _cors(policy: Mapping[str, Any]) -> _Headers:
    cors = policy.get("CorsConfig")
    if not cors:
        return []
    origins = ", ".join(cors["AccessControlAllowOrigins"]["Items"])
    return [("access-control-allow-origin", origins, bool(cors["OriginOverride"]))]


def _custom(policy: Mapping[str, Any]) -> _Headers:
    items = policy.get("CustomHeadersConfig", {}).get("Items", [])
    return [(item["Header"].lower(), item["Value"], bool(item["Override"])) for item in items]


def _pattern(glob: str) -> re.Pattern[str]:
    """CloudFront's patterns: `*` is any characters, `?` any one."""
    parts = {"*": ".*", "?": "."}
    text = "".join(parts.get(letter, re.escape(letter)) for letter in glob)
    return re.compile(f"/?{text}" if not glob.startswith("/") else text, re.DOTALL)
