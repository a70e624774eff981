"""Previews of the gallery's documents are what the published templates show."""

import base64
from typing import Any

import pytest

from tests.documents.seeded_service import SEED, document, seeded_service
from tests.functions.in_memory_service import InMemoryService

TEMPLATES = sorted(path.stem for path in SEED.glob("*.json"))
SIZE: dict[str, Any] = {"width": 320, "format": "jpg"}
JSON = {"accept": "application/json"}


@pytest.fixture(scope="module")
def seeded() -> InMemoryService:
    service = seeded_service()
    for name in TEMPLATES:
        service.publish(document(name), name)
    return service


def preview(service: InMemoryService, **body: Any) -> Any:
    reply = service.call("POST", "/v1/previews", {**body, **SIZE}, headers=JSON)
    assert reply.status == 200, reply.body
    return reply.json


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_seven_worst_people_see_what_is_served_for_them(
    seeded: InMemoryService, name: str
) -> None:
    shown = preview(seeded, document=document(name), people="worst")
    assert len(shown["pictures"]) == 7 and shown["findings"] == []
    for person in shown["pictures"]:
        values = {"template_id": name, "modifications": person["modifications"], **SIZE}
        made = seeded.call("POST", "/v1/images", {**values, "on_invalid": "default"})
        if made.status == 200:
            expected, served = "picture", seeded.open_image(made.json["url"])
        else:  # a required value is missing: a POST refuses that, a link does not
            expected, served = "fallback", seeded.open_link(seeded.sign_link(template=name, **SIZE))
        assert base64.b64decode(person["image"].partition(",")[2]) == served.body, person["name"]
        assert person["show"] == expected


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_fallback_pictures_of_a_document_are_those_of_its_links(
    seeded: InMemoryService, name: str
) -> None:
    for show in ("fallback", "ended"):
        drawn = preview(seeded, document=document(name), show=show)
        assert drawn["image"] == preview(seeded, template_id=name, show=show)["image"]
        assert drawn["warnings"] == []
