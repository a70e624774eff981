"""A person's mail as a file: HTML, or a message (.eml) that mail programs open and send."""

import re
import unicodedata
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from html.parser import HTMLParser

from postcard.campaigns.mail_merge.mail_template import MAX_SUBJECT_CHARACTERS, MailFault
from postcard.links.platforms.mail_platform import ZERO_WIDTH_SPACE
from postcard.runtime.lazy_regex import lazy_regex

MAX_NAME_CHARACTERS = 48  # of a file, without number and ending
MAX_ADDRESS_CHARACTERS = 254
MAX_DISPLAY_NAME_CHARACTERS = 200
_NOT_IN_FILE_NAMES = lazy_regex("[^a-z0-9]+")
_NAMED_ADDRESS = lazy_regex(r"(?P<name>[^<>]{0,500})<(?P<address>[^<>]{0,500})>\s*")
_TITLE = lazy_regex(r"<title[^>]*>(.*?)</title\s*>", re.IGNORECASE | re.DOTALL)
_BLOCK_NAMES = (
    "address article blockquote br div dl dt dd figure footer h1 h2 h3 h4 h5 h6 header hr li main"
    " ol p section table tr ul"
)
_BLOCKS = frozenset(_BLOCK_NAMES.split())
_CELLS = frozenset(("td", "th"))
_POLICY = SMTP.clone(cte_type="7bit")  # every server takes it
_UNSEEN = frozenset(("head", "style", "script", "title"))


def file_name(number: int, count: int, text: str, ending: str) -> str:
    """A name that every file system takes, and that sorts in the order of the rows.

    >>> file_name(7, 120, "Zoë O'Brien <zoe@example.com>", "html")
    '007-zoe-o-brien-zoe-example-com.html'
    """
    plain = unicodedata.normalize("NFKD", text[:500]).encode("ascii", "ignore").decode().lower()
    slug = _NOT_IN_FILE_NAMES.sub("-", plain).strip("-")[:MAX_NAME_CHARACTERS].strip("-")
    digits = f"{number:0{len(str(count))}}"
    return f"{digits}-{slug}.{ending}" if slug else f"{digits}.{ending}"


def title_of(html: str) -> str:
    """The text of a mail's `<title>`; empty if it has none."""
    found = _TITLE.search(html)
    return _plain_text(found[1]).strip() if found else ""


def message(html: str, *, to: str, subject: str, sender: str | None) -> bytes:
    """A message with the mail as HTML and as text; `MailFault` for a bad address or subject.

    Without a sender it is a draft, which Outlook opens for sending.
    """
    mail = EmailMessage(policy=_POLICY)
    mail["Subject"] = _header_text(subject)
    if sender:
        mail["From"] = address(sender)
    mail["To"] = address(to)
    if not sender:
        mail["X-Unsent"] = "1"
    mail.set_content(_plain_text(html))
    mail.add_alternative(html, subtype="html")
    return mail.as_bytes()


def address(text: str) -> str:
    """An e-mail address as a header has it, `Zoe <zoe@example.com>` too; `MailFault` if none.

    >>> address("Zoe, Ann <zoe@example.com>")
    '"Zoe, Ann" <zoe@example.com>'
    """
    named = _NAMED_ADDRESS.fullmatch(text)
    if named is None:
        return str(_address(text))
    name = named["name"].strip()
    if name[:1] == name[-1:] == '"':
        name = name[1:-1].replace('\\"', '"')
    if "@" in name:
        raise MailFault("There is more than one e-mail address: write one.")
    if len(name) > MAX_DISPLAY_NAME_CHARACTERS or not name.isprintable():
        raise MailFault("The name before the e-mail address is too long or has odd characters.")
    found = _address(named["address"])
    return str(Address(_without_encoded_words(name), addr_spec=found.addr_spec))


def _address(text: str) -> Address:
    plain = text.strip()
    if not 3 <= len(plain) <= MAX_ADDRESS_CHARACTERS or not plain.isprintable():
        raise MailFault("The e-mail address is missing, too long or has odd characters.")
    name, at, domain = plain.rpartition("@")
    try:
        found = Address(addr_spec=f"{name}{at}{domain.encode('idna').decode('ascii')}")
    except (ValueError, HeaderParseError, IndexError):
        detail = "The e-mail address cannot be read: write it as name@example.com."
        raise MailFault(detail) from None
    if not found.username.isascii():
        raise MailFault("The e-mail address has letters before the @ that few servers take.")
    if not found.username or "." not in found.domain.strip("."):
        raise MailFault("The e-mail address has no name or no domain.")
    return found


def _header_text(subject: str) -> str:
    text = " ".join(subject.split())
    if not text or len(text) > MAX_SUBJECT_CHARACTERS:
        raise MailFault(
            "The subject is empty: write a <title> in the mail, or give --subject."
            if not text
            else f"The subject has over {MAX_SUBJECT_CHARACTERS} characters."
        )
    printable = "".join(character for character in text if character.isprintable())
    return _without_encoded_words(printable)


def _without_encoded_words(text: str) -> str:
    """The text with a zero-width space in each `=?`.

    Python decodes encoded words of a header's text, line ends in them too, and writes these raw.
    """
    return text.replace("=?", f"={ZERO_WIDTH_SPACE}?")


def _plain_text(html: str) -> str:
    reader = _TextReader()
    reader.feed(html)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.parts).split("\n"))
    return re.sub("\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


class _TextReader(HTMLParser):
    """Collects what a mail says: its texts, where its links lead, and what its pictures show."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = 0
        self._links: list[tuple[str, int]] = []  # address, and where its words begin

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begins a block, or shows a picture's text."""
        self._unseen += tag in _UNSEEN
        if tag in _BLOCKS:
            self.parts.append("\n")
        if tag in _CELLS:
            self.parts.append(" ")
        if tag == "img" and not self._unseen:
            self.parts.append(dict(attrs).get("alt") or "")
        if tag == "a":
            self._links.append((dict(attrs).get("href") or "", len(self.parts)))

    def handle_endtag(self, tag: str) -> None:
        """Ends a block."""
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        if tag == "a" and self._links and not self._unseen:
            address, start = self._links.pop()
            words = "".join(self.parts[start:])
            if address.startswith(("https://", "http://")) and address not in words:
                self.parts.append(f" ({address})")
        if tag in _BLOCKS:
            self.parts.append("\n")

    def add_text(self, data: str) -> None:
        """Takes a text; line ends in it are spaces."""
        if not self._unseen:
            self.parts.append(data.replace("\n", " "))

    handle_data = add_text  # the parser's name for it
