"""Regular expressions that wait: the same answers, and nothing compiled before the first."""

import re
from typing import Any

import pytest

from postcard.runtime import lazy_regex as room
from postcard.runtime.lazy_regex import lazy_regex


def test_it_answers_as_the_standard_library_does() -> None:
    late, usual = lazy_regex("(a+)(b)?", re.IGNORECASE), re.compile("(a+)(b)?", re.IGNORECASE)
    for text in ("", "AAb", "xaby"):
        assert late.findall(text) == usual.findall(text)
        assert late.sub("-", text) == usual.sub("-", text)
        assert bool(late.fullmatch(text)) is bool(usual.fullmatch(text))
    assert (late.groups, late.pattern) == (usual.groups, usual.pattern)
    with pytest.raises(AttributeError):
        late.unknown  # type: ignore[attr-defined]  # noqa: B018


def test_it_is_compiled_by_its_first_answer_and_not_again(monkeypatch: Any) -> None:
    compiled: list[str] = []

    class Counted:
        @staticmethod
        def compile(source: str, flags: int = 0) -> re.Pattern[str]:
            compiled.append(source)
            return re.compile(source, flags)

    monkeypatch.setattr(room, "re", Counted)
    digits = lazy_regex("[0-9]+")
    assert not compiled
    assert digits.fullmatch("12") and not digits.fullmatch("x")
    assert compiled == ["[0-9]+"]
