"""Finds the uploaded fonts that a document names, and lists them for the API."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from postcard.assets.font_cache import FontKeysByFamily
from postcard.assets.font_catalog import merge_entries
from postcard.assets.reader import ASSET_PREFIX, AssetError, AssetNotChecked, AssetReader
from postcard.errors import Fault, GatewayTimeout, ServiceUnavailable, raise_faults
from postcard.font_sanitizer.subprocess_client import MAX_CHECK_SECONDS
from postcard.ports import AssetRecord
from postcard.template.model import Document
from postcard.template.used_fonts import used_families
from postcard.text.fonts import Fonts

MAX_CUSTOM_FONT_BYTES = 40_000_000  # of all uploaded fonts in one document
_PAGE_SIZE = 200


class CustomFonts:
    """Resolves font families to uploaded fonts. A new upload is sanitized at its first use."""

    def __init__(
        self, assets: AssetReader, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._assets = assets
        self._monotonic = monotonic

    def resolve_families(
        self,
        document: Document,
        shipped: Fonts,
        *,
        templates: Sequence[str] | None,
        deadline: float,
    ) -> FontKeysByFamily:
        """The object keys of the families that a document names and that are not `shipped`.

        `asset:ID` names one font, any other name all fonts of that family. Unknown families are
        left out, as are fonts that none of `templates` may use. `BadRequest` for an asset that
        cannot be used.
        """
        pointers: dict[str, str] = {}
        for pointer, name in used_families(document):
            if not shipped.has_family(name):
                pointers.setdefault(name, pointer)
        chosen, faults = self._choose_records(pointers, templates, deadline)
        size = sum(record.bytes for records in chosen.values() for record in records)
        if size > MAX_CUSTOM_FONT_BYTES:
            detail = (
                f"The document's own fonts have {size:,} bytes, and {MAX_CUSTOM_FONT_BYTES:,} are"
                " allowed: use fewer fonts."
            )
            faults.append(Fault("too_many_items", "/font", detail))
        raise_faults(faults)
        return {name: [record.object_key for record in records] for name, records in chosen.items()}

    def describe_fonts(
        self, shipped: Fonts, *, templates: Sequence[str] | None, deadline: float
    ) -> Sequence[Mapping[str, object]]:
        """The uploaded fonts in `GET /v1/fonts`; one named like a shipped family goes by its id."""
        entries: list[Mapping[str, object]] = []
        ready = self._ready_fonts(templates, deadline, require_checked=False)
        for name, records in sorted(_group_by_family(ready).items()):
            if shipped.has_family(name):
                entries += [
                    {**_catalog_entry(record), "family": ASSET_PREFIX + record.asset_id}
                    for record in records
                ]
            else:
                entries.append(merge_entries([_catalog_entry(record) for record in records]))
        return entries

    def _choose_records(
        self, pointers: Mapping[str, str], templates: Sequence[str] | None, deadline: float
    ) -> tuple[dict[str, Sequence[AssetRecord]], list[Fault]]:
        by_family = any(not name.startswith(ASSET_PREFIX) for name in pointers)
        families: Mapping[str, Sequence[AssetRecord]] = {}
        if by_family:
            families = _group_by_family(
                self._ready_fonts(templates, deadline, require_checked=True)
            )
        chosen: dict[str, Sequence[AssetRecord]] = {}
        faults = []
        for name, pointer in pointers.items():
            try:
                chosen[name] = self._records_of(name, families, templates, deadline)
            except AssetNotChecked as failure:
                raise ServiceUnavailable(str(failure)) from failure
            except AssetError as error:
                faults.append(Fault("invalid_value", pointer, str(error)))
        return {name: records for name, records in chosen.items() if records}, faults

    def _records_of(
        self,
        name: str,
        families: Mapping[str, Sequence[AssetRecord]],
        templates: Sequence[str] | None,
        deadline: float,
    ) -> Sequence[AssetRecord]:
        if not name.startswith(ASSET_PREFIX):
            return families.get(name, ())
        asset_id = name.removeprefix(ASSET_PREFIX)
        record = self._assets.get_record(asset_id, templates=templates)
        return (self._assets.get_ready_font(record, deadline=deadline),)

    def _ready_fonts(
        self, templates: Sequence[str] | None, deadline: float, *, require_checked: bool
    ) -> Iterator[AssetRecord]:
        """All fonts that one of `templates` may use.

        Where the time is too short to sanitize a new one, it is left out, or `GatewayTimeout` is
        raised if `require_checked`.
        """
        for record in self._font_records(templates):
            if record.is_unchecked and self._monotonic() > deadline - MAX_CHECK_SECONDS:
                if record.status == "ready":
                    yield record  # a replacement is not in use before it was checked
                    continue
                if require_checked:
                    raise GatewayTimeout("New fonts are still being checked: try again.")
                continue
            try:
                yield self._assets.get_ready_font(record, deadline=deadline)
            except AssetNotChecked as failure:
                if require_checked:
                    raise ServiceUnavailable(str(failure)) from failure
            except AssetError:  # reported where a document names it, and by GET /v1/assets
                continue

    def _font_records(self, templates: Sequence[str] | None) -> Iterator[AssetRecord]:
        cursor: str | None = None
        while True:
            page = self._assets.records.list(limit=_PAGE_SIZE, cursor=cursor)
            for record in page.items:
                if record.is_font and record.is_usable_in(templates):
                    yield record
            if (cursor := page.next_cursor) is None:
                return


def _group_by_family(records: Iterator[AssetRecord]) -> dict[str, list[AssetRecord]]:
    families: dict[str, list[AssetRecord]] = {}
    for record in records:
        families.setdefault(str(_catalog_entry(record)["family"]), []).append(record)
    return families


def _catalog_entry(record: AssetRecord) -> Mapping[str, Any]:
    assert record.font is not None  # set when it became ready
    return record.font
