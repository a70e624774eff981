"""A person who does anything: random actions in the editor, the same ones for the same seed."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Error, Locator, Page, Route

from tests.studio.editor_page import EditorPage

ODD_TEXTS = (
    "",
    " ",
    "👩‍👩‍👧‍👦 🏳️‍🌈 e\u0301",
    "مرحبا {{ first_name }} ١٢٣",
    "{{ first_name | ",
    "{% if x %}",
    "{{ 'a' | append: 'b' }}",
    "<b>&amp;</b><script>alert(1)</script>",
    "\u202eabc\u202c\u2066x",
    "a\nb\tc",
    '"quotes" \\ back',
    "x" * 300,
    "{{ nobody }}",
    "0.1+0.2",
    "-0",
    "1e308",
    "1e309",
    "99999999999999999999",
    "-1",
    "NaN",
    "#zzz",
    "null",
)
ODD_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1e308, 0.1 + 0.2, 12345678901234567890, "", "x", "🎉", "{{ a"),
    *([], {}, [[]], [None], {"a": {"b": []}}, [1, 2, 3, 4, 5], "fill", "full", {"type": "text"}),
)
KEYS = (
    *("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Shift+ArrowRight", "Shift+ArrowUp"),
    *("Alt+ArrowLeft", "Alt+Shift+ArrowDown", "Control+Alt+ArrowLeft", "Control+Alt+ArrowRight"),
    *("Control+d", "Delete", "Control+g", "Control+Shift+G", "Control+]", "Control+["),
    *("Control+Shift+}", "Control+Shift+{", "h", "Control+Shift+L", "t", "r", "o", "l", "i", "q"),
    *("+", "-", "0", "1", "PageDown", "PageUp", "Enter", "Escape", "Control+a", "Control+z"),
    *("Control+z", "Control+Shift+Z", ".", ",", "F6", "Control+Alt+l", "Control+Alt+m"),
    *("Control+c", "Control+v", "Control+x", "Control+s"),
)
TABLE = 'first_name,url,n\n"Anna, née B",https://a.example/1.png,1\nمريم,,2\n{{ x }},🎉,1e5\n'
CONTROLS = "input:visible, select:visible, textarea:visible, button:visible"
READ_KEPT = """(id) => new Promise((resolve, reject) => {
  const opening = indexedDB.open("postcard-studio-drafts", 1);
  opening.onerror = () => reject(opening.error);
  opening.onupgradeneeded = () => opening.transaction.abort();
  opening.onsuccess = () => {
    const database = opening.result;
    const request = database.transaction("drafts").objectStore("drafts").get(id);
    request.onsuccess = () => { database.close(); resolve(request.result?.text ?? null); };
  };
})"""
FAST_MS = 1500  # a control that went away meanwhile is left alone after it


def document_in(post_data: str) -> str | None:
    """The document's text in the body of a preview, which has it as it is."""
    if not post_data.startswith('{"document":'):
        return None
    end = post_data.rfind(',"describe":')
    return post_data[len('{"document":') : end] if end > 0 else None


