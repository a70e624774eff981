"""What written values must keep. Each rule raises ValueError with a sentence."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

NAME = re.compile("[a-z][a-z0-9_]{0,63}")
MAX_ADDRESS = 2048
_ASSET = re.compile("asset:[a-z0-9][a-z0-9_-]{0,63}")
_LABEL = "[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"(\*\.)?{_LABEL}(\.{_LABEL})*")
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\<>\"`{}|^]|\s")


def compiles_as_re2(pattern: str) -> None:
    """A pattern that RE2 knows."""
    _pattern(pattern)


def full_match(pattern: str, text: str) -> bool:
    """Whether the whole of `text` matches."""
    return bool(_pattern(pattern).fullmatch(text))


@lru_cache(maxsize=512)
def _pattern(pattern: str) -> Any:
    import re2

    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        raise ValueError(f"RE2 cannot read this pattern: {error}") from None


def allowed_host(pattern: str) -> None:
    """A host name in ASCII, perhaps with `*.` before it."""
    if not _HOST.fullmatch(pattern) or len(pattern) > 253:
        raise ValueError("a host is written like cdn.example.com or *.example.com")


def host_of(address: str) -> str:
    """The host of an https address, in lower-case ASCII; ValueError if it has none."""
    from urllib.parse import urlsplit

    parts = urlsplit(address)
    host = (parts.hostname or "").rstrip(".")
    if not host or "@" in parts.netloc:
        raise ValueError("has no host, or a user name before it")
    _ = parts.port  # ValueError unless it is a number
    return host if host.isascii() else host.encode("idna").decode()


def readable_image(text: str) -> None:
    """`https://…` up to 2,048 characters, or `asset:ID`."""
    if _ASSET.fullmatch(text):
        return
    if not text.lower().startswith("https://"):
        raise ValueError("is neither https://… nor asset:ID")
    if len(text) > MAX_ADDRESS:
        raise ValueError(f"is longer than {MAX_ADDRESS} characters")
    if _UNSAFE.search(text):
        raise ValueError("has a character that an address must escape")
    try:
        host_of(text)
    except ValueError:
        raise ValueError("is not an address with a host") from None


def host_allowed(address: str, hosts: Sequence[str]) -> bool:
    """Whether a picture's host is one of `hosts`; an asset is at every host.

    >>> host_allowed("https://a.example.com/x.png", ["*.example.com"])
    True
    """
    if address.startswith("asset:"):
        return True
    host = host_of(address)
    return any(
        host.endswith(allowed[1:]) if allowed.startswith("*.") else host == allowed
        for allowed in hosts
    )
