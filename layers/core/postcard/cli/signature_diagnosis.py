"""Why a signature is not right: the mistakes that can be told by trying them."""

import hmac
from collections.abc import Iterator, Sequence
from urllib.parse import unquote

from postcard.links.encoding import percent_encode
from postcard.links.parse import Link
from postcard.links.signing import (
    LINK_PURPOSE,
    LinkKeys,
    base64url,
    hmac_sha256,
    is_valid_signature,
    signing_input,
)


def diagnose_signature(keys: LinkKeys, link: Link) -> str | None:
    """A sentence about the mistake that makes the signature right again; None if none does."""
    if not link.signature:
        return "is missing: add _sig."
    for sentence, path, lines in _signing_mistakes(link):
        if is_valid_signature(
            keys.signing_keys[link.kid], signing_input(LINK_PURPOSE, path, lines), link.signature
        ):
            return sentence
    return _key_mistake(keys, link) or _encoding_mistake(keys, link)


def _signing_mistakes(link: Link) -> Iterator[tuple[str, str, Sequence[str]]]:
    """Links that may have been signed in this one's place."""
    lines = {n: line for n, line in link.encoded_parameters.items() if n not in link.open_fields}
    for name in lines:
        rest = sorted(line for other, line in lines.items() if other != name)
        yield f"is right without {name}: that was added after signing.", link.path, rest
    for name in link.open_fields:
        if name in link.encoded_parameters:
            both = sorted([*lines.values(), link.encoded_parameters[name]])
            yield f"covers {name} too: leave open fields out of what is signed.", link.path, both
    for other in ("png", "jpg", "webp", "avif", "gif"):
        path = f"/r/{link.template}.{other}"
        yield (
            f"is that of {path}: the format was changed after signing.",
            path,
            link.signed_parameters,
        )
    for name, value in link.fields.items():
        once = sorted(
            [
                *(x for n, x in lines.items() if n != name),
                f"{name}={percent_encode(unquote(value))}",
            ]
        )
        yield f"is right if {name} is decoded once more: it was encoded twice.", link.path, once
        cut = sorted(
            [*(x for n, x in lines.items() if n != name), f"{name}={percent_encode(value.strip())}"]
        )
        yield f"is right without the spaces round {name}.", link.path, cut
    yield "is that of unsorted lines: sort them by their bytes.", link.path, list(lines.values())


def _key_mistake(keys: LinkKeys, link: Link) -> str | None:
    text = signing_input(LINK_PURPOSE, link.path, link.signed_parameters)
    for kid, key in keys.signing_keys.items():
        if is_valid_signature(key, text, link.signature):
            return f"is made with {kid}, not with {link.kid} that _kid names."
    octets = bytes.fromhex(keys.signing_keys[link.kid])
    as_bytes = base64url(hmac.digest(octets, text.encode(), "sha256"))
    if as_bytes == link.signature:
        return "is made with the key's 32 bytes: take the 64 characters of its hex as the key."
    return None


def _encoding_mistake(keys: LinkKeys, link: Link) -> str | None:
    digest = hmac_sha256(
        keys.signing_keys[link.kid], signing_input(LINK_PURPOSE, link.path, link.signed_parameters)
    )
    right = base64url(digest)
    if link.signature.rstrip("=").replace("+", "-").replace("/", "_") == right:
        return "is spelt in plain base64: write - for +, _ for /, and no = at its end."
    if link.signature.lower() in (digest.hex(), right.lower()):
        return "has letters of the wrong case: a signature is not to be changed."
    if right.startswith(link.signature) and len(link.signature) > 10:
        return "is cut short."
    return None
