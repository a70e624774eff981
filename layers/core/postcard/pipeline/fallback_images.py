"""The pictures that stand in: `fallback` and `ended`, drawn at publish, and a plain card."""

from collections.abc import Mapping, Sequence

from postcard.assets.verified_objects import DIGEST_METADATA_KEY, content_digest
from postcard.canvas.codecs.reencode import resize
from postcard.formats import FORMATS, EncodedImage
from postcard.geometry import OutputSize, output_size
from postcard.pipeline.render_job import MAX_PICTURE_BYTES
from postcard.pipeline.source_fetcher import SourceFetcher
from postcard.ports import ObjectStore, StoredObject, TemplateVersion
from postcard.rendering.renderer import FallbackKind, Renderer
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.validation.parse import Document

KINDS: tuple[FallbackKind, ...] = ("fallback", "ended")
STORED_DPRS = (2.0, 1.5, 1.0)
DEFAULT_SIZE = output_size(1200, 630)


def fallback_key(template_id: str, version: int, kind: str) -> str:
    """Where a version's picture lies in the store bucket, for those who cannot read its record."""
    return f"templates/{template_id}/{version}/{kind}.png"


def fallback_keys(version: TemplateVersion, kinds: Sequence[str]) -> list[str]:
    """Where those of `kinds` lie that the version has."""
    return [version.fallbacks[kind] for kind in kinds if kind in version.fallbacks]


def stored_size(document: Document) -> OutputSize:
    """Twice the template's size, or what of it stays within the bounds."""
    sizes = (output_size(document.width, document.height, dpr=dpr) for dpr in STORED_DPRS)
    return next(
        (size for size in sizes if size.is_within_limits),
        output_size(document.width, document.height),
    )


@dataclass(frozen=True, slots=True)
class FallbackOptions:
    """The looks of what was asked for, which a stand-in takes on.

    `guessed`: nobody knows the template's proportions now, so a stand-in keeps its own.
    """

    size: OutputSize
    format: str
    quality: int | None = None
    background: str = "#ffffff"
    size_is_guess: bool = False

    @property
    def pixels(self) -> tuple[int, int]:
        """Width and height that are sent; height 0: as the picture's proportions have it."""
        return self.size.width, 0 if self.size_is_guess else self.size.height


class FallbackImages:
    """Brings a version's stand-ins, fitted to what was asked for."""

    def __init__(self, renderer: Renderer, sources: SourceFetcher) -> None:
        self._renderer = renderer
        self._sources = sources

    def load_resized(
        self, keys: Sequence[str], frame: FallbackOptions, *, deadline: float | None = None
    ) -> EncodedImage | None:
        """The first of `keys` that is in the store, at that size; None if none is."""
        for key in keys:
            body = self._sources.read_cached(key, deadline=deadline)
            if body is not None:
                quality = frame.quality or FORMATS[frame.format].default_quality
                return resize(
                    body,
                    frame.pixels,
                    format=frame.format,
                    quality=quality,
                    max_bytes=MAX_PICTURE_BYTES,
                )
        return None

    def solid_color(self, frame: FallbackOptions) -> EncodedImage:
        """A card of one colour."""
        return self._renderer.solid_color(
            frame.size, format=frame.format, background=frame.background
        )


def store_fallbacks(
    store: ObjectStore, template_id: str, version: int, drawn: Mapping[str, bytes]
) -> dict[str, str]:
    """Store what was drawn at publish; kind → key.

    The key tells the bytes: who publishes the same version at the same time writes to another.
    """
    keys = {}
    for kind, body in drawn.items():
        keys[kind] = f"templates/{template_id}/{version}/{kind}/{content_digest(body)}.png"
        store.put(keys[kind], StoredObject(body, "image/png"))
    return keys


def store_fallbacks_at_fixed_keys(
    store: ObjectStore, template_id: str, version: int, drawn: Mapping[str, bytes]
) -> None:
    """Once the version is published: store them where they are found without its record, too."""
    for kind, body in drawn.items():
        told = {DIGEST_METADATA_KEY: content_digest(body)}
        stored = StoredObject(body, "image/png", metadata=told)
        store.put(fallback_key(template_id, version, kind), stored)


def background_color(document: Document) -> str:
    """The colour of a plain card; white where it takes values to know."""
    return "#ffffff" if "{" in document.background else document.background
