"""Postcard's part: the `<img>` of each platform, and the words that a picture's address shows."""

import json
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

from postcard.errors import Problem
from postcard.links.parse import parse_link
from postcard.links.platforms.registry import all_platforms, find_platform
from postcard.links.verify import verify_signature
from postcard.template.bind import bind
from postcard.template.compiled import Template
from postcard.template.modifications import modifications_from_link
from postcard.template.validation.parse import parse_document
from tests.functions.in_memory_service import InMemoryService
from tests.links.link_cases import KEYS

DEFAULT = "there"


def text_field(**more: Any) -> dict[str, Any]:
    field = {"type": "text", "default": DEFAULT, "max_length": 1000, "open": True}
    return {**field, "example": "Alex", **more}


def document(fields: Mapping[str, Any], size: tuple[int, int]) -> dict[str, Any]:
    width, height = size
    words = " ".join(f"{{{{ {name} }}}}" for name in fields)
    layer = {"type": "text", "name": "title", "width": width, "height": height, "text": words}
    return {
        "name": "Acid test",
        "width": width,
        "height": height,
        "fields": dict(fields),
        "layers": [{**layer, "size": 16, "min_size": 8, "fit": "shrink"}],
        "alt": f"Hi {words}",
    }


class MergeLinks:
    """Merge links of one template: minted by the API, read as the image function reads them."""

    def __init__(
        self,
        fields: Mapping[str, Any],
        *,
        template_id: str = "acid",
        size: tuple[int, int] = (200, 40),
    ) -> None:
        with redirect_stdout(StringIO()):  # its log
            world = InMemoryService()
            world.link_keys = KEYS
            source = document(fields, size)
            world.publish(source, template_id)
        self._world = world
        self.fields = tuple(fields)
        self._template_id = template_id
        self._template = Template.compile(template_id, 1, parse_document(json.dumps(source)))

    def image_tag(self, platform: str, attributes: Mapping[str, str], **more: Any) -> str:
        """The `img` that `POST /v1/links` returns; `attributes` of the open fields."""
        body = {"template_id": self._template_id, "esp": platform, "open": attributes, **more}
        with redirect_stdout(StringIO()):
            reply = self._world.call("POST", "/v1/links", body)
        assert reply.status == 200, reply.body
        return str(reply.json["img"])

    def inserted(self, link: str) -> dict[str, str] | None:
        """The raw value of each open field of a link; None if the link is refused."""
        try:
            parsed = verify_signature(KEYS, parse_link(*link.partition("?")[::2]))
        except Problem:
            return None
        return dict(parsed.fields)

    def canonical(self, link: str) -> str | None:
        """What the edge function passes on; None if the link is refused."""
        try:
            parsed = verify_signature(KEYS, parse_link(*link.partition("?")[::2]))
        except Problem:
            return None
        return parsed.canonical_url

    def shown(self, values: Mapping[str, str]) -> dict[str, Any]:
        """The values that the picture shows, each field's default included."""
        modifications = modifications_from_link(self._template, values)
        restricted = frozenset(self.fields)
        return dict(bind(self._template, modifications, mode="link", restricted=restricted).values)


def usual_attributes(platform: str, fields: Sequence[str] = ("first_name",)) -> dict[str, str]:
    """Each field to the attribute that accounts have for it."""
    found = find_platform(platform)
    assert found
    return {name: found.usual_attribute(name) for name in fields}


def encodings() -> dict[str, str]:
    """Each platform to how it writes values into an address: `u`, `r` or `a`."""
    return {platform.name: platform.encoding for platform in all_platforms()}
