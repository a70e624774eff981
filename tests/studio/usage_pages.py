"""The page of usage with numbers from a service in memory, and what its plots and tables show."""

import re
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Page, Route, expect

from postcard.ports import UsageKey
from tests.functions.in_memory_service import InMemoryService
from tests.studio.screen_pages import open_screen
from tests.studio.studio import Studio

EXPIRES_AT = 2**31
TIMEOUT_MS = 30_000  # the first report on a day reads its rows one by one
LOG_COMPLETE_TO = "2026-11-21T23:00:00Z"  # the service's clock stands in the morning of the 22nd


@dataclass
class UsageInMemory:
    """The real report on counts that a test chooses; only the table is in memory.

    The days of the table of a running service are summed up once they are over, so that a test
    could not count on them any more.
    """

    service: InMemoryService = field(default_factory=InMemoryService)
    _tokens: Any = field(default_factory=count)

    def count(self, day: str, template_id: str, campaign: str = "", **counts: int) -> None:
        """Count as the functions do."""
        token = f"{next(self._tokens):08}"
        key = UsageKey(day, template_id, campaign)
        self.service.usage.add(key, counts, writer="w", token=token, expires_at=EXPIRES_AT)

    def open(self, studio: Studio, query: str = "", **options: Any) -> Page:
        """The page, whose reports come from here; all else comes from the service of `studio`."""
        page = open_screen(studio, "/new/picture", **options)
        page.route("**/v1/usage/report*", self.answer)
        page.goto(f"{studio.url}/studio/usage{query}")
        expect(page.locator(".usage[aria-busy=false]")).to_be_visible(timeout=TIMEOUT_MS)
        return page

    def answer(self, route: Route) -> None:
        """The response of the service in memory to a GET of the page."""
        address = urlsplit(route.request.url)
        headers = {"accept-encoding": "identity"}
        reply = self.service.call("GET", f"{address.path}?{address.query}", headers=headers)
        route.fulfill(status=reply.status, body=reply.body, headers=dict(reply.headers))


def three_weeks() -> UsageInMemory:
    """Two templates and three campaigns: on the n-th of November n first opens of one of them."""
    usage = UsageInMemory()
    usage.service.usage.set_log_complete_to(LOG_COMPLETE_TO)
    for number in range(1, 23):
        usage.count(
            f"2026-11-{number:02}", "welcome", "spring", first_opens=number, hits=3 * number,
            misses=number, bytes=60_000 * number, fallback_timeout=number % 2,
        )  # fmt: skip
    usage.count("2026-11-20", "welcome", "autumn", first_opens=5, links=7)
    usage.count("2026-11-21", "receipt", first_opens=11, images=11, fallback_busy=4)
    return usage


def open_usage(studio: Studio, query: str = "", **options: Any) -> Page:
    """The page with the numbers of the running service."""
    page = open_screen(studio, f"/usage{query}", **options)
    expect(page.locator(".usage[aria-busy=false]")).to_be_visible(timeout=TIMEOUT_MS)
    return page


def figure(page: Page, label: str) -> str:
    """The value of one of the four figures."""
    return page.locator(".figure", has_text=label).locator(".figure-value").inner_text()


def bar_titles(page: Page, plot: str) -> list[str]:
    """What the bars of a plot say to who points at them, without the weekday."""
    titles = page.locator(".plot", has_text=plot).locator("svg g > title")
    return [re.sub(r"^\w{3} ", "", text) for text in titles.all_text_contents()]


def bar_heights(page: Page, plot: str, series: str) -> list[float]:
    """The heights of a plot's bars on the screen, 0 where there is none."""
    script = f"""(plot) => [...plot.querySelectorAll("svg > g")].map((bar) =>
      bar.querySelector("rect.{series}")?.getBoundingClientRect().height ?? 0)"""
    heights: list[float] = page.locator(".plot", has_text=plot).evaluate(script)
    return heights


def table_rows(page: Page, scope: str) -> list[list[str]]:
    """The texts of a table's body."""
    script = """(table) => [...table.querySelectorAll("tbody tr")].map((row) =>
      [...row.cells].map((cell) => cell.textContent))"""
    rows: list[list[str]] = page.locator(f"{scope} table").evaluate(script)
    return rows
