"""Predicts the pictures of a batch: its chunks are checked as `postcard preflight` checks a file.

A part holds counts in place of rows. Those of all parts together give the batch's warnings, a
report without values (`preflight.json`) and the contact sheet of the worst rows.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence

from postcard.campaigns.batches.batch_files import JSON_TYPE, BatchFiles
from postcard.campaigns.batches.plan import BatchPlan
from postcard.campaigns.batches.row_picture import BatchRows, RowError
from postcard.campaigns.preflight.contact_sheet import SheetPicture, contact_sheet
from postcard.campaigns.preflight.counts import PreflightCounts, ReportedRow, merge
from postcard.campaigns.preflight.drawing_forecast import names_by_pointer
from postcard.campaigns.preflight.estimates import PictureBytes
from postcard.campaigns.preflight.report import WORDS, PreflightReport, place_name, row_caption
from postcard.campaigns.preflight.row_check import LinkShape, PreflightRow, RowChecker
from postcard.campaigns.tables.row_reader import TableRow
from postcard.errors import Problem
from postcard.image_formats import EncodedImage
from postcard.pipeline.pipeline import RenderPipeline
from postcard.pipeline.render_job import OutputOptions, job_for_request
from postcard.pipeline.template_loader import LoadedTemplate
from postcard.pipeline.timings import Timings
from postcard.ports import JsonObject
from postcard.rendering.renderer import RenderFailed
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.bind import NO_NAMES, EveryName

SHEET_TYPE = "image/png"
DRAWN_FINDINGS = ("cut", "glyph", "shrunk", "unfilled")  # that no row error says
MAX_COMPARED_ROWS = 10_000_000  # whose links are compared with each other
_DRAWING_SECONDS = 20.0
_SHEET_WIDTH = 300


class DryRunCheck:
    """Checks the rows of a chunk."""

    def __init__(
        self,
        plan: BatchPlan,
        rows: BatchRows,
        pipeline: RenderPipeline,
        *,
        monotonic: Callable[[], float],
    ) -> None:
        self._plan, self._rows, self._pipeline = plan, rows, pipeline
        self._monotonic = monotonic
        self._checkers: dict[str, RowChecker] = {}
        self._counts: dict[str, PreflightCounts] = {}

    def check(self, row: TableRow) -> Sequence[RowError]:
        """Counts a row; what is wrong with its drawing, for the report."""
        row_plan = None if row.fault else self._rows.plan_of(row.cells)
        if row_plan is None:
            return ()
        template_id = row_plan.loaded.template.id
        checker = self._checkers.get(template_id)
        if checker is None:
            checker = self._checkers[template_id] = self._checker(row_plan.loaded)
            approximate = checker.forecaster.is_approximate
            self._counts[template_id] = PreflightCounts(is_approximate=approximate)
        given = row_plan.mapping.modifications(row.cells)
        checked = checker.check(PreflightRow(row.number, given, row.line))
        self._counts[template_id].add(checked)
        names = names_by_pointer(checker.template)
        return [
            RowError(finding.code, f"{place_name(finding.place, names)}: {finding.detail}")
            for finding in checked.findings
            if finding.code in DRAWN_FINDINGS
        ]

    def part(self) -> bytes:
        """The counts, by template. The values of the worst rows are among them."""
        if self._plan.rows > MAX_COMPARED_ROWS:
            for counts in self._counts.values():
                del counts.digests[:]
        counted = {name: counts.to_json() for name, counts in self._counts.items()}
        return json.dumps(counted, ensure_ascii=False).encode("utf-8", "replace")

    def _checker(self, loaded: LoadedTemplate) -> RowChecker:
        plan, settings = self._plan, self._plan.settings
        deadline = self._monotonic() + _DRAWING_SECONDS
        template, _ = self._pipeline.with_fonts(
            loaded.template, loaded.stored.fonts, deadline=deadline
        )
        shape = LinkShape(
            plan.base_url,
            settings.format,
            settings.width,
            1 if settings.dpr is None else settings.dpr,
            settings.quality,
            plan.expires,
            settings.campaign,
        )
        return RowChecker(
            template,
            self._pipeline.renderer.fonts,
            link=shape,
            on_invalid=settings.on_invalid,
            restricted=NO_NAMES if settings.key_templates is None else EveryName(),
            now=plan.now,
        )


@dataclass(frozen=True, slots=True)
class DryRunResult:
    """The warnings of a dry run, and what the record says of its files."""

    warnings: Sequence[JsonObject]
    files: JsonObject


class DryRunReport:
    """Puts the counts of all chunks together, and draws a sample and the worst rows."""

    def __init__(
        self,
        files: BatchFiles,
        plan: BatchPlan,
        pipeline: RenderPipeline,
        load: Callable[[str, int], LoadedTemplate | None],
        *,
        clock: Callable[[], float],
        monotonic: Callable[[], float],
    ) -> None:
        self._files, self._plan, self._pipeline, self._load = files, plan, pipeline, load
        self._clock, self._monotonic = clock, monotonic

    def write(self, parts: Iterable[bytes]) -> DryRunResult:
        """Writes the report and the contact sheet."""
        reports: dict[str, PreflightReport] = {}
        sheet: JsonObject | None = None
        for template_id, counts in self._merged(parts).items():
            planned = self._plan.templates[template_id]
            loaded = self._load(template_id, planned.version)
            if loaded is None:
                continue
            unmapped = planned.mapping.unmapped
            size = self._picture_bytes(loaded, counts)
            reports[template_id] = PreflightReport(loaded.template, counts, size, unmapped=unmapped)
            sheet = sheet or self._write_sheet(loaded, counts)
        described = {name: report.to_json() for name, report in reports.items()}
        body = json.dumps(described, ensure_ascii=False).encode()
        self._files.store.write(self._files.preflight, body, JSON_TYPE)
        files = {"preflight": {"key": self._files.preflight}}
        return DryRunResult(
            list(_warnings(reports.values())),
            files if sheet is None else {**files, "contact_sheet": sheet},
        )

    def _merged(self, parts: Iterable[bytes]) -> Mapping[str, PreflightCounts]:
        """The counts by template, that of most rows first."""
        merged: dict[str, PreflightCounts] = {}
        for part in parts:
            for template_id, stored in json.loads(part).items() if part else ():
                counts = PreflightCounts.from_json(stored)
                known = merged.get(template_id)
                merged[template_id] = merge([counts] if known is None else [known, counts])
        return dict(sorted(merged.items(), key=lambda each: -each[1].rows))

    def _picture_bytes(
        self, loaded: LoadedTemplate, counts: PreflightCounts
    ) -> PictureBytes | None:
        options = self._plan.settings.output
        pictures = (self._draw(loaded, row, options) for _, row in counts.sample)
        return PictureBytes.of([len(picture.body) for picture in pictures if picture])

    def _write_sheet(self, loaded: LoadedTemplate, counts: PreflightCounts) -> JsonObject | None:
        """The sheet of the template that most rows have; None if all rows are right."""
        rows = counts.worst_rows()
        if not rows:
            return None
        template, names = loaded.template, names_by_pointer(loaded.template)
        options = OutputOptions("png", min(_SHEET_WIDTH, template.width))
        pictures = []
        for row in rows:
            drawn = self._draw(loaded, row, options)
            body, size = drawn.body if drawn else None, (template.width, template.height)
            pictures.append(
                SheetPicture(f"Row {row.number:,}", row_caption(row, names), body, size)
            )
        title = f"{template.name}: the worst {len(rows)} of {counts.rows:,} rows"
        body = contact_sheet(title, pictures, self._pipeline.renderer)
        self._files.store.write(self._files.contact_sheet, body, SHEET_TYPE)
        return {"key": self._files.contact_sheet, "rows": len(rows)}

    def _draw(
        self, loaded: LoadedTemplate, row: ReportedRow, options: OutputOptions
    ) -> EncodedImage | None:
        """A row's picture; None if its values have none."""
        deadline = self._monotonic() + _DRAWING_SECONDS
        try:
            job = job_for_request(loaded, row.modifications, options, on_invalid="default")
            drawn = self._pipeline.draw(
                job, now=self._clock(), deadline=deadline, timings=Timings()
            )
        except (Problem, RenderFailed):
            return None
        return drawn.image


def _warnings(reports: Iterable[PreflightReport]) -> Iterable[JsonObject]:
    totals: dict[str, int] = {}
    for report in reports:
        for code, rows in report.findings().items():
            totals[code] = totals.get(code, 0) + rows
    for code, rows in totals.items():
        if rows:
            noun = "row" if rows == 1 else "rows"
            yield {"code": code, "pointer": "", "detail": f"{rows:,} {noun}: {WORDS[code]}."}
