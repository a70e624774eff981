"""The sender's own fonts: which there are, and which of them a document means."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from postcard.assets.font_cache import Families
from postcard.assets.font_catalog import joined
from postcard.assets.service import PREFIX, AssetError, AssetReader
from postcard.errors import Fault, TimedOut, refuse
from postcard.font_sanitizer.subprocess_client import SECONDS
from postcard.ports import AssetRecord
from postcard.template.model import Document
from postcard.template.used_fonts import used_families
from postcard.text.fonts import Fonts

MOST_BYTES = 40_000_000  # of the sender's own fonts in one document
_PAGE = 200


class FontShelf:
    """Finds fonts among the assets. What was uploaded since is checked at its first use."""

    def __init__(
        self, assets: AssetReader, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._assets = assets
        self._monotonic = monotonic

    def own(self, document: Document, shipped: Fonts, *, deadline: float) -> Families:
        """The families that a document names and that are not `shipped`.

        `asset:ID` is that font by itself, any other name all fonts of that family; one that nobody
        knows is left out. `BadRequest` for an asset that cannot be used.
        """
        wanted: dict[str, str] = {}
        for where, name in used_families(document):
            if not shipped.has_family(name):
                wanted.setdefault(name, where)
        chosen, faults = self._chosen(wanted, deadline)
        size = sum(one.bytes for records in chosen.values() for one in records)
        if size > MOST_BYTES:
            detail = f"Its own fonts have {size:,} bytes, {MOST_BYTES:,} are allowed: name fewer."
            faults.append(Fault("too_many", "/font", detail))
        refuse(faults)
        return {name: [one.object_key for one in records] for name, records in chosen.items()}

    def told(self, shipped: Fonts, *, deadline: float) -> Sequence[Mapping[str, object]]:
        """What `GET /v1/fonts` lists beside ours; one that is called as ours is told by its id."""
        told: list[Mapping[str, object]] = []
        for name, records in sorted(_by_family(self._ready(deadline, patient=False)).items()):
            if shipped.has_family(name):
                told += [{**_facts(one), "family": PREFIX + one.asset_id} for one in records]
            else:
                told.append(joined([_facts(one) for one in records]))
        return told

    def _chosen(
        self, wanted: Mapping[str, str], deadline: float
    ) -> tuple[dict[str, Sequence[AssetRecord]], list[Fault]]:
        named = any(not name.startswith(PREFIX) for name in wanted)
        families = _by_family(self._ready(deadline, patient=True)) if named else {}
        chosen: dict[str, Sequence[AssetRecord]] = {}
        faults = []
        for name, where in wanted.items():
            try:
                chosen[name] = self._named(name, families)
            except AssetError as error:
                faults.append(Fault("bad_value", where, str(error)))
        return {name: records for name, records in chosen.items() if records}, faults

    def _named(
        self, name: str, families: Mapping[str, Sequence[AssetRecord]]
    ) -> Sequence[AssetRecord]:
        if not name.startswith(PREFIX):
            return families.get(name, ())
        return (self._assets.font(self._assets.known(name.removeprefix(PREFIX))),)

    def _ready(self, deadline: float, *, patient: bool) -> Iterator[AssetRecord]:
        """All fonts that can be drawn with; `TimedOut` if `patient` and some are not checked."""
        for record in self._fonts():
            if record.status == "waiting" and self._monotonic() > deadline - SECONDS:
                if patient:
                    raise TimedOut("New fonts are still being checked: try again.")
                continue
            try:
                yield self._assets.font(record)
            except AssetError:  # told where it is named, and by GET /v1/assets
                continue

    def _fonts(self) -> Iterator[AssetRecord]:
        cursor: str | None = None
        while True:
            page = self._assets.records.list(limit=_PAGE, cursor=cursor)
            yield from (record for record in page.items if record.is_font)
            if (cursor := page.next_cursor) is None:
                return


def _by_family(records: Iterator[AssetRecord]) -> dict[str, list[AssetRecord]]:
    families: dict[str, list[AssetRecord]] = {}
    for record in records:
        families.setdefault(str(_facts(record)["family"]), []).append(record)
    return families


def _facts(record: AssetRecord) -> Mapping[str, Any]:
    assert record.font is not None  # a font that is ready was read
    return record.font
