"""What every command has: JSON on request, an example in its help, one sentence for a failure."""

from typing import Any

import click

from postcard.adapters.aws.errors import UNREACHABLE, CallFailed
from postcard.cli.output import Answer, CannotDo, refusal, say, stopped
from postcard.errors import Problem

EXIT_CODES = "Exit codes: 0 done or yes, 1 no, 2 it could not be done."


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
        formatter.write(f"\n{EXIT_CODES}\n")

    def invoke(self, ctx: click.Context) -> None:
        """Run the function, say its answer, leave with its code."""
        as_json = ctx.params.pop("as_json")
        answer = self._answer(ctx)
        say(answer, as_json=as_json)
        ctx.exit(answer.code)

    def _answer(self, ctx: click.Context) -> Answer:
        try:
            answer = super().invoke(ctx)
        except CallFailed as failure:
            return stopped(unreached(failure))
        except Problem as problem:
            return refusal(problem)
        except CannotDo as failure:
            return stopped(failure.message)
        except OSError as error:
            return stopped(sentence(error))
        assert isinstance(answer, Answer)
        return answer


class Group(click.Group):
    """A family of commands."""

    command_class = Command

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What the exit codes mean."""
        formatter.write(f"\n{EXIT_CODES}\n")


def unreached(failure: CallFailed) -> str:
    """A call to AWS, or to this machine's stand-in for it, that failed."""
    if failure.aws_code == UNREACHABLE:
        return (
            "The stores do not answer: start `make serve`, or set AWS credentials, --stack and"
            " --region."
        )
    return f"AWS refused {failure.operation} with {failure.aws_code}: look at your permissions."


def sentence(error: OSError) -> str:
    """A failed system call in words.

    >>> sentence(FileNotFoundError(2, "No such file or directory", "hero.json"))
    'hero.json: no such file or directory.'
    """
    reason = error.strerror or str(error) or type(error).__name__
    reason = reason[:1].lower() + reason[1:]
    return f"{error.filename}: {reason}." if error.filename else f"{reason}."
