"""The status page of the whole local service in Chromium: policy, WCAG, phone, light and dark."""

import time
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.functions.test_status import CHECK, iso, message
from tests.studio.axe import AXE, Axe
from tests.studio.studio import DESKTOP, PHONE, Studio

pytestmark = pytest.mark.quick
TEMPLATES = ()
FUNCTION = "StatusFunction"
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
BACKGROUND = "getComputedStyle(document.body).backgroundColor"


def check_page(page: Page) -> None:
    """What holds at each size and in each colour scheme."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(BACKGROUND) in ("rgb(247, 246, 242)", "rgb(20, 19, 31)"), "has its style"
    assert Axe(page).violations() == []


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed")
def test_checks_and_alarms_are_on_a_page_that_everybody_can_read(studio: Studio) -> None:
    invoke, now = studio.server.functions.invoke, time.time()
    invoke(FUNCTION, message("ImageLatencyAlarm", "ALARM", now - 2400))
    invoke(FUNCTION, message("ApiErrorsAlarm", "ALARM", now - 9000))
    invoke(FUNCTION, message("ApiErrorsAlarm", "OK", now - 4000))
    invoke(FUNCTION, {**CHECK, "time": iso(now)})
    for scheme, viewport in zip(SCHEMES, (PHONE, DESKTOP), strict=True):
        page = studio.new_page(color_scheme=scheme, viewport=viewport)
        page.goto(f"{studio.url}/status")
        expect(page.get_by_role("heading", level=1)).to_have_text("Trouble with pictures in mail")
        assert page.get_by_role("img", name="ninety days").count() == 9
        page.get_by_text("Days with trouble as a table").click()
        expect(page.get_by_role("table")).to_contain_text("API and template editor: 1 hour")
        check_page(page)
    # The copy from the CDN is in a sandbox, in which no test can act.
    copy = studio.call("GET", "/errors/status.html")
    assert "This copy of the page is from" in copy.text
    assert "style-src 'unsafe-inline'; sandbox" in copy.headers["content-security-policy"]
    assert copy.headers["content-type"] == "text/html; charset=utf-8"
