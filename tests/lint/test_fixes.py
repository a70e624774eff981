"""Fixes: patches that correct findings, tried by applying and drawing them.

`make fixes` fixes five hundred broken templates; here it is a dozen.
"""

import copy
import io
import os
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops

from postcard.color import parse_color
from postcard.errors import BadRequest
from postcard.lint.contrast import contrast_ratio
from postcard.lint.fixes.examination import Examination, Examiner
from postcard.lint.fixes.fix import Fix
from postcard.lint.fixes.fix_all import FixedDocument, NextFix, fix_all
from postcard.lint.fixes.json_patch import PatchError, apply_patch
from postcard.lint.fixes.oklch import nearest_passing_color
from postcard.lint.fixes.proposals import RULES
from postcard.lint.fixes.verification import FixFinder
from postcard.runtime.deadline import Deadline
from tests.lint.broken_templates import (
    NOW,
    Json,
    broken_template,
    examiner,
    pictures,
    seed_documents,
)
from tests.rendering.drawing import renderer

FULL = os.environ.get("POSTCARD_FIXES") == "full"
TEMPLATES = 500 if FULL else 12
UNTOUCHED_MARGIN = 100  # pixels around a layer: the gallery has a shadow of 96
CARD: Json = {"width": 300, "height": 200, "background": "#ffffff", "alt": "A card"}
TEXT: Json = {"type": "text", "x": 20, "y": 20, "text": "Hello", "color": "#111111"}
QR: Json = {"type": "qr", "x": 80, "y": 60, "width": 120, "value": "https://example.com/a"}


def fix_completely(document: Json) -> FixedDocument:
    """The document after a loop that applies what is proposed, without any judgement."""
    finder = FixFinder(examiner(), max_tries=1000, max_seconds=1e9)
    return fix_all(document, NextFix(examiner().examine, finder))


def first_fix(document: Json, code: str) -> tuple[Fix, Examination]:
    """The fix of the first finding with a code, and the document after it."""
    before = examiner().examine(document)
    finding = next(one for one in before.findings if one.code == code)
    verified = FixFinder(examiner()).find(finding, before)
    assert verified is not None
    return verified.fix, verified.after


def card(*layers: Json, **properties: Any) -> Json:
    return {**CARD, "layers": list(layers), **properties}


# Broken templates


def broken_templates() -> Iterator[tuple[str, Json, Examination]]:
    """Broken templates that have findings."""
    chooser = random.Random(500)
    while True:
        damage, document = broken_template(chooser)
        try:
            before = examiner().examine(document)
        except BadRequest:  # damage that publishing refuses is no finding
            continue
        if before.findings:
            yield damage, document, before


@pytest.fixture(scope="module")
def fixed_templates() -> list[tuple[str, Examination, FixedDocument]]:
    """Broken templates, as they were and after the loop."""
    found = broken_templates()
    chosen = [next(found) for _ in range(TEMPLATES)]
    return [(damage, before, fix_completely(document)) for damage, document, before in chosen]


FixedTemplates = list[tuple[str, Examination, FixedDocument]]


def test_nearly_all_broken_templates_are_clean_after_their_fixes(
    fixed_templates: FixedTemplates,
) -> None:
    left = {
        damage: [f"{one.code} {one.pointer}" for one in fixed.left]
        for damage, _, fixed in fixed_templates
        if fixed.left
    }
    assert len(left) <= 0.05 * len(fixed_templates), left
    assert sum(len(before.findings) for _, before, _ in fixed_templates) >= 1.2 * len(
        fixed_templates
    )


def test_fixes_leave_no_finding_that_was_not_there(fixed_templates: FixedTemplates) -> None:
    for damage, before, fixed in fixed_templates:
        had = Counter(one.code for one in before.findings)
        left = Counter(one.code for one in fixed.left)
        assert not left - had, damage


