"""Makes `image.rendered` of images that their first GET has drawn, from S3's notifications.

The image function only puts the picture into the bucket; S3 tells the queue of hints. A
notification may come twice, late, or of a picture that was deleted meanwhile.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote_plus

from postcard import ports
from postcard.delivery.picture_service import image_key
from postcard.events.event_types import IMAGE_RENDERED
from postcard.events.image_events import ImageEvents
from postcard.runtime.lazy_dataclass import dataclass
from postcard.timestamps import parse_rfc3339

FOLDER = "images/"


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """A key of the pictures bucket, and when its picture was put, in Unix seconds."""

    key: str
    stored_at: float


class DrawnImages:
    """Says of images that they are ready, with their event, if a webhook wants it."""

    def __init__(
        self,
        images: ports.ImageStore,
        pictures: ports.ObjectStore,
        events: ImageEvents,
        outbox: ports.Outbox,
    ) -> None:
        self._images = images
        self._pictures = pictures
        self._events = events
        self._outbox = outbox

    def handle(self, picture: StoredPicture) -> None:
        """Take note of a picture. Those of a POST say themselves that they are ready."""
        if not picture.key.startswith(FOLDER) or not self._outbox.wants(IMAGE_RENDERED):
            return
        image_id = picture.key.removeprefix(FOLDER).partition(".")[0]
        record = self._images.get(image_id)
        if record is None or record.erased or record.status == "ready":
            return
        stored = self._pictures.get(image_key(image_id, record.format))
        if stored is not None:
            self._events.set_ready(record, len(stored.body), now=picture.stored_at)


def is_notification(message: Mapping[str, Any]) -> bool:
    """Whether the JSON of a message is of S3, perhaps only its test when it is configured."""
    return message.get("Event") == "s3:TestEvent" or "Records" in message


def stored_pictures(message: Mapping[str, Any]) -> Iterator[StoredPicture]:
    """The pictures that a notification tells of."""
    for record in message.get("Records", ()):
        key = unquote_plus(record["s3"]["object"]["key"])
        yield StoredPicture(key, parse_rfc3339(record["eventTime"]))
