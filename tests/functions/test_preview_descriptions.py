"""`describe`, `parts` and `carets` of `POST /v1/previews`: what an editor asks about a picture."""

import base64
import hashlib
import io
from itertools import pairwise
from typing import Any

import pytest
from PIL import Image, ImageChops

from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import document

JSON = {"accept": "application/json"}
RED = {"type": "rectangle", "x": 10, "y": 20, "width": 30, "height": 10, "fill": "#ff0000"}


def ask(world: InMemoryService, body: dict[str, Any], **more: Any) -> dict[str, Any]:
    reply = world.call("POST", "/v1/previews", {**body, **more}, headers=JSON)
    assert reply.status == 200, reply.body
    answered: dict[str, Any] = reply.json
    return answered


def drawn(*layers: dict[str, Any], **more: Any) -> dict[str, Any]:
    plain = {"background": "#ffffff", "color": "#000000", "alt": "", "fields": {}}
    return {"document": document(layers=list(layers), **{**plain, **more})}


def described(world: InMemoryService, *layers: dict[str, Any], **more: Any) -> dict[str, Any]:
    return ask(world, drawn(*layers, **more), describe=True)


def opened(data_uri: str) -> Image.Image:
    image = Image.open(io.BytesIO(base64.b64decode(data_uri.partition(",")[2])))
    image.load()
    return image


# describe


def test_a_description_names_the_bytes_that_a_link_shows(world: InMemoryService) -> None:
    sent = [{"name": "first_name", "text": "Zoe"}]
    body = {"template_id": "welcome", "modifications": sent}
    shown = world.open_link(world.sign_link({"first_name": "Zoe"}))
    result = ask(world, body, describe=True)
    assert result["sha256"] == hashlib.sha256(shown.body).hexdigest()
    assert (result["bytes"], result["format"]) == (len(shown.body), "png")
    assert (result["width"], result["height"]) == shown.size
    assert result["alt"] == "Hi Zoe"


def test_corners_follow_the_rotations_of_a_layer_and_its_groups(empty: InMemoryService) -> None:
    turned = {**RED, "x": 0, "y": 0, "rotation": 90}
    group = {"type": "group", "x": 20, "y": 10, "width": 40, "height": 40, "rotation": 90}
    outer, inner = described(empty, {**group, "layers": [turned]})["layers"]
    assert outer["corners"] == [[60, 10], [60, 50], [20, 50], [20, 10]]
    assert [inner[side] for side in ("x", "y", "width", "height")] == [20, 10, 30, 10]
    assert inner["rotation"] == 90
    assert inner["corners"] == [[70, 30], [40, 30], [40, 20], [70, 20]]
    assert inner["ink"] == {"x": 40, "y": 20, "width": 30, "height": 10}


def test_layers_are_in_drawing_order_and_each_copy_of_a_repeated_one_is_an_entry(
    empty: InMemoryService,
) -> None:
    items = [{"name": "a"}, {"name": "b"}]
    text = {"type": "text", "text": "{{ item.name }}", "size": 10}
    repeated = {"type": "group", "repeat": "people", "layers": [text]}
    row = {"type": "group", "flow": "row", "layers": [repeated]}
    fields = {"people": {"type": "list", "items": {"name": {}}, "default": items}}
    layers = described(empty, row, RED, fields=fields)["layers"]
    copy = ["/layers/0/layers/0", "/layers/0/layers/0/layers/0"]
    assert [layer["pointer"] for layer in layers] == ["/layers/0", *copy, *copy, "/layers/1"]
    assert layers[1]["x"] < layers[3]["x"] == layers[1]["x"] + layers[1]["width"]


