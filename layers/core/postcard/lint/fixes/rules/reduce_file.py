"""Makes the picture's file smaller."""

from collections.abc import Iterator

from postcard.errors import Fault
from postcard.lint.dark_mode import is_transparent
from postcard.lint.fixes.examination import Examination
from postcard.lint.fixes.fix import Fix
from postcard.lint.fixes.json_patch import set_value

_MAX_BYTES = 900_000


def reduce_file(finding: Fault, examined: Examination) -> Iterator[Fix]:
    """JPEG, where the picture neither moves nor is transparent; else a limit of the size."""
    document, template = examined.document, examined.template
    moves = template.document.countdown is not None and template.format == "gif"
    if not moves and template.format != "jpg" and not is_transparent(template.document):
        detail = "Send the picture as JPEG, which is much smaller for photos."
        yield Fix((set_value(document, "/format", "jpg"),), detail)
    detail = f"Limit the picture to {_MAX_BYTES // 1000} kB: its quality or colours are reduced."
    yield Fix((set_value(document, "/max_bytes", _MAX_BYTES),), detail)
