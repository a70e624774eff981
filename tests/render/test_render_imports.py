"""What a cold start may not import: it is on the way of every first open."""

import subprocess
import sys
from pathlib import Path

import pytest

SLOW = ("pydantic", "liquid", "babel", "regex", "boto3", "asyncio", "numpy", "xml", "email", "http")
SCRIPT = """
import sys
from pathlib import Path
from postcard.geometry import output_size
from postcard.render import Renderer
from postcard.template.bind import bind
from postcard.template.changes import changes_from_link
from postcard.template.compiled import Template
from postcard.template.document import load
from postcard.text.fonts import Fonts

template = Template.compile("t", 1, load(sys.argv[1]), trusted=True)
changes = changes_from_link(template, {"name": "Zoë", "title.color": "red"})
bound = bind(template, changes, mode="link")
size = output_size(template.width, template.height)
renderer = Renderer(Fonts.load(Path("layers/fonts")))
assert not list(renderer.sources(template, bound, size))
renderer.render(
    template, bound, size, format="png", quality=None, max_bytes=None, pictures={}, now=0
)
print(*sorted({name.split(".")[0] for name in sys.modules}))
"""
PLAIN = """{"width": 200, "height": 100, "alt": "Hi {{ name }}",
 "fields": {"name": {"default": "there", "max_length": 9}, "points": {"type": "number"}},
 "layers": [
  {"type": "rectangle", "width": 200, "height": 100, "fill": "#eee", "if": "points > 3"},
  {"type": "text", "name": "title", "text": "Hi {{ name | upcase }}{% if points %}!{% endif %}"},
  {"type": "qr", "width": 90, "value": "https://example.com/{{ name | url_encode }}"}]}"""


@pytest.mark.slow
def test_a_render_imports_no_library_that_it_can_do_without() -> None:
    command = [sys.executable, "-c", SCRIPT, PLAIN]
    paths = {"PYTHONPATH": "layers/core"}
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env=paths, cwd=Path.cwd()
    )
    assert not set(SLOW) & set(done.stdout.split())
