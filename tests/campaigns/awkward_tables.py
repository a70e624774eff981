"""Tables as people send them: what is true of each beside its bytes."""

import csv
import io
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

HEADER = ("Email", "User Name", "discount_code", "Note", "customer no")
FIRST_NAMES = (
    *("Ann", "Bob", "Zoë", "José", "O'Brien", "Þórður", "Łukasz", "Мария", "李小龍", "أحمد"),
    *("André", "Jean-Luc", "Renée", "Sinéad", "Björk", "Nguyễn", "Ümit", "Ravi", "Aoife"),
)
LAST_NAMES = ("Smith", "Müller", "García", "Sørensen", "Nowak", "Иванова", "山田", "D'Angelo", "Li")
NOTES = (
    *("", 'likes "red", blue', "line one\nline two", "+45 12 34 56 78", "=1+1", "x;y", "plain"),
)
RUSSIAN = ("Мария Иванова", "Сергей Петров", "Ольга Кузнецова")


@dataclass(frozen=True)
class Awkward:
    """A file, and what is true of it."""

    body: bytes
    encoding: str
    delimiter: str
    quote: str
    rows: int


def people(count: int) -> list[list[str]]:
    source = random.Random(5)
    return [
        [
            f"user{number}@example.com",
            source.choice(FIRST_NAMES) + source.choice(("", f" {source.choice(LAST_NAMES)}")),
            f"SAVE{source.randrange(100_000):05d}",
            source.choice(NOTES),
            str(source.randrange(10**6)),
        ]
        for number in range(count)
    ]


def table(
    rows: Sequence[Sequence[str]],
    encoding: str = "utf-8",
    *,
    header: Sequence[str] = HEADER,
    mark: bytes = b"",
    before: str = "",
    after: str = "",
    **options: Any,
) -> Awkward:
    text = io.StringIO(newline="")
    options = {"lineterminator": "\r\n", "delimiter": ",", "quotechar": '"', **options}
    csv.writer(text, **options).writerows([header, *rows])
    body = mark + (before + text.getvalue() + after).encode(encoding)
    return Awkward(body, encoding, options["delimiter"], options["quotechar"], len(rows))


def same(person: Sequence[str], count: int) -> list[list[str]]:
    return [list(person) for _ in range(count)]


def awkward_tables() -> Mapping[str, Awkward]:
    """43 files by a name that says what is awkward."""
    return dict(_tables())


def _tables() -> Iterator[tuple[str, Awkward]]:
    yield from _dialects(people(200))
    yield from _encodings(people(200))
    yield from _contents(people(60))


def _dialects(rows: list[list[str]]) -> Iterator[tuple[str, Awkward]]:
    one_line = [[cell.replace("\n", " ") for cell in row] for row in rows]
    yield "line feeds", table(rows, lineterminator="\n")
    yield "carriage returns", table(one_line, lineterminator="\r")
    yield "semicolons", table(rows, delimiter=";")
    yield "tabs", table(rows, delimiter="\t")
    yield "pipes", table(rows, delimiter="|")
    yield "all quoted", table(rows, quoting=csv.QUOTE_ALL)
    yield "single quotes", table(rows, quotechar="'")
    yield "backslashes", table(rows, doublequote=False, escapechar="\\")
    yield "sep line", table(rows, delimiter=";", before="sep=;\r\n")
    yield "no last line end", _without_end(table(rows))
    plain = [[row[0], row[1].replace('"', ""), row[2], 'TV 42" wide', row[4]] for row in one_line]
    yield (
        "escaped stray quotes",
        table(plain, quoting=csv.QUOTE_NONE, escapechar="\\"),
    )
    stray = "".join(f'u{number}@x.com,Ann,screen 42" wide\r\n' for number in range(201))
    body = f"Email,User Name,Note\r\n{stray}".encode()
    yield "stray quotes", Awkward(body, "utf-8", ",", '"', 201)
    amounts = [[row[0], "1,5"] for row in rows]
    yield "decimal commas", table(amounts, header=["Email", "Amount"], delimiter=";")
    several = [[row[0], row[1], "1,50", "2,75", "3,00"] for row in rows]
    header = ["Email", "User Name", "a", "b", "c"]
    yield "several decimal commas", table(several, header=header, delimiter=";")
    urls = [[row[0], row[1], "https://x.com/a;b|c?d=e,f", row[3]] for row in rows]
    yield "delimiters in addresses", table(urls, header=("Email", "Name", "URL", "Note"))
    pipes = [[row[0], "a|b|c", "d|e|f"] for row in rows]
    yield "pipes in texts", table(pipes, header=("Email", "x", "y"))
    yield (
        "spaces behind delimiters",
        Awkward(
            b'Email, "Name", "Note"\n' + b'a@x.dk, "Ann", "a, b"\n' * 50, "utf-8", ",", '"', 50
        ),
    )


