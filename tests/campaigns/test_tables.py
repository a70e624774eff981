"""Files of people are read right, or the guess is said, or the error names the line."""

import csv
import gzip
import io
import itertools
import json
from collections.abc import Iterator

import pytest

from postcard.campaigns.tables.decompressed_file import DecompressedFile
from postcard.campaigns.tables.row_reader import TableRow
from postcard.campaigns.tables.row_writer import RowWriter
from postcard.campaigns.tables.table_file import Table, open_table
from postcard.campaigns.tables.table_format import TableFormat
from postcard.campaigns.tables.table_refused import TableRefused
from tests.campaigns.awkward_tables import Awkward, awkward_tables

AWKWARD = awkward_tables()
ADDED = ("personalized_image_url", "alt", "status", "error")


def table_of(body: bytes, **options: object) -> Table:
    return open_table(io.BytesIO(body), **options)  # type: ignore[arg-type]


def refused(body: bytes, **options: object) -> TableRefused:
    with pytest.raises(TableRefused) as caught:
        list(table_of(body, **options).rows())
    return caught.value


def first_row(rows: Iterator[TableRow]) -> TableRow:
    return next(rows)


def text_of(one: Awkward) -> str:
    return one.body.decode(one.encoding).lstrip("\ufeff")


@pytest.mark.parametrize("name", AWKWARD)
def test_an_awkward_file_is_read_right(name: str) -> None:
    one = AWKWARD[name]
    table = table_of(one.body)
    format = table.format
    mark = len(format.encoding.byte_order_mark)
    assert one.body[mark:].decode(format.encoding.name) == text_of(one)
    assert len(list(table.rows())) == one.rows
    if one.rows and name != "one column":
        assert (format.dialect.delimiter, format.dialect.quote) == (one.delimiter, one.quote)


@pytest.mark.parametrize("name", [n for n in AWKWARD if "escaped" not in n and n != "backslashes"])
def test_the_cells_of_an_awkward_file_are_those_of_python_s_csv_module(name: str) -> None:
    one = AWKWARD[name]
    text = text_of(one).removeprefix("sep=;\r\n").lstrip("\r\n")
    expected = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=one.delimiter,
        quotechar=one.quote,
        skipinitialspace="spaces" in name,
    )
    next(expected)
    width = len(table_of(one.body).columns)
    for row, cells in zip(table_of(one.body).rows(), filter(None, expected), strict=True):
        assert list(row.cells) == [*cells, *[""] * width][:width]


def test_escaped_quotes_are_parts_of_cells() -> None:
    for name, note in (
        ("escaped stray quotes", 'TV 42" wide'),
        ("backslashes", 'likes "red", blue'),
    ):
        notes = {row.cells[3] for row in table_of(AWKWARD[name].body).rows()}
        assert note in notes and not any("\\" in each for each in notes)


@pytest.mark.parametrize("name", AWKWARD)
def test_a_guessed_encoding_is_said_to_be_one(name: str) -> None:
    one = AWKWARD[name]
    encoding = table_of(one.body).format.encoding
    certain = one.encoding in ("utf-8", "utf-16-le", "utf-16-be")
    assert encoding.is_guess != certain


def test_a_row_knows_its_number_and_the_line_that_it_begins_in() -> None:
    body = b'\r\nEmail,Note\r\na@x,"one\r\ntwo"\r\n\r\nb@x,\r\n'
    table = table_of(body)
    rows = [(row.number, row.line, row.cells) for row in table.rows()]
    assert rows == [(1, 3, ["a@x", "one\r\ntwo"]), (2, 6, ["b@x", ""])]
    assert table.blank_lines == 1


def test_a_table_is_read_more_than_once() -> None:
    table = table_of(gzip.compress(AWKWARD["semicolons"].body))
    assert list(table.rows()) == list(table.rows())