def test_layers_that_no_fix_names_keep_their_pixels(fixed_templates: FixedTemplates) -> None:
    compared = 0
    for damage, before, fixed in fixed_templates:
        touched = {tuple(o["path"].split("/")[1:3]) for _, fix in fixed.applied for o in fix.patch}
        if any(part not in ("layers", "alt", "countdown") for part, *_ in touched):
            continue  # examples, fonts and backgrounds change more than one layer
        after = examiner().examine(fixed.document)
        difference = ImageChops.difference(before.surface.color, after.surface.color)
        indices = {index for part, *rest in touched if part == "layers" for index in rest}
        for pointer, box in (*before.boxes, *after.boxes):
            if pointer.split("/")[2] in indices:
                around = box.inset(-UNTOUCHED_MARGIN)
                bounds = (around.x, around.y, around.right, around.bottom)
                left, top, right, bottom = map(int, bounds)
                difference.paste(0, (left, top, right, bottom))
        assert difference.getbbox() is None, damage
        compared += 1
    assert compared >= 0.2 * len(fixed_templates)


def test_a_loop_applies_few_fixes_and_ends(fixed_templates: FixedTemplates) -> None:
    for damage, before, fixed in fixed_templates:
        assert len(fixed.applied) <= 2 * len(before.findings) + 2, damage


@pytest.mark.parametrize("name", sorted(seed_documents()))
def test_the_gallery_needs_no_fix(name: str) -> None:
    assert [one.code for one in examiner().examine(seed_documents()[name]).findings] == []


# What is proposed


