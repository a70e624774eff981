"""Takes addresses out of CloudFront."""

import uuid
from collections.abc import Callable, Sequence
from typing import Any

MAX_PATHS_PER_INVALIDATION = 1000  # a call; CloudFront works on 3,000 at once


def _random_reference() -> str:
    return uuid.uuid4().hex


class CloudFrontCdn:
    """One distribution under boto3's `cloudfront` client."""

    def __init__(
        self,
        client: Any,
        distribution_id: str,
        *,
        new_reference: Callable[[], str] = _random_reference,
    ) -> None:
        self._client = client
        self._distribution_id = distribution_id
        self._new_reference = new_reference

    def invalidate(self, paths: Sequence[str]) -> None:
        """Begin an invalidation; `/renders/7/welcome/*` is one path. It takes some seconds."""
        for start in range(0, len(paths), MAX_PATHS_PER_INVALIDATION):
            batch = list(paths[start : start + MAX_PATHS_PER_INVALIDATION])
            self._client.create_invalidation(
                DistributionId=self._distribution_id,
                InvalidationBatch={
                    "Paths": {"Quantity": len(batch), "Items": batch},
                    "CallerReference": self._new_reference(),
                },
            )
