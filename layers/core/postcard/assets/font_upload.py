"""A font that was uploaded, checked: its bytes as they are kept, and what is told of it."""

from collections.abc import Mapping

from postcard.assets.font_catalog import card_told
from postcard.font_sanitizer.subprocess_client import checked
from postcard.runtime.lazy_dataclass import dataclass
from postcard.text.font_file import MEDIA_TYPES, read_metadata


@dataclass(frozen=True, slots=True)
class NewFont:
    """A font as it is kept; `told` is its line of `GET /v1/fonts`."""

    body: bytes
    content_type: str
    told: Mapping[str, object]


def read(body: bytes) -> NewFont:
    """Checked and written anew; `FontError` (a ValueError) says what to do about a bad one."""
    font = checked(body)
    return NewFont(font, MEDIA_TYPES[font[:4]], card_told(read_metadata(font)))
