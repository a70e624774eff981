"""Links that show usage, in the table."""

from collections.abc import Sequence

from postcard.adapters.aws.table import Row, Table, record_fields, to_row
from postcard.ports import UsageShare

PARTITION = "usage-shares"


class DynamoUsageShareStore:
    """A row for each link, which holds the digest of its token; deleted after it expires."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def by_digest(self, digest: str) -> UsageShare | None:
        """What a link shows, or None."""
        row = self._table.get(PARTITION, digest)
        return _to_share(row) if row else None

    def put(self, share: UsageShare) -> None:
        """Store a link."""
        self._table.put(PARTITION, share.digest, {**to_row(share), "ttl": share.expires_at})

    def list(self) -> Sequence[UsageShare]:
        """All links."""
        return [_to_share(row) for row in self._table.query(PARTITION)]

    def delete(self, digest: str) -> None:
        """Remove a link, if it exists."""
        self._table.delete(PARTITION, digest)


def _to_share(row: Row) -> UsageShare:
    return UsageShare(**record_fields(row, UsageShare))