@pytest.mark.parametrize(
    ("document", "code", "detail"),
    [
        (
            card({**TEXT, "color": "#aaaaaa"}),
            "low_contrast",
            "Make the text “Hello” #767676, which is readable on #ffffff.",
        ),
        (
            card({**TEXT, "opacity": 0.4}),
            "low_contrast",
            "Make the text “Hello” fully opaque, so that it is dark enough to read.",
        ),
        (
            card({**TEXT, "width": 60, "height": 30, "size": 40}),
            "text_overflow",
            "Shrink the text “Hello” where a value is too long, down to 16 pixels.",
        ),
        (
            card({**TEXT, "font": "Intre"}),
            "unknown_font",
            "Use Inter instead of Intre, which is not installed.",
        ),
        (
            card({**TEXT, "font": "Space Grotesk", "text": "مرحبا"}, locale="ar"),
            "unsupported_characters",
            "Add Noto Sans Arabic behind Space Grotesk, for the letters that it lacks.",
        ),
        (
            card(TEXT, fields={"old": {}}),
            "unused_field",
            "Remove the field old, which nothing shows. Links that still give it ignore it; calls "
            "of the API must not give it any more.",
        ),
        (
            card({**TEXT, "text": "{{ code }}"}, fields={"code": {"required": True}}),
            "missing_example",
            "Give the field code the example “Code”, which previews then show.",
        ),
        (
            card({**TEXT, "x": 400}),
            "outside_canvas",
            "Move the text “Hello” to x 261, which is on the canvas.",
        ),
        (
            card({**QR, "width": 20}),
            "code_too_small",
            "Make the QR code “https://example.com/a” 174 pixels large at y 26, so that it scans.",
        ),
        (
            card({**QR, "color": "#ffe0b0"}),
            "unscannable",
            "Make the QR code “https://example.com/a” #8e7245, which scans on #ffffff.",
        ),
        (
            card({**QR, "color": "#999999"}),
            "low_contrast_code",
            "Make the QR code “https://example.com/a” #767676, which scans on #ffffff.",
        ),
        (
            card({**QR, "x": 230}),
            "unscannable",
            "Move the QR code “https://example.com/a” to x 180, where all of it is on the canvas.",
        ),
        (
            card({"type": "image", "name": "photo", "source": "asset:mug"}),
            "missing_size",
            None,
        ),
        (
            card(TEXT, countdown={"to": "2027-03-14T20:00:00Z"}, format="gif"),
            "unused_countdown",
            "Remove the countdown, which nothing shows.",
        ),
        (
            card(TEXT, alt="Your ticket. It is {{ now | date }} now."),
            "static_time",
            "Remove “It is {{ now | date }} now.” from the alt text, where the time would stand "
            "still.",
        ),
        (
            card(TEXT, width=90, height=60),
            "small_picture",
            "Draw everything 2 times as large, in 180 × 120 pixels, so that Gmail keeps the "
            "colours. Show it with width=90 in the mail, as before.",
        ),
        (
            card(TEXT, background="transparent"),
            "low_contrast_in_dark_mode",
            "Make the background of the picture white, so that it is the same in dark mode.",
        ),
        (
            card(
                {"type": "rectangle", "width": 90, "height": 90, "fill": "#101010"},
                background="transparent",
            ),
            "invisible_in_dark_mode",
            "Make the background of the picture white, so that it is the same in dark mode.",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and "_" in value and len(value) < 30 else "",
)
def test_a_fix_says_what_it_does(document: Json, code: str, detail: str | None) -> None:
    fix, after = first_fix(document, code)
    assert apply_patch(document, fix.patch) == after.document
    assert code not in {one.code for one in after.findings}
    assert detail is None or fix.detail == detail


def test_copies_of_a_repeated_group_are_put_into_a_column() -> None:
    items = {"name": {"example": "Mug"}}
    fields = {"cart": {"type": "list", "items": items, "example": [{"name": "A"}, {"name": "B"}]}}
    group = {"type": "group", "x": 9, "y": 8, "repeat": "cart", "layers": [{**TEXT, "x": 0}]}
    group["layers"] = [{**TEXT, "text": "{{ item.name }}", "x": 0, "y": 0}]
    _, after = first_fix(card(group, fields=fields), "overlapping_items")
    column = after.document["layers"][0]
    assert (column["flow"], column["x"], column["y"]) == ("column", 9, 8)
    assert "x" not in column["layers"][0]
    tops = [box.y for pointer, box in after.boxes if pointer.endswith("/layers/0/layers/0")]
    assert len(set(tops)) == 2


def test_a_countdown_gets_digits_of_one_width() -> None:
    seconds = {**TEXT, "text": "{{ countdown.seconds }}", "font": "Playfair Display"}
    document = card(seconds, countdown={"to": "2027-03-14T20:00:00Z"}, format="gif")
    if "proportional_digits" not in {f.code for f in examiner().examine(document).findings}:
        pytest.fail("This font's digits are of one width: choose another.")
    _, after = first_fix(document, "proportional_digits")
    assert "tnum" in after.document["layers"][0]["features"]


def test_a_large_file_gets_a_format_or_a_limit() -> None:
    photo = {"type": "image", "source": "asset:noise", "width": 900, "height": 600}
    drawn = Examiner(renderer(), renderer().fonts, {"asset:noise": noise(900, 600)}, now=NOW)
    before = drawn.examine(card(photo, width=900, height=600))
    assert [one.code for one in before.findings] == ["large_file"]
    verified = FixFinder(drawn).find(before.findings[0], before)
    assert verified is not None
    assert verified.fix.detail == "Send the picture as JPEG, which is much smaller for photos."
    transparent = drawn.examine(card(photo, width=900, height=600, background="transparent"))
    verified = FixFinder(drawn).find(transparent.findings[-1], transparent)
    assert verified is not None and verified.after.document["max_bytes"] == 900_000


def noise(width: int, height: int) -> bytes:
    """A PNG that no encoder makes small."""
    pixels = Image.frombytes("RGB", (width, height), random.Random(1).randbytes(width * height * 3))
    file = io.BytesIO()
    pixels.resize((width, height)).save(file, "PNG")
    return file.getvalue()


def test_every_rule_is_for_a_code_of_the_documentation() -> None:
    text = Path("docs/troubleshooting.md").read_text(encoding="utf-8")
    assert [code for code in RULES if f"| `{code}` |" not in text] == []


# What is not shown


def test_a_fix_that_raises_another_finding_is_not_shown() -> None:
    """A font without the locale's letters would be one more finding."""
    arabic = card({**TEXT, "font": "Intre", "text": "مرحبا"}, locale="ar")
    _, after = first_fix(arabic, "unknown_font")
    assert "Noto Sans Arabic" in after.document["layers"][0]["font"]
    assert [one.code for one in after.findings] == []


def test_a_finding_that_no_edit_mends_has_no_fix() -> None:
    before = examiner().examine(card({**TEXT, "text": "\U00013080"}))
    found = FixFinder(examiner()).find_all(before)
    assert [(one.code, fix) for one, fix in found] == [("missing_glyph", None)]


def test_a_document_without_time_left_has_findings_without_fixes() -> None:
    clock = [0.0]
    late = Examiner(
        renderer(),
        renderer().fonts,
        pictures(),
        now=NOW,
        deadline=Deadline(5.0, lambda: clock[0]),
    )
    before = late.examine(card({**TEXT, "color": "#aaaaaa"}))
    clock[0] = 4.5
    assert [fix for _, fix in FixFinder(late).find_all(before)] == [None]


def test_the_number_of_tries_is_limited() -> None:
    before = examiner().examine(card(TEXT, fields={f"old_{n}": {} for n in range(9)}))
    fixes = [fix for _, fix in FixFinder(examiner(), max_tries=4).find_all(before)]
    assert [fix is not None for fix in fixes] == [True] * 4 + [False] * 5


def test_the_field_of_a_request_that_declines_is_left_alone() -> None:
    document = card({**TEXT, "color": "#aaaaaa"}, fields={"old": {}})
    finder = FixFinder(examiner())
    fixed = fix_all(
        document,
        NextFix(examiner().examine, finder),
        lambda finding, fix: finding.code != "unused_field",
    )
    assert [one.code for one, _ in fixed.applied] == ["low_contrast"]
    assert [one.code for one in fixed.left] == ["unused_field"]
    assert fixed.document["fields"] == {"old": {}}


# Colours and patches


@pytest.mark.parametrize("background", ["#ffffff", "#000000", "#777777", "#22aa55", "#ffe000"])
@pytest.mark.parametrize("color", ["#cc8888", "#3b4252", "#22aa55", "#ffffff", "#0000ff"])
def test_the_nearest_colour_passes_and_one_step_nearer_would_not(
    color: str, background: str
) -> None:
    first, behind = parse_color(color), parse_color(background)
    found = nearest_passing_color(first, behind, 4.5)
    assert found is not None and contrast_ratio(found, behind) >= 4.5
    if contrast_ratio(first, behind) < 4.5:
        assert contrast_ratio(found, behind) < 5.2
    else:
        assert max(abs(a - b) for a, b in zip(first, found, strict=True)) <= 1


@pytest.mark.parametrize(
    ("patch", "after"),
    [
        ([{"op": "add", "path": "/b", "value": 1}], {"a": [1, 2], "b": 1}),
        ([{"op": "replace", "path": "/a/1", "value": 3}], {"a": [1, 3]}),
        ([{"op": "add", "path": "/a/1", "value": 3}], {"a": [1, 3, 2]}),
        ([{"op": "add", "path": "/a/-", "value": 3}], {"a": [1, 2, 3]}),
        ([{"op": "remove", "path": "/a"}, {"op": "add", "path": "/c~1d", "value": 0}], {"c/d": 0}),
        ([{"op": "replace", "path": "/b", "value": 1}], None),
        ([{"op": "remove", "path": "/b"}], None),
        ([{"op": "add", "path": "/a/3", "value": 1}], None),
        ([{"op": "replace", "path": "/a/2", "value": 1}], None),
        ([{"op": "remove", "path": "/a/-1"}], None),
        ([{"op": "remove", "path": "/a/x"}], None),
        ([{"op": "add", "path": "/a/0/b", "value": 1}], None),
        ([{"op": "move", "path": "/b", "from": "/a"}], None),
        ([{"op": "add", "path": ""}], None),
        ([{"path": "/a"}], None),
    ],
)
def test_patches_are_applied_as_rfc_6902_says(patch: list[Json], after: Json | None) -> None:
    document = {"a": [1, 2]}
    before = copy.deepcopy(document)
    if after is None:
        with pytest.raises(PatchError):
            apply_patch(document, patch)
    else:
        assert apply_patch(document, patch) == after
    assert document == before
