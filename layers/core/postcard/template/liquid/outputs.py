"""Finds the places where a text writes a value as it is, such as `{{ first_name }}`."""

from collections.abc import Collection, Mapping

from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lazy_regex import lazy_regex
from postcard.template.schema.delimiters import find_delimited

_OPENING = lazy_regex(r"(?=(\{\{|\{%))")
_CLOSING = {"{{": "}}", "{%": "%}"}
_PLAIN_OUTPUT = lazy_regex(
    r"\{\{(-?)\s*([a-z_][a-z0-9_]*)\s*(?:\|\s*default:\s*(?:'[^']*'|\"[^\"]*\")\s*)?(-?)\}\}"
)
_NAME = lazy_regex(r"(?<![.\w])[a-z_][a-z0-9_]*")
_STRING = lazy_regex("\"[^\"]*\"|'[^']*'")
_BRANCH = lazy_regex(r"\{%-?\s*(?:if|elsif|else|endif|unless|endunless|case|when|endcase)\b")


@dataclass(frozen=True, slots=True)
class ValueOutput:
    """A part of a text that writes the value of `name`, with no filter but a literal default."""

    start: int
    end: int
    name: str
    source: str
    strips_before: bool  # the spaces, by {{-
    strips_behind: bool


def replace_outputs(source: str, texts: Mapping[ValueOutput, str]) -> str:
    """The text with other texts in the places of these outputs."""
    parts, end, strip = [], 0, False
    for output, text in texts.items():
        before = source[end : output.start]
        before = before.lstrip() if strip else before
        parts += [before.rstrip() if output.strips_before else before, text]
        end, strip = output.end, output.strips_behind
    rest = source[end:]
    return "".join([*parts, rest.lstrip() if strip else rest])


def plain_outputs(source: str, names: Collection[str]) -> list[ValueOutput]:
    """Where a text writes the values of `names` as they are.

    A name that it uses in another way too (in a condition, with a filter) is left out: then the
    text would not be right for another value. A text with other tags than branches has no place.

    >>> [output.name for output in plain_outputs("{{ a }} {{ b | upcase }} {{ b }}", ("a", "b"))]
    ['a']
    """
    outputs, used = [], set()
    for start, end in find_delimited(source, _OPENING, _CLOSING):
        markup = source[start:end]
        match = _PLAIN_OUTPUT.fullmatch(markup)
        if match and match[2] in names:
            strips = (bool(match[1]), bool(match[3]))
            outputs.append(ValueOutput(start, end, match[2], markup, *strips))
        elif markup.startswith("{%") and not _BRANCH.match(markup):
            return []
        else:
            used |= set(_NAME.findall(_STRING.sub("", markup)))
    return [output for output in outputs if output.name not in used]
