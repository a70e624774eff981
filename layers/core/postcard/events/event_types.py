"""The types of events that webhooks can subscribe to; docs/webhooks.md explains each."""

from typing import Final

TEMPLATE_PUBLISHED: Final = "template.published"
IMAGE_RENDERED: Final = "image.rendered"
IMAGE_FAILED: Final = "image.failed"
BATCH_COMPLETED: Final = "batch.completed"
BATCH_FAILED: Final = "batch.failed"
BUDGET_EXCEEDED: Final = "budget.exceeded"
PING: Final = "ping"  # sent only on request: no webhook subscribes to it

EVENT_TYPES: Final = (
    TEMPLATE_PUBLISHED,
    IMAGE_RENDERED,
    IMAGE_FAILED,
    BATCH_COMPLETED,
    BATCH_FAILED,
    BUDGET_EXCEEDED,
)
FREQUENT_TYPES: Final = frozenset({IMAGE_RENDERED, IMAGE_FAILED})  # there may be many a second
