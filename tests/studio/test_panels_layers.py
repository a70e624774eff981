"""The tree of layers and the insert menu: what they change in the document, by pointer and keys."""

from typing import Any

import pytest
from playwright.sync_api import expect

from local.seed import SEED_FOLDER
from tests.studio.editor_page import EditorPage
from tests.studio.panel_pages import changed_lines, document_with, layer_row, publish, rows
from tests.studio.studio import Studio

TEMPLATES = tuple(path.stem for path in sorted(SEED_FOLDER.glob("*.json")))
BOX: dict[str, Any] = {"type": "rectangle", "width": 40, "height": 40, "fill": "#c2255c"}
GROUPED = document_with(
    {**BOX, "name": "a"},
    {"type": "group", "name": "g", "x": 60, "layers": [{**BOX, "name": "b"}, {**BOX, "name": "c"}]},
    {**BOX, "name": "d", "x": 200},
)


def open_grouped(studio: Studio) -> EditorPage:
    publish(studio, "grouped", GROUPED)
    return EditorPage.open(studio, "grouped")


@pytest.mark.parametrize("template_id", TEMPLATES)
def test_adding_ordering_duplicating_and_deleting_leaves_all_other_lines_alone(
    studio: Studio, template_id: str
) -> None:
    text = (SEED_FOLDER / f"{template_id}.json").read_text()
    editor = EditorPage.open(studio, template_id)
    page = editor.page
    page.get_by_role("button", name="Insert", exact=True).click()
    page.get_by_role("menuitem", name="Rectangle").click()
    gone, come = changed_lines(text, editor.saved_draft())
    assert len(come) <= 2 and len(gone) <= 1  # the line before it gets a comma
    new_line = next(line for line in come if '"name": "rectangle"' in line)
    assert new_line.startswith('    {"type": "rectangle", ')

    layer_row(page, "rectangle").focus()
    editor.press("Control+Shift+[")
    gone, come = changed_lines(text, editor.saved_draft())
    assert gone == [] and [line.rstrip(",") for line in come] == [new_line.rstrip(",")]

    editor.press("Control+d")
    _, come = changed_lines(text, editor.saved_draft())
    assert len(come) == 2 and '"name": "rectangle_2"' in come[1]

    editor.press("Delete")
    layer_row(page, "rectangle").focus()
    editor.press("Space", "Delete")
    expect(layer_row(page, "rectangle")).to_have_count(0)
    assert editor.saved_draft() == text


def test_a_layer_is_dragged_into_a_group_and_out_of_it(studio: Studio) -> None:
    editor = open_grouped(studio)
    page = editor.page
    assert rows(page) == ["d", "g", "c", "b", "a"]
    row, group = layer_row(page, "d"), layer_row(page, "g")
    row.drag_to(group)
    expect(layer_row(page, "d")).to_have_attribute("aria-level", "2")
    assert rows(page) == ["g", "d", "c", "b", "a"]
    box = layer_row(page, "a").bounding_box()
    assert box is not None
    layer_row(page, "c").drag_to(layer_row(page, "a"), target_position={"x": 60, "y": 3})
    assert rows(page) == ["g", "d", "b", "c", "a"]
    editor.wait_until_saved()
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Undo").click()
    assert rows(page) == ["d", "g", "c", "b", "a"]


def test_a_drag_to_the_edge_of_a_long_tree_scrolls_it(studio: Studio) -> None:
    names = [f"layer_{number}" for number in range(60)]
    publish(studio, "long", document_with(*({**BOX, "name": name} for name in names)))
    editor = EditorPage.open(studio, "long")
    page = editor.page
    panel = page.locator(".tab-panel").bounding_box()
    assert panel is not None
    page.mouse.move(*editor.center_of(layer_row(page, "layer_59")))
    page.mouse.down()
    page.mouse.move(panel["x"] + 60, panel["y"] + panel["height"] - 2, steps=4)
    expect(layer_row(page, "layer_0")).to_be_in_viewport(ratio=1)
    page.mouse.up()
    assert rows(page)[-2:] == ["layer_0", "layer_59"]


