"""A batch from its upload to its result, by the steps that the state machine calls."""

import gzip
import json
import math
import re
from dataclasses import replace
from typing import Any

import pytest

from postcard.campaigns.batches.batch_errors import BatchIncomplete, BatchRefused
from postcard.campaigns.batches.batch_files import BatchFiles
from postcard.campaigns.batches.batch_worker import BatchDependencies, batch_worker
from postcard.errors import ServiceUnavailable
from postcard.ports import BatchRecord
from postcard.runtime.lru_cache import Caches
from postcard.template.bind import bind
from postcard.timestamps import format_rfc3339
from tests.campaigns.batch_runner import BatchRunner, csv_bytes, csv_rows, fields_of, people
from tests.functions.fake_services import solid_png
from tests.functions.in_memory_service import BASE_URL, InMemoryService
from tests.functions.sample_events import document

CANARY = "Canary Wharf"


def error_of(record: BatchRecord) -> tuple[Any, ...]:
    assert record.status == "failed" and record.error is not None
    return record.error["code"], record.error["line"]


def codes_of(row: dict[str, str]) -> list[str]:
    return re.findall("(?:^|; )([a-z_]+): ", row["error"])


# What a row gets


def test_a_row_gets_its_link_its_alternative_text_and_its_status(runner: BatchRunner) -> None:
    record = runner.do(csv_bytes([["a@x.dk", "Zoë"], ["b@x.dk", ""]]))
    first, second = runner.rows()
    assert fields_of(first["personalized_image_url"]) == {"first_name": "Zoë"}
    assert (first["Email"], first["alt"]) == ("a@x.dk", "Hi Zoë")
    assert (first["status"], first["error"]) == ("ok", "")
    assert (second["status"], second["alt"]) == ("default", "Hi there")
    assert (record.total, record.ok, record.defaults, record.failed) == (2, 1, 1, 0)


def test_a_link_of_a_batch_is_the_one_that_a_post_gives(
    runner: BatchRunner, world: InMemoryService
) -> None:
    shared: dict[str, Any] = {
        "width": 60,
        "dpr": 2,
        "format": "jpg",
        "quality": 70,
        "campaign": "spring",
        "expires_at": format_rfc3339(world.now + 86_400),
    }
    runner.do(csv_bytes([["a@x.dk", "Zoë & Bob"]]), **shared)
    given = [{"name": "first_name", "value": "Zoë & Bob"}]
    body = {"template_id": "welcome", "modifications": given, **shared}
    posted = world.call("POST", "/v1/links", body).json
    (row,) = runner.rows()
    assert (row["personalized_image_url"], row["alt"]) == (posted["url"], posted["alt"])


def test_every_link_opens_with_the_words_of_its_row(
    runner: BatchRunner, world: InMemoryService
) -> None:
    runner.do(csv_bytes(people(3)))
    for row in runner.rows():
        link = row["personalized_image_url"].removeprefix(BASE_URL)
        assert world.open_link(link).status == 200
        assert fields_of(row["personalized_image_url"]) == {"first_name": row["First Name"]}


def test_a_bad_value_is_a_default_or_a_failed_row_as_the_batch_says(runner: BatchRunner) -> None:
    body = csv_bytes([["a", "SAVE20"], ["b", "no!"], ["c", ""]], header=("First Name", "Code"))
    runner.do(body)
    assert [(row["status"], codes_of(row)) for row in runner.rows()] == [
        ("ok", []),
        ("default", ["invalid_value"]),
        ("default", ["missing_value"]),
    ]
    runner.do(body, "bat_2", on_invalid="error")
    assert [(row["status"], codes_of(row)) for row in runner.rows("bat_2")] == [
        ("ok", []),
        ("failed", ["invalid_value"]),
        ("default", ["missing_value"]),
    ]
    assert runner.rows("bat_2")[1]["personalized_image_url"] == ""


def test_a_required_value_that_is_bad_is_told_once_and_first_what_is_bad(
    runner: BatchRunner, world: InMemoryService
) -> None:
    fields = {"code": {"required": True, "pattern": "[A-Z]+"}}
    world.publish(document(fields=fields, layers=[], alt=""), "strict")
    runner.do(csv_bytes([["no!"], [""], ["YES"]], header=["Code"]), template_id="strict")
    assert [(row["status"], codes_of(row)) for row in runner.rows()] == [
        ("failed", ["invalid_value"]),
        ("failed", ["missing_value"]),
        ("ok", []),
    ]


def test_a_text_that_is_too_long_is_cut_or_fails_as_its_field_says(
    runner: BatchRunner, world: InMemoryService
) -> None:
    fields = {"a": {"max_length": 5}, "b": {"max_length": 5, "too_long": "error"}}
    world.publish(document(fields=fields, layers=[], alt=""), "short")
    rows = [["x" * 9, "y"], ["x", "y" * 9]]
    runner.do(csv_bytes(rows, header=["a", "b"]), template_id="short")
    first, second = runner.rows()
    assert fields_of(first["personalized_image_url"])["a"] == "xxxx…"
    assert (first["status"], codes_of(first)) == ("default", ["shortened"])
    assert second["status"] == "failed"


