"""What every command has: JSON on request, an example in its help, one sentence for a failure."""

from typing import Any

import click

from postcard.adapters.aws.call_failed import UNREACHABLE, AwsCallFailed
from postcard.cli.output import (
    CommandError,
    CommandResult,
    error_result,
    print_result,
    problem_result,
)
from postcard.errors import Problem

EXIT_CODES_HELP = "Exit codes: 0 done or yes, 1 no, 2 it could not be done."


class Command(click.Command):
    """A command whose function returns an `Answer`; `example` closes its help."""

    def __init__(self, *args: Any, example: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.example = example
        self.params.append(
            click.Option(["--json", "as_json"], is_flag=True, help="Answer as one JSON object.")
        )

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The example, then what the exit codes mean."""
        with formatter.section("Example"):
            for line in self.example.splitlines():
                formatter.write(f"  {line}\n")
        formatter.write(f"\n{EXIT_CODES_HELP}\n")

    def invoke(self, ctx: click.Context) -> None:
        """Run the function, say its answer, leave with its code."""
        as_json = ctx.params.pop("as_json")
        answer = self._result(ctx)
        print_result(answer, as_json=as_json)
        ctx.exit(answer.exit_code)

    def _result(self, ctx: click.Context) -> CommandResult:
        try:
            answer = super().invoke(ctx)
        except AwsCallFailed as failure:
            return error_result(aws_error_message(failure))
        except Problem as problem:
            return problem_result(problem)
        except CommandError as failure:
            return error_result(failure.message)
        except OSError as error:
            return error_result(os_error_message(error))
        assert isinstance(answer, CommandResult)
        return answer


class Group(click.Group):
    """A family of commands."""

    command_class = Command

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What the exit codes mean."""
        formatter.write(f"\n{EXIT_CODES_HELP}\n")


def aws_error_message(failure: AwsCallFailed) -> str:
    """A call to AWS, or to this machine's stand-in for it, that failed."""
    if failure.aws_code == UNREACHABLE:
        return (
            "The stores do not answer: start `make serve`, or set AWS credentials, --stack and"
            " --region."
        )
    return f"AWS refused {failure.operation} with {failure.aws_code}: look at your permissions."


def os_error_message(error: OSError) -> str:
    """A failed system call in words.

    >>> sentence(FileNotFoundError(2, "No such file or directory", "hero.json"))
    'hero.json: no such file or directory.'
    """
    reason = error.strerror or str(error) or type(error).__name__
    reason = reason[:1].lower() + reason[1:]
    return f"{error.filename}: {reason}." if error.filename else f"{reason}."
