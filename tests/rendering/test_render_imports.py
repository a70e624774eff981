"""What a render may not import: a cold start delays the first open of a picture."""

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

SLOW = ("pydantic", "liquid", "babel", "regex", "boto3", "asyncio", "numpy", "xml", "email", "http")
UNNEEDED = ("annotated_types", "typing_extensions", "re2", "fontTools", "platform", "ssl")
FEW = (
    "canvas.codecs.animated_gif",
    "canvas.codecs.gif_writer",
    "rendering.frame_renderer",
    "template.schema.text_transform",
    "adapters",
)
MAX_MODULES = 129
SCRIPT = """
import sys
from pathlib import Path
from postcard.geometry import output_size
from postcard.rendering.renderer import PreparedRender, Renderer
from postcard.template.bind import bind
from postcard.template.modifications import modifications_from_link
from postcard.template.compiled import Template
from postcard.template.validation.parse import load_published
from postcard.text.fonts import Fonts

template = Template.compile("t", 1, load_published(sys.argv[1]), trusted=True)
link = {"name": "Zoë", "title.color": "red", "list_1_price": "3"}
changes = modifications_from_link(template, link)
bound = bind(template, changes, mode="link")
size = output_size(template.width, template.height)
renderer = Renderer(Fonts.load(Path("layers/fonts")))
pictures = {"asset:photo": Path(sys.argv[2]).read_bytes()}
renderer.render(PreparedRender(template, bound, size), pictures, format="png")
print(*sorted(sys.modules))
"""
PLAIN = """{"width": 200, "height": 100, "alt": "Hi {{ name }}",
 "fields": {"name": {"default": "there", "max_length": 9}, "points": {"type": "number"},
  "list": {"type": "list", "items": {"name": {}, "price": {"type": "number"}}}},
 "layers": [
  {"type": "group", "repeat": "list", "flow": "row", "if": "item.price > 2", "layers": [
   {"type": "text", "text": "{{ forloop.index }}. {{ item.name | upcase }}"}]},
  {"type": "rectangle", "width": 200, "height": 100, "fill": "#eee", "if": "points > 3"},
  {"type": "image", "width": 50, "height": 50, "source": "asset:photo"},
  {"type": "text", "name": "title", "text": "Hi {{ name | upcase }}{% if points %}!{% endif %}"},
  {"type": "qr", "width": 90, "value": "https://example.com/{{ name | url_encode }}"}]}"""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The modules of a process that drew one plain picture with a WebP in it."""
    photo = tmp_path_factory.mktemp("photo") / "photo.webp"
    Image.new("RGB", (60, 60), "teal").save(photo)
    command = [sys.executable, "-c", SCRIPT, PLAIN, str(photo)]
    paths = {"PYTHONPATH": "layers/core"}
    done = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True, env=paths, cwd=Path.cwd()
    )
    return set(done.stdout.split())


@pytest.mark.slow
def test_a_render_imports_no_library_that_it_does_not_need(loaded: set[str]) -> None:
    assert not {*SLOW, *UNNEEDED} & {name.partition(".")[0] for name in loaded}


@pytest.mark.slow
def test_a_render_loads_only_the_image_plugin_that_its_picture_needs(loaded: set[str]) -> None:
    assert {name for name in loaded if name.endswith("ImagePlugin")} == {"PIL.WebPImagePlugin"}


@pytest.mark.slow
def test_a_render_loads_few_modules_and_none_that_few_templates_need(loaded: set[str]) -> None:
    modules = {name for name in loaded if name.startswith("postcard.")}
    assert not modules & {f"postcard.{name}" for name in FEW}
    assert len(modules) <= MAX_MODULES


COMPILING = """
import re, sys
import dataclasses

compiled, defined = [], []
compile_, process = re.compile, dataclasses.dataclass
def recorded_compile(pattern, flags=0):
    compiled.append(sys._getframe(1).f_globals["__name__"])
    return compile_(pattern, flags)
def recorded_dataclass(cls=None, /, **options):
    defined.append(sys._getframe(1).f_globals["__name__"])
    return process(cls, **options)
re.compile, dataclasses.dataclass = recorded_compile, recorded_dataclass
from image import app
print(*sorted({name for name in compiled + defined if name.startswith(("postcard", "image"))}))
"""


@pytest.mark.slow
def test_the_image_function_compiles_nothing_while_it_is_loaded() -> None:
    command = [sys.executable, "-c", COMPILING]
    paths = {"PYTHONPATH": "layers/core:functions"}
    done = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True, env=paths, cwd=Path.cwd()
    )
    assert set(done.stdout.split()) <= {"postcard.runtime.lazy_dataclass"}
