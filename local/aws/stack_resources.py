"""Reads from `template.yaml` what runs locally: functions, their triggers, and what they use."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.aws.cloudformation import CloudFormationTemplate, TemplateError

_REPOSITORY = Path(__file__).resolve().parents[2]
REGION = "us-east-1"
ACCOUNT = "123456789012"
_FUNCTION = "AWS::Serverless::Function"
_BUCKET = "AWS::S3::Bucket"
_TABLE = "AWS::DynamoDB::Table"
_QUEUE = "AWS::SQS::Queue"
_QUEUE_ATTRIBUTES = ("VisibilityTimeout", "MessageRetentionPeriod", "RedrivePolicy")
_RATE = re.compile(r"rate\(([0-9]+) minutes?\)")
_STATE_MACHINE = "AWS::Serverless::StateMachine"
_SECRET = "AWS::SecretsManager::Secret"  # noqa: S105 - a type, not a secret


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """One Lambda function: `memory` in MB, `timeout` in seconds."""

    name: str
    handler: str
    memory: int
    timeout: int
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Route:
    """A route of an HTTP API: `method` is one method or ANY; `path` may contain {name}, {name+}."""

    method: str
    path: str
    function: str

    @property
    def route_key(self) -> str:
        """The route's name in events, such as `ANY /renders/{proxy+}`."""
        return "$default" if self.path == "$default" else f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True)
class QueueSource:
    """A queue whose messages a function gets, `batch_size` at a time.

    `reports_failures`: the function names the messages that failed, else all of a batch are done.
    """

    function: str
    queue_url: str
    queue_arn: str
    batch_size: int
    reports_failures: bool


@dataclass(frozen=True, slots=True)
class BucketNotification:
    """S3 tells a queue of events of a bucket; `prefix` is that of the keys."""

    bucket: str
    event: str
    queue_arn: str
    prefix: str


@dataclass(frozen=True, slots=True)
class ScheduleSource:
    """A schedule that calls a function every `seconds`; `input` is JSON, or None."""

    function: str
    name: str
    seconds: int
    input: str | None


@dataclass(frozen=True, slots=True)
class StateMachineSpec:
    """A state machine, with the names of the stack's resources in its definition."""

    name: str
    arn: str
    definition: str


@dataclass(frozen=True, slots=True)
class RuleSource:
    """A rule of EventBridge that calls a function with the events that match its pattern.

    Of patterns it knows lists of texts only, at any depth.
    """

    function: str
    pattern: Mapping[str, Any]

    def matches(self, event: Mapping[str, Any]) -> bool:
        """Whether the event has one of the pattern's values in each of its places."""
        return _matches(self.pattern, event)