def _encodings(rows: list[list[str]]) -> Iterator[tuple[str, Awkward]]:
    western = [[cell.encode("cp1252", "ignore").decode("cp1252") for cell in row] for row in rows]
    yield "UTF-8", table(rows)
    yield "UTF-8 with a mark", table(rows, mark=b"\xef\xbb\xbf")
    yield "UTF-16 little end", table(rows, "utf-16-le", mark=b"\xff\xfe")
    yield "UTF-16 big end", table(rows, "utf-16-be", mark=b"\xfe\xff")
    yield "UTF-16 without a mark", table(rows, "utf-16-le")
    yield "UTF-16 with tabs", table(rows, "utf-16-le", delimiter="\t", mark=b"\xff\xfe")
    yield "Windows-1252", table(western, "cp1252")
    yield "Windows-1252 with semicolons", table(western, "cp1252", delimiter=";")
    ascii_rows = same(["a@x.dk", "Ann", "SAVE1", "", "1"], 8000)
    late = [*ascii_rows, ["z@x.dk", "Zoë", "SAVE2", "", "1"]]
    yield "Windows-1252 at the end", table(late, "cp1252")
    yield "UTF-8 at the end", table(late)
    yield (
        "one Danish name",
        table([*ascii_rows[:300], ["b@x.dk", "Søren", "SAVE2", "", "1"]], "cp1252"),
    )
    source = random.Random(1)
    russian = [[f"u{i}@x.ru", source.choice(RUSSIAN), "SAVE1", "", "1"] for i in range(200)]
    yield "Windows-1251", table(russian, "cp1251", delimiter=";")
    yield "KOI8-R", table(russian, "koi8-r")
    polish = same(["u@x.pl", "Łukasz Żółć Świątek", "SAVE1", "", "1"], 200)
    yield "ISO-8859-2", table(polish, "iso8859-2", delimiter=";")
    yield (
        "Shift-JIS",
        table(same(["u@x.jp", "山田 太郎 表示ソ", "SAVE1", "", "1"], 200), "shift_jis"),
    )
    yield "GB18030", table(same(["u@x.cn", "李小龙", "SAVE1", "", "1"], 200), "gb18030")
    french = same(["u@x.fr", "Renée Lefèvre", "SAVE1", "", "1"], 200)
    yield "Mac Roman", table(french, "mac-roman", lineterminator="\r")


def _contents(rows: list[list[str]]) -> Iterator[tuple[str, Awkward]]:
    yield "one column", table([[row[1]] for row in rows], header=["user_name"])
    yield "one row", table(rows[:1])
    yield "a header only", table([])
    yield "blank lines behind", table(rows, after="\r\n\r\n\r\n")
    yield "blank lines before", table(rows, before="\r\n\r\n")
    big = ["b@x", "Ann", "SAVE1", "x" * 1_000_000, "1"]
    yield "a cell of a megabyte", table([*rows[:20], big, *rows[20:40]])
    yield (
        "ragged rows",
        table([*rows[:30], ["a@x", "Ann"], ["b@x", "Bo", "SAVE1", "", "1", "extra"]]),
    )
    yield "equal headers", table(rows, header=["Email", "Name", "Name", "Note", ""])
    yield "no cells", table([["", ""]] * 3, header=["Email", "Name"])


def _without_end(one: Awkward) -> Awkward:
    return Awkward(one.body.rstrip(b"\r\n"), one.encoding, one.delimiter, one.quote, one.rows)
