"""Writes docs/email/: a page for each mail platform, made from the platforms' files."""

from pathlib import Path

from postcard.links.merge_tags import MergeAlt, image_html, image_tag, merge_link
from postcard.links.platforms.mail_platform import (
    DESCRIBED_BY_OTHERS,
    DOCUMENTED,
    ENCODING_NAMES,
    NOT_FOUND,
    MailPlatform,
)
from postcard.links.platforms.registry import all_platforms

FOLDER = Path(__file__).parents[1] / "docs" / "email"
BASE_URL = "https://pictures.example.com"
FIELD, DEFAULT = "first_name", "there"
DEFAULT_LINK = "/r/welcome.png?_d=2&_kid=k1&_v=1&_sig=3MJg…"
WIDTH, HEIGHT = 600, 315

HOW_SURE = {
    DOCUMENTED: "The tag is documented on the platform's own pages.",
    DESCRIBED_BY_OTHERS: "How the tag writes values is described by others, not by the platform.",
    NOT_FOUND: "No page was found that describes how the tag writes values.",
}
VALUES = {
    "u": "URL-encoded by the tag",
    "r": "as they are: no filter that encodes them was found",
    "a": "encoded or not: its page leaves that open",
}
NO_ALT_TAG = "none that is safe: `alt` says the default"
TEMPLATE_FIELD = (
    '"first_name": {"type": "text", "default": "there", "max_length": 40, "open": true}'
)


def email_pages() -> dict[str, str]:
    """Each page's file name and text."""
    pages = {f"{one.name}.md": _platform_page(one) for one in all_platforms()}
    return {**pages, "README.md": _index()}


def write_pages() -> None:
    """Writes all pages."""
    for name, text in email_pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


INDEX = """\
# E-mail, platform by platform

A mail platform sends one HTML document to many readers. There are two ways to give each reader a
picture of their own:

- A **merge link** is a signed address that holds the platform's merge tag, the same for all
  readers. Use it on platforms that URL-encode values.
- A **[stored address](stored-address.md)**: each contact has a field with their finished address.
  It is the sure way on every platform, and the one to choose where values are inserted as they are.

What was tested, with which names, and what no link can mend:
[Mail platforms: what was tested](platforms.md).

## Platforms

| platform | `esp` | values in the address | name in `alt` | how sure |
|---|---|---|---|---|
{rows}
| [Any other](custom.md) | `custom` | `encoding` says it | no | |

## Mail programs

What readers' programs do with pictures:

- [Gmail](gmail.md): its proxy and copies, the limit of 102 KB
- [Apple Mail](apple-mail.md): pictures are fetched when the mail arrives
- [Outlook](outlook.md): sizes, formats, long addresses
- [Dark mode](dark-mode.md): which colours change, and how to draw for both schemes

A complete mail to start from, as MJML and HTML: [examples/email](../../examples/email).
"""


def _index() -> str:
    rows = [
        f"| [{one.title}]({one.name}.md) | `{one.name}` | {ENCODING_NAMES[one.encoding]} "
        f"| {'yes' if one.alt_block else 'no'} | {one.source} |"
        for one in all_platforms()
        if one.name != "custom"
    ]
    return INDEX.format(rows="\n".join(rows))


