"""Parses a pasted link or `<img>` tag, and recognises what mail software does to links."""

import html
import quopri
import re
from collections.abc import Iterator
from dataclasses import field
from urllib.parse import parse_qsl, unquote, urlsplit

from postcard.cli.output import CommandError
from postcard.identifiers import is_tracking_parameter
from postcard.links.parse import Link
from postcard.runtime.lazy_dataclass import dataclass

IMG_SRC = re.compile(r"""\bsrc\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
SOFT_LINE_BREAK = re.compile(r"=\r?\n")
BARE_EQUALS_SIGN = re.compile(r"=(?![0-9A-F]{2}|\r?\n)")  # not in quoted-printable text
LINK_PATH = re.compile(r"/(?:r|c|i)/")
# A link in another address: Gmail's image proxy writes it behind `#`, other proxies as a parameter.
BEHIND_FRAGMENT = re.compile(r"#(https?://\S+)", re.IGNORECASE)
WITHIN_PATH = re.compile(  # urldefense.com writes `__;` behind it, others join two slashes
    r"/(?:__)?(https?):/{1,2}(.+?)(?:__;.*)?$", re.IGNORECASE
)
PUNCTUATION = ".,;:!?)>]}'\"*_"  # what texts have behind a link


@dataclass(frozen=True, slots=True)
class PastedLink:
    """Host (None: only a path was pasted), path and query of a pasted link.

    `notes` are sentences about how it was found in what was pasted.
    """

    path: str
    query: str
    host: str | None = None
    notes: tuple[str, ...] = field(default=())

    @classmethod
    def parse(cls, pasted: str) -> "PastedLink":
        """From a URL, a path with its query, or an `<img>` tag.

        >>> PastedLink.parse("<img src='https://p.example/r/a.png?x=1&amp;y=2'>")
        PastedLink(path='/r/a.png', query='x=1&y=2', host='p.example', notes=())
        """
        notes: list[str] = []
        text = _decoded_source(pasted.strip(), notes)
        if match := IMG_SRC.search(text):
            text = html.unescape(match[1] or match[2])
        url = _unwrapped(_without_line_breaks(text, notes), notes)
        url, fragment_mark, _ = url.partition("#")
        if fragment_mark and "?" in url:
            notes.append("`#` ends an address: what follows it is not sent.")
        host = None
        if "://" in url:
            host, _, rest = url.partition("://")[2].partition("/")
            url = f"/{rest}"
        path, _, query = url.partition("?")
        if not path.startswith("/"):
            raise CommandError(
                "This is not a link of Postcard. Links begin with https://, /r/, /c/ or /i/."
            )
        return cls(path, query, host, tuple(notes))


def _decoded_source(text: str, notes: list[str]) -> str:
    """The text behind a mail's quoted-printable source: `=3D` and soft line breaks."""
    if "=3D" in text and not BARE_EQUALS_SIGN.search(text):
        decoded = quopri.decodestring(text.encode()).decode(errors="replace")
    else:
        decoded = SOFT_LINE_BREAK.sub("", text)
    if decoded != text:
        notes.append(
            "=3D and = at the ends of lines are the quoted-printable source of a mail: they were"
            " decoded. If the address has them in the mail program, too, the mail was encoded"
            " twice."
        )
    return decoded


def _without_line_breaks(text: str, notes: list[str]) -> str:
    if not re.search(r"[\r\n\t]", text):
        return text
    notes.append("line breaks within the link were removed, as browsers do.")
    return re.sub(r"\s*[\r\n\t]\s*", "", text)


def _unwrapped(url: str, notes: list[str]) -> str:
    """The link within an address of a proxy, or the address itself."""
    if re.match(r"https?%3A", url, re.IGNORECASE):
        notes.append("the whole address was percent-encoded: it was decoded.")
        url = unquote(url)
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise CommandError(f"This is not an address: {error}.") from error
    if not parts.hostname or LINK_PATH.match(parts.path):
        return url
    for where, address in _addresses_within(url):
        if LINK_PATH.match(_path(address)):
            notes.append(f"{parts.hostname} is an image proxy: the link is {where}.")
            return address
    return url


def _addresses_within(url: str) -> Iterator[tuple[str, str]]:
    """Where proxies write the address of a picture, with what stands there."""
    if match := BEHIND_FRAGMENT.search(url):
        yield "what follows its #", match[1]
    parts = urlsplit(url)
    for name, value in parse_qsl(parts.query):
        if value.lower().startswith("http"):
            yield f"its parameter {name}", value
            yield f"its parameter {name}", _proofpoint_address(value)
    for match in WITHIN_PATH.finditer(url.partition(parts.netloc)[2]):
        yield "within its path", f"{match[1]}://{match[2]}"


def _proofpoint_address(value: str) -> str:
    """The address that urldefense.proofpoint.com/v2 writes: `https-3A__host_path-3Fx-3D1`."""
    return unquote(re.sub("-(?=[0-9A-Fa-f]{2})", "%", value).replace("_", "/"))


def _path(address: str) -> str:
    try:
        return urlsplit(address).path
    except ValueError:
        return ""


def mail_software_changes(query: str, link: Link, verified: Link | None) -> Iterator[str]:
    """Sentences about harmless changes that mail software made to the query.

    `verified` is the link as it was signed; None if its signature is wrong.
    """
    names = [part.partition("=")[0].lower() for part in query.split("&")]
    if any(name.startswith("amp;") for name in names):
        yield "mail software wrote &amp; instead of &: it is read correctly."
    if any(name.startswith("amp%3b") for name in names) or "&amp%3b" in query.lower():
        yield "mail software wrote &amp%3B instead of &: it is read correctly."
    tracking = sorted({name for name in map(_without_amp, names) if is_tracking_parameter(name)})
    if tracking:
        yield f"a mail tool added {', '.join(tracking)}: the signature check ignores it."
    if verified is not None and link.appended and not _has_all(verified, link):
        names_left_out = ", ".join(link.appended)
        yield f"a mail tool appended {names_left_out}: it is not signed, so it is left out."
    if "_m" in link.encoded_parameters and not any(name == "_end" for name in names):
        yield "the link was cut: it does not end with &_end=(. The last value is not used."


def _without_amp(name: str) -> str:
    return re.sub(r"^(amp(;|%3b))+", "", name)


def _has_all(verified: Link, link: Link) -> bool:
    return verified.encoded_parameters.keys() == link.encoded_parameters.keys()
