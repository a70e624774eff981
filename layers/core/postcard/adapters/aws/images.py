"""Image records in the table."""

import zlib
from collections.abc import Iterator, Sequence
from itertools import islice

from postcard.adapters.aws.table import (
    ConditionExpression,
    ConditionFailed,
    Row,
    Table,
    TransactionFailed,
    compress,
    decompress,
    record_fields,
    to_row,
)
from postcard.errors import ServiceUnavailable
from postcard.ports import DeliveryRecord, ImageRecord, Page

PUT_TRIES = 8  # with deliveries, while other calls change the record
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

    def get_many(self, image_ids: Sequence[str]) -> Iterator[ImageRecord]:
        """The records that exist, in no order; they may be a second old."""
        keys = [_key(image_id) for image_id in image_ids]
        yield from map(_to_record, self._table.batch_get(keys, consistent=False))

    def put(self, record: ImageRecord, deliveries: Sequence[DeliveryRecord] = ()) -> bool:
        """Replace the record; store the deliveries if its status is new. Whether they were stored.

        The rows that list it are written first, so that an erasure finds every stored image.
        """
        shard = zlib.crc32(record.image_id.encode()) % SHARDS
        reference = {"image_id": record.image_id}
        sort_key = f"{record.version:06d}#{record.image_id}"
        self._table.put(_template_partition(record.template_id, shard), sort_key, reference)
        for blind_index in record.blind_indexes:
            self._table.put(_blind_index_partition(blind_index), record.image_id, reference)
        if deliveries and self._put_with(deliveries, record, _if_status_is_new(record.status)):
            return True
        self._table.put(*_key(record.image_id), _from_record(record))
        return False

    def replace(
        self, record: ImageRecord, deliveries: Sequence[DeliveryRecord] = (), *, status: str
    ) -> bool:
        """Put unless the stored record's status is another than `status`; whether it was put."""
        condition = ConditionExpression("#status = :status", ("status",), {"status": status})
        if deliveries:
            return self._put_with(deliveries, record, condition)
        try:
            self._table.put(*_key(record.image_id), _from_record(record), condition)
        except ConditionFailed:
            return False
        return True

    def _put_with(
        self,
        deliveries: Sequence[DeliveryRecord],
        record: ImageRecord,
        condition: ConditionExpression,
    ) -> bool:
        """Put the record with the deliveries of an event; False if the condition does not hold."""
        from postcard.adapters.aws.webhooks import delivery_puts  # not for the image function

        put = (*_key(record.image_id), _from_record(record), condition)
        for _ in range(PUT_TRIES):
            try:
                self._table.transact_put([put, *delivery_puts(deliveries)])
            except TransactionFailed as failure:
                if failure.failed_conditions:
                    return False
            else:
                return True
        raise ServiceUnavailable("The image is changed by too many calls: try again.")

    def by_template(self, template_id: str, version: int | None = None) -> Iterator[ImageRecord]:
        """Every image of a template, or of one of its versions, in no order."""
        for shard in range(SHARDS):
            partition = _template_partition(template_id, shard)
            yield from self._get_listed(self._table.query(partition, prefix=_sort_prefix(version)))

    def page_by_template(
        self, template_id: str, version: int | None, *, after: str, limit: int
    ) -> Page[ImageRecord]:
        """At most `limit` of the same; `after` is "" or the last page's `next_cursor`."""
        first, _, last_key = after.partition("/")
        for shard in range(int(first or 0), SHARDS):
            query = self._table.query(
                _template_partition(template_id, shard),
                prefix=_sort_prefix(version),
                after=last_key or None,
                batch=limit,
            )
            rows, last_key = list(islice(query, limit)), ""
            if rows:
                cursor = f"{shard}/{rows[-1]['sk']}"
                return Page(list(self._get_listed(iter(rows))), cursor)
        return Page([])

    def by_blind_index(self, blind_index: str) -> Iterator[ImageRecord]:
        """Every image with a blind index, in no order."""
        records = self._get_listed(self._table.query(_blind_index_partition(blind_index)))
        yield from (record for record in records if blind_index in record.blind_indexes)

    def _get_listed(self, rows: Iterator[Row]) -> Iterator[ImageRecord]:
        yield from map(_to_record, self._table.batch_get([_key(row["image_id"]) for row in rows]))


def _if_status_is_new(status: str) -> ConditionExpression:
    expression = "attribute_not_exists(pk) OR #status <> :status"
    return ConditionExpression(expression, ("status",), {"status": status})


def _key(image_id: str) -> tuple[str, str]:
    return f"image#{image_id}", "record"


def _sort_prefix(version: int | None) -> str:
    return "" if version is None else f"{version:06d}#"


def _template_partition(template_id: str, shard: int) -> str:
    return f"images#{template_id}#{shard}"


def _blind_index_partition(blind_index: str) -> str:
    return f"marked#{blind_index}"


def _from_record(record: ImageRecord) -> Row:
    return to_row(record) | {"values": compress(record.values)}


def _to_record(row: Row) -> ImageRecord:
    row |= {"values": decompress(row["values"]), "dpr": float(row["dpr"])}
    return ImageRecord(**record_fields(row, ImageRecord, old_names=OLD_NAMES))
