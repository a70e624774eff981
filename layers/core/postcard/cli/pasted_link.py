"""Parses a pasted link or `<img>` tag, and recognises what mail software adds to links."""

import html
import re
from collections.abc import Iterator

from postcard.cli.output import CommandError
from postcard.identifiers import is_tracking_parameter
from postcard.runtime.lazy_dataclass import dataclass

IMG_SRC = re.compile(r"""\bsrc\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PastedLink:
    """Path and query of a pasted link."""

    path: str
    query: str

    @classmethod
    def parse(cls, pasted: str) -> "PastedLink":
        """From a URL, a path with its query, or an `<img>` tag.

        >>> PastedLink.parse("<img src='https://p.example/r/a.png?x=1&amp;y=2#top'>")
        PastedLink(path='/r/a.png', query='x=1&y=2')
        """
        if match := IMG_SRC.search(pasted):
            pasted = html.unescape(match[1] or match[2])
        url = pasted.strip().partition("#")[0]
        if "://" in url:
            url = "/" + url.partition("://")[2].partition("/")[2]
        path, _, query = url.partition("?")
        if not path.startswith("/"):
            raise CommandError(
                "This is not a link of Postcard. Links begin with https://, /r/ or /i/."
            )
        return cls(path, query)


def mail_software_changes(query: str) -> Iterator[str]:
    """Sentences about harmless changes that mail software made to the query."""
    names = [part.partition("=")[0] for part in query.split("&")]
    if any(name.startswith("amp;") for name in names):
        yield "mail software wrote &amp; instead of &: it is read correctly."
    tracking = sorted(
        {n for n in (name.replace("amp;", "") for name in names) if is_tracking_parameter(n)}
    )
    if tracking:
        yield f"a mail tool added {', '.join(tracking)}: the signature check ignores it."
