"""What a picture held is given back when it is drawn, not when the collector comes."""

import gc

from tests.rendering.drawing import render
from tests.template.template_cases import template


def test_a_drawn_picture_leaves_no_reference_cycles() -> None:
    made = template(layers=[{"type": "text", "text": "Hi"}])
    render(made)  # what a process keeps is made now
    gc.collect()
    gc.disable()
    try:
        render(made)
        assert gc.collect() == 0
    finally:
        gc.enable()
