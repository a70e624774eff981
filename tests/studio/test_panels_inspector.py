"""The inspector: forms from the schema, and what they write into the document."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.studio.editor_page import EditorPage, signed_in_page
from tests.studio.panel_pages import changed_lines, document_with, layer_row, property_of, publish
from tests.studio.studio import Studio

TEMPLATES: tuple[str, ...] = ()
BOX: dict[str, Any] = {"type": "rectangle", "name": "box", "width": 100, "height": 60}
TITLE: dict[str, Any] = {"type": "text", "name": "title", "y": 100, "width": 300, "text": "Hi"}


def open_with(studio: Studio, *layers: dict[str, Any], **properties: Any) -> EditorPage:
    publish(studio, "inspected", document_with(*layers, **properties))
    return EditorPage.open(studio, "inspected")


def layers_of(text: str) -> list[dict[str, Any]]:
    layers: list[dict[str, Any]] = json.loads(text)["layers"]
    return layers


@pytest.mark.quick
def test_a_new_layer_type_of_the_schema_appears_with_its_bounds(studio: Studio) -> None:
    publish(studio, "inspected", document_with({**BOX, "type": "rectangle"}))
    page = signed_in_page(studio)
    page.route("**/v1/template.schema.json", add_sticker)
    page.goto(f"{studio.url}/studio/t/inspected")
    page.get_by_role("button", name="Insert", exact=True).click()
    page.get_by_role("menuitem", name="Sticker").click()
    studio.recorder.allow_status(400, 404)  # the service does not know it
    wobble = property_of(page, "wobble").get_by_role("spinbutton")
    expect(wobble).to_have_attribute("aria-valuemin", "2")
    expect(wobble).to_have_attribute("aria-valuemax", "9")
    wobble.fill("40")
    wobble.blur()
    expect(wobble).to_have_value("9")
    choices = property_of(page, "glue").get_by_role("button")
    assert choices.all_inner_texts() == ["Weak", "Strong"]
    expect(property_of(page, "glue").get_by_role("button", name="Strong")).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(property_of(page, "tone").locator("input[type=color]")).to_have_count(1)
    page.get_by_role("button", name="Findings").click()
    expect(page.locator(".finding.fault").first).to_contain_text("Not drawn")


def add_sticker(route: Route) -> None:
    """The service's schema with one more layer type."""
    response = route.fetch()
    schema = response.json()
    base = schema["$defs"]["RectangleLayer"]["properties"]
    schema["$defs"]["StickerLayer"] = {
        "type": "object",
        "description": "A sticker.",
        "required": ["width", "height"],
        "properties": {
            **{key: base[key] for key in ("name", "x", "y", "width", "height", "opacity")},
            "type": {"const": "sticker", "default": "sticker", "type": "string"},
            "wobble": {"type": "integer", "minimum": 2, "maximum": 9, "default": 3},
            "glue": {"type": "string", "enum": ["weak", "strong"], "default": "strong"},
            "tone": {"type": "string", "format": "color", "default": "#ff0000"},
        },
    }
    union = schema["properties"]["layers"]["items"]
    union["oneOf" if "oneOf" in union else "anyOf"].append({"$ref": "#/$defs/StickerLayer"})
    route.fulfill(response=response, json=schema)


def test_every_property_of_every_layer_type_has_a_control(studio: Studio) -> None:
    schema = studio.call("GET", "/v1/template.schema.json").json()
    publish(studio, "empty", {"width": 600, "height": 400})
    editor = EditorPage.open(studio, "empty")
    page = editor.page
    for kind in ("Text", "Image", "QR code", "Group", "Progress"):
        page.get_by_role("button", name="Insert", exact=True).click()
        page.get_by_role("menuitem", name=kind, exact=True).click()
        name = kind.replace("QR code", "Qr") + "Layer"
        expected = set(schema["$defs"][name]["properties"]) - {"type", "name", "meta", "layers"}
        page.locator(".group").evaluate_all("all => all.forEach(e => { e.open = true })")
        shown = page.locator("[data-property]").evaluate_all(
            "all => all.map(e => e.dataset.property)"
        )
        assert set(shown) == expected
        for key in shown:
            controls = property_of(page, key).locator("input, select, textarea, button")
            assert controls.count() > 0, key


