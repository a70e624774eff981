"""Every port in memory, for tests and local use. Safe in several threads."""

from postcard.adapters.memory.batches import MemoryBatchStore
from postcard.adapters.memory.budgets import (
    MemoryBudgetNotices,
    MemoryBudgetNoticeStore,
    MemoryBudgetStore,
)
from postcard.adapters.memory.counters import MemoryCounters
from postcard.adapters.memory.drafts import MemoryDraftStore
from postcard.adapters.memory.files import MemoryFileStore
from postcard.adapters.memory.idempotency import MemoryIdempotencyStore
from postcard.adapters.memory.objects import MemoryObjectStore
from postcard.adapters.memory.rate_limiter import MemoryRateLimiter
from postcard.adapters.memory.records import (
    MemoryApiKeyStore,
    MemoryAssetStore,
    MemoryDeletionStore,
    MemoryImageStore,
    MemoryInvitationStore,
)
from postcard.adapters.memory.services import (
    MemoryCdn,
    MemoryEdgeStore,
    MemoryQueue,
    MemorySecretStore,
    MemoryStateMachine,
    MemoryUploads,
)
from postcard.adapters.memory.status import MemoryStatusStore
from postcard.adapters.memory.templates import MemoryTemplateStore
from postcard.adapters.memory.usage import MemoryUsageShareStore, MemoryUsageStore
from postcard.adapters.memory.webhooks import (
    MemoryDeliveryStore,
    MemoryHints,
    MemoryWebhookStore,
)

__all__ = [
    "MemoryApiKeyStore",
    "MemoryAssetStore",
    "MemoryBatchStore",
    "MemoryBudgetNoticeStore",
    "MemoryBudgetNotices",
    "MemoryBudgetStore",
    "MemoryCdn",
    "MemoryCounters",
    "MemoryDeletionStore",
    "MemoryDeliveryStore",
    "MemoryDraftStore",
    "MemoryEdgeStore",
    "MemoryFileStore",
    "MemoryHints",
    "MemoryIdempotencyStore",
    "MemoryImageStore",
    "MemoryInvitationStore",
    "MemoryObjectStore",
    "MemoryQueue",
    "MemoryRateLimiter",
    "MemorySecretStore",
    "MemoryStateMachine",
    "MemoryStatusStore",
    "MemoryTemplateStore",
    "MemoryUploads",
    "MemoryUsageShareStore",
    "MemoryUsageStore",
    "MemoryWebhookStore",
]
