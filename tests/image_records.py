"""Records of opaque images for tests."""

from typing import Any

from postcard.ports import ImageRecord


def image_record(image_id: str, **changes: Any) -> ImageRecord:
    """The record of a pending PNG of the template `welcome`, with these properties changed."""
    properties: dict[str, Any] = {
        "template_id": "welcome",
        "version": 1,
        "values": '{"values": {}, "layers": {}}',
        "format": "png",
        "width": 120,
        "height": 60,
        "display_width": 120,
        "display_height": 60,
        "dpr": 1.0,
        "quality": None,
        "max_bytes": None,
        "alt": "Hi",
        "created_at": 1_795_341_600,
        "status": "pending",
    }
    return ImageRecord(image_id, **properties | changes)
