"""Commands of the AWS CLI, in the pages and in what `make deploy` prints, are such as AWS has."""

import re
import shlex
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from botocore import session, xform_name

from tests.docs.test_docs import ROOT, SHELL, commands

OPERATE = ROOT / "docs" / "operate.md"
MARKS = ("tried", "linted", "on paper")
OPTIONS_OF_EVERY_COMMAND = {"region", "query", "output", "profile"}
BOTOCORE = session.get_session()
# In code, a text goes on in the next line, and names of a stack are inserted.
ADVICE = (
    re.sub(r'"\s*f?"', "", Path(ROOT / "deploy" / "stack_advice.py").read_text(encoding="utf-8"))
    .replace("{stack.options}", "--stack-name s --region r")
    .replace("{options}", "--stack-name s --region r")
    .replace("{waiter}", "stack-update-complete")
)


def aws_calls(text: str) -> Iterator[str]:
    """The calls in a text, also those inside `$(…)`, each without what is inside it."""
    text = text.replace("\\\n", " ")
    for inner in re.findall(r"\$\((.*?)\)\"", text, re.DOTALL):
        yield from aws_calls(inner)
    text = re.sub(r"\"\$\(.*?\)\"", "X", text, flags=re.DOTALL)
    yield from re.findall(r"(?<![\w/.-])aws [a-z0-9-]+ [a-z0-9-]+ [^\n;&`|]*", text)


CALLS = sorted(
    {call for block in SHELL for call in aws_calls(block.text)}
    | {call.replace("\\n", "").rstrip('")},') for call in aws_calls(ADVICE.replace("\\n", "\n"))}
)


def faults(call: str) -> Iterator[str]:
    """What is wrong with a call, by the models of AWS's services."""
    _, service, operation, *words = shlex.split(call)
    service = "s3" if service == "s3api" else service
    if service not in BOTOCORE.get_available_services():
        yield f"no service {service}"
        return
    model = BOTOCORE.get_service_model(service)
    if operation == "wait":
        waiters = BOTOCORE.get_waiter_model(service)
        names = {xform_name(name, "-"): name for name in waiters.waiter_names}
        if words[0] not in names:
            yield f"no waiter {words[0]}"
            return
        operation, words = xform_name(waiters.get_waiter(names[words[0]]).operation, "-"), words[1:]
    operations = {xform_name(name, "-"): name for name in model.operation_names}
    if operation not in operations:
        yield f"no operation {operation}"
        return
    shape: Any = model.operation_model(operations[operation]).input_shape
    members = {xform_name(name, "-"): member for name, member in shape.members.items()}
    given = {
        word.removeprefix("--"): value
        for word, value in pairwise([*words, ""])
        if word.startswith("--")
    }
    for name, value in given.items():
        if name not in members:
            if name not in OPTIONS_OF_EVERY_COMMAND:
                yield f"no option --{name}"
            continue
        yield from value_faults(members[name], value)
    yield from (
        f"--{xform_name(name, '-')} is missing"
        for name in shape.required_members
        if xform_name(name, "-") not in given
    )


def value_faults(shape: Any, value: str) -> Iterator[str]:
    """What is wrong with a value: a word that AWS does not list, a property that it lacks."""
    if shape.type_name == "structure" and "=" in value:
        for pair in value.split(","):
            name, _, part = pair.partition("=")
            if name not in shape.members:
                yield f"no property {name}"
            else:
                yield from value_faults(shape.members[name], part)
    listed = getattr(shape, "enum", None)
    if listed and value not in listed:
        yield f"{value} is none of {listed}"


@pytest.mark.parametrize("call", CALLS)
def test_a_call_of_the_aws_cli_has_an_operation_and_options_that_aws_knows(call: str) -> None:
    assert list(faults(call)) == []


@pytest.mark.parametrize(
    "call",
    [
        "aws dynamodb restore-table --target-table-name a",
        "aws dynamodb delete-table --table a",
        "aws dynamodb delete-table",
        "aws dynamodb update-time-to-live --table-name t --time-to-live-specification Enable=true",
        "aws acm request-certificate --domain-name a.example --validation-method DSN",
        "aws cloudformation wait stack-rolled-back --stack-name s",
        "aws dynamo list-tables",
    ],
)
def test_a_wrong_call_is_found(call: str) -> None:
    assert list(faults(call))


def test_the_calls_of_the_pages_and_of_the_advice_are_found() -> None:
    names = {" ".join(call.split()[1:3]) for call in CALLS}
    assert {
        "sqs start-message-move-task",
        "cloudformation describe-stacks",
        "cloudformation continue-update-rollback",
        "cloudfront list-conflicting-aliases",
    } <= names
    assert len(CALLS) >= 20


def marks() -> dict[str, str]:
    """The mark of each command in the last table of the page about operation."""
    table = OPERATE.read_text(encoding="utf-8").rpartition("## How far this was proven")[2]
    rows = re.findall(r"^\| (`.+`) \| ([a-z ]+)(?:, .+)? \|$", table, re.MULTILINE)
    return {name: mark for names, mark in rows for name in re.findall(r"`([^`]+)`", names)}


def test_each_command_of_the_page_about_operation_has_a_mark() -> None:
    """`…` in the table stands for any part of a command."""
    used = [command for block in SHELL if block.page == OPERATE for command in commands(block)]
    used += [call for call in CALLS if call in ADVICE.replace("\\n", "\n")]
    patterns = {
        name: re.compile(".*".join(re.escape(part.strip()) for part in name.split("…")))
        for name in marks()
    }
    assert [one for one in used if not any(each.search(one) for each in patterns.values())] == []
    unused = {name for name, each in patterns.items() if not any(map(each.search, used))}
    assert unused == {"sam deploy"}, "only `make deploy` runs it"
    assert set(marks().values()) <= set(MARKS)
