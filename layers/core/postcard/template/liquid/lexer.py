"""Splits a template into python-liquid's tokens, in linear time.

python-liquid's own lexer is a regular expression that searches the whole rest of a text at each
`{{`, `{%` or `{% raw %}` that is never closed, and in each run of spaces: 20 KB of `{{` take
seconds. The tokens are the same.
"""

from collections.abc import Iterator
from typing import NamedTuple

from liquid.exceptions import LiquidSyntaxError
from liquid.token import (
    TOKEN_COMMENT,
    TOKEN_CONTENT,
    TOKEN_DOC,
    TOKEN_EXPRESSION,
    TOKEN_OUTPUT,
    TOKEN_TAG,
    Token,
)

from postcard.runtime.lazy_regex import lazy_regex

MAX_BRACKETS = 50  # of one expression; python-liquid searches its rest at each of them
_OPENING = lazy_regex(r"\{\{|\{%")
_TAG_NAME = lazy_regex(r"#|\w+")
_TAG_START = lazy_regex(r"\{%-?\s*(#|\w+)")
_VERBATIM_START = lazy_regex(r"\{%-?\s*(raw|doc)\s*(-?)%\}")
_VERBATIM_END = {name: lazy_regex(rf"\{{%-?\s*end{name}\s*(-?)%\}}") for name in ("raw", "doc")}
_NO_EXPRESSION = ("#", "comment", "liquid")  # what these tags hold is not read as an expression


def tokenize(source: str) -> Iterator[Token]:
    """The tokens of a template; raises `LiquidSyntaxError`."""
    comment: list[str] = []
    depth = comment_start = 0
    for part in _Lexer(source).parts():
        if depth:
            depth += (part.tag_name == "comment") - (part.tag_name == "endcomment")
            if depth:
                comment.append(source[part.start : part.end])
                continue
            yield Token(TOKEN_COMMENT, "".join(comment), comment_start, source)
            yield part.tokens[0]
            comment.clear()
            continue
        yield from _checked_tokens(part)
        if part.tag_name == "comment":
            depth, comment_start = 1, part.end


def tokenize_lines(source: str, token: Token) -> Iterator[Token]:
    """The tokens of `{% liquid %}`, which has a tag without delimiters on each line."""
    start = token.start_index
    for line in source.split("\n"):
        if stripped := line.strip(" \t\r"):
            if (name := _TAG_NAME.match(stripped)) is None:
                raise LiquidSyntaxError("expected a tag on each line", token=token)
            yield Token(TOKEN_TAG, name[0], start, token.source)
            if expression := stripped[name.end() :].lstrip(" \t"):
                yield (inner := Token(TOKEN_EXPRESSION, expression, start, token.source))
                _check_brackets(name[0], inner)
        start += len(line) + 1


class _Part(NamedTuple):
    """A part of a template with its tokens; `tag_name` is empty if it is no tag."""

    start: int
    end: int
    tokens: list[Token]
    tag_name: str = ""
    is_content: bool = False


class _Lexer:
    """Reads a template from left to right. What is not found once is not searched again."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._strip_next = False  # a `-` was before the last closing delimiter
        self._absent: set[str] = set()

    def parts(self) -> Iterator[_Part]:
        position = 0
        while position < len(self.source):
            part = (
                self._verbatim(position)
                or self._output(position)
                or self._tag(position)
                or self._content(position)
            )
            yield part
            position = part.end

    def _verbatim(self, start: int) -> _Part | None:
        """`{% raw %}` or `{% doc %}` up to its end."""
        opening = _VERBATIM_START.match(self.source, start)
        if opening is None or opening[1] in self._absent:
            return None
        closing = _VERBATIM_END[opening[1]].search(self.source, opening.end())
        if closing is None:
            self._absent.add(opening[1])
            return None
        kind, dash = (TOKEN_CONTENT, opening[2]) if opening[1] == "raw" else (TOKEN_DOC, closing[1])
        self._strip_next = bool(dash)
        text = self.source[opening.end() : closing.start()]
        return _Part(start, closing.end(), [Token(kind, text, start, self.source)])

    def _output(self, start: int) -> _Part | None:
        """`{{ … }}`."""
        if not self.source.startswith("{{", start) or (end := self._find("}}", start + 2)) is None:
            return None
        inner = self.source[start + 2 : end - 2].removeprefix("-")
        self._strip_next = inner.endswith("-")
        tokens = [
            Token(TOKEN_OUTPUT, self.source[start:end], start, self.source),
            Token(TOKEN_EXPRESSION, inner.removesuffix("-").strip(), start, self.source),
        ]
        return _Part(start, end, tokens)

    def _tag(self, start: int) -> _Part | None:
        """`{% name … %}`."""
        opening = _TAG_START.match(self.source, start)
        if opening is None or (end := self._find("%}", opening.end())) is None:
            return None
        inner = self.source[opening.end() : end - 2]
        self._strip_next = inner.endswith("-")
        tokens = [Token(TOKEN_TAG, opening[1], start, self.source)]
        if expression := inner.removesuffix("-").strip():
            tokens.append(Token(TOKEN_EXPRESSION, expression, start, self.source))
        return _Part(start, end, tokens, opening[1])

    def _find(self, closing: str, start: int) -> int | None:
        """The end of the next closing delimiter."""
        found = -1 if closing in self._absent else self.source.find(closing, start)
        if found < 0:
            self._absent.add(closing)
            return None
        return found + len(closing)

    def _content(self, start: int) -> _Part:
        """Text up to the next opening delimiter."""
        following = _OPENING.search(self.source, start + 1)
        if following is None and self.source.endswith("\n") and start < len(self.source) - 1:
            end = len(self.source) - 1  # python-liquid reads a last newline by itself
        else:
            end = following.start() if following else len(self.source)
        text = self.source[start:end]
        text = text.lstrip() if self._strip_next else text
        if following and self.source.startswith("-", following.end()):
            text = text.rstrip()
        tokens = [Token(TOKEN_CONTENT, text, start, self.source)] if text else []
        return _Part(start, end, tokens, is_content=True)


def _checked_tokens(part: _Part) -> list[Token]:
    """The tokens of a part outside comments; raises for delimiters that are never closed."""
    for token in part.tokens:
        if part.is_content:
            if token.value.startswith("{{"):
                raise LiquidSyntaxError("expected '}}', found end of file", token=token)
            if token.value.startswith("{%"):
                raise LiquidSyntaxError("missing tag name or closing delimiter", token=token)
        if token.kind == TOKEN_EXPRESSION:
            _check_brackets(part.tag_name, token)
    return part.tokens


def _check_brackets(tag_name: str, token: Token) -> None:
    brackets = token.value.count("(") + token.value.count("[")
    if tag_name not in _NO_EXPRESSION and brackets > MAX_BRACKETS:
        detail = f"an expression has more than {MAX_BRACKETS} brackets"
        raise LiquidSyntaxError(detail, token=token)