def _platform_page(platform: MailPlatform) -> str:
    if platform.name == "custom":
        return _custom_page(platform)
    sections = [
        f"# {platform.title}",
        _facts(platform),
        _snippet_section(platform),
        f"## Where to paste it\n\nInto {platform.paste}. Send yourself a test mail.",
        f"## What goes wrong\n\n{platform.trap}",
        _raw_section(platform),
        _stored_section(platform),
        _known_section(platform),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _facts(platform: MailPlatform) -> str:
    aliases = (
        f" (also {', '.join(f'`{name}`' for name in platform.aliases)})" if platform.aliases else ""
    )
    attribute = platform.usual_attribute(FIELD)
    tag = _code(platform.write_tag(attribute))
    alt = platform.alt_tag(attribute, DEFAULT)
    return "\n".join(
        [
            "| | |",
            "|---|---|",
            f"| `esp` | `{platform.name}`{aliases} |",
            f"| tag in the address | {tag} |",
            f"| tag in `alt` | {_code(alt) if alt else NO_ALT_TAG} |",
            f"| values in the address | {VALUES[platform.encoding]} |",
        ]
    )


def _snippet_section(platform: MailPlatform) -> str:
    attribute = platform.usual_attribute(FIELD)
    return "\n".join(
        [
            "## The picture",
            "",
            "```sh",
            f".venv/bin/postcard snippet welcome --esp {platform.name}"
            f" --open {FIELD}={_shell(attribute)}",
            "```",
            "",
            "prints the whole tag, and so does `POST /v1/links` with",
            "",
            "```json",
            f'{{"template_id": "welcome", "dpr": 2, "esp": "{platform.name}",'
            f' "open": {{"{FIELD}": "{attribute}"}}}}',
            "```",
            "",
            "Paste it as it is (here the signature is shortened):",
            "",
            "```html",
            _merge_image(platform, attribute),
            "```",
            "",
            f"An empty value shows the template's default. The template lets the field be open:\n"
            f"`{TEMPLATE_FIELD}`.",
        ]
    )


def _merge_image(platform: MailPlatform, attribute: str) -> str:
    head = f"/r/welcome.png?_d=2&_kid=k1&_m={platform.encoding}&_open={FIELD}&_v=1&_sig=3MJg…"
    link = merge_link(head, esp=platform.name, open={FIELD: attribute})
    alt = MergeAlt(("Hi ", platform.alt_tag(attribute, DEFAULT) or DEFAULT))
    return _on_three_lines(image_tag(BASE_URL, link, alt=alt, width=WIDTH, height=HEIGHT))


def _on_three_lines(image: str) -> str:
    return image.replace('" width=', '"\n     width=').replace('" style=', '"\n     style=')


def _raw_section(platform: MailPlatform) -> str:
    if platform.encoding == "u":
        return ""
    quote = (
        '- A `"` in a value shows the default, and puts stray attributes into the mail, unless the'
        " platform HTML-escapes it.\n"
    )
    unsure = "may insert" if platform.encoding == "a" else "inserts"
    return (
        "## Values that a merge link cannot show\n\n"
        f"{platform.title} {unsure} values into the address as they are. Postcard reads most of"
        " them right, `AT&T`, `100% Club` and `O'Brien` among them. No merge link can show"
        " these:\n\n"
        "- A `#` in a value shows the default.\n"
        + ("" if platform.escapes_html else quote)
        + "- A tab or a line end in a value joins two words.\n"
        "- Behind a tool that parses and rewrites the address, `+` becomes a space.\n\n"
        "**The sure way is the stored address.** It holds no value that the platform inserts."
    )


def _stored_section(platform: MailPlatform) -> str:
    stored = platform.stored_attribute
    default = BASE_URL + DEFAULT_LINK
    picture = platform.stored_image(stored, default, _stored_image)
    condition = (
        "Where the field is empty, the condition shows the default picture:"
        if platform.has_condition()
        else f"{platform.title} has no condition for an empty field that we know of. Give every"
        " contact an address: a link without values shows the default picture."
    )
    return "\n".join(
        [
            "## The stored address",
            "",
            f"Store each contact's finished address in the field `{stored}`:",
            "[how](stored-address.md). " + condition,
            "",
            "```html",
            picture,
            "```",
            "",
            "The second address is a link without values: `postcard link welcome`."
            if platform.has_condition()
            else "`postcard link welcome` makes the link without values.",
        ]
    )


def _stored_image(source: str) -> str:
    return _on_three_lines(image_html(source, alt=f"Hi {DEFAULT}", width=WIDTH, height=HEIGHT))


def _known_section(platform: MailPlatform) -> str:
    page = f" See [this page]({platform.documentation})." if platform.documentation else ""
    return (
        f"## What is known\n\n**{HOW_SURE[platform.source]}**{page} {platform.note}\n\n"
        f"Postcard was not tested on {platform.title} itself, but with"
        " [stand-ins of it](platforms.md)."
    )


def _custom_page(platform: MailPlatform) -> str:
    return f"""# Any other platform

With `"esp": "custom"` you write the whole merge tag yourself:

```json
{{"template_id": "welcome", "esp": "custom", "encoding": "raw",
 "open": {{"{FIELD}": "[[firstname]]"}}}}
```

1. Look for a filter or function that URL-encodes. If there is one, use it and say
   `"encoding": "url"`.
2. If there is none, say `"encoding": "raw"`. Then a value with a `#` or `"` shows the default,
   and the [stored address](stored-address.md) is the sure way.
3. If you do not know, leave `encoding` out. Then a `+` may be read as a space.

Write the tag with single quotes and without a default: an empty value shows the template's default.
Paste the `<img>` into {platform.paste}.

The response has the warning `unrecognized_tag` if Postcard would draw the tag itself where the
platform leaves it unfilled, as test mails do.
"""


def _code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|")


def _shell(text: str) -> str:
    safe = all(character.isalnum() or character in "._-" for character in text)
    return text if safe else f'"{text}"' if "'" in text else f"'{text}'"


if __name__ == "__main__":
    write_pages()
