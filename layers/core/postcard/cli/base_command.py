"""Base classes of the commands: `--json`, an example in the help, errors as one-line messages."""

from typing import Any

import click

from postcard.adapters.aws.call_failed import UNREACHABLE, AwsCallFailed
from postcard.cli.output import (
    EXIT_INTERRUPTED,
    CommandError,
    CommandResult,
    error_result,
    print_result,
    problem_result,
)
from postcard.errors import Problem

AS_JSON = "postcard.as_json"  # in the context's `meta`, for a command that prints by itself
EXIT_CODES_HELP = (
    "Exit codes: 0 success, 1 a check found problems, 2 the command could not be carried out."
)


class Command(click.Command):
    """A command whose function returns a `CommandResult`.

    The help ends with `example` and with what the exit codes mean.
    """

    def __init__(
        self, *args: Any, example: str = "", exit_codes: str = EXIT_CODES_HELP, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.example, self.exit_codes = example, exit_codes
        self.params.append(
            click.Option(["--json", "as_json"], is_flag=True, help="Print the result as JSON.")
        )

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the example and the exit codes."""
        with formatter.section("Example"):
            for line in self.example.splitlines():
                formatter.write(f"  {line}\n")
        formatter.write(f"\n{self.exit_codes}\n")

    def invoke(self, ctx: click.Context) -> None:
        """Run the function, print its result and exit with its code."""
        as_json = ctx.meta[AS_JSON] = ctx.params.pop("as_json")
        result = self._result(ctx)
        print_result(result, as_json=as_json)
        ctx.exit(result.exit_code)

    def _result(self, ctx: click.Context) -> CommandResult:
        try:
            result = super().invoke(ctx)
        except AwsCallFailed as failure:
            return error_result(aws_error_message(failure))
        except Problem as problem:
            return problem_result(problem)
        except CommandError as failure:
            return error_result(failure.message, failure.code, failure.exit_code)
        except OSError as error:
            return error_result(os_error_message(error))
        except click.Abort:  # a question was answered with no
            return error_result("Aborted.")
        except KeyboardInterrupt:
            return error_result("Interrupted.", "interrupted", EXIT_INTERRUPTED)
        assert isinstance(result, CommandResult)
        return result


class Group(click.Group):
    """A command with subcommands."""

    command_class = Command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The rest of the arguments; `--json` belongs to the commands."""
        if args[:1] == ["--json"]:
            raise click.UsageError("--json stands behind the command: postcard link … --json.", ctx)
        return super().parse_args(ctx, args)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the exit codes."""
        formatter.write(f"\n{EXIT_CODES_HELP}\n")


def aws_error_message(failure: AwsCallFailed) -> str:
    """The message for a failed call of AWS, or of the local server that replaces it."""
    if failure.aws_code == UNREACHABLE:
        return (
            "AWS or the local server does not answer. Start `make serve`, or set AWS credentials,"
            " --stack and --region."
        )
    return (
        f"AWS refused {failure.operation} with {failure.aws_code}. Check your AWS credentials and"
        " permissions."
    )


def os_error_message(error: OSError) -> str:
    """The message for a failed system call.

    >>> os_error_message(FileNotFoundError(2, "No such file or directory", "hero.json"))
    'hero.json: no such file or directory.'
    """
    reason = error.strerror or str(error) or type(error).__name__
    reason = reason[:1].lower() + reason[1:]
    return f"{error.filename}: {reason}." if error.filename else f"{reason}."
