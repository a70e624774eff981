"""Reads a CloudFormation template and evaluates its intrinsic functions (`!Ref`, `!Sub`, …).

It covers what `template.yaml` uses; anything else is a `TemplateError` or stays unevaluated.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_SUBSTITUTION = re.compile(r"\$\{(!?)([^}]+)\}")


# The parser in C takes a tenth of the time; a PyYAML that was built without libyaml lacks it.
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_SafeLoader):  # type: ignore[misc]  # one of two classes
    """A YAML loader that reads short forms such as `!Ref` as `{"Ref": …}`."""


def _intrinsic(loader: _Loader, tag: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    if tag == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {tag if tag in {"Ref", "Condition"} else f"Fn::{tag}": value}


_Loader.add_multi_constructor("!", _intrinsic)


class TemplateError(Exception):
    """The template uses something that the local service does not imitate."""


@dataclass(frozen=True)
class CloudFormationTemplate:
    """A parsed template, and the values that its references resolve to.

    `attributes` maps (logical id, attribute) to a local name or ARN; the attribute of a plain `Ref`
    is "". `parameters` overrides the parameters' defaults.
    """

    body: Mapping[str, Any]
    attributes: Mapping[tuple[str, str], str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "CloudFormationTemplate":
        """Read the template at `path`; `yaml.YAMLError` if it is not valid YAML."""
        return cls(yaml.load(path.read_text(), _Loader))  # noqa: S506 - a SafeLoader

    def with_values(
        self, attributes: Mapping[tuple[str, str], str], parameters: Mapping[str, str]
    ) -> "CloudFormationTemplate":
        """A copy with local names for its resources and values for its parameters."""
        return CloudFormationTemplate(self.body, attributes, parameters)

    def resources(self, kind: str) -> dict[str, Mapping[str, Any]]:
        """Unresolved properties by logical id, of the resources of a type whose condition holds."""
        return {
            name: resource.get("Properties", {})
            for name, resource in self.body["Resources"].items()
            if resource["Type"] == kind and self._exists(resource)
        }

    def resolve(self, value: Any) -> Any:
        """`value` with every intrinsic function replaced by its result."""
        if isinstance(value, list):
            items = [self.resolve(item) for item in value]
            return [item for item in items if item is not _NO_VALUE]
        if not isinstance(value, Mapping):
            return value
        if len(value) == 1 and (name := next(iter(value))) in _FUNCTIONS:
            return _FUNCTIONS[name](self, value[name])
        pairs = {name: self.resolve(item) for name, item in value.items()}
        return {name: item for name, item in pairs.items() if item is not _NO_VALUE}

    def _exists(self, resource: Mapping[str, Any]) -> bool:
        return "Condition" not in resource or self.condition(resource["Condition"])

    def condition(self, name: str) -> bool:
        """Whether the condition holds."""
        return bool(self.resolve(self.body["Conditions"][name]))

    def attribute(self, name: str, attribute: str = "") -> Any:
        """The result of `Ref` (attribute "") or `GetAtt`; `TemplateError` for an unknown name."""
        if (name, attribute) in self.attributes:
            return self.attributes[name, attribute]
        if not attribute and name in self.parameters:
            return self.parameters[name]
        if not attribute and name in self.body.get("Parameters", {}):
            return self.body["Parameters"][name].get("Default", "")
        if not attribute and name in _PSEUDO:
            return _PSEUDO[name]
        if name in self.body["Resources"]:
            return f"{name}.{attribute}" if attribute else name
        raise TemplateError(f"template.yaml refers to {name}, which it does not define")


_NO_VALUE = object()
_PSEUDO: dict[str, Any] = {
    "AWS::AccountId": "123456789012",
    "AWS::NoValue": _NO_VALUE,
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/postcard/local",
    "AWS::StackName": "postcard",
    "AWS::URLSuffix": "amazonaws.com",
}


def _get_att(template: CloudFormationTemplate, value: list[str]) -> Any:
    return template.attribute(value[0], ".".join(value[1:]))


def _sub(template: CloudFormationTemplate, value: Any) -> str:
    text, extra = (value, {}) if isinstance(value, str) else (value[0], value[1])

    def substitute(match: re.Match[str]) -> str:
        literal, name = match[1], match[2].strip()
        if literal:
            return f"${{{name}}}"
        if name in extra:
            return str(template.resolve(extra[name]))
        return str(template.attribute(*name.split(".", 1)))

    return _SUBSTITUTION.sub(substitute, text)


def _if(template: CloudFormationTemplate, value: list[Any]) -> Any:
    return template.resolve(value[1] if template.condition(value[0]) else value[2])


def _join(template: CloudFormationTemplate, value: list[Any]) -> str:
    return str(value[0]).join(str(item) for item in template.resolve(value[1]))


def _find_in_map(template: CloudFormationTemplate, value: list[Any]) -> Any:
    name, first, second = (template.resolve(item) for item in value[:3])
    return template.resolve(template.body["Mappings"][name][first][second])


def _equals(template: CloudFormationTemplate, value: list[Any]) -> bool:
    first, second = template.resolve(value)
    return str(first) == str(second)


def _select(template: CloudFormationTemplate, value: list[Any]) -> Any:
    return template.resolve(value[1])[int(template.resolve(value[0]))]


def _split(template: CloudFormationTemplate, value: list[Any]) -> list[str]:
    return str(template.resolve(value[1])).split(value[0])


_FUNCTIONS: dict[str, Callable[[CloudFormationTemplate, Any], Any]] = {
    "Ref": lambda template, value: template.attribute(value),
    "Condition": lambda template, value: template.condition(value),
    "Fn::GetAtt": _get_att,
    "Fn::Sub": _sub,
    "Fn::If": _if,
    "Fn::Join": _join,
    "Fn::FindInMap": _find_in_map,
    "Fn::Equals": _equals,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::And": lambda template, value: all(template.resolve(value)),
    "Fn::Or": lambda template, value: any(template.resolve(value)),
    "Fn::Not": lambda template, value: not template.resolve(value)[0],
}
