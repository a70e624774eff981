"""HMAC-SHA256 signatures of links, and how keys and digests are written."""

import base64
import hmac
from collections.abc import Iterable, Mapping

from postcard.runtime.lazy_dataclass import dataclass

LINK_PURPOSE = "postcard-link-v1"
CACHE_PATH_PURPOSE = "postcard-address-v1"
BASE32_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


@dataclass(frozen=True, slots=True)
class LinkKeys:
    """All keys that links need: `signing_keys` by key id, of which `active_kid` signs new links.

    Every key is the lower-case hex of 32 bytes; that text itself is the HMAC's key.
    """

    epoch: int
    signing_keys: Mapping[str, str]
    active_kid: str
    cache_path_key: str
    image_id_checksum_key: str
    image_id_key: str


def hmac_sha256(key_hex: str, message: str) -> bytes:
    """HMAC-SHA256 (32 bytes), keyed with the ASCII characters of `key_hex`.

    Not with the bytes that the hex encodes: mail platforms that compute an HMAC take keys as text.
    """
    return hmac.digest(key_hex.encode("ascii"), message.encode(), "sha256")


def signing_input(purpose: str, path: str, parameters: Iterable[str]) -> str:
    """The text to sign (LINK_PURPOSE) or digest (CACHE_PATH_PURPOSE).

    `parameters` are encoded `name=value` strings, sorted.
    """
    return "\n".join([purpose, path, *parameters])


def base64url(digest: bytes) -> str:
    """Base64url without padding: 43 characters for an HMAC-SHA256."""
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def base32(digest: bytes, length: int) -> str:
    """The first `length` characters of the digest's lower-case base32 (RFC 4648)."""
    return base64.b32encode(digest).decode().lower()[:length]


def is_valid_signature(key_hex: str, message: str, signature: str) -> bool:
    """Whether `signature` is the message's HMAC, as base64url or lower-case hex.

    The texts are compared, not the bytes that they encode, so that there is no third spelling.
    Constant time: the length alone tells which spelling it is.
    """
    digest = hmac_sha256(key_hex, message)
    expected = digest.hex() if len(signature) == 64 else base64url(digest)
    return hmac.compare_digest(expected.encode(), signature.encode("utf-8", "surrogatepass"))
