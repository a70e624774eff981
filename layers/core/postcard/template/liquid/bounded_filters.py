"""python-liquid's filters with bounds: steps are counted, and no result is too large."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from liquid import Environment
from liquid.exceptions import LiquidError
from liquid.filter import with_context
from liquid.undefined import Undefined

from postcard.runtime.lazy_regex import lazy_regex
from postcard.template.liquid.bounds import LiquidFailed, check_length, check_value
from postcard.template.liquid.context import LiquidContext, call_filter, join_values, misuse
from postcard.template.liquid.locale_filters import FILTER_NAMES
from postcard.template.liquid.metered_tags import MeteredContext
from postcard.template.schema.delimiters import without_delimited

ERRORS_OF_ODD_VALUES = (  # which python-liquid's tags and filters let through
    *(ArithmeticError, AssertionError, AttributeError, LookupError),
    *(MemoryError, RuntimeError, TypeError, ValueError),
)
_HTML_BLOCK = lazy_regex(r"(?=(<script|<style|<!--))")
_HTML_BLOCK_END = {"<script": "</script>", "<style": "</style>", "<!--": "-->"}
_HTML_TAG = lazy_regex(r"(?=(<)[A-Za-z/!?])")
_QUADRATIC_FILTERS = ("uniq",)  # compares each item with each
_PAIRS_PER_STEP = 50


def bound_filters(liquid: Environment) -> None:
    """Replaces some filters and puts bounds round all of them."""
    replaced: dict[str, Any] = {
        "join": _join,
        "replace": _replace,
        "sort": _sort,
        "strip_html": _strip_html,
    }
    for name in FILTER_NAMES:
        liquid.filters[name] = _locale_filter(name)
    for name, function in {**liquid.filters, **replaced}.items():
        liquid.add_filter(name, _bounded(name, function))


def _bounded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The filter, called only with values within bounds, and its result checked."""
    takes_context = getattr(function, "with_context", False)
    takes_environment = getattr(function, "with_environment", False)

    @with_context
    def apply(value: Any, *arguments: Any, context: MeteredContext, **named: Any) -> Any:
        for each in (value, *arguments, *named.values()):
            if isinstance(each, list | tuple | range):
                check_value(each)
        context.budget.spend(1)
        context.budget.spend_on(value, *arguments)
        if name in _QUADRATIC_FILTERS and isinstance(value, list):
            context.budget.spend(len(value) ** 2 // _PAIRS_PER_STEP)
        if takes_context:
            named["context"] = context
        if takes_environment:
            named["environment"] = context.env
        result = check_value(_call(name, function, value, arguments, named))
        context.budget.spend_on(result)
        return result

    return apply


def _call(
    name: str,
    function: Callable[..., Any],
    value: Any,
    arguments: Sequence[Any],
    named: Mapping[str, Any],
) -> Any:
    """Calls a filter; python-liquid's errors, which quote Python, say how it was used instead."""
    try:
        return function(value, *arguments, **named)
    except LiquidFailed:
        raise
    except (LiquidError, *ERRORS_OF_ODD_VALUES) as error:
        if isinstance(error.__cause__, ZeroDivisionError):
            raise LiquidFailed(f"{name}: can't divide by 0") from None
        raise LiquidFailed(misuse(name, _none_if_undefined(value), arguments)) from None


def _locale_filter(name: str) -> Callable[..., Any]:
    @with_context
    def apply(value: Any, *arguments: Any, context: MeteredContext) -> Any:
        return call_filter(_liquid_context(context), name, _none_if_undefined(value), arguments)

    return apply


@with_context
def _join(value: Any, separator: Any = " ", *, context: MeteredContext) -> Any:
    liquid_context = _liquid_context(context)
    return join_values(liquid_context, _to_list(value), liquid_context.to_text(separator))


def _replace(value: Any, sequence: Any, substitute: Any = "") -> str:
    """Liquid's `replace`; the length of the result is known before it is made."""
    text, old, new = ("" if each is None else str(each) for each in (value, sequence, substitute))
    check_length(len(text) + text.count(old) * (len(new) - len(old)))
    return text.replace(old, new)


def _sort(value: Any, key: Any = None) -> list[Any]:
    """Liquid's `sort`, with missing values last."""
    items = _to_list(value)
    keys = [
        _sort_key(item.get(key) if key and isinstance(item, Mapping) else item) for item in items
    ]
    order = sorted(range(len(items)), key=lambda index: _none_last(keys[index]))
    return [items[index] for index in order]


def _strip_html(value: Any) -> str:
    """Liquid's `strip_html` in linear time, which Python's parser of HTML does not promise."""
    text = "" if value is None else str(value)
    text = without_delimited(text, _HTML_BLOCK, _HTML_BLOCK_END)
    return without_delimited(text, _HTML_TAG, {"<": ">"})


def _liquid_context(context: MeteredContext) -> LiquidContext:
    assert context.liquid_context is not None
    return context.liquid_context


def _sort_key(value: Any) -> Any:
    return value.__liquid__() if hasattr(value, "__liquid__") else value


def _none_last(key: Any) -> tuple[bool, Any]:
    return key is None, 0 if key is None else key


def _to_list(value: Any) -> list[Any]:
    if isinstance(value, list | tuple | range):
        return list(value)
    return [] if _none_if_undefined(value) is None else [value]


def _none_if_undefined(value: Any) -> Any:
    return None if isinstance(value, Undefined) else value
