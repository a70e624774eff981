"""API keys and invitations in the table, by digest."""

import contextlib
from collections.abc import Sequence

from postcard.adapters.aws.table import (
    IF_PRESENT,
    ConditionExpression,
    ConditionFailed,
    Row,
    Table,
    record_fields,
    to_row,
)
from postcard.ports import ApiKeyRecord, Invitation

PARTITION = "keys"
ENDED_SESSION_SECONDS = 7 * 86_400  # that a session is still listed after its end
IS_NOT_REVOKED = ConditionExpression(
    "attribute_exists(pk) AND attribute_not_exists(#revoked_at)", ("revoked_at",)
)


class DynamoApiKeyStore:
    """A row for each key, which holds its digest and never the key itself."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def by_digest(self, digest: str) -> ApiKeyRecord | None:
        """The record, or None."""
        row = self._table.get(PARTITION, digest)
        return _to_record(row) if row else None

    def put(self, record: ApiKeyRecord) -> None:
        """Replace the record."""
        row = to_row(record)
        if record.is_session and record.expires_at is not None:
            row["ttl"] = record.expires_at + ENDED_SESSION_SECONDS
        self._table.put(PARTITION, record.digest, row)

    def record_use(self, digest: str, at: int) -> None:
        """Store when a key was used, unless its row is gone."""
        with contextlib.suppress(ConditionFailed):
            self._table.update(PARTITION, digest, sets={"last_used_at": at}, condition=IF_PRESENT)

    def renew(self, digest: str, expires_at: int) -> bool:
        """Store when a session expires, unless it was ended or its row is gone."""
        sets = {"expires_at": expires_at, "ttl": expires_at + ENDED_SESSION_SECONDS}
        try:
            self._table.update(PARTITION, digest, sets=sets, condition=IS_NOT_REVOKED)
        except ConditionFailed:
            return False
        return True

    def list(self) -> Sequence[ApiKeyRecord]:
        """All records, oldest first."""
        records = [_to_record(row) for row in self._table.query(PARTITION)]
        return sorted(records, key=lambda record: (record.created_at, record.key_id))


def _to_record(row: Row) -> ApiKeyRecord:
    return ApiKeyRecord(**record_fields(row, ApiKeyRecord))


class DynamoInvitationStore:
    """A row for each invitation, which holds the digest of its code and never the code."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def put(self, invitation: Invitation) -> None:
        """Store an invitation."""
        row = {**to_row(invitation), "ttl": invitation.expires_at}
        self._table.put(f"invitation#{invitation.digest}", "record", row)

    def take(self, digest: str) -> Invitation | None:
        """Delete an invitation and return it; DynamoDB gives it to one call only."""
        row = self._table.take(f"invitation#{digest}", "record")
        return Invitation(**record_fields(row, Invitation)) if row else None
