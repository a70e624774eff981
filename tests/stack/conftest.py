import pytest

from deploy.template_check import Document, read, translated


@pytest.fixture(scope="session")
def template() -> Document:
    return read()


@pytest.fixture(scope="session")
def cloudformation(template: Document) -> Document:
    return translated(template)
