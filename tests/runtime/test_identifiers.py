import re

from hypothesis import given
from hypothesis import strategies as st

from postcard.identifiers import ID_PATTERN, NAME_PATTERN, is_name, is_template_id

TEXTS = st.text("ab9_-A.é\n", max_size=4) | st.from_regex("[a9_-]{63,66}", fullmatch=True)


@given(TEXTS)
def test_checks_and_patterns_agree(text: str) -> None:
    assert is_name(text) == bool(re.fullmatch(NAME_PATTERN, text))
    assert is_template_id(text) == bool(re.fullmatch(ID_PATTERN, text))