@pytest.mark.parametrize(
    ("body", "code", "line"),
    [
        (b"", "empty_file", None),
        (b"\xef\xbb\xbf", "empty_file", None),
        (b"\r\n \r\n", "empty_file", None),
        (b"sep=;\r\n", "empty_file", None),
        (b",,\r\na,b,c\r\n", "no_header", 1),
        (b"\r\nann@x.com,Ann\r\nbob@x.com,Bob\r\n", "no_header", 2),
        (b'Email,Name\r\na@x.dk,Ann\r\nb@x.dk,"Bo\r\nc@x.dk,Cy\r\n', "open_quote", 3),
        (b'Email,Name\na@x.dk,"' + b"x" * 9_000_000, "open_quote", 2),
        (b"x" * 9_000_000, "open_quote", 1),
        (b'{"a": "' + b"x" * 9_000_000, "open_quote", 1),
        (b"\xff\xfea\0b\0\n\0c", "undecodable", 2),
        (b"PK\x03\x04" + b"\0" * 50, "not_text", None),
        (b"%PDF-1.7\n", "not_text", None),
        (bytes(range(1, 9)) * 40, "not_text", None),
        (b'[{"Email": "a@x"}]', "not_text", None),
        (gzip.compress(b"Email,Name\na@x,Ann\n", mtime=0)[:-9], "undecodable", None),
        (gzip.compress(b"", mtime=0), "empty_file", None),
        (",".join(f"c{n}" for n in range(201)).encode(), "bad_columns", 1),
        (json.dumps({f"c{n}": 1 for n in range(201)}).encode(), "bad_columns", 1),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_its_line(
    body: bytes, code: str, line: int | None
) -> None:
    error = refused(body)
    assert (error.code, error.line) == (code, line)
    assert "Ann" not in error.detail and "@" not in error.detail


def test_a_file_may_not_grow_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = gzip.compress(b"Email\n" + b"a\n" * 50_000)
    monkeypatch.setattr("postcard.campaigns.tables.decompressed_file.MAX_DECOMPRESSED_BYTES", 9999)
    assert refused(bomb).code == "too_large"


def test_what_the_caller_says_is_not_searched_for() -> None:
    body = "Name;Note\r\nZoë;'a;b'\r\n".encode()
    assert first_row(table_of(body, encoding="latin-1").rows()).cells[0] == "ZoÃ«"
    assert table_of(body, delimiter=",").header == ["Name;Note"]
    assert first_row(table_of(body, quote="'").rows()).cells == ["Zoë", "a;b"]
    assert first_row(table_of(body, header=False).rows()).cells == ["Name", "Note"]
    assert table_of(body, header=False).header == ()
    assert first_row(table_of(b'a,b\n"x,y\n', quote="").rows()).cells == ['"x', "y"]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"encoding": "klingon"}, "unknown_encoding"),
        ({"encoding": "base64"}, "unknown_encoding"),
        ({"encoding": "unicode_escape"}, "unknown_encoding"),
        ({"encoding": "x" * 10_000}, "unknown_encoding"),
        ({"delimiter": "ab"}, "bad_dialect"),
        ({"delimiter": "\n"}, "bad_dialect"),
        ({"delimiter": "é"}, "bad_dialect"),
        ({"delimiter": "a"}, "bad_dialect"),
        ({"delimiter": ""}, "bad_dialect"),
        ({"quote": "\r"}, "bad_dialect"),
        ({"delimiter": ";", "quote": ";"}, "bad_dialect"),
    ],
)
def test_an_encoding_or_dialect_that_no_file_has_is_refused(
    options: dict[str, str], code: str
) -> None:
    assert refused(b"Email,Name\na@x,Ann\n", **options).code == code


@pytest.mark.parametrize("name", ["utf-16", "UTF16", "utf-8-sig", "windows-1252", "ISO-8859-1"])
def test_usual_names_of_encodings_are_known(name: str) -> None:
    encoding = name if name != "UTF16" else "utf-16"
    body = "Email,Name\r\na@x,Zoë\r\n".encode(encoding)
    assert first_row(table_of(body, encoding=name).rows()).cells == ["a@x", "Zoë"]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (b"a@x,Ann,extra", "ragged"),
        (b"a@x,A\0nn", "nul_byte"),
        (b"a@x," + b"x" * 270_000, "row_too_long"),
        (b'a@x,"' + b"\n" * 300 + b'"', "open_quote"),
    ],
)
def test_a_bad_row_has_a_fault_and_the_next_row_none(row: bytes, code: str) -> None:
    first, second = table_of(b"Email,Name\n" + row + b"\nb@x,Bo\n").rows()
    assert first.fault is not None and first.fault.code == code
    assert second.fault is None and second.cells == ["b@x", "Bo"]


