"""What `make deploy` asks and checks before it builds anything.

Parameters are checked against template.yaml, since `sam deploy` leaves out those that it does not
have, without a word.
"""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from deploy.cloudformation_stack import DeployedStack, DeployError, DeploymentPlan
from deploy.template_check import read_template

STAGE_OF_REAL_MAIL = "prod"
PARAMETERS_TOGETHER = ("PictureDomain", "PictureCertificateArn")


class Declined(Exception):
    """Someone answered a question with no."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """Asks questions. `yes` answers every yes-or-no question with yes."""

    interactive: bool
    yes: bool = False
    read_line: Callable[[str], str] = input

    def confirm(self, question: str, otherwise: str) -> None:
        """Go on after a yes; `Declined` after anything else.

        Without a terminal, `DeployError` with the text `otherwise`, which names an option.
        """
        if self.yes:
            return
        if not self.interactive:
            raise DeployError(otherwise)
        if read_answer(self.read_line, f"{question} [y/N] ").lower() not in ("y", "yes"):
            raise Declined

    def ask(self, question: str) -> str:
        """A line of text; empty without a terminal, and with `yes`."""
        asks = self.interactive and not self.yes
        return read_answer(self.read_line, question) if asks else ""


def read_answer(read_line: Callable[[str], str], question: str) -> str:
    """The line that someone types; `Declined` if the input ends instead, as by Ctrl-D."""
    try:
        return read_line(question).strip()
    except EOFError:
        print()
        raise Declined from None


def complete(
    plan: DeploymentPlan, deployed: DeployedStack, terminal: Terminal, *, without_domain: bool
) -> DeploymentPlan:
    """The plan with what the stage prod needs: a domain for pictures, and an address for alarms."""
    known = {**deployed.parameters, **plan.parameters}
    if plan.stage != STAGE_OF_REAL_MAIL:
        return plan
    if not known.get("PictureDomain") and not without_domain:
        if not terminal.interactive or terminal.yes:
            raise DeployError(NO_DOMAIN)
        terminal.confirm(f"{NO_DOMAIN_RISK} Deploy without it?", NO_DOMAIN)
    if known.get("AlarmEmail"):
        return plan
    if address := terminal.ask("E-mail address for alarms (empty for none): "):
        return replace(plan, parameters={**plan.parameters, "AlarmEmail": address})
    print('Alarms go to no address. Set one later with PARAMETERS="AlarmEmail=you@example.com".')
    return plan


NO_DOMAIN_RISK = (
    "No domain of your own is set for pictures. Mail that you send then names CloudFront's domain"
    " of this stack, and shows no pictures once the stack is deleted or replaced."
)
NO_DOMAIN = (
    f'{NO_DOMAIN_RISK} Pass PARAMETERS="PictureDomain=pictures.example.com'
    ' PictureCertificateArn=arn:aws:acm:us-east-1:…", or WITHOUT_DOMAIN=1.'
)


def confirm(
    plan: DeploymentPlan,
    deployed: DeployedStack,
    terminal: Terminal,
    *,
    region: str,
    identity: str,
) -> None:
    """Say what will be deployed and where; ask first if the stage is prod."""
    action = "Update" if deployed.status not in (None, "REVIEW_IN_PROGRESS") else "Create"
    print(f"{action} the stack {plan.stack_name} in {region} as {identity}")
    if deployed.status == "UPDATE_ROLLBACK_COMPLETE":
        print("Its last update failed and was undone.")
    if plan.stage == STAGE_OF_REAL_MAIL:
        terminal.confirm(
            "Deploy?", "There is no terminal to ask on. Pass YES=1 to deploy without a question."
        )


def parameter_faults(given: Mapping[str, str], deployed: Mapping[str, str]) -> list[str]:
    """What is wrong with the given parameters; `deployed` are those that stay as they are."""
    known = read_template()["Parameters"]
    found = [fault for name, value in given.items() for fault in _faults_of(name, value, known)]
    missing = [name for name in PARAMETERS_TOGETHER if not {**deployed, **given}.get(name)]
    if len(missing) == 1:
        found.append(
            f"{' and '.join(PARAMETERS_TOGETHER)} are set together: {missing[0]} is missing."
        )
    return found


def _faults_of(name: str, value: str, known: Mapping[str, Any]) -> Iterator[str]:
    if name not in known:
        similar = difflib.get_close_matches(name, known, 1)
        meant = f"did you mean {similar[0]}?" if similar else "docs/operate.md lists them."
        yield f"The template has no parameter {name}: {meant}"
        return
    parameter = known[name]
    allowed = parameter.get("AllowedValues")
    if allowed and value not in map(str, allowed):
        yield f"{name} is one of {', '.join(str(each) or 'nothing' for each in allowed)}."
    pattern = parameter.get("AllowedPattern")
    if pattern and not re.fullmatch(pattern, value):
        yield f'{name} does not match {pattern}: "{value}".'
    if parameter["Type"] == "Number":
        yield from _faults_of_number(name, value, parameter)


def _faults_of_number(name: str, value: str, parameter: Mapping[str, Any]) -> Iterator[str]:
    if not re.fullmatch(r"[0-9]{1,15}", value):
        yield f'{name} is a whole number, not "{value}".'
        return
    low, high = parameter.get("MinValue", 0), parameter.get("MaxValue")
    if int(value) < low or (high is not None and int(value) > high):
        yield f"{name} is {low} or more" + (f", and {high} or less." if high is not None else ".")
