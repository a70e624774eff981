"""The pictures of the designs are those that their documents draw."""

import io
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from local.design_art import ART_FOLDER, draw_art
from local.design_thumbnails import FOLDER, ROOT
from postcard.rendering.renderer import Renderer
from postcard.text.fonts import Fonts

MAX_BYTES = 120_000  # a template's own picture is copied into every account that uses it
DOCUMENTS = sorted(ART_FOLDER.glob("*/*.json"))


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(Fonts.load(ROOT / "layers" / "fonts"))


def test_every_document_of_a_picture_belongs_to_a_design() -> None:
    assert DOCUMENTS
    for path in DOCUMENTS:
        assert (FOLDER / path.parent.name / "design.json").is_file(), path


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_picture_is_what_its_document_draws(path: Path, renderer: Renderer) -> None:
    name, drawn = draw_art(path, renderer)
    stored = (FOLDER / path.parent.name / "assets" / name).read_bytes()
    assert len(stored) <= MAX_BYTES
    with Image.open(io.BytesIO(stored)) as old, Image.open(io.BytesIO(drawn)) as new:
        assert old.size == new.size
        difference = ImageChops.difference(old.convert("RGBA"), new.convert("RGBA"))
    assert max(ImageStat.Stat(difference).mean) < 2, "make design-art draws it again"
