"""`postcard templates fix`: shows and applies patches."""

import json
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from postcard.cli.api_client import ApiClient
from postcard.cli.fix_templates import fix_published
from postcard.errors import PreconditionFailed
from tests.cli.runner import clean_environment, run_postcard, template_folder
from tests.functions.in_memory_service import InMemoryService

__all__ = ["clean_environment"]

FAINT: dict[str, Any] = {
    "width": 300,
    "height": 200,
    "background": "#ffffff",
    "fields": {"old": {"default": "x"}},
    "layers": [{"type": "text", "x": 20, "y": 20, "text": "Hello", "color": "#aaaaaa"}],
}


def folder_with(tmp_path: Path, document: dict[str, Any], indent: int | None = 2) -> Path:
    return template_folder(tmp_path / "t", card=json.dumps(document, indent=indent))


def test_each_finding_is_shown_with_its_patch_and_nothing_is_written(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, FAINT)
    before = (folder / "card.json").read_text()
    output = run_postcard("templates", "fix", "card", "--folder", folder)
    assert output.exit_code == 0
    assert "Make the text “Hello” #767676, which is readable on #ffffff." in output.stdout
    assert '{"op": "remove", "path": "/fields/old"}' in output.stdout
    assert "Add --write" in output.stdout
    assert (folder / "card.json").read_text() == before


@pytest.mark.parametrize("indent", [2, 4])
def test_write_changes_only_what_the_patches_name(tmp_path: Path, indent: int) -> None:
    folder = folder_with(tmp_path, FAINT, indent)
    output = run_postcard("templates", "fix", folder / "card.json", "--write", "--yes", "--json")
    assert output.exit_code == 0 and output.json_output["written"]
    assert [one["code"] for one in output.json_output["items"]] == ["unused_field", "low_contrast"]
    expected = {**FAINT, "fields": {}, "layers": [{**FAINT["layers"][0], "color": "#767676"}]}
    assert (folder / "card.json").read_text() == json.dumps(expected, indent=indent) + "\n"
    again = run_postcard("templates", "fix", "card", "--folder", folder)
    assert "There is nothing to fix." in again.stdout


def test_writing_asks_about_each_fix(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, FAINT)
    call = ("templates", "fix", "card", "--folder", folder, "--write")
    refused = run_postcard(*call)
    assert refused.exit_code == 2 and "Add --yes" in refused.stderr
    with mock.patch("postcard.cli.fix_templates.is_interactive", lambda: True):
        output = run_postcard(*call, stdin="n\ny\n")
    assert output.exit_code == 1  # one finding is left
    written = json.loads((folder / "card.json").read_text())
    assert written["fields"] == FAINT["fields"]
    assert written["layers"][0]["color"] == "#767676"


def test_a_document_with_faults_is_not_fixed(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, {**FAINT, "width": 0})
    output = run_postcard("templates", "fix", "card", "--folder", folder, "--write", "--yes")
    assert output.exit_code == 1 and "correct them first" in output.stderr


class ServiceClient(ApiClient):
    """Calls a service in memory."""

    def __init__(self, world: InMemoryService) -> None:
        super().__init__("http://127.0.0.1:1", "postcard_key")
        self.world = world

    def call(
        self, method: str, path: str, body: str | None = None, more_headers: Any = None
    ) -> Any:
        headers = {name.lower(): value for name, value in (more_headers or {}).items()}
        document = json.loads(body) if body else None
        accept = {"accept": "application/json"}
        reply = self.world.call(method, path, document, headers={**accept, **headers})
        if reply.status == 412:
            raise PreconditionFailed(reply.json["detail"])
        assert reply.status == 200, reply.body
        return reply.json


def test_a_published_template_is_fixed_by_its_service() -> None:
    world = InMemoryService()
    world.publish(FAINT, "card")
    client = ServiceClient(world)
    shown = fix_published(client, "card", write=False, yes=False)
    assert "#767676" in shown.text and shown.exit_code == 0
    done = fix_published(client, "card", write=True, yes=True)
    assert "Published version 2 of card." in done.text
    latest = world.call("GET", "/v1/templates/card").json
    assert (latest["version"], latest["findings"]) == (2, [])


def test_a_version_that_was_published_meanwhile_is_not_replaced() -> None:
    world = InMemoryService()
    world.publish(FAINT, "card")

    class Slow(ServiceClient):
        def call(self, method: str, path: str, *more: Any) -> Any:
            if method == "PUT":
                self.world.publish({**FAINT, "name": "Newer"}, "card")
            return super().call(method, path, *more)

    with pytest.raises(PreconditionFailed):
        fix_published(Slow(world), "card", write=True, yes=True)
    assert world.call("GET", "/v1/templates/card").json["name"] == "Newer"
