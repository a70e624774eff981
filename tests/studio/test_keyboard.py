"""From the printed link to the picture in a mail, with the keyboard alone."""

import hashlib
import json
import re

import pytest
from playwright.sync_api import Response, expect

from tests.studio.editor_page import EditorPage, preview_body
from tests.studio.keyboard import Keyboard
from tests.studio.screen_pages import data_uri_bytes, new_document, picture_at, publish
from tests.studio.studio import Studio
from tests.studio.test_screens_assets import file, solid

TEMPLATES = ("tmpl_a1b2c3d4e5",)
BANNER = "tmpl_a1b2c3d4e5"


class ExactPictures:
    """The bytes of the exact pictures that an editor gets: in the template's own format."""

    def __init__(self, keyboard: Keyboard) -> None:
        self._responses: list[Response] = []
        keyboard.page.on("response", self._note)

    def newest(self) -> bytes:
        return data_uri_bytes(self._responses[-1].json()["image"])

    def _note(self, response: Response) -> None:
        if not response.url.endswith("/v1/previews"):
            return
        asked = preview_body(response.request).keys()
        if "document" in asked and not {"format", "parts", "people"} & asked:
            self._responses.append(response)


def open_editor(keyboard: Keyboard, studio: Studio, template_id: str) -> EditorPage:
    """From the list of templates to the editor."""
    link = keyboard.page.locator(f'.card-name a[href="/studio/t/{template_id}"]')
    keyboard.activate(link)
    editor = EditorPage(keyboard.page, studio, template_id)
    editor.wait_for_exact_picture()
    return editor


def select_on_canvas(keyboard: Keyboard, editor: EditorPage, name: str) -> None:
    """F6 leads to the canvas, and PageDown from layer to layer."""
    surface = keyboard.page.locator(".surface")
    for _ in range(5):
        if surface.evaluate("e => e.contains(document.activeElement)"):
            break
        keyboard.press("F6")
    for _ in range(30):
        if [label.split(",")[0] for label in editor.selected()] == [name]:
            return
        keyboard.press("PageDown")
    raise AssertionError(f"PageDown does not lead to {name}: {editor.selected()}")


def write_text(keyboard: Keyboard, editor: EditorPage, text: str) -> None:
    """Replace the text of the selected layer in place."""
    keyboard.press("Enter")
    expect(keyboard.page.get_by_role("textbox", name="Text of ")).to_be_focused()
    keyboard.type(text)
    keyboard.press("Escape")
    editor.wait_for_exact_picture()


def publish_draft(keyboard: Keyboard, version: int) -> None:
    keyboard.press("Control+Enter")
    dialog = keyboard.page.get_by_role("dialog")
    button = dialog.get_by_role("button", name="Publish")
    expect(button).to_be_enabled()
    keyboard.activate(button)
    heading = dialog.get_by_role("heading", name=f"Version {version} is published")
    expect(heading).to_be_visible()


@pytest.mark.quick
def test_from_the_printed_link_to_the_picture_in_a_mail(studio: Studio) -> None:
    studio.recorder.allow_status(400, 404)  # half-typed tags, and templates without a draft
    keyboard = Keyboard.open(studio, studio.server.studio_link())
    pictures = ExactPictures(keyboard)
    editor = open_editor(keyboard, studio, BANNER)
    select_on_canvas(keyboard, editor, "title")
    write_text(keyboard, editor, "Good news, {{ user_name }}")
    exact = pictures.newest()
    publish_draft(keyboard, 2)

    dialog = keyboard.page.get_by_role("dialog")
    keyboard.tab_to(dialog.get_by_label("Mail platform"))
    with keyboard.page.expect_response("**/v1/links") as minted:
        keyboard.type("None")
    copy = dialog.get_by_role("button", name="Copy image tag")
    expect(copy).to_be_enabled()
    keyboard.activate(copy)
    tag = keyboard.page.evaluate("navigator.clipboard.readText()")
    assert tag == minted.value.json()["img"]
    assert keyboard.pointer_events() == 0

    document = studio.call("GET", f"/v1/templates/{BANNER}/versions/2/document").json()
    assert document["layers"][6]["text"] == "Good news, {{ user_name }}"
    mail = studio.new_page()
    with mail.expect_response(lambda r: f"/r/{BANNER}.png" in r.url) as shown:
        mail.set_content(tag)
    picture = mail.get_by_role("img")
    assert picture.evaluate("e => e.decode().then(() => e.naturalWidth)") == 2 * document["width"]
    sharp = {"document": document, "dpr": 2, "base": "defaults"}
    drawn = studio.call("POST", "/v1/previews", sharp, Accept="application/json").json()
    assert shown.value.body() == data_uri_bytes(drawn["image"])
    # At the size of the studio's picture the link has the bytes that the studio showed.
    values = [
        {"name": name, "image_url" if field.get("type") == "image" else "text": field["example"]}
        for name, field in document["fields"].items()
    ]
    request = {"template_id": BANNER, "modifications": values}
    link = studio.call("POST", "/v1/links", request).json()["url"]
    assert picture_at(studio, link) == exact


