"""One row of a table to its link and its alternative text, as the batch's plan says."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple, Protocol

from postcard.campaigns.batches.batch_budget import OVER_BUDGET, OVER_BUDGET_DETAIL
from postcard.campaigns.batches.batch_errors import BatchRefused
from postcard.campaigns.batches.plan import BatchPlan, PlannedTemplate
from postcard.campaigns.tables.column_mapping import ColumnMapping
from postcard.campaigns.tables.row_reader import TableRow
from postcard.errors import BadRequest, Fault, Problem, SourceImageFault, failure_site
from postcard.pipeline.pipeline import check_permitted_assets, prepare
from postcard.pipeline.render_job import RenderJob
from postcard.pipeline.template_loader import LoadedTemplate
from postcard.rendering.images import ImageSource
from postcard.runtime.lazy_dataclass import dataclass
from postcard.services.links import LONG_LINK
from postcard.template.bind import NO_NAMES, BoundValues, EveryName, bind, bind_defaults
from postcard.template.compiled import Template
from postcard.template.fields.field_types import ListField
from postcard.template.modifications import Modifications, modifications_from_json

RowStatus = Literal["ok", "default", "failed"]
MAX_ERROR_LENGTH = 500  # of one row's `error`
_MAX_CHECKED_ASSETS = 10_000  # of which a process remembers whether they are there
AssetCheck = Callable[[Sequence[ImageSource], Sequence[str] | None], Sequence[SourceImageFault]]


class RowError(NamedTuple):
    """Why a row has no picture, or what stands in it for a value. `column` is an index, or None."""

    code: str
    detail: str
    column: int | None = None


@dataclass(frozen=True, slots=True)
class RowResult:
    """What a row gets. `status` is `default` where a default stands for a bad or missing value.

    `cost` is that of its picture, in billionths of a US dollar.
    """

    status: RowStatus
    url: str = ""
    alt: str = ""
    errors: Sequence[RowError] = ()
    cost: int = 0

    @property
    def error_text(self) -> str:
        """The text of the `error` column."""
        text = "; ".join(f"{error.code}: {error.detail}" for error in self.errors)
        return text if len(text) <= MAX_ERROR_LENGTH else f"{text[: MAX_ERROR_LENGTH - 1]}…"


@dataclass(frozen=True, slots=True)
class RowPlan:
    """The template of a row, and the columns that it takes."""

    loaded: LoadedTemplate
    mapping: ColumnMapping


class PictureUrl(NamedTuple):
    """The address of a picture, with warnings. `cost` is in billionths of a US dollar.

    `is_over_budget`: the picture has the template's defaults, since the budget is spent.
    """

    url: str
    warnings: Sequence[Fault] = ()
    cost: int = 0
    is_over_budget: bool = False


class PictureAddress(Protocol):
    """Gives a picture its address: a link, or an opaque image; and may draw it."""

    def address(self, job: RenderJob) -> PictureUrl:
        """The picture's address; `Problem` if there can be none. `BatchRefused` ends the batch."""

    def fallback(self, job: RenderJob) -> str:
        """The link of a job with the template's defaults."""


def failed(code: str, detail: str, column: int | None = None) -> RowResult:
    """The result of a row without a picture."""
    return RowResult("failed", errors=(RowError(code, detail, column),))


