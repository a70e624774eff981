"""A new user's walk from the printed link to the snippet. It draws the pictures of docs/studio.md.

`make studio-pictures` writes the pictures and the table of keys; without it they are compared.
"""

import io
import os
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from local.seed import SEED_FOLDER
from tests.studio.editor_page import EditorPage
from tests.studio.studio import DESKTOP, Studio

TEMPLATES = ("discount-coupon",)
DOCS = Path(__file__).parents[2] / "docs"
PAGE, PICTURES = DOCS / "studio.md", DOCS / "pictures" / "studio"
WRITES = bool(os.environ.get("POSTCARD_STUDIO_PICTURES"))
MAX_PICTURE_BYTES = 60 * 1024
MOST_ACTIONS = 40
KEYS = re.compile(r"(?<=<!-- keys -->\n).*?(?=<!-- end of keys -->)", re.DOTALL)


class Walker:
    """Does what a person does, and counts it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.actions = 0

    def press(self, name: str | re.Pattern[str], place: Locator | None = None) -> None:
        """Press a button, a tab, a link or an item of a menu."""
        root = place or self.page.locator("body")
        roles = [root.get_by_role(role, name=name) for role in ("button", "tab", "menuitem")]
        self.actions += 1
        roles[0].or_(roles[1]).or_(roles[2]).first.click()

    def fill(self, label: str, text: str) -> None:
        """Fill in a field."""
        self.actions += 1
        self.page.get_by_label(label, exact=True).fill(text)

    def type(self, text: str) -> None:
        """Type where the caret is."""
        self.actions += 1
        self.page.keyboard.type(text)

    def upload(self, name: str, path: Path) -> None:
        """Press a button and choose a file."""
        with self.page.expect_file_chooser() as chooser:
            self.press(name)
        self.actions += 1
        chooser.value.set_files(path)

    def choose(self, label: str, option: str) -> None:
        """Choose from a list."""
        self.actions += 1
        self.page.get_by_label(label, exact=True).select_option(label=option)


def test_a_template_with_a_photo_a_name_and_a_code_is_made_published_and_taken_into_klaviyo(
    studio: Studio,
) -> None:
    studio.recorder.allow_status(400, 404)  # a text names a field before there is one
    page = studio.sign_in()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    walker = Walker(page)
    walker.actions = 1  # the link
    page.get_by_role("link", name="New template").click()
    walker.actions += 1
    expect(page.locator(".card-grid img").nth(7)).to_be_visible()
    keep(page, "new")

    begin(walker)
    editor = EditorPage(page, studio, "summer-hello")
    editor.wait_for_exact_picture()
    design(walker, editor)
    publish_and_copy(walker)

    tag = page.evaluate("navigator.clipboard.readText()")
    assert "&amp;name={{ first_name|urlencode }}&amp;_end=(" in tag
    document = studio.call("GET", "/v1/templates/summer-hello").json()["document"]
    assert [layer["type"] for layer in document["layers"]] == ["image", "text", "qr"]
    photo = document["layers"][0]
    assert [photo[key] for key in ("x", "y", "width", "height")] == [0, 0, 600, 300]
    field = {"example": "Alex", "default": "", "max_length": 40, "open": True}
    assert document["fields"] == {"name": field}
    link = tag.split('src="')[1].split('"')[0].replace("&amp;", "&")
    link = link.replace("{{ first_name|urlencode }}", "Zo%C3%AB")
    picture = studio.call("GET", link.removeprefix(studio.url))
    assert (picture.status_code, picture.headers.get("x-postcard-fallback")) == (200, None)
    assert walker.actions <= MOST_ACTIONS, walker.actions


def begin(walker: Walker) -> None:
    """Make an empty template."""
    walker.press(re.compile("^Hero"))
    walker.fill("Name", "Summer hello")
    walker.press("Create")


def design(walker: Walker, editor: EditorPage) -> None:
    """Add a photo, a text with a name, and a code."""
    page = walker.page
    walker.press("Assets")
    walker.upload("Upload", SEED_FOLDER / "assets" / "sunrise.jpg")
    walker.press("Add to the picture: sunrise-2")
    editor.wait_for_exact_picture()
    expect(page.locator(".asset-picture img").first).to_be_visible()
    walker.press("Insert", page.locator("[data-region=top]"))
    walker.press(re.compile("^Text"))
    expect(page.locator(".text-box textarea")).to_be_focused()
    editor.wait_for_exact_picture()
    walker.type("Hi {{ name }}")
    expect(page.locator(".text-box .add-field")).to_be_visible()
    keep(page, "field")
    walker.press("Add field “name”", page.locator(".text-box"))
    editor.wait_for_exact_picture()
    walker.press("Done")
    walker.press("Insert", page.locator("[data-region=top]"))
    walker.press(re.compile("^QR code"))
    walker.fill("Value", "https://shop.example/summer")
    editor.wait_until_saved()
    editor.wait_for_exact_picture()
    keep(page, "editor")


def publish_and_copy(walker: Walker) -> None:
    """Publish, and copy the tag for Klaviyo."""
    page = walker.page
    walker.press("Publish")
    dialog = page.get_by_role("dialog")
    walker.press("Publish", dialog)
    expect(dialog.get_by_text("Version 1 is published")).to_be_visible()
    with page.expect_response("**/v1/links"):
        walker.choose("Mail platform", "Klaviyo")
    expect(dialog.get_by_label("Image tag")).to_have_value(re.compile("urlencode"))
    keep(page, "snippet")
    walker.press("Copy image tag", dialog)
    expect(dialog.get_by_role("button", name="Copied")).to_be_visible()


def test_people_come_from_a_csv_in_the_strip_and_the_other_rows_are_never_sent(
    studio: Studio, tmp_path: Path
) -> None:
    studio.recorder.allow_status(429)  # a session draws 12 pictures a second; the page asks again
    file = tmp_path / "readers.csv"
    names = ["Anna", "Maximiliana Featherstonehaugh-Wellington", "สมชาย", "", "محمد"]
    rows = [f"{name},SAVE{number}NOW" for number, name in enumerate([*names, *["Secret"] * 50])]
    file.write_text("\n".join(["first_name,discount_code", *rows]), encoding="utf-8")
    editor = EditorPage.open(studio, "discount-coupon")
    page = editor.page
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or ""))
    page.get_by_role("button", name="People").click()
    cards = page.locator(".person")
    page.get_by_role("button", name="Try 7 difficult people").click()
    expect(cards).to_have_count(7)
    keep(page, "people")
    page.reload()
    page.get_by_role("button", name="People").click()
    page.locator(".people input[type=file]").set_input_files(file)
    expect(cards.first).to_be_visible()
    assert 1 < cards.count() <= 12
    expect(page.locator(".person-label").filter(has_text="Maximiliana")).to_have_count(1)
    assert "Maximiliana" in "".join(sent)
    assert "SAVE40NOW" not in "".join(sent)
    page.get_by_role("button", name="Forget people").click()
    expect(cards).to_have_count(0)
    unknown = tmp_path / "unknown.csv"
    unknown.write_text("vorname\nAnna\n", encoding="utf-8")
    page.locator(".people input[type=file]").set_input_files(unknown)
    expect(page.get_by_role("alert")).to_contain_text("Name the columns first_name, percent")


def test_a_preview_shows_the_picture_in_a_mail_program_with_dark_ground(studio: Studio) -> None:
    editor = EditorPage.open(studio, "discount-coupon")
    page = editor.page
    page.goto(f"{studio.url}/studio/t/discount-coupon/preview")
    page.get_by_role("radio", name="Dark").check(force=True)
    expect(page.get_by_text("identical to what mail shows")).to_be_visible()
    expect(page.locator(".mail-frame img, .mail img").first).to_be_visible()
    keep(page, "preview")


def test_the_page_about_the_studio_lists_the_keys_that_the_studio_has(studio: Studio) -> None:
    editor = EditorPage.open(studio, "discount-coupon")
    editor.page.locator("[data-region=top]").get_by_role("button", name="Keyboard").click()
    dialog = editor.page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="Zoom")).to_be_visible()
    rows = ["| keys | what they do |", "|---|---|"]
    for section in dialog.locator("section").all():
        rows.append(f"| **{section.get_by_role('heading').inner_text()}** | |")
        for line in section.locator("dl > div").all():
            keys = line.locator("kbd").inner_text()
            rows.append(f"| `{keys}` | {line.locator('dt').inner_text()} |")
    assert len(rows) > 30
    table = "\n".join(rows) + "\n"
    text = PAGE.read_text()
    if WRITES:
        PAGE.write_text(KEYS.sub(lambda _: table, text))
        return
    assert KEYS.findall(text) == [table], "Run `make studio-pictures`."


@pytest.mark.quick
def test_the_page_about_the_studio_shows_each_of_its_pictures_and_all_are_small() -> None:
    shown = set(re.findall(r"pictures/studio/([\w.-]+)", PAGE.read_text()))
    files = {path.name: path for path in PICTURES.iterdir()}
    assert shown == set(files)
    assert {
        name for name, path in files.items() if path.stat().st_size > MAX_PICTURE_BYTES
    } == set()


def keep(page: Page, name: str) -> None:
    """Draw the page as a picture of the documentation: write it, or compare its size."""
    page.mouse.move(0, 0)
    page.wait_for_timeout(200)  # for colours that change when the pointer leaves
    shot = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    assert shot.size == (DESKTOP["width"], DESKTOP["height"])
    assert len(shot.getcolors(1 << 20) or [()] * 1000) > 100, "The page is empty."
    file = PICTURES / f"{name}.webp"
    if WRITES:
        options: dict[str, Any] = {"quality": 70, "method": 6}
        shot.save(file, "WEBP", **options)
    with Image.open(file) as written:
        assert written.size == shot.size, "Run `make studio-pictures`."
