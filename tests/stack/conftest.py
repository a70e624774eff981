import pytest

from deploy.template_check import SamDocument, apply_sam_transform, read_template


@pytest.fixture(scope="session")
def template() -> SamDocument:
    return read_template()


@pytest.fixture(scope="session")
def cloudformation(template: SamDocument) -> SamDocument:
    return apply_sam_transform(template)