class BatchRows:
    """The results of a batch's rows; each template is prepared at its first row.

    `made` counts the rows with a picture by template. `load` loads a template's version,
    `addresses_of` gives its pictures their addresses, `check_assets` says which assets that values
    name are not there.
    """

    def __init__(
        self,
        plan: BatchPlan,
        load: Callable[[str, int], LoadedTemplate | None],
        addresses_of: Callable[[LoadedTemplate], PictureAddress],
        check_assets: AssetCheck,
    ) -> None:
        self.internal_errors: list[str] = []
        self.made: dict[str, int] = {}
        self.cost = 0  # of the pictures so far, in billionths of a US dollar
        self._plan = plan
        self._load = load
        self._addresses_of = addresses_of
        self._check_assets = check_assets
        self._templates: dict[str, TemplateRows | RowResult] = {}

    def result(self, row: TableRow) -> RowResult:
        """The result of a row. A fault of Postcard is a failed row, counted without its values."""
        if row.fault is not None:
            return failed(row.fault.code, row.fault.detail)
        try:
            return self._result(row)
        except BatchRefused:
            raise
        except Problem as problem:
            if problem.status >= 500:
                raise
            return failed(problem.code, problem.detail)
        except Exception as failure:  # one row's: the others are worth their pictures
            self.internal_errors.append(failure_site(failure))
            return failed(
                "internal", "Postcard failed at this row; the other rows are not affected."
            )

    def plan_of(self, cells: Sequence[Any]) -> RowPlan | None:
        """The template of a row; None if it has none."""
        rows = self._rows_of(cells)
        return None if isinstance(rows, RowResult) else rows.plan

    def _result(self, row: TableRow) -> RowResult:
        rows = self._rows_of(row.cells)
        if isinstance(rows, RowResult):
            return rows
        is_over_budget = self._plan.is_over_budget(row.number)
        result = rows.result(row.cells, is_over_budget=is_over_budget)
        self.cost += result.cost
        if result.url and not is_over_budget:
            template_id = rows.plan.loaded.template.id
            self.made[template_id] = self.made.get(template_id, 0) + 1
        return result

    def _rows_of(self, cells: Sequence[Any]) -> "TemplateRows | RowResult":
        template_id = self._template_id(cells)
        rows = self._templates.get(template_id)
        if rows is None:
            rows = self._templates[template_id] = self._prepare(template_id)
        return rows

    def _template_id(self, cells: Sequence[Any]) -> str:
        plan = self._plan
        if plan.template_column is not None:
            cell = cells[plan.template_column]
            template_id = cell.strip() if isinstance(cell, str) else ""
            if template_id:
                return template_id if template_id in plan.templates else "?"
        return plan.settings.template_id or ""

    def _prepare(self, template_id: str) -> "TemplateRows | RowResult":
        plan, column = self._plan, self._plan.template_column
        planned = plan.templates.get(template_id)
        if planned is None:
            detail = (
                "There is no such template, or the file names too many."
                if template_id
                else "The row names no template."
            )
            return failed("unknown_template", detail, column)
        if planned.fault_code:
            return failed(planned.fault_code, planned.fault_detail, column)
        loaded = self._load(template_id, planned.version)
        if loaded is None:
            return failed("unknown_template", "The template was erased.", column)
        return TemplateRows(plan, planned, loaded, self._addresses_of(loaded), self._check_assets)


class TemplateRows:
    """The results of rows with one template."""

    def __init__(
        self,
        plan: BatchPlan,
        planned: PlannedTemplate,
        loaded: LoadedTemplate,
        addresses: PictureAddress,
        check_assets: AssetCheck,
    ) -> None:
        settings, template = plan.settings, loaded.template
        self._plan, self._loaded, self._template = plan, loaded, template
        self._mapping = planned.mapping
        self.plan = RowPlan(loaded, planned.mapping)
        self._values = RowModifications(template, planned.mapping)
        self._addresses = addresses
        self._check_assets = check_assets
        self._is_confined = settings.key_templates is not None
        self._restricted = EveryName() if self._is_confined else NO_NAMES
        self._on_invalid = settings.on_invalid
        options = settings.output
        self._size, faults = options.resolve_size(template.document)
        self._faults = tuple(faults)
        self._format = options.resolve_format(template)
        self._quality = options.resolve_quality(template)
        self._dpr = 1 if options.dpr is None else options.dpr
        self._has_computed_images = any(
            slot.path[0] in ("source", "logo")
            for slots in template.liquid_slots.values()
            for slot in slots
        )
        self._asset_faults: dict[str, SourceImageFault | None] = {}

    def result(self, cells: Sequence[Any], *, is_over_budget: bool = False) -> RowResult:
        """The result of a row's cells."""
        if self._faults:
            return RowResult("failed", errors=self._errors(self._faults))
        modifications = self._values.of(cells)
        try:
            values = self._bind(modifications)
            warnings = list(values.warnings)
            if values.needs_fallback:
                return self._failed([*warnings, *self._missing(values, modifications)])
            job = self._job(values)
            warnings += self._check_images(job)
            if is_over_budget:
                picture = PictureUrl("", is_over_budget=True)
            else:
                picture = self._addresses.address(job)
        except BadRequest as bad:
            return self._failed(bad.errors or (Fault(bad.code, "", bad.detail),))
        except Problem as problem:
            if problem.status >= 500:
                raise
            return failed(problem.code, problem.detail)
        if picture.is_over_budget:
            return self._over_budget(job)
        status: RowStatus = "default" if warnings else "ok"
        errors = self._errors([*warnings, *picture.warnings, *_long(picture.url)])
        return RowResult(status, picture.url, job.alt, errors, picture.cost)

    def _over_budget(self, job: RenderJob) -> RowResult:
        """The template's picture with its defaults, drawn once for all rows over the budget."""
        own = replace(job, values=bind_defaults(self._template))
        error = RowError(OVER_BUDGET, OVER_BUDGET_DETAIL)
        return RowResult("default", self._addresses.fallback(own), own.alt, (error,))

    def _bind(self, modifications: Modifications) -> BoundValues:
        """The bound values, with warnings where a default stands for a value."""
        if self._on_invalid == "error":
            bind(self._template, modifications, mode="error", restricted=self._restricted)
        return bind(self._template, modifications, mode="default", restricted=self._restricted)

    def _missing(self, values: BoundValues, modifications: Modifications) -> list[Fault]:
        fields = self._template.fields
        return [
            Fault(
                "missing_value",
                modifications.pointer_to_link_name(name, fields),
                f"{name} is required and has no value.",
            )
            for name in values.missing_required
        ]

    def _job(self, values: BoundValues) -> RenderJob:
        template = self._template
        return RenderJob(
            loaded=self._loaded,
            values=values,
            size=self._size,
            format=self._format,
            quality=self._quality,
            max_bytes=template.max_bytes,
            dpr=self._dpr,
            asset_templates=(template.id,),
        )

    def _check_images(self, job: RenderJob) -> list[Fault]:
        """Warnings about assets that the row names; `BadRequest` for those that it may not name."""
        if self._has_computed_images and self._is_confined:
            check_permitted_assets(job, now=self._plan.now)
        if not _names_asset(job.values):
            return []
        published = job.loaded.stored.sources
        sources = prepare(job, now=self._plan.now).image_sources()
        faults = (self._asset_fault(s) for s in sources if s.reference not in published)
        return [fault for fault in faults if fault is not None]

    def _asset_fault(self, source: ImageSource) -> Fault | None:
        """Each asset is looked up once in a process."""
        known = self._asset_faults
        if source.reference not in known:
            faults = self._check_assets([source], (self._template.id,))
            if len(known) >= _MAX_CHECKED_ASSETS:
                known.clear()
            known[source.reference] = faults[0] if faults else None
        return known[source.reference]

    def _failed(self, faults: Sequence[Fault]) -> RowResult:
        return RowResult("failed", errors=self._errors(faults))

    def _errors(self, faults: Sequence[Fault]) -> tuple[RowError, ...]:
        """One error for each value: the first, which says most."""
        first: dict[str, Fault] = {}
        for fault in faults:
            first.setdefault(fault.pointer or fault.code, fault)
        return tuple(
            RowError(fault.code, fault.detail, self._column_of(fault.pointer))
            for fault in first.values()
        )

    def _column_of(self, pointer: str) -> int | None:
        steps = pointer.split("/")
        if len(steps) < 3 or steps[1] != "modifications" or not steps[2].isdigit():
            return None
        return self._mapping.columns[int(steps[2])].index


