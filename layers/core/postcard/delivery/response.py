"""Where pictures lie, and how long which may be kept (the table at the end of contract/api.md)."""

from typing import Literal

from postcard.formats import EncodedImage
from postcard.runtime.lazy_dataclass import dataclass

KEPT = "public, no-transform"
DAY, LATEST, TIMED, FAILURE = 86_400, 300, 10, 60

Reason = Literal[
    "source", "render", "budget", "paused", "erased", "unknown", "timeout", "dependency"
]


def image_key(image_id: str, format: str) -> str:
    """Where an opaque image lies in the pictures bucket."""
    return f"images/{image_id}.{format}"


@dataclass(frozen=True, slots=True)
class Keeping:
    """`Cache-Control`, and `Expires` in Unix seconds where there is one."""

    cache_control: str
    expires: int | None = None


def keep_for(seconds: int) -> Keeping:
    """Kept by everyone for so long."""
    return Keeping(f"{KEPT}, max-age={seconds}")


def keep_until(instant: int) -> Keeping:
    """Kept until a link's `_exp`."""
    return Keeping(KEPT, instant)


NEVER = Keeping("no-store")


@dataclass(frozen=True, slots=True)
class Answer:
    """A picture to send. `reason` says why it is not the one that was asked for."""

    image: EncodedImage
    keeping: Keeping
    how: Literal["drawn", "stored", "fallback"]
    reason: Reason | None = None
