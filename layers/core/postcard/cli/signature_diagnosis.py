"""Finds the mistake behind a wrong signature by trying common mistakes."""

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
    """A sentence about the mistake that explains the signature; None if none does."""
    if not link.signature:
        return "is missing: sign the link and add _sig."
    for sentence, path, parameters in _signing_mistakes(link):
        signed_text = signing_input(LINK_PURPOSE, path, parameters)
        if is_valid_signature(keys.signing_keys[link.kid], signed_text, link.signature):
            return sentence
    return _key_mistake(keys, link) or _encoding_mistake(keys, link)


def _signing_mistakes(link: Link) -> Iterator[tuple[str, str, Sequence[str]]]:
    """Each mistake as a sentence, with the path and parameters that were signed by mistake."""
    signed = {n: text for n, text in link.encoded_parameters.items() if n not in link.open_fields}
    for name in signed:
        others = sorted(text for other, text in signed.items() if other != name)
        yield f"matches without {name}: it was added after signing.", link.path, others
    for name in link.open_fields:
        if name in link.encoded_parameters:
            with_open = sorted([*signed.values(), link.encoded_parameters[name]])
            yield f"covers {name}: leave open fields out of the signed text.", link.path, with_open
    for format_name in ("png", "jpg", "webp", "avif", "gif"):
        path = f"{link.path.rpartition('/')[0]}/{link.template}.{format_name}"
        yield (
            f"belongs to {path}: the format was changed after signing.",
            path,
            link.signed_parameters,
        )
    if link.path.startswith("/c/"):
        path = f"/r/{link.template}.{link.format}"
        yield (
            f"belongs to {path}: the campaign was added after signing.",
            path,
            link.signed_parameters,
        )
    for name, value in link.fields.items():
        others = [text for other, text in signed.items() if other != name]
        decoded = sorted([*others, f"{name}={percent_encode(unquote(value))}"])
        yield f"matches if {name} is decoded again: it was encoded twice.", link.path, decoded
        stripped = sorted([*others, f"{name}={percent_encode(value.strip())}"])
        yield f"matches without the spaces around {name}: remove them.", link.path, stripped
    unsorted = list(signed.values())
    yield "belongs to unsorted parameters: sort them by their bytes.", link.path, unsorted


def _key_mistake(keys: LinkKeys, link: Link) -> str | None:
    text = signing_input(LINK_PURPOSE, link.path, link.signed_parameters)
    for kid, key in keys.signing_keys.items():
        if is_valid_signature(key, text, link.signature):
            return f"was made with the key {kid}, but _kid names {link.kid}."
    key_bytes = bytes.fromhex(keys.signing_keys[link.kid])
    if base64url(hmac.digest(key_bytes, text.encode(), "sha256")) == link.signature:
        return "was made with the key's 32 bytes: use the 64 characters of its hex text as the key."
    return None


def _encoding_mistake(keys: LinkKeys, link: Link) -> str | None:
    digest = hmac_sha256(
        keys.signing_keys[link.kid], signing_input(LINK_PURPOSE, link.path, link.signed_parameters)
    )
    expected = base64url(digest)
    if link.signature.rstrip("=").replace("+", "-").replace("/", "_") == expected:
        return "is in plain base64: write - for +, _ for /, and no = at the end."
    if link.signature.lower() in (digest.hex(), expected.lower()):
        return "is in hex or has letters in the wrong case: write it in base64url, unchanged."
    if "".join(link.signature.split()) in (expected, digest.hex()):
        return "has a space in it: write the link without."
    for right in (expected, digest.hex()):
        extra = link.signature.removeprefix(right)
        if link.signature.startswith(right) and extra:
            shown = extra if extra.isprintable() else ascii(extra)
            text = "which belongs to the text around the link: leave it out."
            return f"has {shown[:40]} behind it, {text}"
    if expected.startswith(link.signature) and len(link.signature) > 10:
        return "is cut short: copy the whole link."
    return None
