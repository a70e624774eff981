"""Reading order against Unicode's own cases, and the library it comes from."""

import ctypes
import gzip
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import features

from postcard.text import bidi

CASES = Path(__file__).parents[3] / "shared" / "corpus" / "unicode" / "BidiCharacterTest.txt.gz"
VENDORED = Path(__file__).parents[2] / "layers" / "vendor" / "lib"
EVERY = 23  # of the 91,000 cases


@pytest.mark.skipif(not CASES.exists(), reason="Unicode's test cases are not here")
def test_levels_and_order_are_unicodes() -> None:
    lines = [
        line
        for line in gzip.decompress(CASES.read_bytes()).decode().splitlines()
        if line and line[0] != "#"
    ]
    for line in lines[::EVERY]:
        codes, _, base, levels, order = line.split(";")
        text = "".join(chr(int(code, 16)) for code in codes.split())
        if "\u2029" in text:
            continue  # paragraphs are parted before
        found = bidi.levels(text, rtl=base == "1")
        kept = [at for at, level in enumerate(levels.split()) if level != "x"]
        meant = [int(levels.split()[at]) for at in kept]
        ends = _trailing(text)
        assert [found[at] for at in kept if at < ends] == meant[
            : len([k for k in kept if k < ends])
        ]
        assert [kept[at] for at in bidi.visual(meant)] == [int(at) for at in order.split()]


def _trailing(text: str) -> int:
    """Where the white space at a line's end begins, which takes the paragraph's level (L1)."""
    end = len(text)
    while end and (text[end - 1].isspace() or "\u2066" <= text[end - 1] <= "\u2069"):
        end -= 1
    return 0 if any(c in text[:end] for c in "\t\u001f\u001e\u001d\u001c\u000b\u0085\n\r") else end


def test_an_order_without_right_to_left_is_left_alone() -> None:
    assert bidi.visual([0, 0, 0]) == [0, 1, 2]
    assert bidi.visual([]) == []


def test_pillow_shapes_with_raqm() -> None:
    bidi.fribidi()
    assert features.check("raqm")


@pytest.mark.skipif(sys.platform != "linux", reason="the layer's library is for Linux")
def test_the_layers_own_library_loads_on_this_machine() -> None:
    import platform

    library = ctypes.CDLL(str(VENDORED / platform.machine() / bidi.NAME))
    assert library.fribidi_get_par_embedding_levels_ex


def test_without_the_library_the_start_fails_with_what_to_do() -> None:
    script = (
        "import ctypes, os\n"
        "from postcard.text import bidi\n"
        "def none(*a, **k): raise OSError('gone')\n"
        "ctypes.CDLL = none\n"
        "bidi.fribidi()\n"
    )
    root = Path(bidi.__file__).parents[2]
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, timeout=60
    )
    assert ran.returncode
    assert "text cannot be shaped: put libfribidi" in ran.stderr
