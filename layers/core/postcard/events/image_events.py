"""Stores the state of opaque images together with the events `image.rendered` and `image.failed`.

An image has one event when its status becomes `ready` or `degraded`, whichever process sets it.
No event contains a personal value, so alternative texts and texts of warnings are left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from postcard import ports
from postcard.events.event_ids import event_id
from postcard.events.event_types import IMAGE_FAILED, IMAGE_RENDERED
from postcard.ports import DeliveryRecord, ImageRecord, JsonObject
from postcard.timestamps import format_rfc3339

EVENT_TYPE_BY_STATUS = {"ready": IMAGE_RENDERED, "degraded": IMAGE_FAILED}


class ImageEvents:
    """Writes image records with their events. `base_url` is that of pictures."""

    def __init__(self, images: ports.ImageStore, outbox: ports.Outbox, *, base_url: str) -> None:
        self._images = images
        self._outbox = outbox
        self._base_url = base_url

    def put(self, record: ImageRecord, *, now: float, metadata: JsonObject | None = None) -> None:
        """Store the record of a picture that an API call has drawn, with the call's `metadata`."""
        deliveries = self._deliveries(record, now, metadata)
        if self._images.put(record, deliveries):
            self._outbox.announce(deliveries)

    def set_ready(self, record: ImageRecord, size: int, *, now: float) -> ImageRecord | None:
        """Set the status `ready` of an image whose picture has `size` bytes; returns the record.

        If another call changed or erased the image meanwhile, that is the record as it is stored.
        """
        ready = replace(record, status="ready", bytes=size, warnings=())
        if ready == record:
            return record
        deliveries = () if record.status == "ready" else self._deliveries(ready, now)
        if not self._images.replace(ready, deliveries, status=record.status):
            return self._images.get(record.image_id)
        self._outbox.announce(deliveries)
        return ready

    def _deliveries(
        self, record: ImageRecord, now: float, metadata: JsonObject | None = None
    ) -> Sequence[DeliveryRecord]:
        event_type = EVENT_TYPE_BY_STATUS.get(record.status)
        if event_type is None or not self._outbox.wants(event_type):
            return ()
        identity = event_id(event_type, record.image_id, record.created_at, at=now)
        event = image_event(record, self._base_url)
        if metadata is not None:
            event["metadata"] = metadata
        return self._outbox.deliveries(event_type, identity, event, now=now)


def image_event(record: ImageRecord, base_url: str) -> JsonObject:
    """The `data` of an image's event."""
    return {
        **image_properties(record, url=image_url(record, base_url)),
        "warnings": codes_and_pointers(record.warnings),
    }


def image_url(record: ImageRecord, base_url: str) -> str:
    """The address of an image's picture."""
    return f"{base_url}/i/{record.image_id}.{record.format}"


def image_properties(record: ImageRecord, *, url: str) -> JsonObject:
    """The properties that API responses and events share."""
    return {
        "id": record.image_id,
        "url": url,
        "created_at": format_rfc3339(record.created_at),
        "template_id": record.template_id,
        "template_version": record.version,
        "status": record.status,
        "format": record.format,
        "width": record.width,
        "height": record.height,
        "display_width": record.display_width,
        "display_height": record.display_height,
        "bytes": record.bytes,
    }


def codes_and_pointers(faults: Sequence[Mapping[str, str]]) -> list[JsonObject]:
    """Warnings or findings without their texts."""
    return [{"code": fault["code"], "pointer": fault["pointer"]} for fault in faults]
