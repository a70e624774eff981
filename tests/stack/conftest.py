from typing import Any

import pytest

from deploy.template_check import SamDocument, apply_sam_transform, read_template

CREATES = ("CreatesTable", "CreatesStoreBucket", "CreatesKeys")


def resolve_data(node: Any, *, creates: bool) -> Any:
    """A part of the template where the stack creates its data resources, or takes over others."""
    if isinstance(node, list):
        return [resolve_data(each, creates=creates) for each in node]
    if not isinstance(node, dict):
        return node
    condition, *branches = node.get("Fn::If", [None]) if node.keys() == {"Fn::If"} else [None]
    if condition in CREATES:
        return resolve_data(branches[0 if creates else 1], creates=creates)
    return {key: resolve_data(value, creates=creates) for key, value in node.items()}


@pytest.fixture(scope="session")
def whole_template() -> SamDocument:
    """The template as it is written."""
    return read_template()


@pytest.fixture(scope="session")
def template(whole_template: SamDocument) -> SamDocument:
    """The template of a stack that creates its table, store bucket and secret."""
    resolved: SamDocument = resolve_data(whole_template, creates=True)
    return resolved


@pytest.fixture(scope="session")
def adopting_template(whole_template: SamDocument) -> SamDocument:
    """The template of a stack that takes over the data of an earlier one."""
    resolved: SamDocument = resolve_data(whole_template, creates=False)
    return resolved


@pytest.fixture(scope="session")
def cloudformation(template: SamDocument) -> SamDocument:
    return apply_sam_transform(template)
