"""Tests of what `make deploy` asks, of stacks it cannot update, and of failures it explains."""

import re
import subprocess
from pathlib import Path

import pytest
from botocore import session

import deploy.__main__ as deployment
from deploy import questions
from deploy.cloudformation_stack import DeployedStack, DeployError, DeploymentPlan
from deploy.questions import Declined, Terminal
from deploy.stack_advice import FailedResource, StackName, obstacle

STACK = StackName("postcard-prod", "eu-west-1")
NEW = DeployedStack(None, {})
DOMAIN = {"PictureDomain": "pictures.example.com", "AlarmEmail": "ops@example.com"}


def terminal(*answers: str, yes: bool = False) -> Terminal:
    """A terminal on which someone types these lines; without any, CI's missing terminal."""
    lines = iter(answers)
    return Terminal(bool(answers), yes=yes, read_line=lambda _: next(lines))


class TestQuestions:
    def complete(self, to: Terminal, *, stage: str = "prod", **options: bool) -> DeploymentPlan:
        plan = DeploymentPlan(stage, f"postcard-{stage}", {})
        return questions.complete(
            plan, NEW, to, without_domain=options.get("without_domain", False)
        )

    def test_the_stage_prod_asks_before_it_is_deployed_without_a_domain(self) -> None:
        with pytest.raises(Declined):
            self.complete(terminal("n"))
        assert self.complete(terminal("y", "")).parameters == {}

    @pytest.mark.parametrize("yes", [False, True])
    def test_without_a_terminal_a_missing_domain_is_an_error_that_names_the_options(
        self, yes: bool
    ) -> None:
        with pytest.raises(DeployError, match=r"PictureDomain=.*WITHOUT_DOMAIN=1"):
            self.complete(terminal(yes=yes))
        assert self.complete(terminal(), without_domain=True).parameters == {}

    def test_the_stage_dev_asks_nothing(self) -> None:
        assert self.complete(terminal(), stage="dev").parameters == {}

    def test_a_domain_that_is_deployed_already_is_not_asked_for(self) -> None:
        plan = DeploymentPlan("prod", "postcard-prod", {})
        deployed = DeployedStack("UPDATE_COMPLETE", DOMAIN)
        assert questions.complete(plan, deployed, terminal(), without_domain=False) == plan

    def test_the_address_for_alarms_is_asked_for(self) -> None:
        plan = self.complete(terminal("ops@example.com"), without_domain=True)
        assert plan.parameters == {"AlarmEmail": "ops@example.com"}

    @pytest.mark.parametrize("answer", ["n", "", "no", "q"])
    def test_anything_but_yes_at_the_prompt_deploys_nothing(self, answer: str) -> None:
        plan = DeploymentPlan("prod", "postcard-prod", {})
        with pytest.raises(Declined):
            questions.confirm(plan, NEW, terminal(answer), region="eu-west-1", identity="me")

    def test_the_prompt_is_answered_by_an_option_where_there_is_no_terminal(self) -> None:
        plan = DeploymentPlan("prod", "postcard-prod", {})
        with pytest.raises(DeployError, match="YES=1"):
            questions.confirm(plan, NEW, terminal(), region="eu-west-1", identity="me")
        questions.confirm(plan, NEW, terminal(yes=True), region="eu-west-1", identity="me")

    def test_a_declined_deployment_ends_with_an_exit_code(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def decline(*_: object) -> None:
            raise Declined

        monkeypatch.setattr(deployment, "deploy", decline)
        assert deployment.main(["--stage", "prod"]) == 1
        assert capsys.readouterr().err == "Nothing was deployed.\n"


class TestObstacles:
    @pytest.mark.parametrize(
        "status", [None, "REVIEW_IN_PROGRESS", "CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"]
    )
    def test_a_stack_that_can_be_deployed_is_no_obstacle(self, status: str | None) -> None:
        assert obstacle(status, STACK) is None

    @pytest.mark.parametrize(
        ("status", "command"),
        [
            ("ROLLBACK_COMPLETE", "delete-stack"),
            ("ROLLBACK_FAILED", "delete-stack"),
            ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback"),
            ("UPDATE_IN_PROGRESS", "wait stack-update-complete"),
            ("CREATE_IN_PROGRESS", "wait stack-create-complete"),
            ("UPDATE_ROLLBACK_IN_PROGRESS", "wait stack-rollback-complete"),
            ("ROLLBACK_IN_PROGRESS", "delete-stack"),
        ],
    )
    def test_a_stack_that_cannot_be_updated_gets_the_command_that_helps(
        self, status: str, command: str
    ) -> None:
        text = obstacle(status, STACK) or ""
        options = "--stack-name postcard-prod --region eu-west-1"
        assert status in text and f"aws cloudformation {command} {options}" in text

    @pytest.mark.parametrize(
        ("status", "ends"),
        [
            ("CREATE_IN_PROGRESS", ["CREATE_COMPLETE", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED"]),
            ("ROLLBACK_IN_PROGRESS", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED"]),
            ("UPDATE_IN_PROGRESS", ["UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"]),
            ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", ["UPDATE_COMPLETE"]),
            ("UPDATE_ROLLBACK_IN_PROGRESS", ["UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"]),
            ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", ["UPDATE_ROLLBACK_COMPLETE"]),
            ("DELETE_IN_PROGRESS", ["DELETE_COMPLETE", "DELETE_FAILED"]),
        ],
    )
    def test_the_command_that_waits_ends_when_the_operation_has_ended(
        self, status: str, ends: list[str]
    ) -> None:
        found = re.search(r"aws cloudformation wait (\S+)", obstacle(status, STACK) or "")
        assert found
        name = "".join(map(str.title, found[1].split("-")))
        waiter = session.get_session().get_waiter_model("cloudformation").get_waiter(name)
        assert set(ends) <= {acceptor.expected for acceptor in waiter.acceptors}

    @pytest.mark.parametrize(
        ("reason", "advice"),
        [
            (
                "Access denied for operation 'AWS::CloudFront::Distribution: Your account must be"
                " verified before you can add new CloudFront resources.'",
                "support/home",
            ),
            ("postcard-prod-eu-west-1-keys already exists in stack arn:aws", "samconfig.toml"),
            (
                "One or more of the CNAMEs you provided are already associated with a different"
                " resource.",
                "list-conflicting-aliases",
            ),
            (
                "The specified SSL certificate doesn't exist, isn't in us-east-1 region,"
                " isn't valid, or doesn't include a valid certificate chain.",
                "aws acm list-certificates --region us-east-1",
            ),
            (
                "Specified ReservedConcurrentExecutions for function decreases account's"
                " UnreservedConcurrentExecution below its minimum value of [10].",
                "ApiConcurrency=0 BatchConcurrency=0",
            ),
            ("User: me is not authorized to perform: dynamodb:CreateTable", "deployer_policy.json"),
        ],
    )
    def test_a_known_failure_is_explained(self, reason: str, advice: str) -> None:
        text = FailedResource("Edge", "AWS::CloudFront::Function", reason).explain(STACK)
        assert reason in text and advice in text

    def test_an_unknown_failure_is_quoted(self) -> None:
        failed = FailedResource("Edge", "AWS::CloudFront::Function", "Something new")
        assert failed.explain(STACK) == "Edge (AWS::CloudFront::Function): Something new"


def test_changes_are_shown_without_a_question() -> None:
    arguments = deployment.read_arguments(["--stage", "prod", "--changes"])
    asked: list[str] = []

    def read_line(question: str) -> str:
        asked.append(question)
        return "n"

    to = Terminal(True, yes=arguments.yes, read_line=read_line)
    plan = DeploymentPlan("prod", "postcard-prod", {})
    plan = questions.complete(plan, NEW, to, without_domain=arguments.without_domain)
    questions.confirm(plan, NEW, to, region="eu-west-1", identity="me")
    assert asked == []


def test_make_passes_the_options_on() -> None:
    command = ["make", "-n", "deploy", "YES=1", "WITHOUT_DOMAIN=1", "CHANGES=1", "STAGE=prod"]
    root = Path(__file__).parents[2]
    output = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    assert "--stage prod" in output
    assert "--yes --without-domain --changes" in output
