"""Reading order, and the library it comes from."""

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import features

from postcard.text import bidi

VENDORED = Path(__file__).parents[2] / "layers" / "vendor" / "lib"


def test_an_order_without_right_to_left_is_left_alone() -> None:
    assert bidi.visual_order([0, 0, 0]) == [0, 1, 2]
    assert bidi.visual_order([]) == []


def test_pillow_shapes_with_raqm() -> None:
    bidi.load_fribidi()
    assert features.check("raqm")


@pytest.mark.skipif(sys.platform != "linux", reason="the layer's library is for Linux")
def test_the_layers_own_library_loads_on_this_machine() -> None:
    import platform

    library = ctypes.CDLL(str(VENDORED / platform.machine() / bidi.LIBRARY_NAME))
    assert library.fribidi_get_par_embedding_levels_ex


def test_without_the_library_the_start_fails_with_what_to_do() -> None:
    script = (
        "import ctypes, os\n"
        "from postcard.text import bidi\n"
        "def none(*a, **k): raise OSError('gone')\n"
        "ctypes.CDLL = none\n"
        "bidi.load_fribidi()\n"
    )
    root = Path(bidi.__file__).parents[2]
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, timeout=60
    )
    assert ran.returncode
    assert "text cannot be shaped: put libfribidi" in ran.stderr
