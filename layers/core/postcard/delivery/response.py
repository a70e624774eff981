"""Where pictures lie, and how long which may be kept (the table at the end of contract/api.md)."""

from typing import Literal

from postcard.formats import EncodedImage
from postcard.runtime.lazy_dataclass import dataclass

PUBLIC = "public, no-transform"
DAY_SECONDS, LATEST_SECONDS, TIMED_SECONDS, FAILURE_SECONDS = 86_400, 300, 10, 60

FallbackReason = Literal[
    "source", "render", "budget", "paused", "erased", "unknown", "timeout", "dependency"
]


def image_key(image_id: str, format: str) -> str:
    """Where an opaque image lies in the pictures bucket."""
    return f"images/{image_id}.{format}"


@dataclass(frozen=True, slots=True)
class CachePolicy:
    """`Cache-Control`, and `Expires` in Unix seconds where there is one."""

    cache_control: str
    expires: int | None = None


def cache_for(seconds: int) -> CachePolicy:
    """Kept by everyone for so long."""
    return CachePolicy(f"{PUBLIC}, max-age={seconds}")


def cache_until(instant: int) -> CachePolicy:
    """Kept until a link's `_exp`."""
    return CachePolicy(PUBLIC, instant)


NO_STORE = CachePolicy("no-store")


@dataclass(frozen=True, slots=True)
class PictureResponse:
    """A picture to send. `reason` says why it is not the one that was asked for."""

    image: EncodedImage
    cache_policy: CachePolicy
    render: Literal["drawn", "stored", "fallback"]
    reason: FallbackReason | None = None
