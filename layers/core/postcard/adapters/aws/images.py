"""Records of opaque images in the table."""

from postcard.adapters.aws.table import Table, kept, restored, row_of, shrunk
from postcard.ports import ImageRecord


class DynamoImages:
    """A row for each image."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def get(self, image_id: str) -> ImageRecord | None:
        """The record, or None."""
        row = self._table.get(f"image#{image_id}", "record")
        if row is None:
            return None
        row |= {"values": restored(row["values"]), "dpr": float(row["dpr"])}
        return ImageRecord(**kept(row, ImageRecord))

    def put(self, record: ImageRecord) -> None:
        """Replace the record."""
        row = row_of(record) | {"values": shrunk(record.values)}
        self._table.put(f"image#{record.image_id}", "record", row)
