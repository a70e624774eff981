"""Records of opaque images in the table."""

import zlib
from collections.abc import Iterator

from postcard.adapters.aws.table import Row, Table, kept, restored, row_of, shrunk
from postcard.ports import ImageRecord

SHARDS = 16  # a batch makes a million images of one template, and a partition has its bounds


class DynamoImages:
    """A row for each image, and some that list it: under its template, and by its marks."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, image_id: str) -> ImageRecord | None:
        """The record, or None."""
        row = self._table.get(*_place(image_id))
        return _record(row) if row else None

    def put(self, record: ImageRecord) -> None:
        """Replace the record. It is listed first: no image that exists is missing in `of`."""
        shard = zlib.crc32(record.image_id.encode()) % SHARDS
        listed = {"image_id": record.image_id}
        entry = f"{record.version:06d}#{record.image_id}"
        self._table.put(_list(record.template_id, shard), entry, listed)
        for mark in record.marks:
            self._table.put(_marked(mark), record.image_id, listed)
        row = row_of(record) | {"values": shrunk(record.values)}
        self._table.put(*_place(record.image_id), row)

    def of(self, template_id: str, version: int | None = None) -> Iterator[ImageRecord]:
        """Every image of a template, or of one of its versions, in no order."""
        prefix = "" if version is None else f"{version:06d}#"
        for shard in range(SHARDS):
            yield from self._listed(self._table.rows(_list(template_id, shard), prefix=prefix))

    def marked(self, mark: str) -> Iterator[ImageRecord]:
        """Every image that bears a mark, in no order."""
        listed = self._listed(self._table.rows(_marked(mark)))
        yield from (record for record in listed if mark in record.marks)

    def _listed(self, rows: Iterator[Row]) -> Iterator[ImageRecord]:
        yield from map(_record, self._table.get_many([_place(row["image_id"]) for row in rows]))


def _place(image_id: str) -> tuple[str, str]:
    return f"image#{image_id}", "record"


def _list(template_id: str, shard: int) -> str:
    return f"images#{template_id}#{shard}"


def _marked(mark: str) -> str:
    return f"marked#{mark}"


def _record(row: Row) -> ImageRecord:
    row |= {"values": restored(row["values"]), "dpr": float(row["dpr"])}
    return ImageRecord(**kept(row, ImageRecord))
