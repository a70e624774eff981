"""What mail software does with the address of a picture before it is asked for."""

import re
from collections.abc import Callable
from urllib.parse import parse_qsl, quote, quote_plus, unquote

Rewrite = Callable[[str], str]


def unchanged(address: str) -> str:
    return address


def with_known_tracker(address: str) -> str:
    return address + "&utm_source=mail&mc_eid=ab12"


def with_other_tracker(address: str) -> str:
    """Its parameters look like fields, and nobody's list has them."""
    return address + "&ck_subscriber_id=17&user_name=Mallory"


def ampersands_escaped_twice(address: str) -> str:
    return address.replace("&", "&amp;")


def ampersands_half_encoded(address: str) -> str:
    return address.replace("&", "&amp%3B")


def wrapped_in_safelinks(address: str) -> str:
    """Outlook's Safe Links carries the address as a parameter of its own."""
    host = "https://eur01.safelinks.protection.outlook.com"
    wrapped = f"{host}/?url={quote(address, safe='')}&data=05%7C01&reserved=0"
    inside = re.search(r"[?&]url=([^&]*)", wrapped)
    assert inside
    return unquote(inside[1])


def written_anew(address: str) -> str:
    """A tool parses the query, adds a parameter, and writes it again, form-encoded."""
    head, _, query = address.partition("#")[0].partition("?")
    pairs = [
        *parse_qsl(query, keep_blank_values=True, errors="replace"),
        ("utm_medium", "mail"),
    ]
    parts = (f"{_form_encoded(name)}={_form_encoded(text)}" for name, text in pairs)
    return f"{head}?{'&'.join(parts)}"


def _form_encoded(text: str) -> str:
    """As URLSearchParams writes it."""
    return quote_plus(text, safe="*-._").replace("~", "%7E")


def behind_gmails_proxy(address: str) -> str:
    """Gmail's proxy has the address behind a `#` of its own."""
    proxied = f"https://ci3.googleusercontent.com/meips/AB=s0-d-e1-ft#{address}"
    return proxied.split("#", 1)[1]


REWRITES: dict[str, Rewrite] = {
    "none": unchanged,
    "known tracker": with_known_tracker,
    "other tracker": with_other_tracker,
    "& escaped twice": ampersands_escaped_twice,
    "& as &amp%3B": ampersands_half_encoded,
    "Safe Links": wrapped_in_safelinks,
    "written anew": written_anew,
    "Gmail's proxy": behind_gmails_proxy,
}


def in_windows_1252(address: str) -> str:
    """How a browser writes the query of a mail whose charset is Windows-1252."""
    head, mark, query = address.partition("?")
    return head + mark + "".join(map(_in_windows_1252, query))


def _in_windows_1252(character: str) -> str:
    if character.isascii():
        return character
    try:
        return quote(character.encode("cp1252"), safe="")
    except UnicodeEncodeError:
        return f"%26%23{ord(character)}%3B"


# Not in the published table: few mails are written so.
FURTHER_REWRITES: dict[str, Rewrite] = {"Windows-1252": in_windows_1252}
