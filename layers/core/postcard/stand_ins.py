"""The pictures that stand in: `fallback` and `ended`, drawn at publish, and a plain card."""

from collections.abc import Sequence
from dataclasses import dataclass

from postcard.canvas.refit import refit
from postcard.formats import FORMATS, EncodedImage
from postcard.geometry import OutputSize, output_size
from postcard.orders import MOST_BYTES
from postcard.ports import Objects, StoredObject
from postcard.render import Renderer, Which
from postcard.sources import Sources
from postcard.template.document import Document

KINDS: tuple[Which, ...] = ("fallback", "ended")
SHARPNESS = (2.0, 1.5, 1.0)
SIZE_OF_THE_UNKNOWN = output_size(1200, 630)


def stand_in_key(template_id: str, version: int, kind: str) -> str:
    """Where a version's picture lies in the store bucket."""
    return f"templates/{template_id}/{version}/{kind}.png"


def stored_size(document: Document) -> OutputSize:
    """Twice the template's size, or what of it stays within the bounds."""
    sizes = (output_size(document.width, document.height, dpr=dpr) for dpr in SHARPNESS)
    return next(
        (size for size in sizes if size.allowed), output_size(document.width, document.height)
    )


@dataclass(frozen=True, slots=True)
class Frame:
    """The looks of what was asked for, which a stand-in takes on.

    `guessed`: nobody knows the template's proportions now, so a stand-in keeps its own.
    """

    size: OutputSize
    format: str
    quality: int | None = None
    background: str = "#ffffff"
    guessed: bool = False

    @property
    def pixels(self) -> tuple[int, int]:
        """Width and height that are sent; height 0: as the picture's proportions have it."""
        return self.size.width, 0 if self.guessed else self.size.height


class StandIns:
    """Brings a version's stand-ins, fitted to what was asked for."""

    def __init__(self, renderer: Renderer, sources: Sources) -> None:
        self._renderer = renderer
        self._sources = sources

    def fitted(
        self,
        template_id: str,
        version: int,
        kinds: Sequence[str],
        frame: Frame,
        *,
        deadline: float | None = None,
    ) -> EncodedImage | None:
        """The first of `kinds` that the version has, at that size; None if it has none."""
        for kind in kinds:
            key = stand_in_key(template_id, version, kind)
            body = self._sources.stored(key, deadline=deadline)
            if body is not None:
                quality = frame.quality or FORMATS[frame.format].quality
                return refit(
                    body,
                    frame.pixels,
                    format=frame.format,
                    quality=quality,
                    max_bytes=MOST_BYTES,
                )
        return None

    def card(self, frame: Frame) -> EncodedImage:
        """A card of one colour."""
        return self._renderer.plain_card(
            frame.size, format=frame.format, background=frame.background
        )


def keep_stand_in(store: Objects, template_id: str, version: int, kind: str, body: bytes) -> None:
    """Store a picture that was drawn at publish."""
    store.put(stand_in_key(template_id, version, kind), StoredObject(body, "image/png"))


def plain_background(document: Document) -> str:
    """The colour of a plain card; white where it takes values to know."""
    return "#ffffff" if "{" in document.background else document.background
