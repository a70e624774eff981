"""What is fixed for a whole batch before its first row, so that all work gives equal bytes."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, Literal

from postcard.campaigns.tables.column_mapping import ColumnChoice, ColumnMapping
from postcard.campaigns.tables.table_format import TableFormat
from postcard.pipeline.render_job import OutputOptions
from postcard.ports import JsonObject
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.bind import BindMode

BatchMode = Literal["links", "images", "warm"]
ADDED_COLUMNS = ("personalized_image_url", "alt", "status", "error")


@dataclass(frozen=True, slots=True)
class BatchSettings:
    """What a batch is to do, with defaults; `POST /v1/batches` describes the properties.

    `rate` is in pictures a second, in mode `warm`. Two are not the request's: `template_versions`
    pins templates by their ids; others are pinned when the file is split. `key_templates` are those
    that the API key is limited to, None for all. `on_budget` is what happens once `max_usd` is
    spent: `fallback` or `stop`.
    """

    template_id: str | None = None
    template_column: str | int | None = None
    mode: BatchMode = "links"
    columns: Mapping[str, ColumnChoice] = field(default_factory=dict)
    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    header: bool = True
    formulas: str = "escape"
    on_invalid: BindMode = "default"
    format: str | None = None
    width: int | None = None
    dpr: float | None = None
    quality: int | None = None
    expires_at: str | None = None
    campaign: str | None = None
    rate: int = 100
    dry_run: bool = False
    max_usd: float | None = None
    on_budget: str = "fallback"
    template_versions: Mapping[str, int] = field(default_factory=dict)
    key_templates: Sequence[str] | None = None

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "BatchSettings":
        """The settings among those of a record; None is the default."""
        names = cls.__dataclass_fields__
        given = {name: stored[name] for name in names if stored.get(name) is not None}
        return cls(**given)

    @property
    def output(self) -> OutputOptions:
        """The size and format of the pictures."""
        return OutputOptions(self.format, self.width, self.dpr, self.quality)

    def to_json(self) -> JsonObject:
        """The value of `from_json`."""
        templates = self.key_templates
        return {
            **{name: getattr(self, name) for name in self.__dataclass_fields__},
            "key_templates": None if templates is None else list(templates),
        }


@dataclass(frozen=True, slots=True)
class PlannedTemplate:
    """A template of a batch: its version and its columns, or why no row can have it."""

    version: int = 0
    mapping: ColumnMapping = field(default_factory=lambda: ColumnMapping(()))
    fault_code: str = ""
    fault_detail: str = ""

    def to_json(self) -> JsonObject:
        """The value of `from_json`."""
        return {
            "version": self.version,
            "mapping": self.mapping.to_json(),
            "unmapped": list(self.mapping.unmapped),
            "fault_code": self.fault_code,
            "fault_detail": self.fault_detail,
        }

    @classmethod
    def from_json(cls, stored: JsonObject) -> "PlannedTemplate":
        """The template that `to_json` was called on."""
        mapping = ColumnMapping.from_json(stored["mapping"], stored["unmapped"])
        return cls(stored["version"], mapping, stored["fault_code"], stored["fault_detail"])


@dataclass(frozen=True, slots=True)
class Chunk:
    """Rows that are worked on together: a range of the upload, or a file of their own.

    `number` counts from 0, `row` and `line` from 1. `length` 0: the rows are in a file of their
    own.
    """

    number: int
    at: int
    length: int
    row: int
    line: int
    rows: int

    def to_json(self) -> JsonObject:
        """The chunk in `chunks.json`, and in the state machine."""
        return {
            "n": self.number,
            "at": self.at,
            "len": self.length,
            "row": self.row,
            "line": self.line,
            "rows": self.rows,
        }

    @classmethod
    def from_json(cls, stored: JsonObject) -> "Chunk":
        """The chunk that `to_json` was called on."""
        return cls(*(int(stored[name]) for name in ("n", "at", "len", "row", "line", "rows")))


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """All that the work on a row depends on, but the row and what is left of a budget.

    `etag` is the upload's. `columns` are the names of the columns, `header_text` the header's line.
    `now` is in Unix seconds, `expires` the links' expiry. `kid` is the key that signs.
    `affordable_rows`: those after so many are over the budget; None: none is. `template_column` is
    an index. `concurrency` is the number of chunks that are worked on at once.
    """

    settings: BatchSettings
    etag: str
    digest: str
    format: TableFormat
    columns: Sequence[str]
    header_text: str
    templates: Mapping[str, PlannedTemplate]
    template_column: int | None
    kid: str
    base_url: str
    now: int
    expires: int | None
    concurrency: int
    chunk_count: int
    rows: int
    blank_lines: int
    affordable_rows: int | None = None

    def is_over_budget(self, row: int) -> bool:
        """Whether `max_usd` does not pay for a row, which counts from 1."""
        return self.affordable_rows is not None and row > self.affordable_rows

    @property
    def result_suffix(self) -> str:
        """The end of the result's name."""
        return f"{self.format.kind}{'.gz' if self.format.is_gzip else ''}"

    def to_json(self) -> JsonObject:
        """The value of `from_json`."""
        return {
            **{name: getattr(self, name) for name in _PLAIN},
            "affordable_rows": self.affordable_rows,
            "columns": list(self.columns),
            "settings": self.settings.to_json(),
            "format": self.format.to_json(),
            "templates": {name: one.to_json() for name, one in self.templates.items()},
        }

    @classmethod
    def from_json(cls, stored: JsonObject) -> "BatchPlan":
        """The plan that `to_json` was called on."""
        return cls(
            settings=BatchSettings.from_json(stored["settings"]),
            format=TableFormat.from_json(stored["format"]),
            columns=stored["columns"],
            affordable_rows=stored.get("affordable_rows"),
            templates={
                name: PlannedTemplate.from_json(one) for name, one in stored["templates"].items()
            },
            **{name: stored[name] for name in _PLAIN},
        )


_PLAIN = (
    *("etag", "digest", "header_text", "template_column", "kid", "base_url", "now", "expires"),
    *("concurrency", "chunk_count", "rows", "blank_lines"),
)
