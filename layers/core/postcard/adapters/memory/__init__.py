"""Every port in memory: for tests, for trying things out, and as the ports' plainest description.

All of them may be used from several threads.
"""

from postcard.adapters.memory.aws_services import (
    MemoryCdn,
    MemoryEdgeStore,
    MemorySecrets,
    MemoryUploads,
)
from postcard.adapters.memory.limits import MemoryCounters, MemoryIdempotency, MemoryRateLimiter
from postcard.adapters.memory.objects import MemoryObjects
from postcard.adapters.memory.records import MemoryApiKeys, MemoryAssets, MemoryImages
from postcard.adapters.memory.templates import MemoryTemplates

__all__ = [
    "MemoryApiKeys",
    "MemoryAssets",
    "MemoryCdn",
    "MemoryCounters",
    "MemoryEdgeStore",
    "MemoryIdempotency",
    "MemoryImages",
    "MemoryObjects",
    "MemoryRateLimiter",
    "MemorySecrets",
    "MemoryTemplates",
    "MemoryUploads",
]
