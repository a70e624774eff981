"""Fallback pictures: `fallback` and `ended`, drawn at publish, and one of a single colour."""

from collections.abc import Mapping, Sequence

from postcard.assets.verified_object_store import DIGEST_METADATA_KEY
from postcard.canvas.codecs.reencode import resize
from postcard.geometry import OutputSize, output_size
from postcard.image_formats import FORMATS, MAX_PICTURE_BYTES, EncodedImage
from postcard.pipeline.source_fetcher import SourceFetcher
from postcard.ports import ObjectStore, StoredObject, TemplateVersion
from postcard.rendering.renderer import FallbackKind, Renderer
from postcard.runtime.deadline import NO_DEADLINE, Deadline
from postcard.runtime.digest import content_digest
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.validation.parse import Document

KINDS: tuple[FallbackKind, ...] = ("fallback", "ended")
STORED_DPRS = (2.0, 1.5, 1.0)
DEFAULT_SIZE = output_size(1200, 630)


def fallback_key(template_id: str, version: int, kind: str) -> str:
    """A fixed key in the store bucket, for a GET that cannot read the version's record."""
    return f"templates/{template_id}/{version}/{kind}.png"


def fallback_keys(version: TemplateVersion, kinds: Sequence[str]) -> list[str]:
    """The keys of those `kinds` of pictures that the version has."""
    return [version.fallbacks[kind] for kind in kinds if kind in version.fallbacks]


def stored_size(document: Document) -> OutputSize:
    """Twice the template's size, or as much of that as the limits allow."""
    sizes = (output_size(document.width, document.height, dpr=dpr) for dpr in STORED_DPRS)
    return next(
        (size for size in sizes if size.is_within_limits),
        output_size(document.width, document.height),
    )


@dataclass(frozen=True, slots=True)
class FallbackOptions:
    """Size, format, quality and background of a fallback picture.

    `size_is_guess`: the template is unknown, so the fallback picture keeps its own proportions.
    """

    size: OutputSize
    format: str
    quality: int | None = None
    background: str = "#ffffff"
    size_is_guess: bool = False

    @property
    def pixels(self) -> tuple[int, int]:
        """Width and height in pixels; height 0 follows from the picture's own proportions."""
        return self.size.width, 0 if self.size_is_guess else self.size.height


class FallbackImages:
    """Reads a version's fallback pictures and resizes them."""

    def __init__(self, renderer: Renderer, sources: SourceFetcher) -> None:
        self._renderer = renderer
        self._sources = sources

    def load_resized(
        self, keys: Sequence[str], options: FallbackOptions, deadline: Deadline = NO_DEADLINE
    ) -> EncodedImage | None:
        """The first of `keys` that is in the store, resized; None if none is there.

        Raises `DeadlineExceeded` when there is no time left to resize or encode it.
        """
        for key in keys:
            body = self._sources.read_cached(key)
            if body is not None:
                quality = options.quality or FORMATS[options.format].default_quality
                return resize(
                    body,
                    options.pixels,
                    format=options.format,
                    quality=quality,
                    max_bytes=MAX_PICTURE_BYTES,
                    deadline=deadline,
                )
        return None

    def solid_color(self, options: FallbackOptions) -> EncodedImage:
        """A picture of one colour."""
        return self._renderer.solid_color(
            options.size, format=options.format, background=options.background
        )


def store_fallbacks(
    store: ObjectStore, template_id: str, version: int, drawn: Mapping[str, bytes]
) -> dict[str, str]:
    """Stores pictures drawn at publish; kind → key.

    Keys hold a digest of the bytes: two publishers of one version at one time use two keys.
    """
    keys = {}
    for kind, body in drawn.items():
        keys[kind] = f"templates/{template_id}/{version}/{kind}/{content_digest(body)}.png"
        store.put(keys[kind], StoredObject(body, "image/png"))
    return keys


def store_fallbacks_at_fixed_keys(
    store: ObjectStore, template_id: str, version: int, drawn: Mapping[str, bytes]
) -> None:
    """Stores them again after publishing, where a GET finds them without the version's record."""
    for kind, body in drawn.items():
        metadata = {DIGEST_METADATA_KEY: content_digest(body)}
        stored = StoredObject(body, "image/png", metadata=metadata)
        store.put(fallback_key(template_id, version, kind), stored)


def background_color(document: Document) -> str:
    """The template's background; white if it holds Liquid, which needs values."""
    return "#ffffff" if "{" in document.background else document.background