def test_a_group_cannot_be_dragged_into_itself(studio: Studio) -> None:
    editor = open_grouped(studio)
    layer_row(editor.page, "g").drag_to(layer_row(editor.page, "c"))
    assert rows(editor.page) == ["d", "g", "c", "b", "a"]
    expect(editor.page.get_by_role("button", name="Undo")).to_be_disabled()


def test_arrow_keys_walk_through_the_tree_and_select(studio: Studio) -> None:
    editor = open_grouped(studio)
    page = editor.page
    layer_row(page, "d").focus()
    editor.press("ArrowDown", "ArrowDown")
    expect(layer_row(page, "c")).to_be_focused()
    expect(layer_row(page, "c")).to_have_attribute("aria-selected", "true")
    editor.press("ArrowLeft", "ArrowLeft")  # to the group, then shut it
    expect(layer_row(page, "g")).to_have_attribute("aria-expanded", "false")
    assert rows(page) == ["d", "g", "a"]
    editor.press("ArrowRight", "ArrowRight", "End", "Shift+ArrowUp")
    selected = page.locator("[role=treeitem][aria-selected=true]")
    assert selected.evaluate_all("all => all.map(e => e.ariaLabel[0])") == ["b", "a"]
    editor.press("Home")
    expect(layer_row(page, "d")).to_be_focused()
    expect(selected).to_have_count(1)


def test_a_layer_is_renamed_locked_and_hidden_by_keys(studio: Studio) -> None:
    editor = open_grouped(studio)
    page = editor.page
    layer_row(page, "a").focus()
    editor.press("Space", "F2")
    name = page.get_by_role("treeitem").get_by_role("textbox")
    name.fill("Not a name")
    name.press("Enter")
    expect(name).to_have_attribute("aria-invalid", "true")
    name.fill("d")
    name.press("Enter")
    expect(name).to_have_attribute("title", "Another layer has this name.")
    name.fill("base")
    name.press("Enter")
    expect(layer_row(page, "base")).to_be_focused()
    editor.press("Control+Shift+L", "h")
    saved = editor.saved_draft()
    assert '"name": "base"' in saved
    assert '"meta": {"studio": {"locked": true}}' in saved
    assert '"if": "false"' in saved
    expect(page.get_by_role("button", name="Show base")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Show base").click()
    page.get_by_role("button", name="Unlock base").click()
    after = editor.saved_draft()
    assert '"if"' not in after and '"meta"' not in after


def test_every_layer_type_can_be_inserted_and_is_drawn_without_a_fault(studio: Studio) -> None:
    publish(studio, "empty", {"width": 600, "height": 400})
    editor = EditorPage.open(studio, "empty")
    page = editor.page
    insert = page.get_by_role("button", name="Insert", exact=True)
    insert.click()
    kinds = page.get_by_role("menuitem").all_inner_texts()
    page.keyboard.press("Escape")
    assert len(kinds) == 11
    for index in range(len(kinds)):
        insert.click()
        page.get_by_role("menuitem").nth(index).click()
        editor.wait_for_exact_picture()
        page.get_by_role("button", name="Findings").click()
        expect(page.locator(".finding.fault")).to_have_count(0)
        page.get_by_role("button", name="Findings").click()
    expect(page.get_by_role("treeitem")).to_have_count(len(kinds))


def test_hostile_names_and_texts_are_shown_literally(studio: Studio) -> None:
    texts = ["</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\u202ereversed"]
    layers = [{"type": "text", "text": text, "size": 12} for text in texts]
    publish(studio, "hostile", document_with(*layers))
    editor = EditorPage.open(studio, "hostile")
    for text in texts:
        expect(editor.page.locator(".tree-title", has_text=text)).to_be_visible()
    assert editor.page.locator(".tree img, .tree script").count() == 0
