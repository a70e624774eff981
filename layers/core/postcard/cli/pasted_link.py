"""A link as people paste it, and what mail software has done to it."""

import html
import re
from collections.abc import Iterator

from postcard.cli.output import CommandError
from postcard.identifiers import is_tracking_parameter
from postcard.runtime.lazy_dataclass import dataclass

IMG_SRC = re.compile(r"""\bsrc\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PastedLink:
    """Path and query of a pasted address, with or without its host."""

    path: str
    query: str

    @classmethod
    def parse(cls, pasted: str) -> "PastedLink":
        """From an address, a path, or an `<img>` tag.

        >>> LinkText.of("<img src='https://p.example/r/a.png?x=1&amp;y=2#top'>")
        LinkText(path='/r/a.png', query='x=1&y=2')
        """
        if found := IMG_SRC.search(pasted):
            pasted = html.unescape(found[1] or found[2])
        address = pasted.strip().partition("#")[0]
        if "://" in address:
            address = "/" + address.partition("://")[2].partition("/")[2]
        path, _, query = address.partition("?")
        if not path.startswith("/"):
            raise CommandError("A link begins with https:// or with /r/ or /i/.")
        return cls(path, query)


def mail_software_changes(query: str) -> Iterator[str]:
    """What mail software put into the query; none of it harms."""
    names = [part.partition("=")[0] for part in query.split("&")]
    if any(name.startswith("amp;") for name in names):
        yield "mail software wrote &amp; twice; that is read right."
    dropped = sorted(
        {n for n in (name.replace("amp;", "") for name in names) if is_tracking_parameter(n)}
    )
    if dropped:
        yield f"a mail tool added {', '.join(dropped)}; that is left out of the signature."