@dataclass(frozen=True, slots=True)
class _ColumnValue:
    """Stands for a cell of each row. `default` is given for a JSON row without the value."""

    index: int
    default: str | None


class RowModifications:
    """Reads a row's values as `modifications_from_json` reads them, whose work is done once."""

    def __init__(self, template: Template, mapping: ColumnMapping) -> None:
        lists = {name for name, spec in template.fields.items() if isinstance(spec, ListField)}
        entries = [
            {
                "name": column.target,
                column.value_key: _ColumnValue(
                    column.index, None if column.target in lists else ""
                ),
            }
            for column in mapping.columns
        ]
        read = modifications_from_json(template, entries)
        self._fields, self._layers, self._pointers = read.fields, read.layers, read.pointers

    def of(self, cells: Sequence[Any]) -> Modifications:
        """The values of a row's cells."""
        return Modifications(
            {name: _filled(value, cells) for name, value in self._fields.items()},
            {
                name: {key: _filled(value, cells) for key, value in properties.items()}
                for name, properties in self._layers.items()
            },
            self._pointers,
        )


def _filled(value: object, cells: Sequence[Any]) -> object:
    if isinstance(value, _ColumnValue):
        cell = cells[value.index]
        return value.default if cell is None else cell
    if isinstance(value, list):
        return [_filled(item, cells) for item in value]
    assert isinstance(value, Mapping)
    return {key: _filled(one, cells) for key, one in value.items()}


def _names_asset(values: BoundValues) -> bool:
    texts: list[object] = [*values.explicit_values.values()]
    texts += [value for layer in values.layers.values() for value in layer.values()]
    for value in texts:
        if isinstance(value, tuple):
            if any(_is_asset(one) for item in value for one in item.values()):
                return True
        elif _is_asset(value):
            return True
    return False


def _is_asset(value: object) -> bool:
    return isinstance(value, str) and value.startswith("asset:")


def _long(url: str) -> Sequence[Fault]:
    if len(url) <= LONG_LINK:
        return ()
    detail = (
        f"The link has {len(url):,} characters; some mail software cuts those over {LONG_LINK:,}."
    )
    return (Fault("long_link", "", detail),)
