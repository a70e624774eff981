"""Postcard as an engine of the harness: the real template, binding, renderer and encoders.

The harness imports this file as `r_postcard`. `common` is a module of the harness.
"""

from pathlib import Path

from common import blob, spec  # type: ignore[import-not-found]  # the harness's

from bench.peer_design import template
from postcard.canvas.codecs.encode import encode
from postcard.canvas.surface import Surface
from postcard.geometry import output_size
from postcard.rendering.decoded_image_cache import DecodedImageCache
from postcard.rendering.renderer import PreparedRender, Renderer
from postcard.template.bind import bind
from postcard.template.modifications import Modifications
from postcard.text.fonts import Fonts

FONTS = Path(__file__).resolve().parent.parent / "layers/fonts"
AVATAR = "https://cdn.example.com/avatar.jpg"
POSTCARD_FORMATS = {"jpeg": "jpg"}


class Engine:
    """Mode `warm` keeps the template's decoded photo in memory; mode `full` caches nothing."""

    name = "postcard"
    formats = ("png", "jpeg", "webp")

    def __init__(self, size: str, mode: str) -> None:
        design = spec()
        self.mode = mode
        self.template = template(design, size)
        self.size = output_size(self.template.width, self.template.height)
        self.fonts = Fonts.load(FONTS)
        self.renderer = Renderer(self.fonts)
        self.pictures = {"asset:photo": blob("photo.jpg"), AVATAR: blob("avatar.jpg")}

    def render(self, payload: dict[str, str]) -> Surface:
        names = ("heading", "para", "coupon", "url")
        values = {name: payload[name] for name in names}
        bound = bind(self.template, Modifications({**values, "avatar": AVATAR}), mode="link")
        if self.mode == "full":
            self.renderer = Renderer(self.fonts, DecodedImageCache(0))
        prepared = PreparedRender(self.template, bound, self.size)
        return self.renderer.render_surface(prepared, self.pictures)

    def encode(self, surface: Surface, format: str) -> bytes:
        postcard_format = POSTCARD_FORMATS.get(format, format)
        return encode(surface, postcard_format, quality=82, background=(0, 0, 0, 255)).image.body