@dataclass
class RandomPerson:
    """Acts in one editor. `done` says what was done, for the message of a test that fails."""

    editor: EditorPage
    seed: int
    done: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)  # the texts that previews were asked for

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.page.set_default_timeout(FAST_MS)
        self.page.on("request", self._on_request)

    @property
    def page(self) -> Page:
        """The page of the editor."""
        return self.editor.page

    def act(self) -> None:
        """Do one thing."""
        actions: tuple[tuple[int, Callable[[], str]], ...] = (
            (20, self._press_keys),
            (10, self._click),
            (10, self._drag),
            (4, self._drag_handle),
            (6, self._type_text),
            (14, self._change_property),
            (6, self._change_left_panel),
            (6, self._edit_json),
            (2, self._type_json),
            (3, self._use_strip),
            (3, self._undo_and_redo),
            (2, self._fail_some_calls),
            (1, self._drop_table),
            (1, self._reload),
        )
        action = self.random.choices([a for _, a in actions], [w for w, _ in actions])[0]
        try:
            self.done.append(action())
        except Error as error:
            self.done.append(f"{action.__name__}: {str(error).splitlines()[0]}")
        self.close_dialogs()

    # --- what is looked at

    def kept_text(self) -> str | None:
        """The text that the browser keeps."""
        text: str | None = self.page.evaluate(READ_KEPT, self.editor.template_id)
        return text

    def rest(self) -> str:
        """Wait until nothing more happens; the text of the editor."""
        before, quiet = "", 0
        for _ in range(1000):  # calls that fail again and again wait for up to a minute
            mark = self.page.locator(".save-mark").get_attribute("class", timeout=20_000) or ""
            text = self.kept_text() or ""
            is_busy = "saving" in mark or "offline" in mark or ("edited" in mark and is_json(text))
            # Of a faulty document, a mended one is drawn after it was refused; of no JSON, nothing.
            is_drawn = text in self.sent[-3:] or not is_json(text)
            quiet = quiet + 1 if not is_busy and is_drawn and text == before else 0
            if quiet >= 3:
                return text
            before = text
            self.page.wait_for_timeout(150)
        raise AssertionError(f"The page does not come to rest: {mark}")

    def close_dialogs(self) -> None:
        """End a dialog; a conflict gets one of its answers."""
        dialog = self.page.locator("dialog[open]")
        if dialog.count() == 0:
            return
        try:
            answers = dialog.locator(".dialog-buttons button")
            if "conflict" in (dialog.first.get_attribute("class") or ""):
                answers.nth(self.random.randrange(3)).click()
            else:
                self.page.keyboard.press("Escape")
        except Error as error:
            self.done.append(f"dialog: {str(error).splitlines()[0]}")

    # --- actions; each returns what it did

    def _press_keys(self) -> str:
        if self.random.random() < 0.8:
            self.page.locator(".surface").evaluate("e => e.focus()")
        keys = [self.random.choice(KEYS) for _ in range(self.random.randrange(1, 5))]
        for key in keys:
            self.page.keyboard.press(key)
        return f"keys {keys}"

    def _point(self) -> tuple[float, float]:
        box = self.page.locator(".canvas").bounding_box()
        assert box is not None
        x = box["x"] + self.random.random() * box["width"]
        return x, box["y"] + self.random.random() * box["height"]

    def _click(self) -> str:
        x, y = self._point()
        count = self.random.choice((1, 1, 2))
        self.page.mouse.click(x, y, click_count=count)
        return f"click {x:.0f},{y:.0f} x{count}"

    def _drag(self) -> str:
        start, end = self._point(), self._point()
        modifier = self.random.choice(("", "", "Shift", "Alt", "Control"))
        self._drag_between(start, end, modifier)
        return f"drag {start} to {end} {modifier}"

    def _drag_between(
        self, start: tuple[float, float], end: tuple[float, float], modifier: str
    ) -> None:
        mouse, keyboard = self.page.mouse, self.page.keyboard
        mouse.move(*start)
        if modifier:
            keyboard.down(modifier)
        mouse.down()
        mouse.move(*end, steps=4)
        if self.random.random() < 0.1:
            keyboard.press("Escape")
        mouse.up()
        if modifier:
            keyboard.up(modifier)

    def _drag_handle(self) -> str:
        handles = self.page.locator(".handle")
        if handles.count() == 0:
            return "no handle"
        box = handles.nth(self.random.randrange(handles.count())).bounding_box()
        if box is None:
            return "no handle's box"
        start = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        end = self._point()
        self._drag_between(start, end, self.random.choice(("", "Shift", "Alt")))
        return f"handle {start} to {end}"

    def _type_text(self) -> str:
        layers = self.page.locator(".surface [data-layer]")
        if layers.count() == 0:
            return "no layers"
        layers.nth(self.random.randrange(layers.count())).evaluate("e => e.focus()")
        self.page.keyboard.press("Enter")
        box = self.page.locator(".text-box textarea")
        text = self.random.choice(ODD_TEXTS)
        if box.count() == 0:
            return "no text"
        if self.random.random() < 0.5:
            box.fill(text)
        else:
            self.page.keyboard.type(text[:12])
        if self.random.random() < 0.5:
            self.page.keyboard.press("Escape")
        return f"text {text[:20]!r}"

    def _change_property(self) -> str:
        return "inspector " + self._change(self.page.locator(".inspector"))

    def _change_left_panel(self) -> str:
        if self.random.random() < 0.3:
            tabs = self.page.locator(".left [role=tab]")
            tabs.nth(self.random.randrange(tabs.count())).click()
        return "left " + self._change(self.page.locator(".left .tab-panel"))

    def _change(self, panel: Locator) -> str:
        controls = panel.locator(CONTROLS)
        count = controls.count()
        if count == 0:
            return "has no controls"
        control = controls.nth(self.random.randrange(count))
        name: str = control.evaluate("e => `${e.tagName} ${e.type} ${e.id} ${e.ariaLabel ?? ''}`")
        kind = name.split()[0], name.split()[1]
        if kind[0] == "SELECT":
            values = control.locator("option").evaluate_all("all => all.map(e => e.value)")
            control.select_option(self.random.choice(values))
        elif kind[1] in ("text", "textarea", "search"):
            control.fill(self.random.choice(ODD_TEXTS))
            self.page.keyboard.press(self.random.choice(("Enter", "Tab", "ArrowUp", "Escape")))
        elif kind[1] == "checkbox" or kind[0] == "BUTTON":
            control.click()
        elif kind[1] == "color":
            control.fill("#123456")
        return name

    def _open_json(self) -> Locator:
        button = self.page.locator(".strip-bar button", has_text="JSON")
        if button.get_attribute("aria-expanded") != "true":
            button.click()
        content = self.page.locator(".json-host .cm-content")
        content.focus(timeout=10_000)
        return content

    def _edit_json(self) -> str:
        """Replace the whole text by a changed one."""
        text = self.kept_text() or self.sent[-1]
        if not is_json(text):
            return "no JSON to change"
        value = json.loads(text)
        told = self._mutate(value) if isinstance(value, dict) else "none of it"
        if self.random.random() < 0.1:
            value, told = self.random.choice(ODD_VALUES), "all of it"
        self._open_json()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(
            json.dumps(value, indent=self.random.choice((None, 2)), ensure_ascii=False)
        )
        return f"JSON {told}"

    def _mutate(self, value: Any) -> str:
        path = []
        while True:
            keys: list[Any] = list(value) if isinstance(value, dict) else list(range(len(value)))
            if not keys:
                break
            key = self.random.choice(keys)
            path.append(str(key))
            inner = value[key]
            if isinstance(inner, (dict, list)) and inner and self.random.random() < 0.8:
                value = inner
                continue
            odd = self.random.choice(ODD_VALUES)
            if self.random.random() < 0.2:
                del value[key]
            else:
                value[key] = odd
            return f"/{'/'.join(path)} = {odd!r}"
        return "nothing"

    def _type_json(self) -> str:
        """Type somewhere, so that the text is no JSON."""
        self._open_json()
        self.page.keyboard.press(self.random.choice(("Control+Home", "Control+End", "PageDown")))
        typed = self.random.choice(('"', "{", "}", ",", "\\", "é", "[[[["))
        self.page.keyboard.type(typed)
        if self.random.random() < 0.6:
            for _ in typed:
                self.page.keyboard.press("Backspace")
        return f"JSON typed {typed}"

    def _use_strip(self) -> str:
        buttons = self.page.locator(".strip-bar button")
        buttons.nth(self.random.randrange(buttons.count())).click()
        return "strip " + self._change(self.page.locator(".bottom"))

    def _undo_and_redo(self) -> str:
        self.page.locator(".surface").evaluate("e => e.focus()")
        undone, redone = self.random.randrange(6), self.random.randrange(8)
        for key, times in (("Control+z", undone), ("Control+Shift+Z", redone)):
            for _ in range(times):
                self.page.keyboard.press(key)
        return f"undo {undone}, redo {redone}"

    def _drop_table(self) -> str:
        self.page.locator("#tab-fields").click()
        self.page.locator(".left input[type=file]").first.set_input_files(
            {"name": "people.csv", "mimeType": "text/csv", "buffer": TABLE.encode()}
        )
        return "table"

    def _reload(self) -> str:
        self.page.reload()
        self.page.locator(".editor").wait_for(timeout=20_000)
        return "reload"

    def _fail_some_calls(self) -> str:
        """The next calls of the API fail in one of the ways that calls fail."""
        left = self.random.randrange(1, 5)
        how = self.random.choice(("abort", "429", "503", "500", "html", "null", "empty"))

        def fail(route: Route) -> None:
            nonlocal left
            left -= 1
            if left >= 0:
                answer_badly(route, how)
            else:
                route.fallback()

        self.page.route("**/v1/**", fail)
        return f"{left} calls fail: {how}"

    def _on_request(self, request: Any) -> None:
        if request.url.endswith("/v1/previews"):
            text = document_in(request.post_data or "")
            self.sent += [] if text is None else [text]


def answer_badly(route: Route, how: str) -> None:
    """One of the ways in which calls fail."""
    if how == "abort":
        route.abort("connectionreset")
    elif how in ("429", "503", "500"):
        body = json.dumps({"code": "rate_limited", "detail": "Wait a little."})
        headers = {"Content-Type": "application/problem+json", "Retry-After": "1"}
        route.fulfill(status=int(how), headers=headers, body=body)
    elif how == "html":
        route.fulfill(status=200, content_type="text/html", body="<p>Please sign in to the Wi-Fi")
    elif how == "null":
        route.fulfill(status=200, content_type="application/json", body="null")
    else:
        route.fulfill(status=200, content_type="application/json", body="{}")


def is_json(text: str) -> bool:
    """Whether a text is JSON as the page reads it."""
    try:
        json.loads(text, parse_constant=_refuse)
    except ValueError:
        return False
    return True


def _refuse(word: str) -> None:
    raise ValueError(word)
