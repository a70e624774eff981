"""Properties of split, work and join that hold for any table."""

import csv
import hashlib
import io
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from postcard.adapters.memory.files import MemoryFileStore
from postcard.campaigns.batches.batch_files import BatchFiles
from postcard.campaigns.batches.join import FileJoin, JoinSizes, JoinState
from postcard.campaigns.batches.plan import BatchSettings
from postcard.campaigns.batches.ranged_file import RangedFile
from postcard.campaigns.batches.split import TableSplit
from postcard.campaigns.batches.work import text_of_chunk
from postcard.campaigns.tables.row_reader import RowReader
from postcard.campaigns.tables.row_writer import RowWriter
from postcard.campaigns.tables.table_file import open_table
from postcard.campaigns.tables.text_encoding import EncodingScan
from tests.trust.run_scale import scaled

FAST = settings(
    max_examples=scaled(30, 300), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
cells = st.text(st.sampled_from("ab ,;\"'\r\n\\\té山=+"), max_size=8)
tables = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=12)
)
line_ends = st.sampled_from(["\n", "\r\n", "\r"])
encodings = st.sampled_from(["utf-8", "utf-16-le", "cp932", "gb18030"])


def body_of(rows: list[list[str]], line_end: str, encoding: str) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=line_end, quoting=csv.QUOTE_ALL)
    width = len(rows[0])
    writer.writerows([[f"column {n}" for n in range(width)], *rows])
    return text.getvalue().encode(encoding, "replace")


@FAST
@given(
    st.text(st.sampled_from("ab\r\néñЖ山"), min_size=1, max_size=60),
    st.sampled_from(["utf-8", "cp1252", "cp1251", "utf-16"]),
    st.integers(1, 9),
)
def test_an_encoding_is_found_alike_in_pieces_of_any_size(
    text: str, encoding: str, size: int
) -> None:
    body = text.encode(encoding, "replace")
    whole, pieces = EncodingScan(), EncodingScan()
    whole.feed(body)
    for start in range(0, len(body), size):
        pieces.feed(body[start : start + size])
    assert pieces.finish() == whole.finish()


@FAST
@given(tables, line_ends, encodings, st.integers(1, 5), st.booleans())
def test_every_range_read_alone_gives_its_rows(
    rows: list[list[str]], line_end: str, encoding: str, chunk_rows: int, is_late: bool
) -> None:
    store = MemoryFileStore()
    files = BatchFiles(store, "bat_1")
    store.write(files.upload, body_of(rows, line_end, encoding), "text/csv")
    head = store.head(files.upload)
    assert head is not None
    options: dict[str, Any] = {"encoding": encoding, "delimiter": ",", "quote": '"'}
    split = TableSplit(
        files,
        BatchSettings(template_id="welcome", **options),
        is_late=lambda: is_late,
        chunk_rows=chunk_rows,
    )
    state = split.inspect(head)
    while not state.is_done:
        state = split.scan(head, type(state).from_json(state.to_json()))
    whole = open_table(io.BytesIO(store.read(files.upload, 0, head.size)), **options)
    expected = list(whole.rows())
    read = [row for chunk in state.chunks for row in rows_alone(files, state, chunk)]
    assert read == expected
    assert [chunk.rows for chunk in state.chunks] == [
        min(chunk_rows, len(expected) - start) for start in range(0, len(expected), chunk_rows)
    ]


def rows_alone(files: BatchFiles, state: Any, chunk: Any) -> list[Any]:
    text = text_of_chunk(files, state.format, state.etag, chunk)
    lines = io.StringIO(text, newline="")
    return list(
        RowReader(
            lines,
            state.format,
            state.header.columns,
            first_row=chunk.row,
            first_line=chunk.line,
        )
    )


