"""What the record of a batch says of its plan and its result: no value of a person, no header."""

from collections.abc import Iterator
from itertools import islice

from postcard.campaigns.batches.plan import BatchPlan, PlannedTemplate
from postcard.campaigns.batches.work import ChunkCounts
from postcard.campaigns.tables.column_mapping import ColumnMapping
from postcard.ports import BatchRecord, JsonObject

MAX_UNMAPPED = 10  # templates whose missing columns are warned of
MAX_NAMES_LENGTH = 200  # of the fields that a warning names


def facts_of_plan(record: BatchRecord, plan: BatchPlan) -> JsonObject:
    """The changes of the record when the file is split."""
    facts = public_facts(plan)
    return {
        "total": plan.rows,
        "template_ids": tuple(plan.templates),
        "summary": {**record.summary, **facts, "warnings": warnings_of(plan, ChunkCounts())},
    }


def public_facts(plan: BatchPlan) -> JsonObject:
    """How the file was read, and which columns give which fields."""
    dialect = plan.format.dialect
    first = next(iter(plan.templates.values()), PlannedTemplate())
    usable = {name: one for name, one in plan.templates.items() if not one.fault_code}
    return {
        "encoding": plan.format.encoding.name,
        "encoding_by": plan.format.encoding.found_by,
        "dialect": None
        if plan.format.kind == "jsonl"
        else {
            "delimiter": dialect.delimiter,
            "quote": dialect.quote,
            "escape": dialect.escape,
            "line_end": dialect.line_end,
            "header": plan.format.has_header,
        },
        "mapping": first.mapping.to_json(),
        "unmapped": list(first.mapping.unmapped),
        "template_versions": {name: one.version for name, one in usable.items()},
        "digest": plan.digest,
        "base_url": plan.base_url,
        "blank_lines": plan.blank_lines,
    }


def warnings_of(plan: BatchPlan, counts: ChunkCounts) -> list[JsonObject]:
    """What the owner of the batch should look at."""
    return [
        {"code": code, "pointer": pointer, "detail": detail}
        for code, pointer, detail in _warnings(plan, counts)
    ]


def _warnings(plan: BatchPlan, counts: ChunkCounts) -> Iterator[tuple[str, str, str]]:
    encoding = plan.format.encoding
    if encoding.is_guess:
        yield "guessed_encoding", "/encoding", _about_guess(encoding.name)
    partly_mapped = (
        (template_id, planned.mapping)
        for template_id, planned in plan.templates.items()
        if planned.mapping.unmapped and not planned.fault_code
    )
    for template_id, mapping in islice(partly_mapped, MAX_UNMAPPED):
        yield "unmapped_fields", "/columns", _about_unmapped(template_id, mapping)
    if plan.blank_lines:
        yield "blank_lines", "", f"{plan.blank_lines:,} blank lines were left out."
    if counts.escaped:
        detail = (
            f"{counts.escaped:,} cells would run as formulas in a spreadsheet and got an "
            'apostrophe before them; "formulas": "keep" leaves them.'
        )
        yield "escaped_formulas", "/formulas", detail
    if counts.replaced:
        detail = (
            f"{counts.replaced:,} characters of alternative texts are not in {encoding.name} and "
            'became "?": upload the file in UTF-8.'
        )
        yield "replaced_characters", "/encoding", detail


def _about_guess(encoding: str) -> str:
    if encoding == "utf-8":
        return "Most of the file is UTF-8, but some rows are not: those fail as undecodable."
    return (
        f"The file is not UTF-8; {encoding} is a guess. Look at names with accents in the "
        "result, and give the encoding if they are wrong."
    )


def _about_unmapped(template_id: str, mapping: ColumnMapping) -> str:
    names = ", ".join(mapping.unmapped)
    shown = names if len(names) <= MAX_NAMES_LENGTH else f"{names[:MAX_NAMES_LENGTH]}…"
    if mapping.columns:
        return f"No column gives {shown} of {template_id}: every picture shows the default."
    return (
        f"No column gives a field of {template_id}: every picture is the same. Choose the columns "
        f"of {shown} in columns, and see that delimiter and header of the file are found right."
    )
