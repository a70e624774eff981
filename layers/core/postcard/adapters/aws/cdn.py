"""Invalidates paths in CloudFront."""

import uuid
from collections.abc import Callable, Sequence
from typing import Any

MAX_PATHS_PER_INVALIDATION = 1000  # CloudFront processes at most 3,000 paths at a time


def _random_reference() -> str:
    return uuid.uuid4().hex


class CloudFrontCdn:
    """One distribution, through boto3's `cloudfront` client."""

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
        """Start invalidations; they take some seconds. `/renders/7/welcome/*` is one path."""
        for start in range(0, len(paths), MAX_PATHS_PER_INVALIDATION):
            batch = list(paths[start : start + MAX_PATHS_PER_INVALIDATION])
            self._client.create_invalidation(
                DistributionId=self._distribution_id,
                InvalidationBatch={
                    "Paths": {"Quantity": len(batch), "Items": batch},
                    "CallerReference": self._new_reference(),
                },
            )
