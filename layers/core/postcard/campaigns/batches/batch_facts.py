"""What the record of a batch says of its plan and its result: no value of a person, no header."""

from collections.abc import Iterator
from dataclasses import replace

from postcard.campaigns.batches.plan import BatchPlan, BatchSettings, PlannedTemplate
from postcard.campaigns.batches.work import ChunkCounts
from postcard.ports import BatchRecord, JsonObject


def settings_of(record: BatchRecord) -> BatchSettings:
    """The settings of a batch, with the templates that were pinned when it was created."""
    settings = BatchSettings.from_json(record.settings)
    versions = record.summary.get("template_versions") or {}
    return replace(
        settings,
        template_versions={**settings.template_versions, **versions},
        key_templates=record.settings.get("templates"),
    )


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
        detail = (
            f"The file is not UTF-8; {encoding.name} is a guess. Look at names with accents in the "
            "result, and give the encoding if they are wrong."
        )
        yield "guessed_encoding", "/encoding", detail
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
