"""Converts images from their embedded ICC profile to sRGB."""

import io
from functools import lru_cache

from PIL import Image

_MAX_PROFILE_BYTES = 4_000_000  # printers' profiles have one or two million


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The image in sRGB; one without a readable profile is taken to be sRGB already."""
    if profile and len(profile) <= _MAX_PROFILE_BYTES:
        converted = _convert(image, profile)
        if converted is not None:
            return converted
    return image.convert("RGB") if image.mode == "CMYK" else image


def _convert(image: Image.Image, profile: bytes) -> Image.Image | None:
    from PIL import ImageCms  # imported here because most images have no profile

    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    try:
        transform = _srgb_transform(profile, image.mode, mode)
        return ImageCms.applyTransform(image, transform) if transform else image
    except MemoryError:
        raise
    except Exception:  # of a broken profile, or one for other channels
        return None


@lru_cache(maxsize=8)
def _srgb_transform(profile: bytes, mode: str, out_mode: str):  # type: ignore[no-untyped-def]
    """The transform to sRGB; None if the profile is sRGB."""
    from PIL import ImageCms

    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    if mode != "CMYK" and "sRGB" in ImageCms.getProfileDescription(source):
        return None
    return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, out_mode)
