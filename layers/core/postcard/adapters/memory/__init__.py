"""Every port in memory: for tests, for trying things out, and as the ports' plainest description.

All of them may be used from several threads.
"""

from postcard.adapters.memory.aws_services import (
    MemoryCdn,
    MemoryEdgeStore,
    MemorySecretStore,
    MemoryUploads,
)
from postcard.adapters.memory.limits import (
    MemoryCounters,
    MemoryIdempotencyStore,
    MemoryRateLimiter,
)
from postcard.adapters.memory.objects import MemoryObjectStore
from postcard.adapters.memory.records import MemoryApiKeyStore, MemoryAssetStore, MemoryImageStore
from postcard.adapters.memory.templates import MemoryTemplateStore

__all__ = [
    "MemoryApiKeyStore",
    "MemoryAssetStore",
    "MemoryCdn",
    "MemoryCounters",
    "MemoryEdgeStore",
    "MemoryIdempotencyStore",
    "MemoryImageStore",
    "MemoryObjectStore",
    "MemoryRateLimiter",
    "MemorySecretStore",
    "MemoryTemplateStore",
    "MemoryUploads",
]
