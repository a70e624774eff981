"""Creates `image.rendered` for images drawn by their first GET, from S3 notifications.

The image function only stores the picture; S3 then notifies the queue of hints. A notification may
come twice, late, or for a picture that was deleted meanwhile.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote_plus

from postcard import ports
from postcard.delivery.picture_service import image_key
from postcard.events.event_types import IMAGE_RENDERED
from postcard.events.image_events import ImageEvents
from postcard.ports import JsonObject
from postcard.runtime.lazy_dataclass import dataclass
from postcard.timestamps import parse_rfc3339

FOLDER = "images/"


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """A key of the pictures bucket, and when its picture was put, in Unix seconds."""

    key: str
    stored_at: float


class DrawnImages:
    """Sets images to ready and stores their events, if a webhook subscribes to them."""

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

    def handle_notification(self, message: JsonObject) -> JsonObject:
        """Handle S3's message; returns fields for the log, of images that are ready now."""
        ready = [image_id for each in stored_pictures(message) if (image_id := self.handle(each))]
        return {"ready_images": ready} if ready else {}

    def handle(self, picture: StoredPicture) -> str | None:
        """The id of the image that this picture made ready; None if it was ready before.

        Pictures of a POST are skipped, since the POST sets the status itself.
        """
        if not picture.key.startswith(FOLDER) or not self._outbox.wants(IMAGE_RENDERED):
            return None
        image_id = picture.key.removeprefix(FOLDER).partition(".")[0]
        record = self._images.get(image_id)
        if record is None or record.erased or record.status == "ready":
            return None
        stored = self._pictures.get(image_key(image_id, record.format))
        if stored is None:
            return None
        self._events.set_ready(record, len(stored.body), now=picture.stored_at)
        return image_id


def stored_pictures(message: Mapping[str, Any]) -> Iterator[StoredPicture]:
    """The pictures in a notification; none in S3's test notification."""
    for record in message.get("Records", ()):
        key = unquote_plus(record["s3"]["object"]["key"])
        yield StoredPicture(key, parse_rfc3339(record["eventTime"]))
