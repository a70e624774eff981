"""The stored address: a contact's field holds a finished address, the mail asks if it is empty."""

from collections.abc import Callable, Sequence

from postcard.links.platforms.registry import find_platform
from tests.merge_tags.html_parsers import by_html_parser
from tests.merge_tags.stand_ins import Person, StandIn

FIELD = "personalized_image_url"
DEFAULT_ADDRESS = "https://pictures.example.com/r/welcome.png?_kid=k1&_v=1&_sig=abc"
ADDRESSES = (
    "https://pictures.example.com/i/img_abcdefghijklmnopabcdefghij.png",
    "https://pictures.example.com/r/welcome.png?_kid=k1&_v=1&first_name=Zo%C3%AB%20%26%20Bob&_sig=a",
    "",
)
# The engines that a platform's own language runs in. The tags by hand know no conditions.
ENGINES = ("Django", "Jinja", "Liquid", "Handlebars", "Mustache")
Render = Callable[[str, Sequence[Person]], list[str]]


def knows_conditions(stand_in: StandIn) -> bool:
    """Whether this stand-in can run the platform's condition for an empty field."""
    platform = find_platform(stand_in.platform)
    assert platform
    return platform.has_condition() and stand_in.engine.startswith(ENGINES)


def wrong_sources(stand_in: StandIn, render: Render) -> list[tuple[str, list[str]]]:
    """Addresses whose mail shows another one; an empty one shows the default."""
    platform = find_platform(stand_in.platform)
    assert platform
    template = platform.stored_image(
        platform.stored_attribute, DEFAULT_ADDRESS, lambda source: f'<img src="{source}" alt="Hi">'
    )
    # An & that is escaped twice is read as one: docs/contract/links.md, "Reading a link".
    shown = [
        [attributes["src"].replace("&amp;", "&") for _, attributes in by_html_parser(text)]
        for text in render(template, [{FIELD: address} for address in ADDRESSES])
    ]
    expected = [[address or DEFAULT_ADDRESS] for address in ADDRESSES]
    return [
        (address, found)
        for address, found, right in zip(ADDRESSES, shown, expected, strict=True)
        if found != right
    ]
