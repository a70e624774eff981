"""The types of events that webhooks can ask for; docs/webhooks.md says what each means."""

from typing import Final

TEMPLATE_PUBLISHED: Final = "template.published"
IMAGE_RENDERED: Final = "image.rendered"
IMAGE_FAILED: Final = "image.failed"
BATCH_COMPLETED: Final = "batch.completed"
BATCH_FAILED: Final = "batch.failed"
BUDGET_EXCEEDED: Final = "budget.exceeded"
PING: Final = "ping"  # sent by request alone: no webhook asks for it

EVENT_TYPES: Final = (
    TEMPLATE_PUBLISHED,
    IMAGE_RENDERED,
    IMAGE_FAILED,
    BATCH_COMPLETED,
    BATCH_FAILED,
    BUDGET_EXCEEDED,
)
FREQUENT_TYPES: Final = frozenset({IMAGE_RENDERED, IMAGE_FAILED})  # perhaps many in a second
