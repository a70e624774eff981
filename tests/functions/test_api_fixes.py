"""Findings with patches in the API, and what mail clients do in dark mode."""

from typing import Any

import pytest

from postcard.lint.fixes.json_patch import apply_patch
from tests.functions.fake_services import solid_png
from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import Json, document

JSON = {"accept": "application/json"}
FAINT = {"type": "text", "x": 4, "y": 4, "text": "{{ name }}", "color": "#334455"}


def faint_document(**more: Any) -> Json:
    """A document with a text that is hard to read and a field that nothing shows."""
    fields = {"name": {"default": "you", "example": "Ann"}, "old": {}}
    return {**document(), "height": 120, "fields": fields, "layers": [FAINT], "alt": "", **more}


def preview(world: InMemoryService, body: Json) -> Json:
    reply = world.call("POST", "/v1/previews", body, headers=JSON)
    assert reply.status == 200, reply.body
    result: Json = reply.json
    return result


def test_the_findings_of_the_latest_version_have_patches(empty: InMemoryService) -> None:
    empty.publish(document())
    empty.publish(faint_document())
    result = empty.call("GET", "/v1/templates/welcome/findings").json
    assert (result["template_id"], result["version"]) == ("welcome", 2)
    by_code = {one["code"]: one for one in result["findings"]}
    assert by_code["unused_field"]["fix"] == [{"op": "remove", "path": "/fields/old"}]
    assert by_code["low_contrast"]["fix"][0]["path"] == "/layers/0/color"
    assert by_code["low_contrast"]["fix_detail"].startswith("Make the text “{{ name }}” #")
    fixed = faint_document()
    for finding in result["findings"]:
        fixed = apply_patch(fixed, finding["fix"])
    assert empty.publish(fixed).json["findings"] == []


def test_the_findings_of_a_draft_have_patches(world: InMemoryService) -> None:
    path = "/v1/templates/welcome/findings?draft=true"
    assert world.call("GET", path).status == 404
    new = {"if-none-match": "*"}
    stored = world.call("PUT", "/v1/templates/welcome/draft", faint_document(), headers=new)
    assert stored.status == 200, stored.body
    result = world.call("GET", path).json
    assert result["version"] is None
    assert {one["code"] for one in result["findings"] if "fix" in one} == {
        "unused_field",
        "low_contrast",
    }
    tag = {"if-match": stored.headers["etag"]}
    world.call("PUT", "/v1/templates/welcome/draft", {"width": 0}, headers=tag)
    reply = world.call("GET", path)
    assert reply.status == 400 and "/width" in {one["pointer"] for one in reply.json["errors"]}


def test_the_preview_of_a_document_has_patches_if_it_is_asked_for_them(
    empty: InMemoryService,
) -> None:
    plain = preview(empty, {"document": faint_document()})
    fixed = preview(empty, {"document": faint_document(), "fixes": True})
    assert plain["image"] == fixed["image"]
    assert all(set(one) == {"code", "pointer", "detail"} for one in plain["findings"])
    assert all(one["fix"] and one["fix_detail"] for one in fixed["findings"])
    without = [{k: one[k] for k in ("code", "pointer", "detail")} for one in fixed["findings"]]
    assert without == plain["findings"]


def test_a_finding_that_only_given_values_cause_has_no_patch(empty: InMemoryService) -> None:
    body = {
        "document": faint_document(layers=[{**FAINT, "color": "#ffffff"}]),
        "modifications": [{"name": "name", "text": "\U00013080"}],
        "fixes": True,
    }
    by_code = {one["code"]: one for one in preview(empty, body)["findings"]}
    assert "fix" not in by_code["missing_glyph"] and "fix" in by_code["unused_field"]


def test_a_document_whose_examples_cannot_be_drawn_has_findings_without_patches(
    empty: InMemoryService,
) -> None:
    empty.web.pictures["https://cdn.example.com/a.png"] = solid_png()
    photo = {"type": "image", "width": 9, "height": 9, "source": "{{ photo }}", "on_error": "fail"}
    fields = {"photo": {"type": "image", "example": "https://cdn.example.com/gone.png"}, "old": {}}
    body = {
        "document": faint_document(fields=fields, layers=[photo]),
        "modifications": [{"name": "photo", "image_url": "https://cdn.example.com/a.png"}],
        "fixes": True,
    }
    findings = preview(empty, body)["findings"]
    assert [(one["code"], "fix" in one) for one in findings] == [("unused_field", False)]


@pytest.mark.parametrize(
    "body",
    [
        {"template_id": "welcome", "fixes": True},
        {"document": document(), "fixes": True, "findings": False},
    ],
)
def test_fixes_are_for_the_findings_of_a_document(world: InMemoryService, body: Json) -> None:
    reply = world.call("POST", "/v1/previews", body, headers=JSON)
    assert (reply.status, reply.json["errors"][0]["pointer"]) == (400, "/fixes")
    assert "/v1/templates/{id}/findings" in reply.json["detail"]


def test_fixes_are_asked_for_in_json(empty: InMemoryService) -> None:
    body = {"document": faint_document(), "fixes": True}
    reply = empty.call("POST", "/v1/previews", body)
    assert (reply.status, reply.json["errors"][0]["pointer"]) == (400, "/fixes")


def test_the_findings_of_an_unknown_template_and_of_another_key_s_are_refused(
    world: InMemoryService,
) -> None:
    path = "/v1/templates/nowhere/findings"
    assert world.call("GET", path).status == 404
    limited = world.new_api_key(templates=["welcome"])
    assert world.call("GET", path, key=limited).status == 403
    images = world.new_api_key(["images"])
    assert world.call("GET", "/v1/templates/welcome/findings", key=images).status == 403


def test_many_findings_are_answered_with_the_fixes_that_there_is_time_for(
    empty: InMemoryService,
) -> None:
    fields = {f"old_{number}": {"default": "x"} for number in range(90)} | {"name": {}}
    findings = preview(empty, {"document": faint_document(fields=fields), "fixes": True})
    fixed = [one for one in findings["findings"] if "fix" in one]
    assert len(findings["findings"]) >= 90 and 50 <= len(fixed) <= 60


def test_dark_clients_are_listed_with_their_backgrounds(empty: InMemoryService) -> None:
    clients = empty.call("GET", "/v1/dark-clients", key=None).json["items"]
    by_id = {client["id"]: client for client in clients}
    assert by_id["gmail-android"]["recolors_up_to"] == 100
    assert by_id["apple-mail-ios"]["recoloring_filter"] is None
    assert all(client["background"].startswith("#") for client in clients)
