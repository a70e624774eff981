"""Stand-ins of mail platforms: the library nearest to each platform's engine, or its tag by hand.

No platform's own code is here. Where a platform's documentation does not say how it writes a value,
it has several stand-ins. Those that need a package of `make acid` alone say so (`needs`); each
platform has at least one that does not.
"""

import functools
import html
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote, quote_plus

Person = Mapping[str, str]  # a field of the template, such as first_name, to this person's value
Render = Callable[[str, Sequence[Person]], list[str]]


@dataclass(frozen=True)
class StandIn:
    """One way in which a platform may fill in a mail.

    `render` None: the engine of this name in stand_ins.mjs. `is_raw`: the value reaches the
    address as it is, not escaped for HTML, so a double quote in it ends the attribute. `encodes`
    False: the platform's tag should URL-encode, but this stand-in does not.
    """

    platform: str
    engine: str
    render: Render | None = None
    needs: str = ""
    is_raw: bool = False
    encodes: bool = True


# How engines write a value.


def as_it_is(text: str) -> str:
    return text


def html_special(text: str) -> str:
    """PHP's htmlspecialchars."""
    return html.escape(text).replace("&#x27;", "&#039;")


_HANDLEBARS = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        '"': "&quot;",
        "'": "&#x27;",
        "`": "&#x60;",
        "=": "&#x3D;",
    }
)


def handlebars_escaped(text: str) -> str:
    return text.translate(_HANDLEBARS)


def percent_20(text: str) -> str:
    return quote(text, safe="")


def uri_component(text: str) -> str:
    """ECMAScript's encodeURIComponent."""
    return quote(text, safe="!'()*-._~")


def dotnet_encoded(text: str) -> str:
    """HttpUtility.UrlEncode of .NET: a space is `+`, hex is in lower case."""
    encoded = quote_plus(text, safe="!()*")
    return re.sub(r"%[0-9A-F]{2}", lambda match: match[0].lower(), encoded)


def dotnet_encoded_20(text: str) -> str:
    return dotnet_encoded(text).replace("+", "%20")


# Names of attributes: each platform spells first_name in its own way.


@functools.cache
def _spellings(field: str) -> tuple[str, ...]:
    words = field.split("_")
    pascal = "".join(word.capitalize() for word in words)
    camel = pascal[:1].lower() + pascal[1:]
    joined = "".join(words)
    initial = f"{words[0][0]}{words[-1]}"
    return (field, field.upper(), camel, pascal, joined, joined.upper(), initial.upper())


def variables(person: Person) -> dict[str, Any]:
    """A template engine's variables: each field in all spellings, also inside of objects."""
    names = {name: text for field, text in person.items() for name in _spellings(field)}
    objects = ("contact", "customer", "subscriber", "lead", "person", "recipient")
    return {**names, **dict.fromkeys((*objects, "custom_attribute"), names)}


def _value(person: Person, attribute: str) -> str:
    """The value of an attribute such as `lead.First Name`, `FNAME` or `contact.firstname`."""
    plain = re.sub(r"[^a-z]", "", attribute.rpartition(".")[2].lower())
    plain = "firstname" if plain == "name" else plain  # of MailerLite
    for field, text in person.items():
        if plain in {re.sub(r"[^a-z]", "", name.lower()) for name in _spellings(field)}:
            return text
    raise AssertionError(f"no field is called {attribute}")


# Engines.


def django(autoescape: bool) -> Render:
    def render(template: str, people: Sequence[Person]) -> list[str]:
        from django.template import Context, Engine

        compiled = Engine(autoescape=autoescape).from_string(_without_lookup(template))
        return [compiled.render(Context(variables(one), autoescape=autoescape)) for one in people]

    return render


def jinja(autoescape: bool, *, filters_like_django: bool = False) -> Render:
    def render(template: str, people: Sequence[Person]) -> list[str]:
        import jinja2

        if filters_like_django:
            template = re.sub(r"\|default:('[^']*')", r"|default(\1, true)", template)
        compiled = jinja2.Environment(autoescape=autoescape).from_string(_without_lookup(template))
        return [
            compiled.render(variables(one), personalization_token=_token_of(one)) for one in people
        ]

    return render


