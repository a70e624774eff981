"""Fields, and what a table of readers says of them. The table never leaves the page."""

import csv
import io
import json
import random
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from local.seed import SEED_FOLDER
from tests.studio.editor_page import EditorPage
from tests.studio.panel_pages import changed_lines, document_with, property_of, publish
from tests.studio.studio import Studio

TEMPLATES = ("discount-coupon",)
COUPON = (SEED_FOLDER / "discount-coupon.json").read_text()
TITLE: dict[str, Any] = {"type": "text", "name": "title", "text": "Hi {{ first_name }}", "size": 20}


def open_fields(editor: EditorPage, name: str | None = None) -> Page:
    editor.page.get_by_role("tab", name="Fields").click()
    if name:
        editor.page.locator(f"[data-field={name}] .field-head").click()
    return editor.page


def test_a_field_is_renamed_everywhere(studio: Studio) -> None:
    editor = EditorPage.open(studio, "discount-coupon")
    page = open_fields(editor, "first_name")
    name = page.locator("[data-field=first_name]").get_by_role("textbox", name="Name", exact=True)
    name.fill("percent")
    name.press("Enter")
    expect(page.get_by_text("There is a field of this name already.")).to_be_visible()
    name.fill("given_name")
    name.press("Enter")
    assert editor.saved_draft() == COUPON.replace("first_name", "given_name")
    editor.wait_for_exact_picture()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("[data-field=first_name]")).to_be_visible()
    assert editor.saved_draft() == COUPON


def test_an_open_field_asks_for_its_bound_at_once(studio: Studio) -> None:
    fields = {"first_name": {"default": "there"}, "points": {"type": "number"}}
    publish(studio, "fields", document_with(TITLE, fields=fields))
    editor = EditorPage.open(studio, "fields")
    studio.recorder.allow_status(400)
    page = open_fields(editor, "first_name")
    page.get_by_role("checkbox", name="Open").check()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("a longest length, ")
    alert.get_by_role("button", name="At most 40 letters").click()
    expect(alert).to_have_count(0)
    page.locator("[data-field=points] .field-head").click()
    page.get_by_role("checkbox", name="Open").check()
    alert.get_by_role("button").click()
    document = json.loads(editor.saved_draft())
    assert document["fields"] == {
        "first_name": {"default": "there", "open": True, "max_length": 40},
        "points": {"type": "number", "open": True, "min": 0, "max": 1_000_000},
    }
    editor.wait_for_exact_picture()


def test_a_field_is_added_by_keyboard_alone_bounded_and_deleted(studio: Studio) -> None:
    publish(studio, "fields", document_with({**TITLE, "text": "Hi"}))
    editor = EditorPage.open(studio, "fields")
    page = editor.page
    before = studio.call("GET", "/v1/templates/fields/document").text
    page.get_by_role("tab", name="Layers").focus()
    editor.press("ArrowRight", "Tab")
    expect(page.get_by_role("button", name="Add field")).to_be_focused()
    editor.press("Enter")
    field = page.locator("[data-field=field]")
    field.get_by_role("textbox", name="Name", exact=True).focus()
    editor.press("Control+a")
    page.keyboard.type("city")
    editor.press("Enter")
    field = page.locator("[data-field=city]")
    field.get_by_role("textbox", name="Default").focus()
    page.keyboard.type("Paris")
    field.get_by_role("combobox", name="Type").focus()
    document = json.loads(editor.saved_draft())
    assert document["fields"] == {"city": {"default": "Paris", "max_length": 40, "open": True}}
    field.get_by_role("button", name="Delete field city").focus()
    editor.press("Enter")
    assert editor.saved_draft() == before


def people_csv(path: Path, rows: int) -> list[dict[str, str]]:
    """A table of made-up people, the same in each run."""
    numbers = random.Random(7)
    names = ["Ann", "Björn", "Zoë", "محمد", "สมชาย", "Maximiliana Featherstonehaugh", "👩‍👩‍👧‍👦"]
    people = []
    for number in range(rows):
        missing = numbers.random() < 0.03
        people.append(
            {
                "First Name": "" if missing else numbers.choice(names[:6]),
                "discount_code": f"SAVE{numbers.randrange(10, 99999)}",
                "percent": str(numbers.randrange(5, 60)),
                "photo": f"https://{numbers.choice(['a', 'b'])}.cdn.example.com/{number}.jpg",
            }
        )
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, people[0])
        writer.writeheader()
        writer.writerows(people)
    return people


