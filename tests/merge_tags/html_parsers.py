"""HTML parsers that read a mail: the elements that each finds, with their attributes."""

from collections.abc import Callable
from html.parser import HTMLParser

Element = tuple[str, dict[str, str]]
Parse = Callable[[str], list[Element]]
OUTSIDE = ("html", "head", "body")


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in OUTSIDE:  # the first of two attributes of one name counts
            self.found.append((tag, {name: text or "" for name, text in reversed(attrs)}))


def by_html_parser(mail: str) -> list[Element]:
    parser = _Elements()
    parser.feed(mail)
    parser.close()
    return parser.found


def only_image(text: str) -> dict[str, str]:
    """The attributes of the `<img>` that is the text's only element."""
    ((name, attributes),) = by_html_parser(text)
    assert name == "img"
    return attributes


def by_lxml(mail: str) -> list[Element]:
    import lxml.html

    return [
        (element.tag, dict(element.attrib))
        for element in lxml.html.document_fromstring(mail).iter()
        if isinstance(element.tag, str) and element.tag not in OUTSIDE
    ]


def by_html5lib(mail: str) -> list[Element]:
    import html5lib

    return [
        (element.tag, dict(element.attrib))
        for element in html5lib.parse(mail, namespaceHTMLElements=False).iter()
        if isinstance(element.tag, str) and element.tag not in OUTSIDE
    ]


PARSERS: dict[str, Parse] = {
    "html.parser": by_html_parser,
    "lxml": by_lxml,
    "html5lib": by_html5lib,
}
PARSERS_IN_NODE = ("parse5", "htmlparser2")
