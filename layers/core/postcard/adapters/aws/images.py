"""Records of opaque images in the table."""

import zlib
from collections.abc import Iterator

from postcard.adapters.aws.table import Row, Table, compress, decompress, record_fields, to_row
from postcard.ports import ImageRecord

SHARDS = 16  # a batch makes a million images of one template, and a partition has its bounds


class DynamoImageStore:
    """A row for each image, and some that list it: under its template, and by its marks."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, image_id: str) -> ImageRecord | None:
        """The record, or None."""
        row = self._table.get(*_key(image_id))
        return _to_record(row) if row else None

    def put(self, record: ImageRecord) -> None:
        """Replace the record. It is listed first: no image that exists is missing in `of`."""
        shard = zlib.crc32(record.image_id.encode()) % SHARDS
        listed = {"image_id": record.image_id}
        entry = f"{record.version:06d}#{record.image_id}"
        self._table.put(_template_partition(record.template_id, shard), entry, listed)
        for mark in record.marks:
            self._table.put(_blind_index_partition(mark), record.image_id, listed)
        row = to_row(record) | {"values": compress(record.values)}
        self._table.put(*_key(record.image_id), row)

    def by_template(self, template_id: str, version: int | None = None) -> Iterator[ImageRecord]:
        """Every image of a template, or of one of its versions, in no order."""
        prefix = "" if version is None else f"{version:06d}#"
        for shard in range(SHARDS):
            yield from self._get_listed(
                self._table.query(_template_partition(template_id, shard), prefix=prefix)
            )

    def by_blind_index(self, blind_index: str) -> Iterator[ImageRecord]:
        """Every image that bears a mark, in no order."""
        listed = self._get_listed(self._table.query(_blind_index_partition(blind_index)))
        yield from (record for record in listed if blind_index in record.marks)

    def _get_listed(self, rows: Iterator[Row]) -> Iterator[ImageRecord]:
        yield from map(_to_record, self._table.batch_get([_key(row["image_id"]) for row in rows]))


def _key(image_id: str) -> tuple[str, str]:
    return f"image#{image_id}", "record"


def _template_partition(template_id: str, shard: int) -> str:
    return f"images#{template_id}#{shard}"


def _blind_index_partition(blind_index: str) -> str:
    return f"marked#{blind_index}"


def _to_record(row: Row) -> ImageRecord:
    row |= {"values": decompress(row["values"]), "dpr": float(row["dpr"])}
    return ImageRecord(**record_fields(row, ImageRecord))
