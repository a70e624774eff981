"""Draws a document with its examples and checks it, before and after each fix."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from postcard.canvas.inspection.visibility import dark_share
from postcard.canvas.surface import Surface
from postcard.errors import Fault
from postcard.geometry import Box, output_size
from postcard.image_formats import FORMATS
from postcard.lint.checks import LARGE_IMAGE_BYTES, check_rendered, check_template
from postcard.lint.dark_mode import DARK_LEVEL, is_transparent
from postcard.lint.drawing_time import check_drawing_time
from postcard.rendering.renderer import PreparedRender, Renderer
from postcard.runtime.deadline import NO_DEADLINE, Deadline
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.auto_format import expects_photos
from postcard.template.bind import bind_examples
from postcard.template.compiled import Template
from postcard.template.validation.parse import validate_document
from postcard.text.fonts import Fonts

Json = dict[str, Any]
_ABOUT_FILE_SIZE = frozenset(("large_file", "max_bytes_exceeded"))


@dataclass(frozen=True, slots=True)
class Examination:
    """A document as it was drawn with its examples, and its findings.

    `boxes` are the pointers and boxes of its layers in drawing order, in CSS pixels. `file_bytes`
    is the size of the encoded picture.
    """

    document: Json
    template: Template
    fonts: Fonts
    findings: tuple[Fault, ...]
    boxes: tuple[tuple[str, Box], ...]
    surface: Surface
    file_bytes: int

    @property
    def families(self) -> list[str]:
        """The font families that the document may name."""
        return [family.name for family in self.fonts.families()]

    def box_of(self, pointer: str) -> Box | None:
        """The box of a layer, of its first copy in a repeated group; None if it is not drawn."""
        return next((box for where, box in self.boxes if where == pointer), None)


class Examiner:
    """Draws documents with the same fonts, pictures and time, so that only a patch differs.

    `images` are the files of the pictures that the examples show, by reference. `now` is in Unix
    seconds. Drawing ends at `deadline` with `DeadlineExceeded`.
    """

    def __init__(
        self,
        renderer: Renderer,
        fonts: Fonts,
        images: Mapping[str, bytes],
        *,
        now: float,
        deadline: Deadline = NO_DEADLINE,
    ) -> None:
        self.deadline = deadline
        self._renderer = renderer
        self._fonts = fonts
        self._images = images
        self._now = now

    def examine(
        self, document: Json, *, scale: float = 1, file_bytes: int | None = None
    ) -> Examination:
        """Draws a document and lists its findings; `BadRequest` if it has faults.

        `scale`: device pixels for each pixel of the canvas. `file_bytes`: the size of the file if
        it is known. `RenderFailed` for a picture with `on_error: fail` that is missing.
        """
        parsed = validate_document(document)
        template = replace(Template.compile("draft", 1, parsed), fonts=self._fonts)
        values, size = bind_examples(template), output_size(parsed.width, parsed.height, dpr=scale)
        prepared = PreparedRender(template, values, size, now=self._now, deadline=self.deadline)
        slow = check_drawing_time(
            self._renderer, template, values, self._images, now=self._now, deadline=self.deadline
        )
        drawn = self._renderer.draw_unencoded(prepared, self._images)
        warnings = drawn.warnings
        if file_bytes is None:
            file_bytes, warnings = self._encode(prepared)
        boxes = tuple(
            (one.pointer, Box(one.x, one.y, one.width, one.height)) for one in drawn.boxes
        )
        families = [family.name for family in self._fonts.families()]
        findings = (
            *slow,
            *check_template(template, families),
            *check_rendered(
                template,
                self._fonts,
                boxes,
                file_bytes,
                now=self._now,
                warnings=warnings,
                dark_share=dark_share(drawn.surface, DARK_LEVEL) if is_transparent(parsed) else 0.0,
            ),
        )
        return Examination(
            document, template, self._fonts, findings, boxes, drawn.surface, file_bytes
        )

    def examine_patched(self, document: Json, before: Examination) -> Examination:
        """As `examine`, for a patched document, which is encoded only if its size may matter."""
        is_near_limit = before.file_bytes > LARGE_IMAGE_BYTES / 2
        matters = is_near_limit or any(one.code in _ABOUT_FILE_SIZE for one in before.findings)
        return self.examine(document, file_bytes=None if matters else before.file_bytes)

    def _encode(self, prepared: PreparedRender) -> tuple[int, tuple[Fault, ...]]:
        template = prepared.template
        format = template.format
        if template.document.format == "auto":
            format = "jpg" if expects_photos(template.document) else "auto"
        default_quality = FORMATS[template.format].default_quality
        quality = None if default_quality is None else template.quality or default_quality
        rendered = self._renderer.render(
            prepared,
            self._images,
            format=format,
            quality=template.quality if format == "auto" else quality,
            max_bytes=template.max_bytes,
        )
        return len(rendered.image.body), rendered.warnings