def test_a_text_says_where_its_lines_are_and_how_it_fits(empty: InMemoryService) -> None:
    text = {"type": "text", "x": 10, "y": 5, "width": 90, "text": "HHH", "size": 20}
    shrunk = {**text, "width": 20, "fit": "shrink", "min_size": 2, "max_lines": 1}
    cut = {**text, "text": "HHH HHH HHH HHH", "max_lines": 1}
    missing = {**text, "text": "H\U00013080"}
    plain, smaller, shorter, lacking = (
        described(empty, layer)["layers"][0]["text"] for layer in (text, shrunk, cut, missing)
    )
    (line,) = plain["lines"]
    picture = opened(ask(empty, drawn(text))["image"]).convert("L")
    ink = ImageChops.invert(picture).point(lambda level: 255 * (level > 99)).getbbox()
    assert ink and abs(ink[3] - line["baseline"]) <= 1
    assert line["x"] <= ink[0] and ink[2] <= line["x"] + line["width"]
    assert line["y"] <= ink[1] and ink[3] <= line["y"] + line["height"]
    assert (plain["size"], plain["shrink"], plain["cut"], plain["missing"]) == (
        20,
        False,
        False,
        "",
    )
    assert smaller["shrink"] and 2 <= smaller["size"] < 20
    assert shorter["cut"] and len(shorter["lines"]) == 1
    assert lacking["missing"] == "\U00013080"


def test_layers_that_are_not_drawn_say_why(empty: InMemoryService) -> None:
    text = {"type": "text", "text": "{{ name }}", "size": 10}
    list_field = {"type": "list", "items": {"name": {}}, "default": [{"name": "a"}]}
    layers: list[dict[str, Any]] = [
        {**text, "if": "name == 'x'"},
        {**text, "name": "title", "text": "Hi"},
        text,
        {"type": "barcode", "symbology": "ean13", "value": "{{ name }}x", "width": 50, "height": 9},
        {"type": "image", "source": "https://example.com/none.png", "width": 9, "height": 9},
        {"type": "group", "layers": [text, {**text, "text": "a", "if": "name"}]},
        {"type": "group", "if": "name", "layers": [text]},
        {"type": "group", "repeat": "people", "layers": [
            {**text, "text": "{{ item.name }}", "if": "item.name == 'b'"},
            {**text, "text": "{{ item.name }}"},
        ]},
        {"type": "group", "flow": "row", "width": 10, "layers": [
            {**RED, "width": 30}, {**text, "text": "No space"}]},
    ]  # fmt: skip
    fields = {"name": {}, "people": list_field}
    body = drawn(*layers, fields=fields)
    sent = [{"name": "title", "visible": False}]
    result = ask(empty, body, describe=True, modifications=sent)
    assert [(one["pointer"], one["reason"]) for one in result["hidden"]] == [
        ("/layers/0", "if"),
        ("/layers/1", "visible"),
        ("/layers/2", "empty"),
        ("/layers/3", "value"),
        ("/layers/4", "picture"),
        ("/layers/5", "empty"),
        ("/layers/5/layers/0", "empty"),
        ("/layers/5/layers/1", "if"),
        ("/layers/6", "if"),
        ("/layers/7/layers/0", "if"),
        ("/layers/8/layers/1", "space"),
    ]
    pointers = {layer["pointer"] for layer in result["layers"]}
    assert pointers == {"/layers/7", "/layers/7/layers/1", "/layers/8", "/layers/8/layers/0"}


def test_what_is_off_the_canvas_or_transparent_has_no_ink(empty: InMemoryService) -> None:
    layers = described(empty, {**RED, "x": 500}, {**RED, "opacity": 0}, RED)["layers"]
    assert [layer["ink"] is None for layer in layers] == [True, True, False]


def test_the_layers_of_a_fallback_picture_are_described(empty: InMemoryService) -> None:
    fallback = {"layers": [RED]}
    body = drawn(RED, fallback=fallback)
    result = ask(empty, body, show="fallback", describe=True, parts=["/fallback/layers/0"])
    assert [layer["pointer"] for layer in result["layers"]] == ["/fallback/layers/0"]
    assert result["parts"]["layer"]["x"] == 10


