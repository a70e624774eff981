"""Mutations of one signed link, numbered as in the corpus of signature mutations.

`REFUSED`: a 400 or 403. `SAME_PICTURE`: the same cache path.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import quote

from tests.links.link_cases import KEYS, VECTORS

Mutations = Callable[[str, str], Iterator[str]]
BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
KEY = VECTORS["signing_keys_hex"]["k1"]

REFUSED: dict[str, Mutations] = {}
SAME_PICTURE: dict[str, Mutations] = {}

# Mutations that do not concern the link itself.
TESTED_ELSEWHERE: Mapping[str, str] = {
    "mut-05": "a path has no place for a signature",
    "mut-16": "one stack, one sender: there are no tenants",
    "mut-18": "the same",
    "mut-21": "an HMAC cannot be extended",
    "mut-48": "the host is not signed, and no cache key holds it",
    "mut-49": "methods: tests/edge",
    "mut-50": "past _exp the ended picture is returned: test_cache_paths.py",
    "mut-54": "Expires: tests of the image function",
    "mut-55": "only the edge's clock decides: test_cache_paths.py",
    "mut-57": "there are no tenants",
    "mut-58": "each stage has keys of its own",
    "mut-59": "keys by purpose: test_cache_paths.py",
    "mut-60": "keys by purpose: test_cache_paths.py",
    "mut-61": "headers and the cache: tests of the local server",
    "mut-62": "the same",
    "mut-63": "the same",
    "mut-64": "digests: test_properties.py",
    "mut-65": "compare_digest: test_cache_paths.py",
    "mut-66": "unknown keys: test_cache_paths.py",
}


def mutation(expected: dict[str, Mutations], id: str) -> Callable[[Mutations], Mutations]:
    def add(mutations: Mutations) -> Mutations:
        expected[id] = mutations
        return mutations

    return add


def replacements(expected: dict[str, Mutations], id: str, *pairs: tuple[str, str]) -> None:
    """Each pair replaces a text of the link; SIG stands for its signature."""

    def mutations(link: str, signature: str) -> Iterator[str]:
        for old, new in pairs:
            mutated = link.replace(old.replace("SIG", signature), new.replace("SIG", signature))
            assert mutated != link, f"{id} changes nothing"
            yield mutated

    before = expected.get(id)
    expected[id] = mutations if before is None else _both(before, mutations)


def _both(first: Mutations, second: Mutations) -> Mutations:
    def mutations(link: str, signature: str) -> Iterator[str]:
        yield from first(link, signature)
        yield from second(link, signature)

    return mutations


# The original link: /r/welcome.png?_exp=…&_kid=k1&_v=1&a=1&first_name=Zo%C3%AB%20B&_sig=…
replacements(REFUSED, "mut-01", ("&_sig=SIG", ""))
replacements(REFUSED, "mut-02", ("_sig=SIG", "_sig="), ("_sig=SIG", "_sig"))
replacements(REFUSED, "mut-03", ("_sig=SIG", f"_sig=SIG&_sig={'A' * 43}"))
replacements(REFUSED, "mut-04", ("_sig=SIG", f"_sig={'A' * 43}&_sig=SIG"))
replacements(REFUSED, "mut-06", ("_sig=", "_Sig="), ("_sig=", "_SIG="), ("_sig=", "sig="))
replacements(
    SAME_PICTURE, "mut-07", ("_sig=", "%5Fsig="), ("_sig=", "_%73ig="), ("_sig=", "%5f%73%69%67=")
)
replacements(
    REFUSED, "mut-08", ("_sig=", "_sig[]="), ("_sig=", "_sig[0]="), ("_sig=", "_sig%5B%5D=")
)
replacements(REFUSED, "mut-09", ("&_sig=", "#_sig="), ("&_sig=", "?_sig="), ("&_sig=", "&?_sig="))
replacements(
    REFUSED, "mut-10", *(("&a=1", f"&a=1&{p}") for p in ("alg=none", "_alg=none", "v=0", "_q=1"))
)
replacements(REFUSED, "mut-11", ("SIG", "unsafe"), ("/r/", "/unsafe/"), ("/r/", "/r/unsafe/"))


@mutation(REFUSED, "mut-12")
def every_character_another(link: str, signature: str) -> Iterator[str]:
    for at, character in enumerate(signature):
        for bit in range(6):
            other = BASE64[BASE64.index(character) ^ 1 << bit]
            yield link.replace(signature, signature[:at] + other + signature[at + 1 :])


@mutation(REFUSED, "mut-13")
def cut(link: str, signature: str) -> Iterator[str]:
    yield from (link.replace(signature, signature[:length]) for length in range(43))


@mutation(REFUSED, "mut-14")
def longer(link: str, signature: str) -> Iterator[str]:
    yield from (link.replace(signature, signature + more) for more in ("A", "AA", "0" * 21))


replacements(REFUSED, "mut-15", ("SIG", VECTORS["valid"][0]["sig"]))
replacements(REFUSED, "mut-17", ("_kid=k1", "_kid=k0"), ("_kid=k1", "_kid=2026b"))
replacements(
    REFUSED, "mut-19", *(("k1", f"k1{k}") for k in ("%2F..", "%00", "a" * 255, "%0A", "/../k1"))
)


@mutation(REFUSED, "mut-20")
def other_macs(link: str, signature: str) -> Iterator[str]:
    path, _, query = link.partition("?")
    lines = sorted(line for line in query.split("&") if not line.startswith("_sig="))
    message = "\n".join(["postcard-link-v1", path, *lines]).encode()
    key = KEY.encode()
    digests = [hmac.digest(key, message, name) for name in ("sha1", "md5", "sha512", "sha512_256")]
    digests += [
        hashlib.sha256(key + message).digest(),
        hmac.digest(bytes.fromhex(KEY), message, "sha256"),
    ]
    for other in (KEYS.cache_path_key, KEYS.image_id_checksum_key, KEYS.image_id_key):
        digests.append(hmac.digest(other.encode(), message, "sha256"))
    assert base64.urlsafe_b64encode(hmac.digest(key, message, "sha256")).decode()[:43] == signature
    for digest in digests:
        yield link.replace(signature, base64.urlsafe_b64encode(digest).decode().rstrip("="))
        yield link.replace(signature, digest.hex())


@mutation(REFUSED, "mut-22")
def the_last_characters_equivalents(link: str, signature: str) -> Iterator[str]:
    value = BASE64.index(signature[-1])
    for other in {value & 60 | low for low in range(4)} - {value}:
        yield link.replace(signature, signature[:-1] + BASE64[other])


replacements(REFUSED, "mut-23", ("SIG", "SIG="), ("SIG", "SIG%3D"), ("SIG", "SIG=="))


@mutation(REFUSED, "mut-24")
def the_other_alphabet(link: str, signature: str) -> Iterator[str]:
    standard = signature.replace("-", "+").replace("_", "/")
    assert standard != signature
    yield link.replace(signature, standard)
    yield link.replace(signature, quote(standard, safe=""))


@mutation(REFUSED, "mut-25")
def stray_characters(link: str, signature: str) -> Iterator[str]:
    for stray in ("!", " ", "+", "%0A", "%0a", "%20", "%00", "\n", "\t", "&"):
        yield link.replace(signature, signature[:20] + stray + signature[20:])
        if stray != "&":
            yield link.replace(signature, signature + stray)
            yield link.replace(signature, stray + signature)


@mutation(REFUSED, "mut-26")
def upper_case_hex(link: str, signature: str) -> Iterator[str]:
    yield link.replace(signature, base64.urlsafe_b64decode(signature + "=").hex().upper())


@mutation(SAME_PICTURE, "mut-27")
def wholly_encoded(link: str, signature: str) -> Iterator[str]:
    yield link.replace(signature, "".join(f"%{ord(c):02x}" for c in signature))
    yield link.replace(signature, base64.urlsafe_b64decode(signature + "=").hex())


@mutation(REFUSED, "mut-28")
def letters_that_look_alike(link: str, signature: str) -> Iterator[str]:
    first = signature[0]
    yield link.replace(signature, chr(ord(first) + 0xFEE0) + signature[1:])
    yield link.replace(signature, quote(chr(ord(first) + 0xFEE0)) + signature[1:])
    yield link.replace("a=1", "a=１")
    yield link.replace("_v=1", "_v=１")
    yield link.replace("_v=1", "_v=%D9%A1")


replacements(REFUSED, "mut-29", ("SIG", "SIG%00"), ("SIG", "SIG\0"))


@mutation(SAME_PICTURE, "mut-30")
def another_order(link: str, signature: str) -> Iterator[str]:
    path, _, query = link.partition("?")
    parts = query.split("&")
    for by in range(1, len(parts)):
        yield f"{path}?{'&'.join(parts[by:] + parts[:by])}"
    yield f"{path}?{'&'.join(reversed(parts))}"


replacements(
    REFUSED, "mut-31", ("a=1", "a=1%26first_name=Zo"), ("a=1&first_name", "a=1%26first_name")
)
replacements(REFUSED, "mut-32", ("a=1", "a%3D1="), ("a=1", "a%3D=1"))
replacements(REFUSED, "mut-33", ("a=1&first_name=Zo", "a=1f&irst_name=Zo"), ("a=1", "a1="))
replacements(REFUSED, "mut-34", (".png?", ".png%3F"), (".png?_exp", ".png?_exp%3F"), ("?", "/"))
replacements(REFUSED, "mut-35", ("%20B", "%2520B"), ("%C3%AB", "%25C3%25AB"))
replacements(SAME_PICTURE, "mut-36", ("%20B", "+B"), ("%20B", " B"))
replacements(REFUSED, "mut-36", ("%20B", "%2BB"))
replacements(
    SAME_PICTURE,
    "mut-37",
    ("a=1", "%61=%31"),
    ("%C3%AB", "%c3%aB"),
    ("%C3%AB", "ë"),
    ("Zo", "%5A%6f"),
)
replacements(REFUSED, "mut-38", ("%C3%AB", "e%CC%88"), ("%C3%AB", "e\u0308"))
replacements(
    REFUSED,
    "mut-39",
    *(("a=1", f"a={bad}") for bad in ("%FF", "%C0%AF", "%ED%A0%80", "%F4%90%80%80", "%C3", "%4")),
    *(("a=1", f"{bad}=1") for bad in ("%FF", "a%C0%AF", "%", "a%1")),
)
replacements(
    REFUSED,
    "mut-40",
    ("a=1", "a="),
    ("a=1", "a"),
    ("a=1", "a=1&=x"),
    ("a=1", "a=1&="),
    ("a=1", "=1"),
)
replacements(
    SAME_PICTURE, "mut-40", ("a=1", "&a=1"), ("SIG", "SIG&"), ("?", "?&&"), ("&a", "&amp;amp;a")
)
replacements(REFUSED, "mut-41", ("&a=1", ";a=1"), ("&_sig", ";_sig"))
replacements(
    REFUSED,
    "mut-42",
    ("a=1", "a=1&a=2"),
    ("a=1", "a=2&a=1"),
    ("a=1", "a=1&a=1"),
    ("a=1", "a=1&%61=1"),
)
replacements(REFUSED, "mut-43", ("a=1", "a=1,2"), ("a=1", "a=1%2C2"))
replacements(
    SAME_PICTURE,
    "mut-44",
    *(("a=1", f"a=1&{p}=x") for p in ("utm_source", "fbclid", "gclid", "_ga", "_kx")),
)
replacements(
    SAME_PICTURE,
    "mut-44",
    ("SIG", "SIG&utm_x&mc_eid=9&%75tm_y=1"),
    ("?", "?utm_source=a&utm_source=b&"),
)
replacements(REFUSED, "mut-44", ("a=1", "a=1&cb=123"), ("a=1", "a=1&_cb=1"), ("a=1", "a=1&utm=1"))
replacements(
    REFUSED,
    "mut-45",
    ("a=1", "A=1"),
    ("_v=1", "_V=1"),
    ("_kid", "_KID"),
    ("first_name", "First_name"),
)
replacements(
    REFUSED,
    "mut-46",
    *(
        ("/r/", other)
        for other in ("//r/", "/r//", "/./r/", "/r/../r/", "/%72/", "/r%2F", "/R/", "r/")
    ),
    *(
        (".png?", f".png{more}?")
        for more in ("/", ";x", ".css", ".", "%00", "\n", "%0A", " ", "/x.js")
    ),
    (".png", "%2Epng"),
    (".png", ".PNG"),
    ("welcome", "w%65lcome"),
)
replacements(REFUSED, "mut-47", ("/r/welcome.png", "/r/SIG/welcome.png"), ("a=1", "a=1SIG"))
replacements(REFUSED, "mut-51", ("_exp=1790000000", "_exp=1890000000"))
replacements(REFUSED, "mut-52", ("_exp=1790000000&", ""), ("_exp=1790000000", "_exp="))
replacements(
    REFUSED,
    "mut-53",
    *(
        ("_exp=1790000000", f"_exp={time}")
        for time in (
            *("1000000000000", "-1", "0", "9223372036854775808", "NaN", "1790000000.5", "1e9"),
            *(
                "0x6AB13B80",
                "17900000001790000000",
                "%D9%A1790000000",
                "+1790000000",
                "1790000000%0A",
            ),
        )
    ),
)
replacements(REFUSED, "mut-56", ("welcome", "welcome2"), ("welcome", "welcom"), (".png", ".jpg"))
