"""Hosts and origins of URLs, and host allow-lists.

`cdn.example.com` is that host, `*.example.com` every host below it.
"""

from collections.abc import Sequence
from urllib.parse import urlsplit


def is_host_allowed(host: str, patterns: Sequence[str] | None) -> bool:
    """Whether a pattern matches `host`, which is lower-case ASCII; None allows every host.

    >>> is_host_allowed("a.example.com", ["*.example.com"])
    True
    >>> is_host_allowed("example.com", ["*.example.com"])
    False
    """
    return patterns is None or any(_matches(host, pattern) for pattern in patterns)


def _matches(host: str, pattern: str) -> bool:
    name = _ascii_lower(pattern.removeprefix("*."))
    return host.endswith(f".{name}") if pattern.startswith("*.") else host == name


def _ascii_lower(name: str) -> str:
    if not name.isascii():
        try:
            name = name.encode("idna").decode("ascii")
        except UnicodeError:
            return ""  # no host is empty or ends with a dot
    return name.lower()


def host_of(url: str) -> str:
    """The host of a URL in lower case; "" if it has none or cannot be parsed.

    >>> host_of("https://Pictures.example.com/a.png"), host_of("asset:logo")
    ('pictures.example.com', '')
    """
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def url_origin(url: str) -> str:
    """The origin of a URL, as in a `Content-Security-Policy`; "" if it has no host.

    >>> url_origin("https://Uploads.example.com:8443/bucket"), url_origin("asset:logo")
    ('https://uploads.example.com:8443', '')
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.lower()}" if parts.netloc else ""