@pytest.mark.parametrize(
    "question", [{"describe": True}, {"parts": ["/layers/0"]}, {"carets": "/layers/0"}]
)
def test_what_is_asked_about_a_picture_needs_json_and_one_person(
    world: InMemoryService, question: dict[str, Any]
) -> None:
    body = {"template_id": "welcome", **question}
    assert world.call("POST", "/v1/previews", body).status == 400
    people = {**body, "people": "worst"}
    assert world.call("POST", "/v1/previews", people, headers=JSON).status == 400


def test_without_questions_a_preview_has_no_answers(world: InMemoryService) -> None:
    assert not {"layers", "hidden", "parts", "carets", "reason", "sha256"} & set(
        ask(world, {"template_id": "welcome"})
    )


# parts


def test_the_parts_of_a_preview_make_up_its_picture(empty: InMemoryService) -> None:
    text = {"type": "text", "x": 5, "y": 5, "width": 99, "text": "Hello", "rotation": 9}
    body = drawn(RED, text, {**RED, "y": 28, "fill": "#0000ff80"}, background="#ffeecc")
    result = ask(empty, body, parts=["/layers/1"], format="png", dpr=2)
    parts, layer = result["parts"], opened(result["parts"]["layer"]["image"])
    picture = opened(parts["below"]).convert("RGBA")
    x, y = round(parts["layer"]["x"] * 2), round(parts["layer"]["y"] * 2)
    assert layer.size == (2 * parts["layer"]["width"], 2 * parts["layer"]["height"])
    picture.alpha_composite(layer.convert("RGBA"), (max(0, x), max(0, y)))
    picture.alpha_composite(opened(parts["above"]).convert("RGBA"))
    whole = opened(result["image"]).convert("RGB")
    changed = ImageChops.difference(picture.convert("RGB"), whole)
    assert max(band[1] for band in changed.getextrema()) <= 8  # type: ignore[index]
    assert ImageChops.difference(opened(parts["below"]).convert("RGB"), whole).getbbox()


def test_where_there_are_no_parts_the_reason_is_told(empty: InMemoryService) -> None:
    body = drawn({**RED, "opacity": 0}, {"type": "group", "flow": "row", "layers": [RED]})
    hidden = ask(empty, body, parts=["/layers/0"])
    flowing = ask(empty, body, parts=["/layers/1/layers/0"])
    assert (hidden["parts"], hidden["reason"]) == (None, "hidden")
    assert (flowing["parts"], flowing["reason"]) == (None, "in_group")


@pytest.mark.parametrize(
    ("question", "pointer"),
    [
        ({"parts": ["/layers/7"]}, "/parts/0"),
        ({"parts": ["/layers/0", "/layers/1/layers/0"]}, "/parts/1"),
        ({"parts": []}, "/parts"),
        ({"parts": ["layers"]}, "/parts/0"),
        ({"parts": ["/layers/0"] * 201}, "/parts"),
        ({"carets": "/layers/0"}, "/carets"),
        ({"carets": "/layers/7"}, "/carets"),
        ({"carets": "/layers/" + "9" * 999}, "/carets"),
        ({"carets": "/layers/0", "parts": ["/layers/0"]}, ""),
    ],
)
def test_a_question_about_a_layer_that_is_not_there_is_a_fault(
    empty: InMemoryService, question: dict[str, Any], pointer: str
) -> None:
    body = drawn(RED, {"type": "group", "layers": [RED]})
    reply = empty.call("POST", "/v1/previews", {**body, **question}, headers=JSON)
    assert reply.status == 400
    assert [at for _, at in reply.error_locations()] == [pointer]


# carets

TEXT = {"type": "text", "x": 4, "y": 4, "width": 400, "size": 20}


def carets_of(
    world: InMemoryService, text: Any, fields: dict[str, Any] | None = None, **more: Any
) -> list[dict[str, Any]]:
    body = drawn({**TEXT, "text": text, **more}, fields=fields or {}, width=420, height=200)
    carets: list[dict[str, Any]] = ask(world, body, carets="/layers/0")["carets"]
    assert carets is not None
    return carets