def test_bytes_that_are_not_of_the_encoding_are_a_fault_of_their_row() -> None:
    body = b"Email,Name\na@x,Zo\xeb\nb@x,Bo\n"
    first, second = table_of(body, encoding="utf-8").rows()
    assert first.fault is not None and first.fault.code == "undecodable"
    assert second.fault is None


def test_a_short_row_is_filled_with_blanks_and_blank_cells_too_many_are_left_out() -> None:
    short, long = table_of(b"Email,Name,Note\na@x\nb@x,Bo,,,\n").rows()
    assert short.cells == ["a@x", "", ""] and short.fault is None
    assert long.cells == ["b@x", "Bo", ""] and long.fault is None


@pytest.mark.parametrize(
    ("body", "columns", "cells"),
    [
        (b"\xef\xbb\xbfsep=;\r\na;b\r\n1;2\r\n", ["a", "b"], [["1", "2"]]),
        (b'"sep=;"\r\na;b\r\n1;2\r\n', ["a", "b"], [["1", "2"]]),
        (b"sep=^\na^b\n1^2\n", ["a", "b"], [["1", "2"]]),
        (b"a,b\r\n1,2\r\n\x1a", ["a", "b"], [["1", "2"]]),
        (b"a,b\r\n1,2\n3,4\r5,6", ["a", "b"], [["1", "2"], ["3", "4"], ["5", "6"]]),
        (b'"a\nb",c\n1,2\n', ["a\nb", "c"], [["1", "2"]]),
        (b'name,size\na,"5\nb,"6\n', ["name", "size"], [["a", '"5'], ["b", '"6']]),
        (b"a,b\nx,'t Hooft\ny,O'Brien\n", ["a", "b"], [["x", "'t Hooft"], ["y", "O'Brien"]]),
        ("имя;фамилия\nМария;Иванова\n".encode("utf-16-le"), ["имя", "фамилия"], None),
        ("名;姓\n小龍;李\n".encode("utf-16-be"), ["名", "姓"], [["小龍", "李"]]),
        ("a,b\n1,é\n".encode("utf-32"), ["\ufeffa", "b"], None),
    ],
)
def test_rare_ways_to_write_a_table_are_read(
    body: bytes, columns: list[str], cells: list[list[str]] | None
) -> None:
    table = table_of(body)
    rows = [list(row.cells) for row in table.rows()]
    assert [name.lstrip("\ufeff") for name in table.columns] == [
        name.lstrip("\ufeff") for name in columns
    ]
    assert rows == cells if cells is not None else len(rows) == 1


@pytest.mark.parametrize(
    "body", [b'{\n  "Email": "a@x"\n}', b"<!DOCTYPE html><p>", b"<html><p>", b"<?xml version='1'?>"]
)
def test_other_formats_of_text_are_refused_too(body: bytes) -> None:
    assert refused(body).code == "not_text"


def test_a_row_that_swallowed_others_behind_a_quote_has_a_fault() -> None:
    body = b'Email,Name\na@x,Ann\nb@x,"5 inch\nc@x,"6\nd@x,"Di"\ne@x,"two\nlines"\n'
    faults = [row.fault.code if row.fault else None for row in table_of(body).rows()]
    assert faults == [None, "open_quote", None, None]


# JSON Lines


def test_json_lines_have_the_keys_of_all_objects_as_columns() -> None:
    body = b'{"Email": "a@x", "age": 5}\n\n{"Email": "b@x", "tags": [{"name": "x"}]}\n'
    table = table_of(body)
    assert table.format.kind == "jsonl" and list(table.header) == ["Email", "age", "tags"]
    assert [(row.number, row.line, row.cells) for row in table.rows()] == [
        (1, 1, ["a@x", 5, None]),
        (2, 3, ["b@x", None, [{"name": "x"}]]),
    ]


@pytest.mark.parametrize("line", [b"no json", b"[1]", b'{"a": 1, "a": 2}', b'{"a": NaN}'])
def test_a_line_that_is_no_object_is_a_fault_of_that_row(line: bytes) -> None:
    _, bad, last = table_of(b'{"a": 1}\n' + line + b'\n{"a": 3}\n').rows()
    assert bad.fault is not None and bad.fault.code == "invalid_json"
    assert last.cells == [3]


# Writing


