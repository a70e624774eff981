"""What `make deploy` asks before it builds anything, and how it is answered without a terminal."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from deploy.cloudformation_stack import DeployedStack, DeployError, DeploymentPlan

STAGE_OF_REAL_MAIL = "prod"


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