def _without_lookup(template: str) -> str:
    """Klaviyo's filter `lookup` as a variable."""
    return re.sub(r"person\|lookup:'([^']*)'", r"\1", template)


def _token_of(person: Person) -> Callable[[str, str], str]:
    """HubSpot's function for a token with a default."""
    names = variables(person)
    return lambda path, default: names[path.rpartition(".")[2]] or default


def liquid(url_param_escape: Callable[[str], str]) -> Render:
    def render(template: str, people: Sequence[Person]) -> list[str]:
        from liquid import Environment

        environment = Environment()
        environment.filters["url_param_escape"] = lambda value: url_param_escape(str(value or ""))
        # Braze writes {{${first_name}}} and {{custom_attribute.${x}}}.
        compiled = environment.from_string(re.sub(r"\$\{(\w+)\}", r"\1", template))
        return [compiled.render(**variables(one)) for one in people]

    return render


def replacing(pattern: str, write: Callable[[re.Match[str], Person], str]) -> Render:
    """Search and replace, which is all that many platforms' tags are."""
    compiled = re.compile(pattern)

    def render(template: str, people: Sequence[Person]) -> list[str]:
        return [compiled.sub(partial(_written, write, one), template) for one in people]

    return render


def _written(
    write: Callable[[re.Match[str], Person], str], person: Person, match: re.Match[str]
) -> str:
    return write(match, person)


def tags(pattern: str, write: Callable[[str], str]) -> Render:
    """Tags whose group `name` is an attribute and whose group `default`, if any, its default."""

    def written(match: re.Match[str], person: Person) -> str:
        default = match.groupdict().get("default") or ""
        return write(_value(person, match["name"]) or default)

    return replacing(pattern, written)


def one_of(*alternatives: tuple[str, Callable[[str], str]]) -> Render:
    """Tags of several forms, filled in at once, so that no value is filled in again."""
    patterns = [re.compile(pattern) for pattern, _ in alternatives]
    union = "|".join(re.sub(r"\(\?P<\w+>", "(?:", pattern) for pattern, _ in alternatives)

    def write(match: re.Match[str], person: Person) -> str:
        for pattern, (_, write_value) in zip(patterns, alternatives, strict=True):
            if found := pattern.fullmatch(match[0]):
                default = found.groupdict().get("default") or ""
                return write_value(_value(person, found["name"]) or default)
        raise AssertionError(match[0])

    return replacing(union, write)


def handlebars_by_hand(**helpers: Callable[[str], str]) -> Render:
    """`{{x}}`, `{{#if x}}{{x}}{{else}}…{{/if}}` and helpers, as Handlebars writes them."""
    block = (
        r"\{\{#(?:if )?(?P<name>\w+)\}\}\{\{[\w.]+\}\}(?:\{\{else\}\}|\{\{/\w+\}\}\{\{\^\w+\}\})"
    )
    return one_of(
        (block + r"(?P<default>[^{]*)\{\{/\w+\}\}", handlebars_escaped),
        (r"\{\{defaultIfEmpty (?P<name>\w+) '(?P<default>[^']*)'\}\}", handlebars_escaped),
        (r"\{\{#urlEncode\}\}\{\{\{(?P<name>\w+)\}\}\}\{\{/urlEncode\}\}", quote_plus),
        *((rf"\{{\{{{name} (?P<name>\w+)\}}\}}", write) for name, write in helpers.items()),
        (r"\{\{(?P<name>\w+)\}\}", handlebars_escaped),
    )


def mailchimp(url_encode: Callable[[str], str]) -> Render:
    def write(match: re.Match[str], person: Person) -> str:
        value = _value(person, match["name"])
        return url_encode(value) if match["url"] else value

    return replacing(r"\*\|(?P<url>URL:)?(?P<name>\w+)\|\*", write)


def ampscript(url_encode: Callable[[str], str]) -> Render:
    attribute = r"\[?(?P<name>[\w ]+?)\]?"
    escaped = (
        rf"%%=Replace\(Replace\(Replace\(IIf\(Empty\({attribute}\),'(?P<default>[^']*)',[^)]*\)"
        r".*?=%%"
    )

    def alt(text: str) -> str:
        return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")

    return one_of((rf"%%=URLEncode\({attribute},1,1\)=%%", url_encode), (escaped, alt))


