"""QR codes, compared module for module with segno's."""

import pytest
import segno
from hypothesis import example, given, settings
from hypothesis import strategies as st

from postcard.barcodes.qr_encoder import encode_qr
from tests.trust.run_scale import scaled

TEXTS = st.text(
    st.one_of(
        st.sampled_from("0123456789"), st.sampled_from("AZ $%*+-./:"), st.characters(codec="utf-8")
    ),
    min_size=1,
    max_size=300,
)
CAPACITY = (  # bytes that codes of versions 1 to 40 hold at L, ISO 18004 table 7
    19,
    34,
    55,
    80,
    108,
    136,
    156,
    194,
    232,
    274,
    324,
    370,
    428,
    461,
    523,
    589,
    647,
    721,
    795,
    861,
    932,
    1006,
    1094,
    1174,
    1276,
    1370,
    1468,
    1531,
    1631,
    1735,
    1843,
    1955,
    2071,
    2191,
    2306,
    2434,
    2566,
    2702,
    2812,
    2956,
)
DIGITS = st.text("0123456789", min_size=1, max_size=900)


def segno_rows(text: str, correction: str) -> tuple[bytes, ...]:
    code = segno.make(text, error=correction, micro=False, boost_error=False)
    return tuple(map(bytes, code.matrix))


@given(TEXTS | DIGITS, st.sampled_from("LMQH"))
@example("https://shop.example.com/r/25off?c=welcome", "M")
@settings(max_examples=scaled(75, 750), deadline=None)
def test_a_code_equals_segnos(text: str, correction: str) -> None:
    assert encode_qr(text, correction) == segno_rows(text, correction)


@pytest.mark.parametrize("version", range(1, 41))
def test_codes_of_every_version_equal_segnos(version: int) -> None:
    text = "x" * (CAPACITY[version - 1] - 3)
    rows = encode_qr(text, "L")
    assert len(rows) == 17 + 4 * version
    assert rows == segno_rows(text, "L")


def test_a_text_too_long_for_any_code_is_refused() -> None:
    with pytest.raises(ValueError, match="too large"):
        encode_qr("x" * 3000, "L")
