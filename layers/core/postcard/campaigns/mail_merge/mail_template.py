"""A mail with Liquid in it: the columns of a row are its names, and `picture` is the `<img>`."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from liquid import Environment
from liquid.exceptions import LiquidError
from liquid.static_analysis import Variable
from liquid.undefined import StrictDefaultUndefined
from markupsafe import Markup

from postcard.campaigns.tables.column_mapping import simple_name
from postcard.name_suggestions import closest_name
from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lazy_regex import lazy_regex

MAX_SOURCE_CHARACTERS = 1_000_000
MAX_MAIL_BYTES = 2_000_000  # of one mail
MAX_SUBJECT_CHARACTERS = 500
PICTURE_NAMES = ("picture", "picture_url", "picture_alt", "picture_width", "picture_height")
_SURROGATES = lazy_regex("[\ud800-\udfff]")
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
        self._by_name = _columns_by_name(columns)
        self._template = self._located(lambda: _environment(escapes=is_html).from_string(source))
        self._check_names()

    def render(self, cells: Sequence[Any], picture: PersonalPicture) -> str:
        """The mail of one person; `MailFault` if its Liquid fails on these values.

        Half a surrogate pair, which JSON can hold and no file, becomes U+FFFD.
        """
        cells = [*map(_writable, cells), *[None] * (len(self._columns) - len(cells))]
        values = {name: cells[indices[0]] for name, indices in self._by_name.items()}
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
        names = self._template.analyze(include_partials=False).globals
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

    def _check_names(self) -> None:
        """Everything that would fail for every row alike."""
        analysis = self._template.analyze(include_partials=False)
        for name, uses in analysis.globals.items():
            for use in uses:
                if detail := self._name_fault(name, use):
                    raise MailFault(detail, *_line_and_column(self._source, use.span.index))
        filters = self._template.env.filters
        for name, spans in analysis.filters.items():
            if name not in filters:
                similar = "safe" if name == "raw" else closest_name(name, list(filters))
                hint = f"; did you mean {similar}" if similar else ""
                detail = f"unknown filter {name[:64]!r}{hint}."
                raise MailFault(detail, *_line_and_column(self._source, spans[0].index))

    def _name_fault(self, name: str, use: Variable) -> str | None:
        if name == _ROW:
            header = use.segments[1] if len(use.segments) > 1 else None
            return self._header_fault(header) if isinstance(header, str) else None
        if name in PICTURE_NAMES:
            return None
        indices = self._by_name.get(name)
        if indices is None:
            return self._unknown(name)
        if len(indices) > 1:
            numbers = " and ".join(str(index + 1) for index in indices[:10])
            forms = " or ".join(_row_form(self._columns[index]) for index in indices[:3])
            return f"columns {numbers} are both called {name[:64]}: write {forms}."
        return None

    def _header_fault(self, header: str) -> str | None:
        times = list(self._columns).count(header)
        if times > 1:
            return f"{times} columns have the header {header[:64]!r}: rename all but one."
        if times:
            return None
        similar = closest_name(header, list(self._columns))
        hint = f"; did you mean {similar[:64]!r}" if similar else ""
        return f"no column has the header {header[:64]!r}{hint}."

    def _unknown(self, name: str) -> str:
        known = list(self._by_name)
        similar = closest_name(name, [*known, *PICTURE_NAMES])
        hint = f"did you mean {similar}? " if similar else ""
        # Headers without Latin letters have no name of their own.
        others = [_row_form(column) for column in self._columns if not simple_name(column)]
        listed = ", ".join([*known, *others][:20]) or "none"
        return f"no column is called {name[:64]}; {hint}There are {listed}, and picture."


def _columns_by_name(columns: Sequence[str]) -> Mapping[str, Sequence[int]]:
    """Each name in Liquid with the indices of its columns; one whose header is the name has it.

    >>> _columns_by_name(["User Name", "user_name", "E-Mail", "e mail", "名前"])
    {'user_name': [1], 'e_mail': [2, 3]}
    """
    found: dict[str, list[int]] = {}
    for index, column in enumerate(columns):
        if name := simple_name(column):
            found.setdefault(name, []).append(index)
    exact = {name: [i for i in some if columns[i].strip() == name] for name, some in found.items()}
    return {name: exact[name] or some for name, some in found.items()}


def _row_form(header: str) -> str:
    quote = "'" if '"' in header else '"'
    return f"row[{quote}{header[:64]}{quote}]"


def _writable(cell: Any) -> Any:
    if isinstance(cell, str):
        return _SURROGATES.sub("\ufffd", cell)
    if isinstance(cell, list):
        return [_writable(each) for each in cell]
    if isinstance(cell, dict):
        return {_writable(key): _writable(each) for key, each in cell.items()}
    return cell


def _sentence(message: str) -> str:
    return message if message.endswith(".") else f"{message}."


def _line_and_column(source: str, index: int) -> tuple[int, int]:
    index = len(source) if index < 0 else min(index, len(source))
    before = source[:index]
    return before.count("\n") + 1, index - (before.rfind("\n") + 1) + 1
