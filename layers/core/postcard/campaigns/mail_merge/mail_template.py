"""A mail with Liquid in it: the columns of a row are its names, and `picture` is the `<img>`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from liquid import Environment
from liquid.exceptions import LiquidError
from liquid.undefined import StrictDefaultUndefined
from markupsafe import Markup

from postcard.campaigns.tables.column_mapping import simple_name
from postcard.name_suggestions import closest_name
from postcard.runtime.lazy_dataclass import dataclass

MAX_SOURCE_CHARACTERS = 1_000_000
MAX_MAIL_BYTES = 2_000_000  # of one mail
MAX_SUBJECT_CHARACTERS = 500
PICTURE_NAMES = ("picture", "picture_url", "picture_alt", "picture_width", "picture_height")
_ROW = "row"  # every column by its header: row["First Name"]


class MailFault(Exception):
    """The mail cannot be written. `line` and `column` count from 1; None: it is about no place."""

    def __init__(self, detail: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(detail)
        self.detail, self.line, self.column = detail, line, column

    def __str__(self) -> str:
        if self.line is None:
            return self.detail
        return f"line {self.line}, column {self.column}: {self.detail}"


@dataclass(frozen=True, slots=True)
class PersonalPicture:
    """A person's picture: its address, its tag for a mail, what it shows, its size in the mail."""

    url: str
    img: str
    alt: str
    width: int
    height: int


class _Environment(Environment):
    loop_iteration_limit = 10_000
    local_namespace_limit = 2_000_000
    output_stream_limit = MAX_MAIL_BYTES


@cache
def _environment(*, escapes: bool) -> Environment:
    """Without the tags that load files. With `escapes`, values are escaped for HTML."""
    liquid = _Environment(autoescape=escapes, undefined=StrictDefaultUndefined)
    for name in ("include", "render", "extends", "block"):
        liquid.tags.pop(name, None)
    return liquid


class MailTemplate:
    """A parsed mail, or its subject; `MailFault` with line and column where it is wrong.

    Values are escaped for HTML unless `is_html` is false.
    """

    def __init__(self, source: str, columns: Sequence[str], *, is_html: bool = True) -> None:
        if len(source) > MAX_SOURCE_CHARACTERS:
            raise MailFault(f"The mail has over {MAX_SOURCE_CHARACTERS:,} characters.")
        self._source, self._columns, self._is_html = source, columns, is_html
        self._names = [simple_name(column) for column in columns]
        self._template = self._located(lambda: _environment(escapes=is_html).from_string(source))
        self._check_names()

    def render(self, cells: Sequence[Any], picture: PersonalPicture) -> str:
        """The mail of one person; `MailFault` if its Liquid fails on these values."""
        values = dict(zip(self._names, cells, strict=False))
        values[_ROW] = dict(zip(self._columns, cells, strict=False))
        values |= {
            "picture": Markup(picture.img) if self._is_html else picture.img,  # noqa: S704 - our tag
            "picture_url": picture.url,
            "picture_alt": picture.alt,
            "picture_width": picture.width,
            "picture_height": picture.height,
        }
        return str(self._located(lambda: self._template.render(values)))

    @property
    def has_picture(self) -> bool:
        """Whether the mail shows the picture."""
        names = self._global_names()
        return bool({"picture", "picture_url"} & names.keys())

    def _located(self, work: Callable[[], Any]) -> Any:
        try:
            return work()
        except LiquidError as error:
            message = str(error.args[0]) if error.args else "this Liquid is wrong"
            raise MailFault(_sentence(message), *self._place_of(error)) from None
        except RecursionError:
            raise MailFault("The Liquid is nested too deep.") from None

    def _place_of(self, error: LiquidError) -> tuple[int, int] | tuple[None, None]:
        token = error.token
        if token is None:
            return None, None
        return _line_and_column(self._source, token.start_index)

    def _global_names(self) -> Mapping[str, int]:
        """The names that the Liquid takes from the row, with the index of their first use."""
        variables = self._template.analyze(include_partials=False).globals
        return {name: uses[0].span.index for name, uses in variables.items()}

    def _check_names(self) -> None:
        known = {*self._names, *PICTURE_NAMES, _ROW}
        for name, index in self._global_names().items():
            if name not in known:
                line, column = _line_and_column(self._source, index)
                raise MailFault(self._unknown(name), line, column)

    def _unknown(self, name: str) -> str:
        known = [name for name in self._names if name]
        similar = closest_name(name, [*known, *PICTURE_NAMES])
        hint = f"did you mean {similar}? " if similar else ""
        listed = ", ".join(dict.fromkeys(known[:20])) or "none"
        return f"no column is called {name[:64]}; {hint}There are {listed}, and picture."


def _sentence(message: str) -> str:
    return message if message.endswith(".") else f"{message}."


def _line_and_column(source: str, index: int) -> tuple[int, int]:
    index = len(source) if index < 0 else min(index, len(source))
    before = source[:index]
    return before.count("\n") + 1, index - (before.rfind("\n") + 1) + 1


def duplicate_names(columns: Iterable[str]) -> list[str]:
    """The names that more than one column has in Liquid; `row` tells these apart."""
    seen: dict[str, int] = {}
    for column in columns:
        name = simple_name(column)
        seen[name] = seen.get(name, 0) + 1
    return [name for name, times in seen.items() if times > 1 and name]