def test_a_row_that_cannot_be_read_fails_alone(runner: BatchRunner) -> None:
    body = b"Email,First Name\na@x,Ann,extra\nb@x,B\0o\nc@x,Cy\nd@x," + b"x" * 300_000 + b"\n"
    record = runner.do(body)
    rows = runner.rows()
    assert [(row["status"], codes_of(row)) for row in rows] == [
        ("failed", ["ragged"]),
        ("failed", ["nul_byte"]),
        ("ok", []),
        ("failed", ["row_too_long"]),
    ]
    assert record.failed == 3 and rows[2]["Email"] == "c@x"


def test_a_link_that_would_be_too_long_fails_its_row(
    runner: BatchRunner, world: InMemoryService
) -> None:
    world.publish(document(fields={"note": {"max_length": 5000}}, layers=[], alt=""), "long")
    rows = [["é" * 4000], ["é" * 400], ["short"]]
    runner.do(csv_bytes(rows, header=["note"]), template_id="long")
    assert [(row["status"], codes_of(row)) for row in runner.rows()] == [
        ("failed", ["link_too_long"]),
        ("ok", ["long_link"]),
        ("ok", []),
    ]


def test_properties_of_layers_and_items_of_lists_are_columns_too(
    runner: BatchRunner, world: InMemoryService
) -> None:
    products = {"type": "list", "items": {"name": {}, "price": {"type": "number"}}}
    layer = {"type": "text", "name": "title", "x": 0, "y": 0, "width": 99, "text": "Hi"}
    world.publish(document(fields={"products": products}, layers=[layer], alt=""), "shop")
    header = ["title.color", "products_1_name", "Products 1 Price", "products_2_name"]
    rows = [["#ff0000", "Tea", "1.5", "Rum"], ["", "Tea", "x", ""]]
    runner.do(csv_bytes(rows, header=header), template_id="shop")
    first, second = runner.rows()
    assert fields_of(first["personalized_image_url"]) == {
        "title.color": "#ff0000",
        "products_1_name": "Tea",
        "products_1_price": "1.5",
        "products_2_name": "Rum",
    }
    assert second["status"] == "default"
    assert runner.report()[-1]["column"] == "Products 1 Price"


