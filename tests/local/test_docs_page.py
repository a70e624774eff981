"""The API page in Chromium: it fits a phone, and calls work from it under its security policy."""

from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from tests.local.chromium import CHROMIUM, RETRIED, Page, opened_page
from tests.local.conftest import RunningService

pytestmark = [pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed"), RETRIED]
ALL_OPERATIONS = "document.querySelectorAll('.opblock').length > 20"
PHONE, DESKTOP = (390, 844), (1280, 900)


@pytest.fixture
def page() -> Iterator[Page]:
    with opened_page() as page:
        yield page


def open_docs(page: Page, service: RunningService, size: tuple[int, int], anchor: str = "") -> None:
    page.set_size(*size)
    page.open(f"{service.url}/docs{anchor}")
    page.wait_for(ALL_OPERATIONS)


def authorize(page: Page, key: str) -> None:
    page.click(".btn.authorize")
    page.wait_for("!!document.querySelector('.auth-container input')")
    page.type(".auth-container input", key)
    page.click(".auth-btn-wrapper .authorize")
    page.wait_for("document.querySelector('.auth-container').innerText.includes('Logout')")
    page.click(".btn-done")


def try_operation(page: Page, operation: str) -> str:
    """The status of the response to an operation's example.

    A click while the page is still drawing itself is lost, as a person's would be: it is repeated.
    """
    block = f'[id="operations-{operation}"]'
    page.click(f"{block} .opblock-summary-control")
    cell = f"document.querySelector('{block} .live-responses-table tbody .response-col_status')"
    status = f"({cell} || {{innerText: ''}}).innerText.trim()"
    for seconds in (15, 30):
        page.click(f"{block} .execute")
        with suppress(AssertionError):
            return str(page.wait_for(status, seconds=seconds))
    page.click(f"{block} .execute")
    return str(page.wait_for(status))


def assert_only_own_host(page: Page, service: RunningService) -> None:
    assert page.complaints() == []
    hosts = {urlsplit(url).netloc for url in page.requested_urls() if url.startswith("http")}
    assert hosts == {urlsplit(service.url).netloc}


def test_a_call_is_tried_with_an_api_key(service: RunningService, page: Page) -> None:
    open_docs(page, service, DESKTOP)
    authorize(page, service.server.keys.api_key)
    assert try_operation(page, "Templates-list_templates") == "200"
    assert_only_own_host(page, service)
    kept = page.evaluate(
        "JSON.stringify({...localStorage, ...sessionStorage}) + document.cookie + location.href"
    )
    assert "postcard_" not in kept
    page.open("about:blank")
    open_docs(page, service, DESKTOP)
    assert page.evaluate("!!document.querySelector('.btn.authorize.unlocked')")


def test_a_call_without_an_api_key_is_a_401(service: RunningService, page: Page) -> None:
    open_docs(page, service, DESKTOP)
    assert try_operation(page, "Templates-list_templates") == "401"


def test_a_preview_is_shown_on_the_page(service: RunningService, page: Page) -> None:
    open_docs(page, service, DESKTOP)
    authorize(page, service.server.keys.api_key)
    assert try_operation(page, "Previews-preview") == "200"
    page.wait_for("(document.querySelector('.live-responses-table img') || {}).naturalWidth > 0")
    assert_only_own_host(page, service)


def test_the_page_fits_a_phone(service: RunningService, page: Page) -> None:
    open_docs(page, service, PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]
    for operation in (
        "Templates-publish_template",
        "Previews-preview",
    ):
        page.click(f'[id="operations-{operation}"] .opblock-summary-control')
        page.wait_for(
            f"!!document.querySelector('[id=\"operations-{operation}\"] .responses-inner')"
        )
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]
    assert_only_own_host(page, service)


def test_the_type_of_a_problem_leads_to_its_error_code(service: RunningService, page: Page) -> None:
    problem = service.call("GET", "/v1/templates/nowhere").json()
    assert problem["type"] == "/docs#not_found"
    open_docs(page, service, PHONE, "#not_found")
    page.wait_for("document.querySelector('#not_found').getBoundingClientRect().top > 0")
    position = page.evaluate("document.querySelector('#not_found').getBoundingClientRect().top")
    assert 0 < position < PHONE[1]
    assert_only_own_host(page, service)
