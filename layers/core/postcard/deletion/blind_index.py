"""Blind indexes: keyed hashes by which an erasure finds the images made with a person's value.

Each image's record holds one for every field with `erase_by`; the value itself is not stored.
"""

import unicodedata
from collections.abc import Iterator

from postcard.links.signing import LinkKeys, base32, hmac_sha256
from postcard.template.bind import BoundValues
from postcard.template.compiled import Template
from postcard.template.fields.field_types import AnyField, ListField
from postcard.template.fields.values import AnyValue, Value, to_link_text

PURPOSE = "postcard-erase-v1"
LENGTH = 40  # characters of base 32: 200 bits


def blind_index(keys: LinkKeys, field: str, value: str) -> str:
    """The blind index of a value; case, character width and spacing make no difference."""
    text = " ".join(unicodedata.normalize("NFKC", value).casefold().split())
    return base32(hmac_sha256(keys.image_id_key, f"{PURPOSE}\n{field}\n{text}"), LENGTH)


def blind_indexes(keys: LinkKeys, template: Template, bound: BoundValues) -> tuple[str, ...]:
    """The blind indexes of all given values of `erase_by` fields, each once.

    The field of a list's items is named `guests.email` for every item.
    """
    found = [
        blind_index(keys, name, to_link_text(value))
        for name, field in sorted(template.document.fields.items())
        for name, value in _erasable_values(name, field, bound.explicit_values.get(name))
    ]
    return tuple(dict.fromkeys(found))


def _erasable_values(
    name: str, field: AnyField, value: AnyValue | None
) -> Iterator[tuple[str, Value]]:
    if isinstance(field, ListField):
        for item in value if isinstance(value, tuple) else ():
            for key, one in item.items():
                yield from _erasable_values(f"{name}.{key}", field.items[key], one)
    elif field.erase_by and value is not None and not isinstance(value, tuple):
        yield name, value