def test_a_fault_of_postcard_fails_its_row_without_its_values(
    runner: BatchRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail_at_canary(template: Any, modifications: Any, **more: Any) -> Any:
        if modifications.fields["first_name"] == CANARY:
            raise ZeroDivisionError(CANARY)
        return bind(template, modifications, **more)

    monkeypatch.setattr("postcard.campaigns.batches.row_picture.bind", fail_at_canary)
    record = runner.do(csv_bytes([["a@x", CANARY], ["b@x", "Bo"]]))
    first, second = runner.rows()
    assert (codes_of(first), first["status"], second["status"]) == (["internal"], "failed", "ok")
    assert CANARY not in first["error"] + repr(record)
    runner.create(csv_bytes([["a@x", CANARY]] * 3), "bat_2")
    assert error_of(runner.run("bat_2")) == ("incomplete", None)


def test_assets_that_rows_name_are_checked_once(
    runner: BatchRunner, world: InMemoryService
) -> None:
    fields = {"photo": {"type": "image", "default": "https://x.example.com/a.png"}}
    layer = {"type": "image", "source": "{{ photo }}", "x": 0, "y": 0, "width": 9, "height": 9}
    world.web.pictures["https://x.example.com/a.png"] = solid_png()
    world.publish(document(fields=fields, layers=[layer], alt=""), "photos")
    runner.missing_assets = {"asset:gone"}
    rows = [["asset:gone"], ["asset:here"], ["https://x.example.com/b.png"]] * 3
    runner.do(csv_bytes(rows, header=["photo"]), template_id="photos")
    assert sorted(runner.checked_assets) == ["asset:gone", "asset:here"]
    assert [codes_of(row) for row in runner.rows()[:3]] == [["image_unavailable"], [], []]


def test_a_row_costs_no_access_to_a_store(runner: BatchRunner, world: InMemoryService) -> None:
    def reads_of(count: int, batch_id: str) -> int:
        templates = world.templates
        before = templates.reads + templates.version_reads
        runner.restart()
        runner.do(csv_bytes(people(count)), batch_id)
        return templates.reads + templates.version_reads - before

    assert reads_of(2, "bat_1") == reads_of(40, "bat_2")


# What the whole file gets


def test_the_result_has_the_encoding_the_dialect_and_the_compression_of_the_file(
    runner: BatchRunner,
) -> None:
    text = csv_bytes([["a@x.dk", "Zoë"]], encoding="utf-16-le", delimiter=";", lineterminator="\n")
    runner.do(gzip.compress(b"\xff\xfe" + text))
    key = runner.record().summary["result"]["key"]
    assert key == "batches/bat_1/result-1.csv.gz"
    result = gzip.decompress(runner.result()).decode("utf-16")
    header, row, end = result.split("\n")
    assert header == "Email;First Name;personalized_image_url;alt;status;error" and end == ""
    assert row.startswith(f"a@x.dk;Zoë;{BASE_URL}/r/welcome.png?") and ";Hi Zoë;ok;" in row


def test_formulas_are_escaped_and_counted_unless_the_sender_keeps_them(runner: BatchRunner) -> None:
    rows = [["=1+1", "=2"], ["+45 12 34 56 78", "Bo"]]
    runner.do(csv_bytes(rows))
    first, second = runner.rows()
    assert (first["Email"], first["First Name"], first["alt"]) == ("'=1+1", "'=2", "Hi =2")
    assert second["Email"] == "+45 12 34 56 78"
    assert "escaped_formulas" in [w["code"] for w in runner.record().summary["warnings"]]
    runner.do(csv_bytes(rows), batch_id="bat_2", formulas="keep")
    assert runner.rows("bat_2")[0]["Email"] == "=1+1"


def test_added_cells_are_escaped_also_where_the_sender_keeps_formulas(
    runner: BatchRunner, world: InMemoryService
) -> None:
    world.publish(document(alt="{{ first_name }}"))
    runner.do(csv_bytes([["=1", "=HYPERLINK(1)"]]), formulas="keep")
    (row,) = runner.rows()
    assert (row["Email"], row["alt"]) == ("=1", "'=HYPERLINK(1)")


def test_the_report_names_row_line_column_code_and_reason(runner: BatchRunner) -> None:
    rows = [["a@x", "Ann"], ["b@x", "one\ntwo"], ["c@x", ""]]
    runner.do(csv_bytes(rows))
    (line,) = runner.report()
    assert line == {
        "row": "3",
        "line": "5",
        "column": "First Name",
        "code": "missing_value",
        "reason": "first_name has no value; its default is shown.",
    }
    assert runner.record().summary["report"] == {"key": "batches/bat_1/report.csv", "rows": 1}


def test_json_lines_keep_their_objects(runner: BatchRunner) -> None:
    lines: list[dict[str, Any]] = [
        {"Email": "a@x", "first_name": "Zoë"},
        {"Email": "b@x"},
        {"first_name": 7},
    ]
    body = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
    runner.do(body + b"nonsense\n")
    rows = [json.loads(line) for line in runner.result().splitlines()]
    assert [row["status"] for row in rows] == ["ok", "default", "ok", "failed"]
    assert rows[2] == {**lines[2], **{n: rows[2][n] for n in rows[2] if n != "first_name"}}
    assert rows[0]["alt"] == "Hi Zoë" and rows[2]["alt"] == "Hi 7"


def test_lists_come_whole_from_json_lines(runner: BatchRunner, world: InMemoryService) -> None:
    products = {"type": "list", "items": {"name": {}}}
    world.publish(document(fields={"products": products}, layers=[], alt=""), "shop")
    line = {"products": [{"name": "Tea"}, {"name": "Rum"}]}
    runner.do(json.dumps(line).encode(), template_id="shop")
    (row,) = map(json.loads, runner.result().splitlines())
    assert fields_of(row["personalized_image_url"]) == {
        "products_1_name": "Tea",
        "products_2_name": "Rum",
    }


def test_a_table_without_header_is_mapped_by_numbers(runner: BatchRunner) -> None:
    body = csv_bytes([["a@x.dk", "Zoë"]], header=())
    runner.do(body, header=False, columns={"first_name": 2})
    assert runner.result().startswith("a@x.dk,Zoë,https://".encode())


def test_the_record_says_how_the_file_was_read(runner: BatchRunner) -> None:
    body = "Email;First Name\na@x.dk;Zoë\n\n".encode("cp1252")
    summary = runner.do(body).summary
    assert (summary["encoding"], summary["encoding_by"]) == ("windows-1252", "guess")
    assert summary["dialect"]["delimiter"] == ";"
    assert (summary["mapping"], summary["unmapped"]) == ({"first_name": 2}, ["code"])
    assert summary["template_versions"] == {"welcome": 1}
    assert [w["code"] for w in summary["warnings"]] == [
        *("guessed_encoding", "unmapped_fields", "blank_lines"),
    ]


@pytest.mark.parametrize(
    ("header", "detail"),
    [
        ("First Name,Code,x", None),
        ("First Name,x,y", "No column gives code of welcome: every picture shows the default."),
        ("x,y,z", "No column gives a field of welcome: every picture is the same."),
    ],
)
def test_a_field_without_a_column_is_a_warning(
    runner: BatchRunner, header: str, detail: str | None
) -> None:
    warnings = runner.do(f"{header}\nAnn,SAVE20,\n".encode()).summary["warnings"]
    if detail is None:
        assert warnings == []
        return
    assert [warning["code"] for warning in warnings] == ["unmapped_fields"]
    assert warnings[0]["detail"].startswith(detail)


def test_a_few_bytes_that_are_not_utf_8_spoil_their_rows_only(runner: BatchRunner) -> None:
    body = "First Name,Code\nZoë,\nMüller,\nØre,\n".encode() + "Bjørn,\n".encode("cp1252")
    summary = runner.do(body).summary
    assert (summary["encoding"], summary["encoding_by"]) == ("utf-8", "guess")
    assert summary["warnings"][0]["detail"].startswith("Most of the file is UTF-8")
    lines = runner.result().splitlines()
    assert [b"ok" in line or b"default" in line for line in lines[1:]] == [True, True, True, False]
    assert b"undecodable" in lines[4] and lines[4].startswith(b"Bj\xf8rn,")


def test_nothing_but_the_result_is_left(runner: BatchRunner) -> None:
    runner.do(csv_bytes(people(5)))
    assert [key.removeprefix("batches/bat_1/") for key in runner.file_names()] == [
        *("chunks.json", "plan.json", "report.csv", "result-1.csv", "summary.json", "upload"),
    ]


# Several templates


@pytest.fixture
def several(runner: BatchRunner, world: InMemoryService) -> BatchRunner:
    fields = {"code": {"default": "NONE"}}
    world.publish(document(fields=fields, layers=[], alt="{{ code }}"), "coupon")
    return runner


HEADER = ("Template", "First Name", "Code")


def test_a_column_names_the_template_of_each_row(several: BatchRunner) -> None:
    rows = [["coupon", "Ann", "SAVE20"], ["", "Bo", "SAVE30"], ["nope", "Cy", ""], ["No!", "", ""]]
    several.do(csv_bytes(rows, HEADER), template_column="Template")
    out = several.rows()
    assert [(row["status"], row["alt"], codes_of(row)) for row in out] == [
        ("ok", "SAVE20", []),
        ("ok", "Hi Bo", []),
        ("failed", "", ["unknown_template"]),
        ("failed", "", ["unknown_template"]),
    ]
    assert several.record().summary["template_versions"] == {"welcome": 1, "coupon": 1}
    assert several.report()[0]["column"] == "Template"


def test_rows_without_a_template_fail_where_there_is_no_other(several: BatchRunner) -> None:
    rows = [["coupon", "Ann", "SAVE20"], ["", "Bo", "SAVE30"]]
    several.do(csv_bytes(rows, HEADER), template_id=None, template_column=1)
    assert [row["status"] for row in several.rows()] == ["ok", "failed"]


def test_a_confined_key_draws_only_its_templates(several: BatchRunner) -> None:
    rows = [["coupon", "Ann", "SAVE20"], ["welcome", "Bo", ""]]
    several.do(csv_bytes(rows, HEADER), template_column="Template", key_templates=["welcome"])
    assert [codes_of(row) for row in several.rows()] == [
        ["template_not_allowed"],
        ["missing_value"],
    ]
    several.create(csv_bytes(people(1)), "bat_2", template_id="coupon", key_templates=["welcome"])
    assert error_of(several.run("bat_2")) == ("template_not_allowed", None)


def test_a_confined_key_s_rows_name_no_asset_that_the_template_does_not(
    runner: BatchRunner, world: InMemoryService
) -> None:
    fields = {"photo": {"type": "image"}, "tier": {}}
    source = "{% if tier %}asset:{{ tier }}{% else %}{{ photo }}{% endif %}"
    layer = {"type": "image", "source": source, "x": 0, "y": 0, "width": 9, "height": 9}
    world.publish(document(fields=fields, layers=[layer], alt=""), "photos")
    body = csv_bytes([["asset:secret", ""], ["", "secret"], ["", ""]], header=["photo", "tier"])
    runner.do(body, template_id="photos", key_templates=["photos"])
    assert [row["status"] for row in runner.rows()] == ["default", "failed", "default"]


def test_chosen_columns_are_those_of_any_of_the_templates(several: BatchRunner) -> None:
    rows = [["coupon", "Ann", "SAVE20"], ["welcome", "Bo", "SAVE30"]]
    chosen = {"first_name": 2, "code": 3}
    several.do(csv_bytes(rows, ("t", "x", "y")), template_column="t", columns=chosen)
    assert [row["alt"] for row in several.rows()] == ["SAVE20", "Hi Bo"]
    body = csv_bytes(rows, ("t", "x", "y"))
    several.create(body, "bat_2", template_column="t", columns={"nobody": 1})
    assert error_of(several.run("bat_2")) == ("unknown_name", None)


@pytest.mark.parametrize("column", ["Tmpl", 9, 0])
def test_a_template_column_that_is_not_there_is_refused(
    several: BatchRunner, column: object
) -> None:
    several.create(csv_bytes(people(1)), template_column=column)
    assert error_of(several.run()) == ("unknown_column", None)


def test_json_lines_name_their_templates_under_any_key(several: BatchRunner) -> None:
    lines = [{"Шаблон": "coupon", "code": "SAVE20"}, {"Шаблон": 7, "first_name": "Bo"}]
    body = "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines).encode()
    several.do(body, template_column="Шаблон")
    assert [json.loads(line)["alt"] for line in several.result().splitlines()] == [
        "SAVE20",
        "Hi Bo",
    ]


# Bad files


@pytest.mark.parametrize(
    ("body", "code", "line"),
    [
        (b"", "empty_file", None),
        (b"\xef\xbb\xbf", "empty_file", None),
        (b"Email,First Name\n", "no_rows", None),
        (b'Email,First Name\na@x,"Ann\nb@x,Bo\n', "open_quote", 2),
        (b"Email,First Name,First Name\na@x,Ann,B\n", "ambiguous_column", None),
        (b"PK\x03\x04" + b"\0" * 50, "not_text", None),
    ],
)
def test_a_bad_file_ends_the_batch_with_its_line_and_no_result(
    runner: BatchRunner, body: bytes, code: str, line: int | None
) -> None:
    runner.create(body)
    record = runner.run()
    assert error_of(record) == (code, line) and record.ended_at is not None
    assert runner.run().error == record.error  # the machine's own failure changes nothing
    assert not [key for key in runner.file_names() if "result" in key]


def test_a_file_over_the_bounds_is_refused(world: InMemoryService, monkeypatch: Any) -> None:
    runner = BatchRunner(world, max_rows=3)
    runner.create(csv_bytes(people(4)))
    assert error_of(runner.run()) == ("too_large_here", None)
    monkeypatch.setattr("postcard.campaigns.batches.split.MAX_FILE_BYTES", 20)
    runner.create(csv_bytes(people(2)), "bat_2")
    assert error_of(runner.run("bat_2")) == ("too_large", None)


def test_an_upload_that_changes_is_refused(runner: BatchRunner) -> None:
    runner.create(csv_bytes(people(4)))
    answer = runner.step("split")
    (chunk,) = runner.json_file(answer["chunks"])
    runner.files.write("batches/bat_1/upload", csv_bytes(people(5)), "text/csv")
    with pytest.raises(BatchRefused):
        runner.step("work", chunk=chunk)
    assert error_of(runner.record()) == ("upload_changed", None)


def test_an_upload_that_changes_while_it_is_split_is_refused(
    runner: BatchRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner.create(csv_bytes(people(4)))
    head = runner.files.head

    def head_before_a_change(key: str) -> Any:
        found = head(key)
        if key.endswith("upload"):
            runner.files.write(key, csv_bytes(people(5)), "text/csv")
        return found

    monkeypatch.setattr(runner.files, "head", head_before_a_change)
    assert error_of(runner.run()) == ("upload_changed", None)


def test_an_upload_that_is_gone_is_refused(runner: BatchRunner) -> None:
    runner.create(csv_bytes(people(1)))
    runner.files.delete(["batches/bat_1/upload"])
    assert error_of(runner.run()) == ("upload_changed", None)


def test_a_template_that_is_gone_is_refused(runner: BatchRunner) -> None:
    runner.create(csv_bytes(people(1)), template_id="never")
    assert error_of(runner.run()) == ("unknown_template", None)


def test_a_file_of_blank_lines_is_cut_and_bounded(
    runner: BatchRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("postcard.campaigns.batches.split.MAX_CHUNK_LINES", 10)
    body = b"First Name\n" + b"\n" * 35 + b"Ann\n" + b"\n" * 25 + b"Bo\n\n"
    runner.do(gzip.compress(body))
    assert [row["alt"] for row in csv_rows(gzip.decompress(runner.result()))] == ["Hi Ann", "Hi Bo"]
    assert runner.record().summary["blank_lines"] == 61
    monkeypatch.setattr("postcard.campaigns.tables.row_reader.MAX_BLANK_LINES", 50)
    runner.create(body, "bat_2")
    assert error_of(runner.run("bat_2")) == ("too_large", None)


# Again and again


@pytest.fixture
def small(world: InMemoryService) -> BatchRunner:
    """Chunks of three rows."""
    return BatchRunner(world, chunk_rows=3)


def test_many_chunks_give_each_row_once_and_in_order(small: BatchRunner) -> None:
    record = small.do(csv_bytes(people(100)))
    assert [row["Email"] for row in small.rows()] == [person[0] for person in people(100)]
    assert (record.total, record.ok) == (100, 100)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_a_byte_order_mark_is_no_part_of_any_row(small: BatchRunner, encoding: str) -> None:
    body = "\ufeff".encode(encoding) + csv_bytes(people(8), encoding=encoding)
    small.do(body)
    rows = small.rows(encoding=encoding)
    assert [row["Email"] for row in rows] == [person[0] for person in people(8)]
    assert small.result().decode(encoding).count("\ufeff") == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "shift_jis"])
@pytest.mark.parametrize("is_gzip", [False, True])
def test_split_and_join_go_on_where_time_ran_out(
    small: BatchRunner, world: InMemoryService, encoding: str, is_gzip: bool
) -> None:
    body = csv_bytes([["a@x", "山\n田"], *people(20)], encoding=encoding)
    small.create(gzip.compress(body) if is_gzip else body, encoding=encoding)
    late = small.run(deadline=lambda: world.monotonic_now)
    assert late.status == "completed", late.error
    steps = [event["step"] for event in small.events]
    assert steps.count("split") > 5 and steps.count("join") > 1
    BatchRunner.create(small, gzip.compress(body) if is_gzip else body, "bat_2", encoding=encoding)
    small.batches.update("bat_2", {"key_digest": "other"}, status_is=("running",))
    small.run("bat_2")
    assert small.result("bat_2") == small.result()


def test_a_chunk_that_is_delivered_twice_is_counted_once(small: BatchRunner) -> None:
    small.create(csv_bytes(people(7)))
    chunks = small.json_file(small.step("split")["chunks"])
    done = []
    for chunk in [*chunks, *chunks]:
        small.step("work", chunk=chunk)
        record = small.record()
        done.append(record.ok + record.defaults + record.failed)
    assert done == [3, 6, 7, 7, 7, 7]


def test_two_deliveries_at_once_are_counted_once(
    small: BatchRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.create(csv_bytes(people(3)))
    (chunk,) = small.json_file(small.step("split")["chunks"])
    head = small.files.head  # neither sees the other's part
    monkeypatch.setattr(small.files, "head", lambda key: None if "/parts/" in key else head(key))
    small.step("work", chunk=chunk)
    small.step("work", chunk=chunk)
    assert small.record().ok == 3


def test_a_delivery_that_ends_behind_the_join_changes_nothing(
    small: BatchRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.create(csv_bytes(people(3)))
    (chunk,) = small.json_file(small.step("split")["chunks"])
    begin = small.batches.get

    def get_before_the_end(batch_id: str) -> Any:
        monkeypatch.undo()
        found = begin(batch_id)
        small.step("work", chunk=chunk)
        assert small.step("join")["state"] == "done"
        return found

    monkeypatch.setattr(small.batches, "get", get_before_the_end)
    small.step("work", chunk=chunk)
    assert small.record().ok == 3
    assert not [key for key in small.file_names() if "/parts/" in key or "/reports/" in key]


def test_two_deliveries_write_equal_bytes_also_after_a_key_and_a_version(
    small: BatchRunner, world: InMemoryService
) -> None:
    small.create(csv_bytes(people(3)))
    (chunk,) = small.json_file(small.step("split")["chunks"])
    small.step("work", chunk=chunk)
    first = small.file("batches/bat_1/parts/000000")
    small.files.delete(["batches/bat_1/parts/000000"])
    keys = world.link_keys
    world.link_keys = replace(
        keys, signing_keys={**keys.signing_keys, "k2": "2" * 64}, active_kid="k2"
    )
    world.publish(document(alt="other"))
    world.now += 3600
    small.restart()
    small.step("work", chunk=chunk)
    assert small.file("batches/bat_1/parts/000000") == first


def test_a_map_that_lost_chunks_runs_again_over_those(small: BatchRunner) -> None:
    small.create(csv_bytes(people(10)))
    record = small.run(skip=lambda number, round_: number == 2 and round_ == 0)
    assert record.status == "completed" and record.rounds == 1
    worked = [event["chunk"]["n"] for event in small.events if event["step"] == "work"]
    assert worked == [0, 1, 3, 2]
    assert [row["Email"] for row in small.rows()] == [person[0] for person in people(10)]


def test_a_chunk_that_is_always_lost_ends_the_batch_after_three_rounds(small: BatchRunner) -> None:
    small.create(csv_bytes(people(10)))
    record = small.run(skip=lambda number, round_: number == 2)
    assert error_of(record) == ("incomplete", None)
    assert sum(event["step"] == "join" for event in small.events) == 3
    with pytest.raises(BatchIncomplete):
        small.batches.update("bat_1", {"status": "running"}, status_is=("failed",))
        small.step("join")


def test_a_batch_that_is_started_again_makes_only_what_is_missing(small: BatchRunner) -> None:
    small.create(csv_bytes(people(10)))
    small.run(skip=lambda number, round_: number == 2)
    changes = {"status": "running", "attempt": 2, "rounds": 0, "error": None}
    small.batches.update("bat_1", changes, status_is=("failed",))
    small.restart()
    record = small.run()
    assert (record.status, record.ok) == ("completed", 10)
    assert record.summary["result"]["key"].endswith("result-2.csv")


def test_a_cancelled_batch_makes_no_more_parts(small: BatchRunner) -> None:
    small.create(csv_bytes(people(10)))
    chunks = small.json_file(small.step("split")["chunks"])
    small.step("work", chunk=chunks[0])
    small.batches.update("bat_1", {"status": "cancelled"}, status_is=("running",))
    for chunk in chunks[1:]:
        assert small.step("work", chunk=chunk) == {"n": chunk["n"]}
    assert sum("/parts/" in key for key in small.file_names()) == 1
    assert small.step("join")["state"] == small.step("split")["state"] == "cancelled"
    small.step("fail", error="States.Timeout")
    assert small.record().status == "cancelled"


def test_a_batch_that_was_cancelled_during_the_join_stays_cancelled(
    small: BatchRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.create(csv_bytes(people(4)))
    for chunk in small.json_file(small.step("split")["chunks"]):
        small.step("work", chunk=chunk)
    begin = small.files.begin_upload

    def cancel(*given: Any) -> str:
        small.batches.update("bat_1", {"status": "cancelled"}, status_is=("running",))
        return begin(*given)

    monkeypatch.setattr(small.files, "begin_upload", cancel)
    assert small.step("join")["state"] == "cancelled"
    assert small.record().status == "cancelled"


def test_a_join_that_was_killed_at_any_call_is_repaired_by_the_next(world: InMemoryService) -> None:
    whole = BatchRunner(world, chunk_rows=3)
    whole.do(csv_bytes(people(12)))
    for killed_at in range(1, 30):
        runner = BatchRunner(world, chunk_rows=3)
        runner.create(csv_bytes(people(12)))
        for chunk in runner.json_file(runner.step("split")["chunks"]):
            runner.step("work", chunk=chunk)
        runner.steps._store = Killed(runner.files, killed_at)
        try:
            runner.step("join")
        except ServiceUnavailable:
            runner.restart()
            assert runner.step("join")["state"] == "done"
            assert runner.result() == whole.result()
            assert runner.report() == whole.report() and runner.record().ok == 12
        else:
            assert killed_at > 15
            return


def test_a_join_whose_upload_was_lost_begins_anew(world: InMemoryService) -> None:
    bad = [*people(12), ["x@x.dk", "y", "z", "ragged"]]
    whole = BatchRunner(world, chunk_rows=3)
    whole.do(csv_bytes(bad))
    runner = BatchRunner(world, chunk_rows=3)
    runner.create(csv_bytes(bad))
    for chunk in runner.json_file(runner.step("split")["chunks"]):
        runner.step("work", chunk=chunk)
    assert runner.step("join", deadline=-math.inf)["state"] == "more"
    runner.files._uploads.clear()  # as a laptop's server does when it is killed
    runner.restart()
    assert runner.step("join")["state"] == "done"
    assert (runner.result(), runner.report()) == (whole.result(), whole.report())
    assert runner.record().failed == whole.record().failed


class Killed:
    """A file store whose process ends after that many calls that write."""

    WRITES = ("write", "begin_upload", "upload_part", "copy_part", "complete_upload", "delete")

    def __init__(self, files: Any, killed_at: int) -> None:
        self._files, self._left = files, killed_at

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._files, name)
        if name not in self.WRITES:
            return method

        def call(*args: Any, **named: Any) -> Any:
            result = method(*args, **named)
            self._left -= 1
            if self._left == 0:
                raise ServiceUnavailable("killed")
            return result

        return call


@pytest.mark.parametrize("status", ["FAILED", "TIMED_OUT", "ABORTED"])
def test_an_execution_that_ended_by_itself_fails_its_batch(small: BatchRunner, status: str) -> None:
    small.create(csv_bytes(people(4)))
    small.step("ended", status=status, execution="arn:of-an-earlier-attempt")
    small.step("ended", status="SUCCEEDED", execution="arn:1")
    assert small.record().status == "running"
    small.step("ended", status=status, execution="arn:1")
    assert error_of(small.record()) == ("internal", None)


def test_a_failure_says_no_more_than_its_kind(small: BatchRunner) -> None:
    small.create(csv_bytes(people(4)))
    small.step("fail", error="ZeroDivisionError")
    record = small.record()
    assert error_of(record) == ("internal", None)


# The same upload


def test_the_same_upload_twice_is_one_batch(small: BatchRunner) -> None:
    body = csv_bytes(people(10))
    small.do(body)
    small.create(body, "bat_2", metadata={"other": 1})
    record = small.run("bat_2")
    assert (record.status, record.summary["same_as"]) == ("completed", "bat_1")
    assert (record.total, record.ok) == (10, 10)
    assert small.result("bat_2") == small.result()
    small.create(body, "bat_3")
    assert small.run("bat_3").summary["same_as"] == "bat_1"


def test_the_same_dry_run_twice_is_one_in_any_mode(runner: BatchRunner) -> None:
    body = csv_bytes(people(2))
    runner.do(body, mode="images", dry_run=True)
    assert runner.do(body, "bat_2", mode="images", dry_run=True).summary["same_as"] == "bat_1"
    assert "same_as" not in runner.do(body, "bat_3", mode="images").summary


def test_images_that_were_erased_meanwhile_are_made_again(
    runner: BatchRunner, world: InMemoryService
) -> None:
    body = csv_bytes(people(1))
    runner.do(body, mode="images")
    url = runner.rows()[0]["personalized_image_url"]
    image_id = url.rpartition("/")[2].partition(".")[0]
    assert world.call("DELETE", f"/v1/images/{image_id}").status == 204
    record = runner.do(body, "bat_2", mode="images")
    assert "same_as" not in record.summary and runner.result("bat_2") == runner.result()
    assert world.call("GET", f"/v1/images/{image_id}").status == 200


@pytest.mark.parametrize("erased", ["record", "files"])
def test_a_batch_whose_result_was_erased_is_worked_on_again(
    small: BatchRunner, erased: str
) -> None:
    body = csv_bytes(people(3))
    small.do(body)
    small.do(body, "bat_2")
    small.files.delete([key for key in small.file_names() if key.startswith("batches/bat_1/")])
    if erased == "record":
        small.batches.delete("bat_1")
    third = small.do(body, "bat_3")
    assert "same_as" not in third.summary and len(small.rows("bat_3")) == 3
    assert small.do(body, "bat_4").summary["same_as"] == "bat_3"


@pytest.mark.parametrize("changed", ["settings", "file", "key", "version", "expired", "address"])
def test_another_upload_or_other_settings_are_another_batch(
    small: BatchRunner, world: InMemoryService, changed: str
) -> None:
    body = csv_bytes(people(4))
    small.do(body)
    more: dict[str, Any] = {"key": "k"}
    if changed == "settings":
        more["width"] = 60
    elif changed == "file":
        body += b"z@x,Z\r\n"
    elif changed == "key":
        more["key"] = "other"
    elif changed == "version":
        world.publish(document(alt="other"))
    elif changed == "expired":
        world.now += 700_000
    else:
        small.options["base_url"] = "https://new.example.com"
        small.restart()
    small.create(body, "bat_2", **more)
    record = small.run("bat_2")
    assert record.status == "completed" and "same_as" not in record.summary


# Modes


def test_mode_images_makes_opaque_addresses_that_are_drawn_when_opened(
    runner: BatchRunner, world: InMemoryService
) -> None:
    before = world.renderer.renders
    runner.do(csv_bytes([["a@x.dk", "Zoë"], ["b@x.dk", "Zoë"], ["c@x.dk", "Bo"]]), mode="images")
    assert world.renderer.renders == before
    urls = [row["personalized_image_url"] for row in runner.rows()]
    assert urls[0] == urls[1] != urls[2] and "Zo" not in urls[0]
    posted = world.create_image({"first_name": "Zoë"}, render="on_open").json
    assert posted["url"] == urls[0] and posted["cached"]
    assert world.open_image(urls[0]).status == 200 and runner.rows()[0]["alt"] == "Hi Zoë"


def test_mode_warm_draws_what_the_first_get_would_at_the_rate(
    runner: BatchRunner, world: InMemoryService
) -> None:
    before = world.renderer.renders
    runner.do(csv_bytes([["a", "Zoë"], ["b", "Bo"], ["c", "Zoë"]]), mode="warm", rate=10)
    assert world.renderer.renders == before + 2
    stored = set(world.pictures.keys("renders/"))
    assert len(stored) == 2
    assert runner.slept == [pytest.approx(0.2)]  # two workers share the rate of ten a second
    for row in runner.rows():
        link = row["personalized_image_url"].removeprefix(BASE_URL)
        assert world.open_link(link).status == 200 and row["status"] == "ok"
    assert set(world.pictures.keys("renders/")) == stored


@pytest.mark.parametrize("mode", ["images", "warm"])
def test_a_worker_reads_the_template_once_for_all_chunks(world: InMemoryService, mode: str) -> None:
    rows = [{"first_name": name} for name in ("Zoë", "Bo", "Ann")]
    sent = {"template_id": "welcome", "rows": rows, "mode": mode}
    batch_id = world.call("POST", "/v1/batches", sent).json["id"]
    worker = batch_worker(
        BatchDependencies(
            world._dependencies(Caches()),
            world.files,
            world.batches,
            world.outbox(),
            world.cdn,
            world.usage,
            BASE_URL,
            chunk_rows=1,
        )
    )
    worker.run({"batch": batch_id, "step": "split"}, deadline=math.inf)
    files = BatchFiles(world.files, batch_id)
    reads = []
    for chunk in files.read_json(files.chunks) or []:
        worker.run({"batch": batch_id, "step": "work", "chunk": chunk}, deadline=math.inf)
        reads.append(world.templates.version_reads)
    assert len(reads) == 3 and len(set(reads)) == 1


def test_a_picture_that_cannot_be_drawn_now_keeps_its_link(
    runner: BatchRunner, world: InMemoryService
) -> None:
    world.call("PATCH", "/v1/templates/welcome", {"paused": True})
    runner.do(csv_bytes([["a", "Zoë"]]), mode="warm")
    (row,) = runner.rows()
    assert (row["status"], codes_of(row)) == ("ok", ["not_drawn"])
    assert fields_of(row["personalized_image_url"]) == {"first_name": "Zoë"}


def test_a_dry_run_predicts_and_makes_nothing(runner: BatchRunner, world: InMemoryService) -> None:
    layer = {
        "type": "text", "name": "title", "x": 0, "y": 0, "width": 60, "height": 20, "size": 14,
        "text": "{{ first_name }}", "max_lines": 1,
    }  # fmt: skip
    world.publish(document(layers=[layer]), "narrow")
    rows = [["a", ""], ["b", "Bo"], ["c", "Maximiliane Wolfeschlegelstein"], ["d", "*|FNAME|*"]]
    record = runner.do(csv_bytes(rows), template_id="narrow", dry_run=True, mode="images")
    assert (record.ok, record.defaults, record.failed) == (2, 2, 0)
    found = {(line["row"], line["code"]) for line in runner.report()}
    assert found == {
        ("1", "missing_value"),
        ("3", "cut"),
        ("4", "missing_value"),
        ("4", "unfilled"),
    }
    details = {warning["code"]: warning["detail"] for warning in record.summary["warnings"]}
    assert details["cut"] == "1 row: text cut." and details["unfilled"].startswith("1 row: ")
    report = runner.json_file("batches/bat_1/preflight.json")["narrow"]
    assert (report["rows"], report["links"]["distinct"]) == (4, 3)
    assert "Maximiliane" not in json.dumps(report)
    sheet = record.summary["contact_sheet"]
    assert sheet["rows"] == 3 and runner.file(sheet["key"]).startswith(b"\x89PNG")
    assert "result" not in record.summary and not list(world.images.by_template("narrow"))


def test_a_dry_run_counts_all_chunks_and_templates_together(several: BatchRunner) -> None:
    several.options["chunk_rows"] = 2
    several.restart()
    rows = [["coupon", "Ann", "SAVE20"], ["welcome", "Bo", "SAVE30"], ["no", "", ""]] * 3
    record = several.do(csv_bytes(rows, HEADER), template_column="Template", dry_run=True)
    report = several.json_file("batches/bat_1/preflight.json")
    assert {name: found["rows"] for name, found in report.items()} == {"coupon": 3, "welcome": 3}
    assert record.failed == 3
    duplicates = [w for w in record.summary["warnings"] if w["code"] == "duplicate_link"]
    assert duplicates[0]["detail"].startswith("4 rows: ")


# Privacy


def test_no_value_of_a_person_leaves_the_files(
    small: BatchRunner, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [[f"{CANARY}@x.dk", CANARY], ["", ""], [CANARY] * 3]
    small.create(csv_bytes(rows, ("Email", "First Name")))
    record = small.run()
    texts = [repr(record), json.dumps(small.events), caplog.text]
    assert record.status == "completed" and all(CANARY not in text for text in texts)
    assert all("First Name" not in text for text in texts)
    broken = csv_bytes([[CANARY, CANARY]]) + f'x,"{CANARY}'.encode()
    small.create(broken, "bat_2")
    with pytest.raises(BatchRefused) as caught:
        small.step("split", "bat_2")
    assert CANARY not in repr(caught.value) + str(caught.value) + repr(small.record("bat_2"))
