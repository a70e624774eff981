"""HMAC-SHA256 with keys that are text, and the spellings of what comes out."""

import binascii
import hmac
from collections.abc import Iterable, Mapping

from postcard.runtime.lazy_dataclass import dataclass

LINK_PURPOSE = "postcard-link-v1"
CACHE_PATH_PURPOSE = "postcard-address-v1"
BASE32_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
BASE64URL_TRANSLATION = bytes.maketrans(b"+/", b"-_")


@dataclass(frozen=True, slots=True)
class LinkKeys:
    """Everything that links need: `signing` verifies, by key id; `minting` is the id that mints.

    Every key is the lower-case hex of 32 bytes, and that text is what the MAC is keyed with.
    """

    epoch: int
    signing_keys: Mapping[str, str]
    active_kid: str
    cache_path_key: str
    image_id_checksum_key: str
    image_id_key: str


def hmac_sha256(key_hex: str, message: str) -> bytes:
    """HMAC-SHA256 (32 bytes), keyed with the ASCII characters of `key_hex`.

    Not with the bytes they stand for: mail platforms that compute an HMAC take keys as text.
    """
    return hmac.digest(key_hex.encode("ascii"), message.encode(), "sha256")


def signing_input(purpose: str, path: str, parameters: Iterable[str]) -> str:
    """What is signed (LINK) or digested (ADDRESS): lines already encoded and sorted."""
    return "\n".join([purpose, path, *parameters])


def base64url(digest: bytes) -> str:
    """Base64url without padding: 43 characters for a MAC."""
    return (
        binascii.b2a_base64(digest, newline=False)
        .rstrip(b"=")
        .translate(BASE64URL_TRANSLATION)
        .decode()
    )


def base32(digest: bytes, length: int) -> str:
    """The first `length` characters of the digest's lower-case RFC 4648 base 32."""
    number = int.from_bytes(digest)
    first = 8 * len(digest) - 5
    return "".join(BASE32_ALPHABET[number >> (first - 5 * i) & 31] for i in range(length))


def is_valid_signature(key_hex: str, message: str, signature: str) -> bool:
    """Whether `signature` is one of the MAC's two spellings: base64url, or lower-case hex.

    The text is compared, never the bytes it decodes to, so there is no third spelling. Constant
    time: which spelling it is follows from the length alone.
    """
    digest = hmac_sha256(key_hex, message)
    right = digest.hex() if len(signature) == 64 else base64url(digest)
    return hmac.compare_digest(right.encode(), signature.encode("utf-8", "surrogatepass"))
