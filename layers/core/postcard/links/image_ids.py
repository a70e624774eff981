"""Ids of opaque images: derived from the request, and recognisable without a database read."""

from postcard.links.signing import BASE32_ALPHABET, LinkKeys, base32, hmac_sha256


def derive_image_id(keys: LinkKeys, canonical_request: str) -> str:
    """`img_`, 16 characters from the request and 10 that prove them ours.

    The same request has the same id. Without the keys nobody can compute or guess one.
    """
    stem = base32(hmac_sha256(keys.image_id_key, canonical_request), 16)
    return f"img_{stem}{_checksum(keys, stem)}"


def is_valid_image_id(keys: LinkKeys, id: str) -> bool:
    """Whether the id's checksum is right, so that guesses are refused without a table read."""
    stem, checksum = id[4:20], id[20:]
    well_formed = (
        id.startswith("img_") and len(id) == 30 and set(BASE32_ALPHABET).issuperset(id[4:])
    )
    return well_formed and _checksum(keys, stem) == checksum


def _checksum(keys: LinkKeys, stem: str) -> str:
    return base32(hmac_sha256(keys.image_id_checksum_key, stem), 10)
