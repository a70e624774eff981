"""Runs axe-core, which knows the rules of WCAG, on a page as it is shown."""

from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

AXE = Path(__file__).parents[2] / "studio/node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = f"""
axe.run(document, {{
  runOnly: {RULES},
  resultTypes: ["violations"],
  elementRef: false,
}}).then(({{violations, passes}}) => ({{
  passes: passes.length,
  violations: violations.flatMap(({{id, nodes}}) => nodes.map(
    ({{target, any, all, none}}) => `${{id}}: ${{target.join(" ")}}: ` +
      [...any.slice(0, 1), ...all, ...none].map(({{message}}) => message).join(" "))),
}}))
"""


class Axe:
    """axe-core in a world of its own, so that the page's security policy need not allow it."""

    def __init__(self, page: Page) -> None:
        self._session = page.context.new_cdp_session(page)
        frame = self._session.send("Page.getFrameTree")["frameTree"]["frame"]["id"]
        world = self._session.send("Page.createIsolatedWorld", {"frameId": frame})
        self._world = world["executionContextId"]
        self._evaluate(_source())

    def violations(self) -> list[str]:
        """What is wrong with the page, an element a line."""
        result = self._evaluate(RUN)
        assert result["passes"] > 0, "axe-core looked at nothing"
        found: list[str] = result["violations"]
        return found

    def _evaluate(self, expression: str) -> Any:
        answer = self._session.send(
            "Runtime.evaluate",
            {
                "expression": expression,
                "contextId": self._world,
                "awaitPromise": True,
                "returnByValue": True,
            },
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")


@cache
def _source() -> str:
    return AXE.read_text()
