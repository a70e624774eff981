"""Host allow-lists of templates, which the fetcher applies to each redirect too."""

import pytest

from postcard.host_patterns import is_host_allowed


@pytest.mark.parametrize(
    ("patterns", "host", "allowed"),
    [
        (None, "a.test", True),
        ([], "a.test", False),
        (["a.example"], "a.example", True),
        (["a.example"], "b.example", False),
        (["a.example"], "a.example.evil.com", False),
        (["cdn.example.com"], "cdn.example.com", True),
        (["cdn.example.com"], "a.cdn.example.com", False),
        (["cdn.example.com", "b.test"], "b.test", True),
        (["*.a.example"], "b.a.example", True),
        (["*.a.example"], "a.example", False),
        (["*.example.com"], "a.b.example.com", True),
        (["*.example.com"], "example.com", False),
        (["*.example.com"], "notexample.com", False),
    ],
)
def test_a_pattern_is_a_host_or_every_host_below_one(
    patterns: list[str] | None, host: str, allowed: bool
) -> None:
    assert is_host_allowed(host, patterns) is allowed


@pytest.mark.parametrize(
    ("pattern", "host"),
    [
        ("CDN.Example.com", "cdn.example.com"),
        ("*.bücher.test", "a.xn--bcher-kva.test"),
        ("BÜCHER.test", "xn--bcher-kva.test"),
    ],
)
def test_letter_case_and_idna_spelling_do_not_matter(pattern: str, host: str) -> None:
    assert is_host_allowed(host, [pattern])


@pytest.mark.parametrize("pattern", ["", "*.", "*", "ü" * 64, "*." + "ü" * 64])
def test_a_malformed_pattern_matches_nothing(pattern: str) -> None:
    assert not is_host_allowed("a.example.com", [pattern])
