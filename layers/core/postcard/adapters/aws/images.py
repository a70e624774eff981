"""Image records in the table."""

import zlib
from collections.abc import Iterator

from postcard.adapters.aws.table import Row, Table, compress, decompress, record_fields, to_row
from postcard.ports import ImageRecord

SHARDS = 16  # a template may have millions of images, and a partition takes 1,000 writes a second
OLD_NAMES = {"marks": "blind_indexes"}  # attributes that 0.1 wrote under another name


class DynamoImageStore:
    """A row for each image, and rows that list it under its template and its blind indexes."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, image_id: str) -> ImageRecord | None:
        """The record, or None."""
        row = self._table.get(*_key(image_id))
        return _to_record(row) if row else None

    def put(self, record: ImageRecord) -> None:
        """Replace the record.

        The rows that list it are written first, so that an erasure finds every stored image.
        """
        shard = zlib.crc32(record.image_id.encode()) % SHARDS
        reference = {"image_id": record.image_id}
        sort_key = f"{record.version:06d}#{record.image_id}"
        self._table.put(_template_partition(record.template_id, shard), sort_key, reference)
        for blind_index in record.blind_indexes:
            self._table.put(_blind_index_partition(blind_index), record.image_id, reference)
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
        """Every image with a blind index, in no order."""
        records = self._get_listed(self._table.query(_blind_index_partition(blind_index)))
        yield from (record for record in records if blind_index in record.blind_indexes)

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
    return ImageRecord(**record_fields(row, ImageRecord, old_names=OLD_NAMES))
