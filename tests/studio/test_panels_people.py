"""The people strip: the worst people in one request, with what does not fit marked."""

from typing import Any

from playwright.sync_api import expect

from tests.studio.editor_page import EditorPage, preview_body
from tests.studio.panel_pages import document_with, publish
from tests.studio.studio import Studio

TEMPLATES: tuple[str, ...] = ()
NARROW: dict[str, Any] = {
    "type": "text",
    "name": "title",
    "x": 20,
    "y": 20,
    "width": 150,
    "height": 30,
    "text": "Hi {{ first_name }}",
    "size": 24,
}
FIELDS = {"first_name": {"default": "you", "max_length": 40, "open": True}}


def test_a_text_that_does_not_fit_is_marked_in_the_widest_person_s_picture(studio: Studio) -> None:
    publish(studio, "people", document_with(NARROW, fields=FIELDS))
    editor = EditorPage.open(studio, "people")
    page = editor.page
    page.get_by_role("button", name="People", exact=True).click()
    with page.expect_request("**/v1/previews") as request:
        page.get_by_role("button", name="Try 7 difficult people").click()
    assert preview_body(request.value)["people"] == "worst"
    people = page.locator("[data-person]")
    expect(people).to_have_count(7)
    widest = page.locator('[data-person="Widest values"]')
    expect(widest).to_contain_text("A text does not fit")
    expect(widest.locator('[data-marked="/layers/0"]')).to_have_count(1)
    shortest = page.locator('[data-person="Shortest values"]')
    expect(shortest).to_contain_text("No problem")
    expect(shortest.locator("[data-marked]")).to_have_count(0)
    widest.click()
    assert [label.split(",")[0] for label in editor.selected()] == ["title"]
    expect(page.locator(".stepper")).to_contain_text("Widest values")
    page.locator(".surface").focus()
    editor.press(",")
    expect(page.locator(".stepper")).to_contain_text("Examples")


def test_all_worst_people_come_from_one_request(studio: Studio) -> None:
    publish(studio, "people", document_with(NARROW, fields=FIELDS))
    editor = EditorPage.open(studio, "people")
    page = editor.page
    page.get_by_role("button", name="People", exact=True).click()
    previews = editor.previews()
    page.get_by_role("button", name="Try 7 difficult people").click()
    expect(page.locator("[data-person]")).to_have_count(7)
    pictures = page.locator("[data-person] img")
    loaded = "all => all.every(e => e.complete && e.naturalWidth > 0)"
    assert pictures.evaluate_all(loaded)
    assert len(previews.bodies) == 1