def written(table: Table, added: tuple[str, ...], **options: bool) -> bytes:
    writer = RowWriter(table.format, table.header, ADDED, **options)
    rows = "".join(writer.row(row, added) for row in table.rows())
    text = writer.encode(writer.header(table.columns, table.header_text) + rows)
    return writer.compress(table.format.encoding.byte_order_mark + text)


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("name", [n for n in AWKWARD if AWKWARD[n].rows])
def test_a_result_is_its_file_byte_for_byte_but_the_added_columns(
    name: str, compressed: bool
) -> None:
    one = AWKWARD[name]
    table = table_of(gzip.compress(one.body) if compressed else one.body)
    out = written(table, ("u1", "a1", "ok", "-"), escapes_formulas=False)
    out = gzip.decompress(out) if compressed else out
    sign = table.format.dialect.delimiter
    quote = table.format.dialect.quote if table.format.dialect.quotes_all else ""

    def as_bytes(*cells: str) -> bytes:
        return "".join(f"{sign}{quote}{cell}{quote}" for cell in cells).encode(
            table.format.encoding.name
        )

    body = out.replace(as_bytes(*ADDED), b"", 1).replace(as_bytes("u1", "a1", "ok", "-"), b"")
    if name not in ("ragged rows", "blank lines behind", "blank lines before"):
        assert body == one.body
    assert [list(row.cells)[: len(table.columns)] for row in table_of(out).rows()] == [
        list(row.cells) for row in table.rows()
    ]


@pytest.mark.parametrize("name", [n for n in AWKWARD if AWKWARD[n].rows])
def test_added_cells_are_read_back_as_they_were(name: str) -> None:
    table = table_of(AWKWARD[name].body)
    added = ("https://x.dk/r/a.png?b=1&c=2,3;4|5", 'Hi "Zoe", it\'s\nyou', "ok", "a; b")
    format = table.format
    out = table_of(
        written(table, added, escapes_formulas=False),
        encoding=format.encoding.name,
        delimiter=format.dialect.delimiter,
        quote=format.dialect.quote,
    )
    for row in itertools.islice(out.rows(), 50):
        if row.fault is None:
            assert tuple(row.cells[-4:]) == added


def test_json_lines_get_four_keys_and_stay_as_they_are() -> None:
    body = b'{"Email":"a@x", "n": 1.50, "status": "new"}\r\n{}\r\nno json\r\n{"n": 2}'
    lines = written(table_of(body), ("u", "Zoë", "ok", "=x")).decode().split("\r\n")
    assert lines[0] == (
        '{"Email":"a@x", "n": 1.50, "status": "new", '
        '"personalized_image_url": "u", "alt": "Zoë", "status_2": "ok", "error": "=x"}'
    )
    assert [json.loads(line)["alt"] for line in lines] == ["Zoë"] * 4


def test_added_columns_have_names_that_are_free() -> None:
    table = table_of(b"alt,status,status_2\n1,2,3\n")
    assert written(table, ("u", "a", "s", "e")).decode().splitlines()[0] == (
        "alt,status,status_2,personalized_image_url,alt_2,status_3,error"
    )


def test_letters_that_the_encoding_does_not_have_become_question_marks_and_are_counted() -> None:
    table = table_of("Name\r\nZoë\r\n".encode("cp1252"))
    writer = RowWriter(table.format, table.header, ADDED)
    (row,) = table.rows()
    text = writer.row(row, ("u", "Hi Łukasz 李", "ok", ""))
    assert writer.encode(text).decode("cp1252") == "Zoë,u,Hi ?ukasz ?,ok,\r\n"
    assert writer.replaced_characters == 2


def test_bytes_of_another_encoding_are_written_as_they_were() -> None:
    body = b"Name,Note\nAnn,Zo\xeb\n"
    out = written(table_of(body, encoding="utf-8"), ("u", "a", "ok", ""))
    assert b"Ann,Zo\xeb,u,a,ok,\n" in out


def test_the_format_survives_its_json() -> None:
    for one in AWKWARD.values():
        format = table_of(one.body).format
        assert TableFormat.from_json(json.loads(json.dumps(format.to_json()))) == format


def test_a_decompressed_file_leaves_its_file_open() -> None:
    file = io.BytesIO(b"x")
    DecompressedFile(file, is_gzip=False).close()
    assert not file.closed
