"""What Postcard knows about a mail platform, and what the platforms' languages share."""

import html
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field

from postcard.runtime.lazy_dataclass import dataclass
from postcard.runtime.lazy_regex import lazy_regex

MAX_ATTRIBUTE_LENGTH = 500
ZERO_WIDTH_SPACE = "\u200b"

# How sure it is that a platform works as it is written here.
DOCUMENTED = "documented"  # its own pages say so
DESCRIBED_BY_OTHERS = "described by others"  # a public page or program of others says so
NOT_FOUND = "not found"  # no page was found that says so

ENCODING_NAMES = {"u": "URL-encoded", "r": "as they are", "a": "not known"}  # values in an address

# A template's text is Liquid, so it cannot hold tags in braces: none of them is the author's.
NO_TAG = lazy_regex(r"(?!)")
BRACE_JOINTS = lazy_regex(r"(?<=\{)(?=[{%#])|(?<=[}%#])(?=\})")  # {{ {% {# and their ends
EVERY_BRACE = lazy_regex(r"(?<=\{)|(?=\})")  # where {a|b} chooses a word, too
PERCENT_TAG = lazy_regex(r"%[\w/$][^%]{0,200}%")
PERCENT_JOINTS = lazy_regex(r"(?<=%)(?=[\w/$][^%]{0,200}%)")

IDENTIFIER = lazy_regex(r"[A-Za-z_]\w*(\.\w+){0,10}")  # with a path: contact.first_name
BRACE_ATTRIBUTE = lazy_regex(r"[A-Za-z0-9_ -]{1,100}")

HANDLEBARS_VALUE_OR_DEFAULT = "{{#if ATTRIBUTE}}{{ATTRIBUTE}}{{else}}DEFAULT{{/if}}"
LIQUID_ADDRESS_OR_DEFAULT = "{% if ATTRIBUTE != blank %}{{ ATTRIBUTE }}{% else %}DEFAULT{% endif %}"

_FIRST_NAMES = ("name", "user_name", "firstname", "given_name")
_PLAIN_TEXT = lazy_regex(r"[\w .,!?()/;:’“”–—-]{0,200}")
_PLACES = lazy_regex("ATTRIBUTE|DEFAULT")