def test_a_number_is_typed_computed_stepped_and_bounded(studio: Studio) -> None:
    editor = open_with(studio, {**BOX, "x": 10})
    page = editor.page
    layer_row(page, "box").click()
    before = studio.call("GET", "/v1/templates/inspected/document").text
    x = property_of(page, "x").get_by_role("spinbutton")
    x.fill("1200/8")
    assert changed_lines(before, editor.saved_draft())[1] == [before.replace('"x": 10', '"x": 150')]
    x.press("ArrowUp")
    x.press("Shift+ArrowUp")
    expect(x).to_have_value("161")
    x.fill("99999999")
    assert layers_of(editor.saved_draft())[0]["x"] == 20000
    opacity = property_of(page, "opacity").get_by_role("spinbutton")
    opacity.fill("45")
    assert layers_of(editor.saved_draft())[0]["opacity"] == 0.45


def test_a_default_is_not_written_and_a_written_property_is_reset(studio: Studio) -> None:
    editor = open_with(studio, {**BOX, "rotation": 0.0})
    page = editor.page
    layer_row(page, "box").click()
    before = studio.call("GET", "/v1/templates/inspected/document").text
    opacity = property_of(page, "opacity").get_by_role("spinbutton")
    opacity.fill("50")
    assert '"opacity": 0.5' in editor.saved_draft()
    opacity.fill("100")
    assert editor.saved_draft() == before
    rotation = property_of(page, "rotation").get_by_role("spinbutton")
    rotation.fill("15")
    rotation.fill("0")
    assert editor.saved_draft() == before.replace('"rotation": 0.0', '"rotation": 0')
    blend = property_of(page, "blend")
    blend.get_by_role("combobox").select_option("multiply")
    assert layers_of(editor.saved_draft())[0]["blend"] == "multiply"
    blend.hover()
    blend.get_by_role("button", name="Reset Blend to its default").click()
    assert '"blend"' not in editor.saved_draft()


def test_a_fill_becomes_a_gradient_and_its_stops_are_edited(studio: Studio) -> None:
    editor = open_with(studio, {**BOX, "fill": "#ff0000"})
    page = editor.page
    layer_row(page, "box").click()
    fill = property_of(page, "fill")
    fill.get_by_role("combobox").select_option("linear")
    fill.get_by_role("button", name="Add stop").click()
    fill.get_by_role("spinbutton", name="Stop 2, position in percent").fill("30")
    fill.get_by_role("textbox", name="Fill, Stop 3, value").fill("#00f8")
    fill.get_by_role("spinbutton", name="Angle").fill("90")
    expected = {
        "type": "linear",
        "angle": 90,
        "stops": [["#ff0000", 0], ["#ff8080", 0.3], ["#00f8", 1]],
    }
    assert layers_of(editor.saved_draft())[0]["fill"] == expected
    fill.get_by_role("combobox").select_option("solid")
    assert layers_of(editor.saved_draft())[0]["fill"] == "#ff0000"


def test_a_colour_keeps_its_alpha_and_takes_liquid(studio: Studio) -> None:
    fields = {"tone": {"type": "color", "default": "#123456"}}
    editor = open_with(studio, {**BOX, "fill": "#ff000080"}, fields=fields)
    page = editor.page
    layer_row(page, "box").click()
    fill = property_of(page, "fill")
    fill.locator("input[type=color]").fill("#00ff00")
    assert layers_of(editor.saved_draft())[0]["fill"] == "#00ff0080"
    fill.get_by_role("spinbutton", name="Fill, opacity").fill("100")
    assert layers_of(editor.saved_draft())[0]["fill"] == "#00ff00"
    text = fill.get_by_role("textbox", name="Fill, value")
    text.fill("no colour")
    expect(text).to_have_attribute("aria-invalid", "true")
    text.fill("{{ tone }}")
    assert layers_of(editor.saved_draft())[0]["fill"] == "{{ tone }}"