def no_carets(world: InMemoryService, text: Any, **more: Any) -> str:
    body = drawn({**TEXT, "text": text, "name": "title"}, fields={"name": {"default": "Ann"}})
    result = ask(world, body, carets="/layers/0", **more)
    assert result["carets"] is None
    reason: str = result["reason"]
    return reason


def offsets(carets: list[dict[str, Any]]) -> list[int]:
    return [caret["offset"] for caret in carets]


def right_edge(world: InMemoryService, text: str, **more: Any) -> float:
    layer = {**TEXT, **more, "text": text}
    body = drawn(layer, width=420, height=200)
    (described_layer,) = ask(world, body, describe=True)["layers"]
    box: dict[str, float] = described_layer["text"]["lines"][0]
    return box["x"] + box["width"]


def test_a_caret_stands_where_the_text_before_it_ends(empty: InMemoryService) -> None:
    carets = carets_of(empty, "Office")
    assert offsets(carets) == [0, 1, 2, 3, 4, 5, 6]
    assert carets[0]["x"] == 4
    for caret in carets[1:]:
        assert caret["x"] == pytest.approx(right_edge(empty, "Office"[: caret["offset"]]), abs=1)
    assert all(caret["bottom"] - caret["top"] == pytest.approx(24) for caret in carets)
    assert not any(caret["rtl"] for caret in carets)


def test_offsets_count_utf_16_units_and_a_grapheme_is_one_step(empty: InMemoryService) -> None:
    assert offsets(carets_of(empty, "a\U0001f469\u200d\U0001f467e\u0301b")) == [0, 1, 6, 8, 9]


def test_an_output_is_one_step_and_as_wide_as_its_value(empty: InMemoryService) -> None:
    fields = {"name": {"default": "Anna", "max_length": 20}}
    carets = carets_of(empty, "Hi {{ name }}!", fields)
    assert offsets(carets) == [0, 1, 2, 3, 13, 14]
    assert carets[4]["x"] == pytest.approx(right_edge(empty, "Hi Anna"), abs=1)


def test_an_output_that_reads_the_other_way_is_passed_as_a_whole(empty: InMemoryService) -> None:
    fields = {"name": {"default": "\u05e0\u05d5\u05e2\u05d4", "max_length": 20}}
    before, after = carets_of(empty, "{{ name }}", fields, direction="ltr")
    assert before["x"] == pytest.approx(4) and not before["rtl"]
    assert after["x"] == pytest.approx(
        right_edge(empty, "\u05e0\u05d5\u05e2\u05d4", direction="ltr")
    )
    assert not after["rtl"]


def test_white_space_that_liquid_strips_takes_no_width(empty: InMemoryService) -> None:
    fields = {"name": {"default": "Ann", "max_length": 20}}
    carets = carets_of(empty, "A {{- name -}} B", fields)
    assert offsets(carets) == [0, 1, 2, 14, 15, 16]
    assert carets[1]["x"] == carets[2]["x"] and carets[3]["x"] == carets[4]["x"]
    assert carets[5]["x"] == pytest.approx(right_edge(empty, "AAnnB"), abs=1)


def test_in_arabic_carets_go_from_right_to_left(empty: InMemoryService) -> None:
    word = "\u0645\u0631\u062d\u0628\u0627"
    carets = carets_of(empty, word, direction="rtl")
    assert offsets(carets) == [0, 1, 2, 3, 4, 5]
    assert carets[0]["x"] == pytest.approx(404)  # the right edge of the box
    assert all(before["x"] > after["x"] + 1 for before, after in pairwise(carets))
    assert all(caret["rtl"] for caret in carets)


def test_numbers_in_arabic_read_to_the_right(empty: InMemoryService) -> None:
    carets = carets_of(empty, "\u0645 12 \u0631", direction="rtl")
    by_offset = {caret["offset"]: caret for caret in carets}
    assert not by_offset[2]["rtl"] and not by_offset[3]["rtl"]
    assert by_offset[2]["x"] < by_offset[3]["x"] < by_offset[0]["x"]