def test_a_table_of_100_000_people_is_measured_on_the_page(studio: Studio, tmp_path: Path) -> None:
    people = people_csv(tmp_path / "people.csv", 100_000)
    editor = EditorPage.open(studio, "discount-coupon")
    page = open_fields(editor)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url + (request.post_data or "")))
    page.get_by_label("Choose a CSV").set_input_files(tmp_path / "people.csv")
    expect(page.get_by_text("people.csv: 100,000 rows, 4 columns")).to_be_visible(timeout=60_000)
    assert sent == []

    names = sorted(len(person["First Name"]) for person in people if person["First Name"])
    percentile = names[-(-len(names) * 99 // 100) - 1]
    missing = sum(person["First Name"] == "" for person in people)
    column = page.locator('[data-column="First Name"]')
    expect(column).to_contain_text(f"longest {names[-1]}, 99 % up to {percentile}")
    expect(column).to_contain_text(f"{round(100 * missing / 100_000, 1):g} % empty or unfilled")
    expect(column.locator("[data-suggestion=max_length]")).to_contain_text(f"{names[-1]} letters")
    expect(column.locator("[data-suggestion=default]")).to_contain_text(f"{missing:,} of 100,000")
    expect(page.locator("[data-column=photo]")).to_contain_text("a.cdn.example.com")
    low, high = (f(int(person["percent"]) for person in people) for f in (min, max))
    expect(page.locator("[data-column=percent] [data-suggestion]")).to_have_count(0)
    assert (low, high) == (5, 59)  # inside of the field's bounds, 1 to 90

    column.get_by_role("button", name="Accept: At most").click()
    gone, come = changed_lines(COUPON, editor.saved_draft())
    assert come == [gone[0].replace('"max_length": 30', f'"max_length": {names[-1]}')]
    page.locator("[data-column=photo]").get_by_role("button", name="Add field photo").click()
    photo = json.loads(editor.saved_draft())["fields"]["photo"]
    assert photo == {"type": "image", "allowed_hosts": ["a.cdn.example.com", "b.cdn.example.com"]}

    cells = {person["discount_code"] for person in people[:200]} | {"Featherstonehaugh", "محمد"}
    assert not [text for text in sent if any(cell in text for cell in cells)]
    notable = page.get_by_role("group", name="Rows worth a look")
    notable.get_by_role("checkbox", name="Maximiliana").first.check()
    with page.expect_request(lambda request: "Featherstonehaugh" in (request.post_data or "")):
        notable.get_by_role("button", name="Show these people").click()
    assert any("Featherstonehaugh" in text for text in sent)
    assert "Featherstonehaugh" not in editor.saved_draft()


def test_people_of_a_table_stay_in_the_browser_until_they_are_forgotten(
    studio: Studio, tmp_path: Path
) -> None:
    people_csv(tmp_path / "people.csv", 40)
    editor = EditorPage.open(studio, "discount-coupon")
    page = open_fields(editor)
    page.get_by_label("Choose a CSV").set_input_files(tmp_path / "people.csv")
    notable = page.get_by_role("group", name="Rows worth a look")
    notable.get_by_role("checkbox").first.check()
    notable.get_by_role("button", name="Show these people").click()
    page.get_by_role("button", name="People", exact=True).click()
    strip = page.get_by_role("region", name="People", exact=True)
    expect(strip).to_contain_text("Row ")
    page.reload()
    page.get_by_role("button", name="People", exact=True).click()
    page.locator(".surface").focus()
    editor.press(".")
    expect(strip).to_contain_text("Row ")
    strip.get_by_role("button", name="Forget people").click()
    expect(strip).not_to_contain_text("Row ")
    page.reload()
    page.get_by_role("button", name="People", exact=True).click()
    expect(strip.get_by_role("button", name="Forget people")).to_have_count(0)


def test_a_file_that_is_no_table_is_refused_in_words(studio: Studio, tmp_path: Path) -> None:
    editor = EditorPage.open(studio, "discount-coupon")
    page = open_fields(editor)
    for name, content, words in (
        ("book.xlsx.csv", b"PK\x03\x04" + bytes(100), "is no CSV"),
        ("empty.csv", b"name\n", "has no rows"),
        ("wide.csv", b",".join(b"c" for _ in range(300)) + b"\n1\n", "more than 200 columns"),
    ):
        page.get_by_label("Choose a CSV").set_input_files(
            {"name": name, "mimeType": "text/csv", "buffer": io.BytesIO(content).read()}
        )
        expect(page.locator(".table-panel").get_by_role("alert")).to_contain_text(words)


def test_a_column_s_field_is_bounded_in_the_form_below(studio: Studio) -> None:
    editor = EditorPage.open(studio, "discount-coupon")
    page = open_fields(editor, "percent")
    property_of(page, "max").get_by_role("spinbutton").fill("75")
    _, come = changed_lines(COUPON, editor.saved_draft())
    assert len(come) == 1 and '"max": 75' in come[0]
