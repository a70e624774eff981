"""Ids of events: sortable by time, and deterministic.

A change that is repeated because a response was lost or a notification came twice is one event.
"""

import hashlib

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # base32 in the order of its digits' values
PREFIX = "evt_"
TIME_LENGTH, DIGEST_LENGTH = 10, 16  # characters: 50 bits of milliseconds, 80 bits of digest


def event_id(event_type: str, subject: str, ordinal: str | int = "", *, at: float) -> str:
    """`evt_` and 26 characters, from the change's time in Unix seconds and what was changed.

    `subject` is the id of what changed; `ordinal` distinguishes its changes of the same type. A
    repeated change must have the same `at`: the time stored with the change, not the current time.

    >>> event_id("template.published", "welcome", 7, at=1_795_341_600)
    'evt_01m81b5h808595z7jayc9pjxgb'
    """
    digest = hashlib.sha256("\n".join((event_type, subject, str(ordinal))).encode()).digest()
    bits = int.from_bytes(digest[:10], "big")
    return PREFIX + _base32(round(at * 1000), TIME_LENGTH) + _base32(bits, DIGEST_LENGTH)


def event_time(event_id: str) -> float:
    """The time of an event, in Unix seconds."""
    milliseconds = 0
    for character in event_id.removeprefix(PREFIX)[:TIME_LENGTH]:
        milliseconds = milliseconds * 32 + ALPHABET.index(character)
    return milliseconds / 1000


def _base32(number: int, length: int) -> str:
    return "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(length)))
