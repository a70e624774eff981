"""The editor's panels as a test uses them."""

from difflib import unified_diff
from typing import Any

from playwright.sync_api import Locator, Page

from tests.studio.studio import Studio


def layer_row(page: Page, name: str) -> Locator:
    """The row of a layer in the tree: its accessible name begins with the layer's title."""
    return page.locator(f'[role=treeitem][aria-label^="{name}, "]')


def property_of(page: Page, key: str) -> Locator:
    """A property of the inspector or of the open field."""
    return page.locator(f'[data-property="{key}"]')


def rows(page: Page) -> list[str]:
    """The titles of the layers as the tree shows them, the front one first."""
    labels = page.get_by_role("treeitem").evaluate_all("all => all.map(e => e.ariaLabel)")
    return [str(label).split(", ")[0] for label in labels]


def changed_lines(before: str, after: str) -> tuple[list[str], list[str]]:
    """The lines that went, and those that came."""
    lines = list(unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm=""))[2:]
    gone = [line[1:] for line in lines if line.startswith("-")]
    come = [line[1:] for line in lines if line.startswith("+")]
    return gone, come


def document_with(*layers: dict[str, Any], **properties: Any) -> dict[str, Any]:
    """A small document."""
    return {"width": 400, "height": 300, "layers": list(layers), **properties}


def publish(studio: Studio, template_id: str, document: dict[str, Any]) -> None:
    """Publish a document under an id."""
    response = studio.call("PUT", f"/v1/templates/{template_id}", document)
    assert response.status_code == 200, response.text