@FAST
@given(tables, line_ends, st.sampled_from(["utf-8", "utf-16-le", "cp932"]), st.booleans())
@example([[";\\"], ['";\r']], "\n", "utf-8", False)  # a backslash before a quote escapes nothing
@example([[';\\";\r;']], "\n", "utf-8", True)
def test_a_result_has_the_bytes_of_its_file_and_the_added_cells(
    rows: list[list[str]], line_end: str, encoding: str, escapes: bool
) -> None:
    body = body_of(rows, line_end, encoding)
    table = open_table(io.BytesIO(body), encoding=encoding, delimiter=",", quote='"')
    writer = RowWriter(table.format, table.columns, ("url",), escapes_formulas=escapes)
    source = list(table.rows())
    out = writer.encode("".join(writer.row(row, ["U"]) for row in source)).decode(encoding)
    again = [row[:-1] for row in csv.reader(io.StringIO(out, newline="")) if row]
    if escapes:
        assert [[cell.removeprefix("'") for cell in row] for row in again] == [
            [cell.removeprefix("'") for cell in row.cells] for row in source
        ]
    else:
        assert out.replace(',"U"', "") == "".join(row.text for row in source)
        assert again == [list(row.cells) for row in source]


@FAST
@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=20),
    st.integers(0, 30),
    st.integers(1, 16),
    st.booleans(),
    st.booleans(),
)
def test_parts_of_any_sizes_are_joined_in_order(
    sizes: list[int], prefix: int, minimum: int, is_changed: bool, is_late: bool
) -> None:
    store = MemoryFileStore(min_part_bytes=minimum)
    files = BatchFiles(store, "bat_1")
    bodies = [bytes([number]) * size for number, size in enumerate(sizes)]
    for number, body in enumerate(bodies):
        store.write(files.part(number), body, "text/csv")
    heads = list(store.list(files.parts))
    change = (lambda body: body[:1]) if is_changed else None
    saved = [JoinState("out")]

    def continues() -> bool:
        """Go on from what was saved, as a new process does; whether there is more to do."""
        join = FileJoin(
            files,
            heads,
            prefix=b"p" * prefix,
            content_type="text/csv",
            change=change,
            sizes=JoinSizes(minimum, minimum * 2),
        )
        state = JoinState.from_json(saved[-1].to_json())

        def save() -> None:
            saved.append(JoinState.from_json(state.to_json()))

        return not join.run(state, save, lambda: is_late)

    calls = 1
    while continues():
        calls += 1
        assert calls <= len(sizes) + 1
    expected = [body[:1] if is_changed else body for body in bodies]
    head = store.head("out")
    assert head is not None
    assert store.read("out", 0, head.size) == b"p" * prefix + b"".join(expected)


def test_more_files_than_an_upload_has_parts_are_joined() -> None:
    store = MemoryFileStore(min_part_bytes=1)
    files = BatchFiles(store, "bat_1")
    bodies = [number.to_bytes(2, "big") for number in range(10_200)]
    for number, body in enumerate(bodies):
        store.write(files.part(number), body, "text/csv")
    heads = list(store.list(files.parts))
    join = FileJoin(files, heads, prefix=b"p", content_type="text/csv", sizes=JoinSizes(1, 2))
    state = JoinState("out")
    assert join.run(state, lambda: None, lambda: False) and len(state.etags) <= 10_000
    assert store.read("out", 0, 30_000) == b"p" + b"".join(bodies)


@FAST
@given(
    st.binary(min_size=1, max_size=200),
    st.lists(st.tuples(st.integers(0, 220), st.integers(1, 50))),
)
def test_a_ranged_file_reads_as_a_file_does(body: bytes, reads: list[tuple[int, int]]) -> None:
    store = MemoryFileStore()
    store.write("f", body, "text/csv")
    head = store.head("f")
    assert head is not None
    ranged, plain = RangedFile(store, head, range_bytes=7), io.BytesIO(body)
    for offset, length in reads:
        ranged.seek(offset)
        plain.seek(offset)
        piece = ranged.read(length) or b""
        assert plain.read(len(piece)) == piece
        assert piece or offset >= len(body)
    assert ranged.sha256() == hashlib.sha256(body).hexdigest()
