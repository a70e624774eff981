"""Assembles the services that the webhook function calls."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import Protocol

from postcard.ports import DeliveryStore, Hints, JsonObject, WebhookSender, WebhookStore
from postcard.runtime.lazy_dataclass import dataclass
from postcard.webhooks.attempts import Attempts
from postcard.webhooks.delivery_worker import DeliveryWorker
from postcard.webhooks.tick import WebhookTick

S3_NOTIFICATION = "s3_notification"  # the kind of messages that S3 sends


class MessageHandler(Protocol):
    """Handles the messages of one kind that come with the hints."""

    def __call__(self, message: JsonObject) -> JsonObject:
        """Do what a message asks for; returns log fields. It may come twice.

        If it raises, the message comes back.
        """


@dataclass(frozen=True, slots=True)
class WebhookFunctionService:
    """The services of the webhook function. `message_handlers` are by the kind of a message.

    `minute_tasks` run after each tick; they take the time in Unix seconds.
    `set_deadline` takes the `time.monotonic()` instant at which every wait for AWS is given up.
    """

    worker: DeliveryWorker
    tick: WebhookTick
    set_deadline: Callable[[float], None]
    message_handlers: Mapping[str, MessageHandler] = field(default_factory=dict)
    minute_tasks: Sequence[Callable[[float], object]] = ()
    clock: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic


def webhook_function_service(
    webhooks: WebhookStore,
    deliveries: DeliveryStore,
    hints: Hints,
    sender: WebhookSender,
    key: Callable[[], str],
    *,
    set_deadline: Callable[[float], None],
    message_handlers: Mapping[str, MessageHandler] | None = None,
    minute_tasks: Sequence[Callable[[float], object]] = (),
) -> WebhookFunctionService:
    """The service over these stores; `key` returns the key that secrets are derived from."""
    return WebhookFunctionService(
        DeliveryWorker(webhooks, deliveries, hints, Attempts(sender, key)),
        WebhookTick(webhooks, deliveries, hints),
        set_deadline,
        message_handlers or {},
        minute_tasks,
    )
