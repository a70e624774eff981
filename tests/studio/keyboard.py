"""A person who has a keyboard alone. The page counts what only a pointer sends."""

from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from tests.studio.studio import Studio

COUNT_POINTER_EVENTS = """
window.pointerEvents = 0;
const types = ["pointerdown", "mousedown", "mousemove", "touchstart", "wheel", "click"];
for (const type of types) addEventListener(type, (event) => {
  if (type !== "click" || event.detail > 0) window.pointerEvents += 1;
}, true);
"""
MOST_STOPS = 80
NAME_OF_FOCUSED = """() => {
  const {activeElement: e} = document;
  return `${e.tagName.toLowerCase()} ${e.ariaLabel ?? e.title ?? ""} ${e.textContent.slice(0, 30)}`;
}"""


@dataclass
class Keyboard:
    """Presses keys on `page`, and goes from stop to stop with Tab as a person does."""

    page: Page

    @classmethod
    def open(cls, studio: Studio, address: str) -> "Keyboard":
        """A browser at an address; what the page copies can be read."""
        page = studio.new_page()
        page.set_default_timeout(30_000)
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.add_init_script(COUNT_POINTER_EVENTS)
        page.goto(address)
        return cls(page)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def tab_to(self, wanted: Locator, *, back: bool = False) -> None:
        """Press Tab until `wanted` has the focus."""
        expect(wanted).to_be_visible()
        stops = []
        for _ in range(MOST_STOPS):
            if wanted.evaluate("e => e === document.activeElement"):
                return
            self.press("Shift+Tab" if back else "Tab")
            stops.append(self.page.evaluate(NAME_OF_FOCUSED))
        raise AssertionError(f"Tab does not lead to {wanted}, but to {stops}")

    def activate(self, wanted: Locator) -> None:
        """Go to a button or link, and press Enter."""
        self.tab_to(wanted)
        self.press("Enter")

    def pointer_events(self) -> int:
        """How many events a pointer sent to the page since it was loaded."""
        return int(self.page.evaluate("window.pointerEvents"))
