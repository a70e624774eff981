"""Lazy regular expressions match like compiled ones, and are compiled at their first use."""

import re
from typing import Any

import pytest

from postcard.runtime import lazy_regex as lazy_regex_module
from postcard.runtime.lazy_regex import lazy_regex


def test_it_matches_like_the_standard_library() -> None:
    lazy, compiled = lazy_regex("(a+)(b)?", re.IGNORECASE), re.compile("(a+)(b)?", re.IGNORECASE)
    for text in ("", "AAb", "xaby"):
        assert lazy.findall(text) == compiled.findall(text)
        assert lazy.sub("-", text) == compiled.sub("-", text)
        assert bool(lazy.fullmatch(text)) is bool(compiled.fullmatch(text))
    assert (lazy.groups, lazy.pattern) == (compiled.groups, compiled.pattern)
    with pytest.raises(AttributeError):
        lazy.unknown  # type: ignore[attr-defined]  # noqa: B018


def test_it_is_compiled_once_at_its_first_use(monkeypatch: Any) -> None:
    compiled: list[str] = []

    class Counted:
        @staticmethod
        def compile(source: str, flags: int = 0) -> re.Pattern[str]:
            compiled.append(source)
            return re.compile(source, flags)

    monkeypatch.setattr(lazy_regex_module, "re", Counted)
    digits = lazy_regex("[0-9]+")
    assert not compiled
    assert digits.fullmatch("12") and not digits.fullmatch("x")
    assert compiled == ["[0-9]+"]
