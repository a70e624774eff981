"""Numbers as command line options."""

import re
from typing import Any

import click


class DecimalNumber(click.FloatRange):
    """A number in the digits 0 to 9; `float` alone also reads `nan`, `1e9` and other scripts."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number; a usage error for any other text."""
        if isinstance(value, str) and not re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,15})?", value):
            self.fail(f"{value[:20]!r} is not a number such as 37.5.", param, ctx)
        return super().convert(value, param, ctx)


class WholeNumber(click.IntRange):
    """A whole number in the digits 0 to 9; `int` alone also reads `1_0`, ` 1` and other scripts."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number; a usage error for any other text."""
        if isinstance(value, str) and not re.fullmatch("-?[0-9]{1,15}", value):
            self.fail(f"{value[:20]!r} is not a whole number such as 600.", param, ctx)
        return super().convert(value, param, ctx)
