"""The bidirectional algorithm, and loading FriBidi."""

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import features

from postcard.text import bidi

VENDORED = Path(__file__).parents[2] / "layers" / "vendor" / "lib"


def test_left_to_right_text_is_not_reordered() -> None:
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


def test_without_fribidi_loading_fails_and_says_what_to_do() -> None:
    script = (
        "import ctypes, os\n"
        "from postcard.text import bidi\n"
        "def fail(*a, **k): raise OSError('missing')\n"
        "ctypes.CDLL = fail\n"
        "bidi.load_fribidi()\n"
    )
    root = Path(bidi.__file__).parents[2]
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, timeout=60
    )
    assert result.returncode
    assert "text cannot be shaped: put libfribidi" in result.stderr
