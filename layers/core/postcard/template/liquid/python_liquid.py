"""python-liquid with this project's filters and limits. Its import is slow: import it late."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from liquid import Environment
from liquid.ast import Node
from liquid.exceptions import LiquidError
from liquid.expression import Expression
from liquid.token import Token

from postcard.template.liquid.bounded_filters import ERRORS_OF_ODD_VALUES, bound_filters
from postcard.template.liquid.bounds import MAX_ITERATIONS, LiquidFailed
from postcard.template.liquid.context import LiquidContext
from postcard.template.liquid.lexer import tokenize
from postcard.template.liquid.metered_tags import (
    CONTEXT_KEY,
    REPLACED_TAGS,
    MeteredTemplate,
    metered,
)

MAX_EXPRESSION_DEPTH = 50
_TOO_DEEP = f"an expression is nested deeper than {MAX_EXPRESSION_DEPTH}"
_MAX_OUTPUT_BYTES = 100_000
_NO_CONTEXT: Any = None  # only `include` and `render` need it, and both are removed


class _Environment(Environment):
    loop_iteration_limit = MAX_ITERATIONS
    local_namespace_limit = 1_000_000
    output_stream_limit = _MAX_OUTPUT_BYTES
    logical_not_operator = True
    logical_parentheses = True
    template_class = MeteredTemplate

    def tokenizer(self) -> Callable[[str], Iterator[Token]]:
        return tokenize


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The Liquid environment: our filters are added, the tags that load files are removed."""
    liquid = _Environment()  # not strict: names are checked at publish, a missing value is nil
    for name in ("include", "render"):
        del liquid.tags[name]
    replaced = {tag.name: tag for tag in REPLACED_TAGS}
    for name, tag in list(liquid.tags.items()):
        liquid.add_tag(metered(replaced.get(name, type(tag))))
    bound_filters(liquid)
    return liquid


class ParsedLiquid:
    """A text or condition parsed by python-liquid; raises `LiquidFailed` if it cannot be parsed."""

    __slots__ = ("condition", "template")

    def __init__(self, source: str, *, condition: bool) -> None:
        if condition and any(delimiter in source for delimiter in ("{{", "}}", "{%", "%}", "\n")):
            raise LiquidFailed("`if` takes a bare expression, such as points > 100")
        self.condition = condition
        text = f"{{% if {source} %}}x{{% endif %}}" if condition else source
        try:
            self.template = environment().from_string(text)
        except LiquidError as error:
            if isinstance(error.__cause__, RecursionError):
                raise LiquidFailed(_TOO_DEEP) from None
            raise LiquidFailed(f"Liquid cannot read this: {error.args[0]}") from None
        _check_depth(self.template.nodes)

    def render(self, context: LiquidContext) -> str:
        """The output; for a condition, not empty if it is true. Raises `LiquidFailed`."""
        context.budget.start_text()
        values = {**context.values, CONTEXT_KEY: context}
        try:
            return self.template.render(values)
        except LiquidError as error:
            raise LiquidFailed(_plain(str(error.args[0] if error.args else error))) from None
        except ERRORS_OF_ODD_VALUES:
            raise LiquidFailed("Liquid cannot be used like this on these values") from None


def _plain(message: str) -> str:
    """A message of python-liquid with Liquid's words for Python's types."""
    message = message.replace("an integer", "a whole number")
    return re.sub(
        r"\bfound (\w+)$", lambda match: f"found {_NOUNS.get(match[1], match[1])}", message
    )


_NOUNS = {
    "str": "a text",
    "Markup": "a text",
    "int": "a number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list",
    "dict": "an item",
    "NoneType": "nothing",
}


def _check_depth(nodes: list[Node]) -> None:
    """Raises `LiquidFailed` for expressions that are nested too deep to be walked."""
    remaining = list(nodes)
    while remaining:
        node = remaining.pop()
        remaining += node.children(_NO_CONTEXT)
        level: list[Expression] = list(node.expressions())
        for _ in range(MAX_EXPRESSION_DEPTH):
            level = [inner for outer in level for inner in outer.children() or ()]
        if level:
            raise LiquidFailed(_TOO_DEEP)