def test_a_thai_vowel_goes_with_its_letter(empty: InMemoryService) -> None:
    carets = carets_of(empty, "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35")
    assert offsets(carets) == [0, 1, 3, 4, 6]
    assert all(before["x"] + 3 < after["x"] for before, after in pairwise(carets))


def test_carets_follow_lines_and_spaces_at_their_ends(empty: InMemoryService) -> None:
    carets = carets_of(empty, "Hello world\n\nyou ", width=80)
    by_offset = {caret["offset"]: caret for caret in carets}
    tops = sorted({caret["top"] for caret in carets})
    assert len(tops) == 4
    assert (by_offset[5]["top"], by_offset[6]["top"]) == (tops[0], tops[1])
    assert by_offset[6]["x"] == by_offset[12]["x"] == by_offset[13]["x"] == 4
    assert by_offset[12]["top"] == tops[2]
    assert by_offset[17]["x"] > by_offset[16]["x"] + 2  # the space that is being typed


def test_carets_of_text_that_is_cut_stay_at_its_end(empty: InMemoryService) -> None:
    carets = carets_of(empty, "Hello wonderful world", width=90, max_lines=1)
    assert carets[-1]["x"] == carets[-5]["x"] < 94
    assert len({caret["top"] for caret in carets}) == 1


def test_each_span_counts_its_own_offsets(empty: InMemoryService) -> None:
    carets = carets_of(empty, [{"text": "ab", "size": 12}, {"text": "cd", "size": 30}])
    assert [(caret["span"], caret["offset"]) for caret in carets] == [
        (0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2),
    ]  # fmt: skip
    assert carets[2]["x"] == carets[3]["x"]


def test_letters_that_a_transform_makes_longer_keep_their_carets(empty: InMemoryService) -> None:
    carets = carets_of(empty, "Stra\u00dfe", transform="uppercase")
    assert offsets(carets) == [0, 1, 2, 3, 4, 5, 6]
    assert carets[5]["x"] == pytest.approx(right_edge(empty, "STRASS"), abs=1)


def test_emphasised_words_have_their_carets(empty: InMemoryService) -> None:
    fields = {"name": {"default": "a *b* c", "max_length": 20, "emphasis": True}}
    carets = carets_of(empty, "{{ name }}!", fields)
    assert offsets(carets) == [0, 10, 11]
    assert carets[1]["x"] == pytest.approx(right_edge(empty, "a b c"), abs=1)


def test_of_a_repeated_text_the_first_copy_has_the_carets(empty: InMemoryService) -> None:
    items = {"type": "list", "items": {"name": {}}, "default": [{"name": "Al"}, {"name": "Bo"}]}
    text = {"type": "text", "text": "{{ item.name }}!", "size": 20}
    group = {"type": "group", "repeat": "people", "layers": [text]}
    row = {"type": "group", "flow": "row", "layers": [group]}
    body = drawn(row, fields={"people": items})
    carets = ask(empty, body, carets="/layers/0/layers/0/layers/0")["carets"]
    assert offsets(carets) == [0, 15, 16]
    assert carets[1]["x"] == pytest.approx(right_edge(empty, "Al", x=0), abs=1)


def test_texts_that_differ_from_their_source_have_no_carets(empty: InMemoryService) -> None:
    assert no_carets(empty, "{% if name %}Hi{% endif %}") == "tags"
    assert no_carets(empty, "{% comment %}x{% endcomment %}Hi") == "tags"
    assert no_carets(empty, " ") == "hidden"
    changed = [{"name": "title", "text": "Other"}]
    assert no_carets(empty, "Hi", modifications=changed) == "modified"


def test_the_longest_text_has_its_carets(empty: InMemoryService) -> None:
    assert len(carets_of(empty, "lorem ipsum " * 416 + "dolo ", size=4)) == 4_998
