"""`/v1/webhooks`: where events are sent, their secrets, deliveries and replays."""

from typing import Annotated, Any, Literal

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query

from api.request_models import (
    EVENT_ID,
    WEBHOOK_ID,
    BulkReplayBody,
    RotationBody,
    WebhookBody,
    WebhookChanges,
)
from api.response_models import (
    BulkReplay,
    DeliveryList,
    DeliveryResponse,
    PingResponse,
    WebhookList,
    WebhookResponse,
    WebhookWithSecret,
)
from api.router import ApiRouter, any_scope, no_content
from api.routes.templates import Cursor, Limit
from postcard.webhooks.delivery_service import ReplayRequest
from postcard.webhooks.webhook_service import WebhookSettings, require_all_templates

router = ApiRouter()
TAGS = ["Webhooks"]
SECURITY = any_scope("admin")
WEBHOOKS = "/v1/webhooks"
WEBHOOK = "/v1/webhooks/<webhook_id>"
DELIVERIES = "/v1/webhooks/<webhook_id>/deliveries"
REPLAY_RESERVE_SECONDS = 5.0  # of a call's time, for the last page of a bulk replay
WebhookId = Annotated[str, Path(pattern=WEBHOOK_ID)]
EventId = Annotated[str, Path(pattern=EVENT_ID)]
State = Annotated[Literal["waiting", "delivered", "dead"] | None, Query()]


def _authorize(webhook_id: str | None = None) -> None:
    """`Forbidden` for a key that is limited to templates; logs the webhook."""
    context = router.request_context
    if webhook_id is not None:
        context.log_fields["webhook_id"] = webhook_id
    require_all_templates(context.key)


@router.post(WEBHOOKS, summary="Create a webhook", tags=TAGS, security=SECURITY)
def create_webhook(body: Annotated[WebhookBody, Body()]) -> WebhookWithSecret:
    """Send events of these types to a URL from now on. The secret is shown only here."""
    context = router.request_context
    _authorize()
    webhook = context.service.webhooks.create(WebhookSettings(**body.model_dump()), now=context.now)
    context.log_fields["webhook_id"] = webhook["id"]
    return WebhookWithSecret.model_validate(webhook)


@router.get(WEBHOOKS, summary="List webhooks", tags=TAGS, security=SECURITY)
def list_webhooks() -> WebhookList:
    """All webhooks, at most 20, and how their endpoints have answered."""
    context = router.request_context
    _authorize()
    return WebhookList.model_validate(context.service.webhooks.list(now=context.now))


@router.get(WEBHOOK, summary="Read a webhook", tags=TAGS, security=SECURITY)
def read_webhook(webhook_id: WebhookId) -> WebhookResponse:
    """Its settings, and how its endpoint has answered. The secret is not shown again."""
    context = router.request_context
    _authorize(webhook_id)
    webhook = context.service.webhooks.read(webhook_id, now=context.now)
    return WebhookResponse.model_validate(webhook)


@router.patch(WEBHOOK, summary="Change a webhook", tags=TAGS, security=SECURITY)
def update_webhook(
    webhook_id: WebhookId, body: Annotated[WebhookChanges, Body()]
) -> WebhookResponse:
    """Change its URL, types or description; disable it, or enable it again."""
    context = router.request_context
    _authorize(webhook_id)
    webhook = context.service.webhooks.update(
        webhook_id, WebhookSettings(**body.model_dump()), now=context.now
    )
    return WebhookResponse.model_validate(webhook)


@router.delete(WEBHOOK, summary="Delete a webhook", tags=TAGS, security=SECURITY, status_code=204)
def delete_webhook(webhook_id: WebhookId) -> Response[Any]:
    """Delete it with its deliveries: what waits is not sent."""
    context = router.request_context
    _authorize(webhook_id)
    context.service.webhooks.delete(webhook_id)
    return no_content()


@router.post(f"{WEBHOOK}/rotate", summary="Rotate the secret", tags=TAGS, security=SECURITY)
def rotate_webhook_secret(
    webhook_id: WebhookId, body: Annotated[RotationBody, Body()]
) -> WebhookWithSecret:
    """Make a new secret. For some hours each delivery is signed with both.

    Repeat it freely: until the old secret ends, the response has the same new one.
    """
    context = router.request_context
    _authorize(webhook_id)
    webhook = context.service.webhooks.rotate(
        webhook_id, overlap_hours=body.overlap_hours, now=context.now
    )
    return WebhookWithSecret.model_validate(webhook)


@router.post(f"{WEBHOOK}/ping", summary="Send a ping", tags=TAGS, security=SECURITY)
def ping_webhook(webhook_id: WebhookId) -> PingResponse:
    """Send an event of the type `ping` once, now; the response says what the endpoint answered."""
    context = router.request_context
    _authorize(webhook_id)
    seconds = context.deadline - context.service.monotonic()
    ping = context.service.webhooks.ping(webhook_id, seconds=seconds, now=context.now)
    return PingResponse.model_validate(ping)


@router.get(DELIVERIES, summary="List deliveries", tags=TAGS, security=SECURITY)
def list_deliveries(
    webhook_id: WebhookId, state: State = None, limit: Limit = 50, cursor: Cursor = None
) -> DeliveryList:
    """Deliveries of a webhook, newest first: each event with its attempts."""
    context = router.request_context
    _authorize(webhook_id)
    deliveries = context.service.deliveries.list(
        webhook_id, state=state, limit=limit, cursor=cursor
    )
    return DeliveryList.model_validate(deliveries)


@router.get(f"{DELIVERIES}/<event_id>", summary="Read a delivery", tags=TAGS, security=SECURITY)
def read_delivery(webhook_id: WebhookId, event_id: EventId) -> DeliveryResponse:
    """A delivery with its body: the exact text that is signed and sent."""
    context = router.request_context
    _authorize(webhook_id)
    delivery = context.service.deliveries.read(webhook_id, event_id)
    return DeliveryResponse.model_validate(delivery)


@router.post(
    f"{DELIVERIES}/<event_id>/replay", summary="Replay a delivery", tags=TAGS, security=SECURITY
)
def replay_delivery(webhook_id: WebhookId, event_id: EventId) -> DeliveryResponse:
    """Send an event again, with the same id and bytes and ten new tries."""
    context = router.request_context
    _authorize(webhook_id)
    delivery = context.service.deliveries.replay(webhook_id, event_id, now=context.now)
    return DeliveryResponse.model_validate(delivery)


@router.post(f"{DELIVERIES}/replay", summary="Replay deliveries", tags=TAGS, security=SECURITY)
def replay_deliveries(webhook_id: WebhookId, body: Annotated[BulkReplayBody, Body()]) -> BulkReplay:
    """Send all events since a time again that the endpoint did not take.

    One call replays up to 1,000. Repeat it with `next_cursor` as `cursor` until that is null.
    """
    context = router.request_context
    _authorize(webhook_id)
    request = ReplayRequest(body.since, body.state, body.cursor)
    end = context.deadline - REPLAY_RESERVE_SECONDS
    replay = context.service.deliveries.replay_since(
        webhook_id,
        request,
        now=context.now,
        has_time=lambda: context.service.monotonic() < end,
    )
    context.log_fields["replayed"] = replay["replayed"]
    return BulkReplay.model_validate(replay)