def zephyr() -> Render:
    def write(match: re.Match[str], person: Person) -> str:
        value = _value(person, match["name"])
        if match["function"] == "u":
            return percent_20(value)
        return html_special(value or match["default"] or "")

    return replacing(
        r"\{(?P<function>[uh])\((?P<name>\w+)(?: \?: '(?P<default>[^']*)')?\)\}", write
    )


BRACES = r"\{\{(?P<name>\w+)\}\}"
MARKETO = r"\{\{lead\.(?P<name>[\w ]+?)\}\}"
MARKETO_NEW = r"\{%= ?lead\.(?P<name>\w+) ?%\}"
RAW_TAGS = {  # platforms of which nothing says how they write: raw and escaped are both tried
    "activecampaign": r"%(?P<name>[A-Z_]+)%",
    "marketo": MARKETO,
    "marketo_new": MARKETO_NEW,
    "instantly": BRACES,
    "lemlist": BRACES,
    "smartlead": BRACES,
    "campaign_monitor": r"\[(?P<name>\w+),fallback=(?P<default>[^\]]*)\]",
    "mailerlite": r"\{\$(?P<name>\w+)\}",
    "omnisend": r"\[\[contact\.(?P<name>\w+)\]\]",
    "dotdigital": r"@(?P<name>[A-Z_]+)@",
}


def _raw_and_escaped(platform: str, pattern: str) -> list[StandIn]:
    return [
        StandIn(platform, "raw", tags(pattern, as_it_is), is_raw=True),
        StandIn(platform, "HTML-escaped", tags(pattern, html_special)),
    ]


STAND_INS = [
    StandIn("klaviyo", "Django", django(True), needs="django"),
    StandIn("klaviyo", "Jinja", jinja(True, filters_like_django=True)),
    StandIn("mailchimp", "space as +", mailchimp(quote_plus)),
    StandIn("mailchimp", "space as %20", mailchimp(percent_20)),
    StandIn("hubspot", "Jinja, raw", jinja(False), is_raw=True),
    StandIn("hubspot", "Jinja, escaped", jinja(True)),
    StandIn("braze", "Liquid, space as %20", liquid(uri_component)),
    StandIn("braze", "Liquid, space as +", liquid(quote_plus)),
    StandIn("customerio", "Liquid", liquid(quote_plus)),
    StandIn("iterable", "Handlebars"),
    StandIn("iterable", "by hand", handlebars_by_hand()),
    StandIn("salesforce", "space as +", ampscript(dotnet_encoded)),
    StandIn("salesforce", "space as %20", ampscript(dotnet_encoded_20)),
    StandIn("salesforce_next", "Handlebars, space as +"),
    StandIn("salesforce_next", "Handlebars, space as %20"),
    StandIn("salesforce_next", "Handlebars, not encoded", encodes=False),
    StandIn("salesforce_next", "by hand", handlebars_by_hand(encodeURIComponent=uri_component)),
    StandIn("brevo", "Django, raw", django(False), needs="django", is_raw=True),
    StandIn("brevo", "Django, escaped", django(True), needs="django"),
    StandIn("brevo", "Jinja", jinja(True, filters_like_django=True)),
    StandIn("sendgrid", "Handlebars"),
    StandIn("sendgrid", "by hand", handlebars_by_hand()),
    StandIn("kit", "Liquid", liquid(quote_plus)),
    StandIn("mandrill", "Handlebars with Mandrill's helpers"),
    StandIn("mandrill", "by hand", handlebars_by_hand(url=uri_component)),
    StandIn("mailgun", "Handlebars"),
    StandIn("mailgun", "by hand", handlebars_by_hand()),
    StandIn(
        "mailgun_recipient",
        "raw",
        tags(r"%recipient\.(?P<name>\w+)%", as_it_is),
        is_raw=True,
    ),
    StandIn("postmark", "Mustache"),
    StandIn("postmark", "by hand", handlebars_by_hand()),
    StandIn("sailthru", "by hand", zephyr()),
    *(one for name, pattern in RAW_TAGS.items() for one in _raw_and_escaped(name, pattern)),
]