def test_several_layers_are_changed_at_once(studio: Studio) -> None:
    editor = open_with(studio, {**BOX, "fill": "#111111"}, {**BOX, "name": "other", "x": 50})
    page = editor.page
    layer_row(page, "box").click()
    layer_row(page, "other").click(modifiers=["Control"])
    expect(page.get_by_role("heading", name="2 layers selected")).to_be_visible()
    expect(property_of(page, "x").get_by_role("spinbutton")).to_have_attribute(
        "placeholder", "Mixed"
    )
    property_of(page, "rotation").get_by_role("spinbutton").fill("30")
    assert [layer["rotation"] for layer in layers_of(editor.saved_draft())] == [30, 30]
    page.get_by_role("button", name="Undo").click()
    assert all("rotation" not in layer for layer in layers_of(editor.saved_draft()))


def test_a_field_is_inserted_at_the_cursor(studio: Studio) -> None:
    editor = open_with(studio, TITLE, fields={"first_name": {"default": "there"}})
    page = editor.page
    layer_row(page, "title").click()
    text = property_of(page, "text")
    box = text.get_by_role("textbox")
    box.fill("Hi !")
    box.press("ArrowLeft")
    text.get_by_role("button", name="Insert field").click()
    page.get_by_role("menuitem", name="first_name").click()
    expect(box).to_have_value("Hi {{ first_name }}!")
    expect(box).to_be_focused()
    assert layers_of(editor.saved_draft())[0]["text"] == "Hi {{ first_name }}!"


def test_a_text_is_split_into_parts_that_are_styled(studio: Studio) -> None:
    fields = {"points": {"type": "number", "default": 5}}
    editor = open_with(studio, {**TITLE, "text": "You have {{ points }} points"}, fields=fields)
    page = editor.page
    layer_row(page, "title").click()
    page.get_by_role("button", name="Style a part…").click()
    part = page.locator(".span").nth(1)
    part.locator("summary").click()
    part.get_by_role("spinbutton", name="Weight").fill("700")
    spans = [{"text": "You have "}, {"text": "{{ points }}", "weight": 700}, {"text": " points"}]
    assert layers_of(editor.saved_draft())[0]["text"] == spans
    page.get_by_role("button", name="Join into one text").click()
    assert layers_of(editor.saved_draft())[0]["text"] == "You have {{ points }} points"


def test_a_fault_is_told_at_its_property(studio: Studio) -> None:
    editor = open_with(studio, TITLE)
    page = editor.page
    studio.recorder.allow_status(400)
    layer_row(page, "title").click()
    box = property_of(page, "text").get_by_role("textbox")
    box.fill("Hi {{ nobody }}")
    expect(property_of(page, "text").locator(".fault")).to_contain_text("nobody")
    expect(box).to_have_attribute("aria-invalid", "true")
    box.fill("Hi")
    expect(property_of(page, "text").locator(".fault")).to_have_count(0)


def test_the_template_s_own_properties_are_edited_when_nothing_is_selected(studio: Studio) -> None:
    editor = open_with(studio, BOX)
    page = editor.page
    property_of(page, "alt").get_by_role("textbox").fill("A box")
    property_of(page, "format").get_by_role("combobox").select_option("webp")
    fallback = property_of(page, "fallback")
    fallback.get_by_role("button", name="Add fallback").click()
    fallback.get_by_role("textbox", name="Text").fill("Sorry")
    property_of(page, "height").get_by_role("spinbutton").fill("250")
    document = json.loads(editor.saved_draft())
    assert document["alt"] == "A box"
    assert document["format"] == "webp"
    assert document["fallback"] == {"text": "Sorry"}
    assert document["height"] == 250
    page.get_by_role("button", name="Fallback", exact=True).click()
    editor.wait_for_exact_picture()