@dataclass(frozen=True, slots=True)
class MailPlatform:
    """How a mail platform writes a contact's value into a mail.

    In the forms of tags, ATTRIBUTE is the contact's attribute as `expression` writes it.

    - `name` is the `esp` of the API, `title` the name for people; `aliases` are other names.
    - `attribute_pattern` matches the attributes that a tag can be written for; `example` is one.
      `usual_attribute(field)` is the one that an account most likely has for a field.
    - `address_tag` is for an address. `encoding` says how it writes values there: `u` URL-encoded,
      `r` as raw text, `a` unknown. `escapes_html`: it writes `& < > "` as entities, so that no raw
      value ends the attribute of an `<img>`.
    - `alt_literal` and `alt_block` are for an `alt` in double quotes, with the default for empty
      values between quotes or, whatever it holds, outside the tags. Without them no tag is safe.
    - `stored_address` writes a finished address that the attribute holds, or the address DEFAULT
      where it is empty. `condition`: what stands before, between and behind two images, of which
      the second is for an empty attribute. Without either, the platform has no such condition.
    - `documentation` is the page that says most about it, `source` who describes the tag.
      `paste` says where HTML is pasted, `trap` what goes wrong there most easily.
    - `tag_pattern` matches a whole merge tag in an author's text. `tag_joints` matches each place,
      without characters, where a zero-width space keeps text from being one.
    """

    name: str
    title: str
    address_tag: str
    encoding: str
    stored_address: str
    example: str
    attribute_pattern: re.Pattern[str]
    source: str
    note: str
    paste: str
    trap: str
    documentation: str = ""
    aliases: tuple[str, ...] = ()
    alt_literal: str = ""
    alt_block: str = ""
    escapes_html: bool = False
    expression: Callable[[str], str] = str
    usual_attributes: Mapping[str, str] = field(default_factory=dict)
    usual_case: Callable[[str], str] = str
    stored_attribute: str = "personalized_image_url"
    condition: tuple[str, str, str] | None = None
    max_attribute_length: int = MAX_ATTRIBUTE_LENGTH
    tag_pattern: re.Pattern[str] = NO_TAG
    tag_joints: re.Pattern[str] = BRACE_JOINTS

    def is_attribute(self, attribute: str) -> bool:
        """Whether a tag can be written for it."""
        return len(attribute) <= MAX_ATTRIBUTE_LENGTH and bool(
            self.attribute_pattern.fullmatch(attribute)
        )

    def write_tag(self, attribute: str) -> str:
        """The tag that writes the attribute's value into an address."""
        return self._filled_in(self.address_tag, attribute)

    def alt_tag(self, attribute: str, default: str) -> str | None:
        """The tag that writes the value into an `alt` in double quotes; None if none is safe.

        `default`, plain text, is written where the value is empty.
        """
        if not self.alt_block:
            return None
        if self.alt_literal and is_plain(default):
            return self._filled_in(self.alt_literal, attribute, default)
        escaped = html.escape(self.tag_joints.sub(ZERO_WIDTH_SPACE, default))
        return self._filled_in(self.alt_block, attribute, escaped)

    def stored_image(self, attribute: str, default: str, image: Callable[[str], str]) -> str:
        """The image of a finished address that the attribute holds, or of the address `default`.

        `image` writes an `<img>` with a `src`, which is HTML already.
        """
        escaped = html.escape(default)
        stored = image(self._filled_in(self.stored_address, attribute, escaped))
        if self.condition is None:
            return stored
        before, between, behind = (self._filled_in(form, attribute) for form in self.condition)
        return f"{before}{stored}{between}{image(escaped)}{behind}"

    def has_condition(self) -> bool:
        """Whether the platform itself can show a default for an empty address."""
        return self.condition is not None or "DEFAULT" in self.stored_address

    def usual_attribute(self, field_name: str) -> str:
        """The attribute that an account most likely has for a field of this name."""
        name = "first_name" if field_name in _FIRST_NAMES else field_name
        return self.usual_attributes.get(name) or self.usual_case(name)

    def usual_attributes_of(self, field_names: Sequence[str]) -> dict[str, str]:
        """The usual attribute of each field."""
        return {name: self.usual_attribute(name) for name in field_names}

    def to_json(self) -> dict[str, object]:
        """What is known about the platform; tags are those of its example."""
        attribute = self.example.split(" or ")[0]
        return {
            "esp": self.name,
            "title": self.title,
            "aliases": list(self.aliases),
            "example": self.example,
            "tag": self.write_tag(attribute),
            "alt_tag": self.alt_tag(attribute, "there"),
            "values": ENCODING_NAMES[self.encoding],
            "source": self.source,
            "documentation": self.documentation or None,
            "note": self.note,
            "paste": self.paste,
            "trap": self.trap,
        }

    def _filled_in(self, form: str, attribute: str, default: str = "") -> str:
        places = {"ATTRIBUTE": self.expression(attribute), "DEFAULT": default}
        return _PLACES.sub(lambda place: places[place[0]], form)


def is_plain(text: str) -> bool:
    """Whether a text can stand between the single quotes of any language as it is.

    >>> is_plain("dear reader"), is_plain("O'Brien & {{ x }}")
    (True, False)
    """
    return bool(_PLAIN_TEXT.fullmatch(text))


def owned_by(owner: str) -> Callable[[str], str]:
    """Writes a path: the attribute with its owner before it, unless it names one.

    >>> owned_by("contact")("firstname"), owned_by("contact")("company.name")
    ('contact.firstname', 'company.name')
    """
    return lambda attribute: attribute if "." in attribute else f"{owner}.{attribute}"


def upper_case(name: str) -> str:
    """A field's name in capitals.

    >>> upper_case("first_name")
    'FIRSTNAME'
    """
    return joined_words(name).upper()


def camel_case(name: str) -> str:
    """A field's name as a variable of JavaScript.

    >>> camel_case("first_name")
    'firstName'
    """
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def pascal_case(name: str) -> str:
    """A field's name with capitals and no spaces.

    >>> pascal_case("first_name")
    'FirstName'
    """
    return title_case(name).replace(" ", "")


def title_case(name: str) -> str:
    """A field's name as a column's title.

    >>> title_case("first_name")
    'First Name'
    """
    return " ".join(word.capitalize() for word in name.split("_"))


def joined_words(name: str) -> str:
    """A field's name without its underscores.

    >>> joined_words("first_name")
    'firstname'
    """
    return name.replace("_", "")