def _matches(pattern: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    return all(
        _matches(expected, event.get(name, {}))
        if isinstance(expected, Mapping)
        else event.get(name) in expected
        for name, expected in pattern.items()
    )


@dataclass(frozen=True, slots=True)
class StackResources:
    """The template's resources, under local names instead of those that AWS would generate."""

    template: CloudFormationTemplate

    @classmethod
    def read(cls, path: Path, parameters: Mapping[str, str] | None = None) -> "StackResources":
        """Read the template at `path`; code that it names is that of this repository."""
        template = CloudFormationTemplate.read(path)
        named = template.with_values(dict(_local_names(template)), parameters or {})
        return cls(named)

    def functions(self) -> list[FunctionSpec]:
        """All functions, with their environments resolved to local names."""
        shared = self.template.body.get("Globals", {}).get("Function", {})
        return [
            self._function(name, shared, properties)
            for name, properties in self.template.resources(_FUNCTION).items()
        ]

    def _function(
        self, name: str, shared: Mapping[str, Any], properties: Mapping[str, Any]
    ) -> FunctionSpec:
        merged = {**shared, **properties}
        variables: dict[str, Any] = {}
        for source in (shared, properties):
            variables |= source.get("Environment", {}).get("Variables", {})
        environment = self.template.resolve(variables)
        return FunctionSpec(
            name,
            self.template.resolve(merged["Handler"]),
            int(self.template.resolve(merged.get("MemorySize", 128))),
            int(self.template.resolve(merged.get("Timeout", 3))),
            {key: str(value) for key, value in environment.items()},
        )

    def routes(self, api: str) -> list[Route]:
        """The routes of the HTTP API with the logical id `api`."""
        return [
            Route(str(event.get("Method", "ANY")).upper(), event.get("Path", "$default"), name)
            for name, _, event in self._events("HttpApi")
            if event.get("ApiId") == api
        ]

    def queue_sources(self) -> list[QueueSource]:
        """The queues that call functions."""
        queues = {self.template.attribute(name, "Arn"): name for name in self._names_by_id(_QUEUE)}
        return [
            QueueSource(
                function,
                self.template.attribute(queues[event["Queue"]]),
                event["Queue"],
                int(event.get("BatchSize", 10)),
                "ReportBatchItemFailures" in event.get("FunctionResponseTypes", ()),
            )
            for function, _, event in self._events("SQS")
        ]

    def bucket_notifications(self) -> list[BucketNotification]:
        """The bucket events that queues are notified of."""
        names = self.buckets()
        return [
            BucketNotification(
                names[bucket],
                notified["Event"],
                notified["Queue"],
                "".join(
                    rule["Value"]
                    for rule in notified["Filter"]["S3Key"]["Rules"]
                    if rule["Name"] == "prefix"
                ),
            )
            for bucket, properties in self.template.resources(_BUCKET).items()
            for notified in self.template.resolve(
                properties.get("NotificationConfiguration", {})
            ).get("QueueConfigurations", ())
        ]

    def schedule_sources(self) -> list[ScheduleSource]:
        """The enabled schedules; `TemplateError` unless they have a rate in minutes."""
        return [
            ScheduleSource(
                function, name, _seconds(event["ScheduleExpression"]), event.get("Input")
            )
            for function, name, event in self._events("ScheduleV2")
            if event.get("State") != "DISABLED"
        ]

    def rule_sources(self) -> list[RuleSource]:
        """The rules of EventBridge that call functions."""
        return [
            RuleSource(function, event["Pattern"])
            for function, _, event in self._events("EventBridgeRule")
        ]

    def state_machines(self) -> list[StateMachineSpec]:
        """All state machines."""
        return [
            StateMachineSpec(
                self.template.attribute(name, "Name"),
                self.template.attribute(name),
                self._definition(self.template.resolve(properties)),
            )
            for name, properties in self.template.resources(_STATE_MACHINE).items()
        ]

    def _definition(self, properties: Mapping[str, Any]) -> str:
        text: str = (_REPOSITORY / properties["DefinitionUri"]).read_text(encoding="utf-8")
        for name, value in properties.get("DefinitionSubstitutions", {}).items():
            text = text.replace(f"${{{name}}}", str(value))
        return text

    def _events(self, kind: str) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        """The functions' triggers of a type: function, name, and resolved properties."""
        for function, properties in self.template.resources(_FUNCTION).items():
            for name, event in properties.get("Events", {}).items():
                if event["Type"] == kind:
                    yield function, name, self.template.resolve(event.get("Properties", {}))

    def apis(self) -> list[str]:
        """The logical ids of the HTTP APIs."""
        return list(self.template.resources("AWS::Serverless::HttpApi"))

    def buckets(self) -> dict[str, str]:
        """The buckets' names by logical id."""
        return self._names_by_id(_BUCKET)

    def tables(self) -> list[Mapping[str, Any]]:
        """The properties of every table, which are also arguments of DynamoDB's CreateTable."""
        return [
            {"TableName": self.template.attribute(name), **self.template.resolve(properties)}
            for name, properties in self.template.resources(_TABLE).items()
        ]

    def queues(self) -> dict[str, dict[str, str]]:
        """The attributes of every queue by its name, those that others refer to first."""
        attributes = {
            self.template.attribute(name, "QueueName"): {
                key: json.dumps(value) if isinstance(value, Mapping) else str(value)
                for key, value in self.template.resolve(properties).items()
                if key in _QUEUE_ATTRIBUTES
            }
            for name, properties in self.template.resources(_QUEUE).items()
        }
        return dict(sorted(attributes.items(), key=lambda queue: "RedrivePolicy" in queue[1]))

    def secrets(self) -> list[str]:
        """The secrets' names."""
        return list(self._names_by_id(_SECRET).values())

    def _names_by_id(self, kind: str) -> dict[str, str]:
        return {name: self.template.attribute(name) for name in self.template.resources(kind)}


def _local_names(template: CloudFormationTemplate) -> Iterator[tuple[tuple[str, str], str]]:
    """Local names and ARNs, instead of those that AWS would generate."""
    for name in template.resources(_BUCKET):
        bucket = f"postcard-local-{name.lower()}"
        yield (name, ""), bucket
        yield (name, "Arn"), f"arn:aws:s3:::{bucket}"
    for name in template.resources(_TABLE):
        yield (name, ""), f"postcard-{name.lower()}"
    for name in template.resources(_SECRET):
        yield (name, ""), f"postcard-{name.lower()}"
    for name in template.resources(_QUEUE):
        queue = f"postcard-{name.lower()}"
        yield (name, ""), f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{queue}"
        yield (name, "Arn"), f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}"
        yield (name, "QueueName"), queue
    for name, properties in template.resources(_FUNCTION).items():
        arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
        yield (name, "Arn"), arn
        yield (f"{name}.Alias", ""), f"{arn}:{properties.get('AutoPublishAlias', '')}"
    for name in template.resources(_STATE_MACHINE):
        machine = f"postcard-{name.lower()}"
        yield (name, ""), f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{machine}"
        yield (name, "Name"), machine
    for name in template.resources("AWS::CloudFront::KeyValueStore"):
        yield (name, "Arn"), f"arn:aws:cloudfront::{ACCOUNT}:key-value-store/{name.lower()}"


def _seconds(expression: str) -> int:
    """The interval of a schedule."""
    rate = _RATE.fullmatch(expression)
    if rate is None:
        raise TemplateError(f"the schedule {expression} is not a rate in minutes")
    return 60 * int(rate[1])