def test_a_layer_is_aligned_by_buttons(studio: Studio) -> None:
    editor = open_with(studio, BOX)
    page = editor.page
    layer_row(page, "box").click()
    for name in ("Align right", "Align middle"):
        page.get_by_role("button", name=name).click()
        editor.wait_for_exact_picture()
    layer = layers_of(editor.saved_draft())[0]
    assert (layer["x"], layer["y"]) == (300, 120)


@pytest.mark.parametrize("by_keys", [False, True], ids=["buttons", "keys"])
def test_layers_are_aligned_in_the_axes_of_their_turned_group(
    studio: Studio, by_keys: bool
) -> None:
    box = {"type": "rectangle", "width": 20, "height": 10, "fill": "#c2255c"}
    inner = [{**box, "name": "a", "x": 10, "y": 30}, {**box, "name": "b", "x": 70, "y": 50}]
    place = {"x": 100, "y": 100, "width": 200, "height": 100, "rotation": 30, "padding": 8}
    editor = open_with(studio, {"type": "group", "name": "turned", **place, "layers": inner})
    page = editor.page

    def align(name: str, key: str) -> None:
        if by_keys:
            editor.press(f"Control+Alt+{key}")
        else:
            page.get_by_role("button", name=name).click()

    layer_row(page, "a").click()
    align("Align right", "r")
    align("Align middle", "m")  # without waiting for the picture
    first, _ = layers_of(editor.saved_draft())[0]["layers"]
    assert (first["x"], first["y"]) == (200 - 2 * 8 - 20, (100 - 2 * 8 - 10) / 2)
    editor.wait_for_exact_picture()
    layer_row(page, "b").click(modifiers=["Control"])
    align("Align top", "t")
    editor.wait_for_exact_picture()
    first, second = layers_of(editor.saved_draft())[0]["layers"]
    assert (first["y"], second["y"]) == (37, 37)
    assert (first["x"], second["x"]) == (164, 70)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_samples_of_fonts_are_drawn_by_the_service_in_one_picture(
    studio: Studio, scheme: Any
) -> None:
    publish(studio, "inspected", document_with(TITLE))
    editor = EditorPage.open(studio, "inspected", color_scheme=scheme)
    page = editor.page
    layer_row(page, "title").click()
    previews = editor.previews()
    with page.expect_response("**/v1/previews"):
        page.get_by_role("button", name="Choose a font").click()
    sample = page.get_by_role("img", name="Noto Sans Thai")
    expect(sample).to_have_count(1)
    sheets = [body for body in previews.bodies if len(body["document"]["layers"]) > 10]
    assert len(sheets) == 1
    sample.click()
    assert layers_of(editor.saved_draft())[0]["font"] == "Noto Sans Thai"


def open_json(page: Page) -> Any:
    page.get_by_role("button", name="JSON", exact=True).click()
    return page.get_by_role("textbox", name="The template's JSON")


def test_the_json_drawer_edits_the_text_and_marks_what_is_wrong(studio: Studio) -> None:
    editor = open_with(studio, BOX)
    page = editor.page
    before = studio.call("GET", "/v1/templates/inspected/document").text
    box = open_json(page)
    box.click()
    page.keyboard.press("Control+End")
    page.keyboard.type("]")
    expect(page.locator(".cm-lintRange-error").first).to_be_visible()
    property_of(page, "height").get_by_role("spinbutton").fill("20")  # has to wait
    expect(page.locator(".pictures img")).to_be_visible()
    box.click()
    page.keyboard.press("Control+End")
    page.keyboard.press("Backspace")
    expect(page.locator(".cm-lintRange-error")).to_have_count(0)
    page.keyboard.press("Control+Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.type('"alt": "box", ')
    assert editor.saved_draft() == before.replace("{", '{"alt": "box", ', 1)
    layer_row(page, "box").click()
    property_of(page, "x").get_by_role("spinbutton").fill("7")
    expect(box).to_contain_text('"x": 7')
    page.get_by_role("button", name="Format").click()
    formatted = editor.saved_draft()
    assert json.loads(formatted)["layers"][0]["x"] == 7
    assert len(formatted.splitlines()) > 5
