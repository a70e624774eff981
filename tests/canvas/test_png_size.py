"""The coupon, which is flat art: what it weighs as a PNG beside the tools that people use."""

import json
from pathlib import Path

from postcard.template.compiled import Template
from postcard.template.validation.parse import parse_document
from tests.rendering.drawing import decode, render

COUPON = Path("local/seed/discount-coupon.json")
BY_TOOLS = 7_486  # bytes: the coupon's pixels through libimagequant at 256 colours, then oxipng -o4


def test_the_coupon_weighs_what_the_best_tools_make_of_it() -> None:
    document = json.loads(COUPON.read_text())
    made = Template.compile(
        "coupon", 1, parse_document(json.dumps(document.get("document", document)))
    )
    rendered = render(made, mode="link")
    assert decode(rendered).size == (600, 240)
    assert len(rendered.image.body) <= 1.1 * BY_TOOLS