@pytest.mark.parametrize("format", ["png", "jpg", "webp", "avif"])
def test_the_studio_s_picture_is_the_link_s_in_each_format(studio: Studio, format: str) -> None:
    template_id = f"format-{format}"
    publish(studio, template_id, new_document(name=f"Format {format}", format=format))
    studio.recorder.allow_status(400, 404)  # half-typed tags, and templates without a draft
    keyboard = Keyboard.open(studio, studio.server.studio_link())
    pictures = ExactPictures(keyboard)
    editor = open_editor(keyboard, studio, template_id)
    select_on_canvas(keyboard, editor, "title")
    write_text(keyboard, editor, "Hello {{ first_name }}!")
    publish_draft(keyboard, 2)
    link = studio.call("POST", "/v1/links", {"template_id": template_id}).json()["url"]
    assert f"/r/{template_id}.{format}?" in link
    served = studio.call("GET", link.removeprefix(studio.url))
    assert served.headers["Content-Type"] == f"image/{'jpeg' if format == 'jpg' else format}"
    digests = [hashlib.sha256(body).hexdigest() for body in (pictures.newest(), served.content)]
    assert digests[0] == digests[1]
    assert keyboard.pointer_events() == 0


def test_layers_are_placed_resized_turned_aligned_and_ordered_by_keys(studio: Studio) -> None:
    publish(studio, "by-keys", new_document(name="By keys", width=400, height=200))
    studio.recorder.allow_status(400, 404)  # half-typed tags, and templates without a draft
    keyboard = Keyboard.open(studio, studio.server.studio_link())
    editor = open_editor(keyboard, studio, "by-keys")
    page = keyboard.page
    select_on_canvas(keyboard, editor, "title")
    keyboard.press("r")  # a rectangle
    expect(page.locator(".surface [aria-pressed=true]")).to_have_count(1)
    before = editor.saved_draft()
    made = json.loads(before)["layers"][1]
    keyboard.press("Control+Alt+l", "Control+Alt+t")  # at the top left
    keyboard.press(*["Shift+ArrowRight"] * 3, "ArrowDown", "ArrowDown")
    keyboard.press("Alt+Shift+ArrowRight", "Alt+ArrowUp")
    keyboard.press("Control+Alt+Shift+ArrowRight")
    keyboard.press("Control+Shift+[")
    editor.wait_for_exact_picture()
    layers = json.loads(editor.saved_draft())["layers"]
    assert [layer["type"] for layer in layers] == ["rectangle", "text"]
    placed = {"x": 30, "y": 2, "width": made["width"] + 10, "height": made["height"] - 1}
    assert {key: layers[0][key] for key in placed} == placed
    assert layers[0]["rotation"] == 15
    keyboard.press("t")
    expect(page.locator(".surface [aria-pressed=true]")).to_have_attribute(
        "aria-label", re.compile("^text, text, ")
    )
    assert keyboard.pointer_events() == 0


def test_a_picture_is_uploaded_and_a_field_added_by_keys(studio: Studio) -> None:
    publish(studio, "uploaded-to", new_document(name="Uploaded to", width=400, height=200))
    studio.recorder.allow_status(400, 404)  # half-typed tags, and templates without a draft
    keyboard = Keyboard.open(studio, studio.server.studio_link())
    editor = open_editor(keyboard, studio, "uploaded-to")
    page = keyboard.page
    keyboard.tab_to(page.get_by_role("tab", name="Layers"))
    keyboard.press("ArrowRight")
    keyboard.activate(page.get_by_role("button", name="Add field"))
    name = page.locator("[data-field=field]").get_by_role("textbox", name="Name", exact=True)
    keyboard.tab_to(name)
    keyboard.press("Control+a")
    keyboard.type("city")
    keyboard.press("Enter")
    keyboard.tab_to(page.get_by_role("tab", name="Fields"), back=True)
    keyboard.press("ArrowRight")
    expect(page.locator(".asset").first).to_be_visible()
    keyboard.tab_to(page.get_by_role("button", name="Upload", exact=True))
    with page.expect_file_chooser() as chooser:
        keyboard.press("Enter")
    chooser.value.set_files(file("Key Art.png", solid((10, 120, 200))))
    keyboard.activate(page.get_by_role("button", name="Add to the picture: key-art"))
    document = json.loads(editor.saved_draft())
    assert "city" in document["fields"]
    assert document["layers"][-1]["source"] == "asset:key-art"
    publish_draft(keyboard, 2)
    assert keyboard.pointer_events() == 0
