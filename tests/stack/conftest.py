from typing import Any

import pytest

from deploy.template_check import SamDocument, apply_sam_transform, read_template

DEFAULTS = ("CreatesTable", "CreatesStoreBucket", "CreatesKeys", "StoresRenders")


def resolve(node: Any, *, default: bool) -> Any:
    """A part of the template with the parameters of its data at their defaults, or not."""
    if isinstance(node, list):
        return [resolve(each, default=default) for each in node]
    if not isinstance(node, dict):
        return node
    condition, *branches = node.get("Fn::If", [None]) if node.keys() == {"Fn::If"} else [None]
    if condition in DEFAULTS:
        return resolve(branches[0 if default else 1], default=default)
    return {key: resolve(value, default=default) for key, value in node.items()}


@pytest.fixture(scope="session")
def whole_template() -> SamDocument:
    """The template as it is written."""
    return read_template()


@pytest.fixture(scope="session")
def template(whole_template: SamDocument) -> SamDocument:
    """The template of a stack that creates its data and stores the pictures of links."""
    resolved: SamDocument = resolve(whole_template, default=True)
    return resolved


@pytest.fixture(scope="session")
def adopting_template(whole_template: SamDocument) -> SamDocument:
    """The template of a stack that takes over the data of an earlier one, and stores nothing."""
    resolved: SamDocument = resolve(whole_template, default=False)
    return resolved


@pytest.fixture(scope="session")
def cloudformation(template: SamDocument) -> SamDocument:
    return apply_sam_transform(template)
