"""A font that was uploaded, checked: its bytes as they are kept, and what is told of it."""

from collections.abc import Mapping

from postcard.assets.font_catalog import describe_font
from postcard.font_sanitizer.subprocess_client import sanitize_in_subprocess
from postcard.runtime.lazy_dataclass import dataclass
from postcard.text.font_file import MEDIA_TYPES, read_metadata


@dataclass(frozen=True, slots=True)
class SanitizedFont:
    """A font as it is kept; `told` is its line of `GET /v1/fonts`."""

    body: bytes
    content_type: str
    catalog_entry: Mapping[str, object]


def sanitize_upload(body: bytes) -> SanitizedFont:
    """Checked and written anew; `FontError` (a ValueError) says what to do about a bad one."""
    font = sanitize_in_subprocess(body)
    return SanitizedFont(font, MEDIA_TYPES[font[:4]], describe_font(read_metadata(font)))
