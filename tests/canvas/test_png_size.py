"""The size of a flat-art PNG, compared with that of common optimizers."""

import json
from pathlib import Path

from postcard.template.compiled import Template
from postcard.template.validation.parse import parse_document
from tests.rendering.drawing import decode, render

COUPON = Path("local/seed/discount-coupon.json")
OPTIMIZED_BYTES = 7_486  # of the same pixels by libimagequant at 256 colours and oxipng -o4


def test_the_sample_coupon_is_about_as_small_as_optimizers_make_it() -> None:
    document = json.loads(COUPON.read_text())
    coupon = Template.compile(
        "coupon", 1, parse_document(json.dumps(document.get("document", document)))
    )
    rendered = render(coupon, mode="link")
    assert decode(rendered).size == (600, 240)
    assert len(rendered.image.body) <= 1.1 * OPTIMIZED_BYTES
