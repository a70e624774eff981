"""Links that show usage, in memory."""

from collections.abc import Sequence

from postcard.ports import UsageShare


class MemoryUsageShareStore:
    """Links that show usage, by the digest of their token."""

    def __init__(self) -> None:
        self._shares: dict[str, UsageShare] = {}

    def by_digest(self, digest: str) -> UsageShare | None:
        """What a link shows, or None."""
        return self._shares.get(digest)

    def put(self, share: UsageShare) -> None:
        """Store a link."""
        self._shares[share.digest] = share

    def list(self) -> Sequence[UsageShare]:
        """All links."""
        return list(self._shares.values())

    def delete(self, digest: str) -> None:
        """Remove a link, if it exists."""
        self._shares.pop(digest, None)
