"""Tells public addresses and host names from private and special ones.

Python's `ipaddress.is_global` is true for two dozen special addresses (NAT64, 6to4, cloud
services), so the lists here follow the IANA special-purpose registries (RFC 6890, RFC 8190) and the
clouds' documents. An IPv6 address that embeds an IPv4 address may reach that address through a
tunnel or a translator, so all forms of embedding that can be recognized are special. Not
recognized: an embedding under a network's own prefix (RFC 6052 section 2.2, 6rd), which looks like
any other address of that network.
"""

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from postcard.runtime.lazy_regex import lazy_regex

SPECIAL_IPV4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carriers' NAT
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # Azure's own services
        "169.254.0.0/16",  # link-local, and every cloud's metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocols, Oracle's metadata
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
# Public addresses are all in 2000::/3. Outside of it are unique local, link-local, site-local and
# multicast addresses, IPv4-mapped (::ffff:0:0/96), IPv4-compatible (::/96) and IPv4-translated
# (::ffff:0:0:0/96) ones, NAT64 (64:ff9b::/96, 64:ff9b:1::/48), discard-only and dummy (100::/64,
# 100:0:0:1::/64) and segment routing (5f00::/16).
PUBLIC_IPV6 = IPv6Network("2000::/3")
SPECIAL_IPV6 = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocols: Teredo, ORCHID, drones, benchmarks, AMT, AS112, anycast
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address in disguise
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)
HOST_NAME = lazy_regex(r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}")
LOCAL_NAMES = ("localhost", "localdomain", "local", "internal", "intranet", "lan", "home.arpa")


def is_public(address: str) -> bool:
    """Whether a numeric address is on the public internet."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv4Address):
        return not any(parsed in network for network in SPECIAL_IPV4)
    if parsed not in PUBLIC_IPV6 or parsed.scope_id is not None or _is_isatap(parsed):
        return False
    return not any(parsed in network for network in SPECIAL_IPV6)


def _is_isatap(address: IPv6Address) -> bool:
    """Whether it is a tunnel's address under any prefix: `…:0:5efe:a.b.c.d` (RFC 5214).

    Whatever its universal and group bits are: `…:200:5efe:…` too.
    """
    return int(address) >> 32 & 0xFCFF_FFFF == 0x0000_5EFE


def normalize_host(text: str) -> str | None:
    """A URL's host in lower-case ASCII without a trailing dot; None if it must not be fetched from.

    A name has at least two labels. A host that ends in a number must be an IPv4 address in dotted
    decimal: resolvers also accept `2130706433`, `0x7f.1` and `127.1`, which only attackers use.

    >>> normalize_host("BÜCHER.example.")
    'xn--bcher-kva.example'
    >>> normalize_host("0x7f.1")
    """
    if text.startswith("["):
        return _parse_bracketed_ipv6(text)
    try:
        name = text.encode("idna").decode("ascii").lower().removesuffix(".")
    except UnicodeError:
        return None
    if re.search(r"(^|\.)(\d+|0x[0-9a-f]*)$", name):
        return name if _is_ipv4(name) else None
    if not HOST_NAME.fullmatch(name) or any(
        _is_same_or_subdomain(name, local) for local in LOCAL_NAMES
    ):
        return None
    return name


def _is_same_or_subdomain(name: str, parent: str) -> bool:
    return name == parent or name.endswith(f".{parent}")


def _is_ipv4(text: str) -> bool:
    try:
        return str(IPv4Address(text)) == text
    except ValueError:
        return False


def _parse_bracketed_ipv6(text: str) -> str | None:
    try:
        address = ip_address(text[1:-1]) if text.endswith("]") and "%" not in text else None
    except ValueError:
        return None
    return str(address) if address is not None and address.version == 6 else None
