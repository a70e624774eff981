"""`postcard templates fix`: shows and applies the patches that mend a template's findings."""

import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from postcard.cli.api_client import ApiClient
from postcard.cli.base_command import AS_JSON
from postcard.cli.output import EXIT_NO, EXIT_OK, CommandError, CommandResult, fault_json
from postcard.cli.template_files import TemplateFile
from postcard.errors import BadRequest, Fault
from postcard.lint.fixes.fix import Fix
from postcard.lint.fixes.fix_all import FixedDocument, FoundFixes, NextFix, Place, fix_all

MAX_TRIES, MAX_SECONDS = 2000, 120.0  # a machine of one's own may take its time
_INDENTS: tuple[int | str, ...] = (2, 4, "\t")


def fix_file(file: TemplateFile, *, write: bool, yes: bool) -> CommandResult:
    """Fix a document on disk, drawn on this machine."""
    from postcard.cli.local_publish import document_faults, local_services
    from postcard.lint.fixes.verification import FixFinder
    from postcard.runtime.deadline import Deadline
    from postcard.services.template_fixes import TemplateFixes

    if faults := document_faults(file):
        detail = f"{file.path} has faults: correct them first. A fix mends findings only."
        raise BadRequest(detail, errors=faults)
    text = file.text()
    document = json.loads(text)
    services = local_services(file)
    examiner = TemplateFixes(services.templates, services.pipeline).examiner(
        document, now=time.time(), deadline=Deadline(time.monotonic() + MAX_SECONDS)
    )
    finder = FixFinder(examiner, max_tries=MAX_TRIES, max_seconds=MAX_SECONDS)
    fixed = fix_all(document, NextFix(examiner.examine, finder), _ask(write, yes))

    def store() -> str:
        file.path.write_text(_written_like(text, document, fixed.document), encoding="utf-8")
        return f"Wrote {file.path}."

    return _result(fixed, store if write else None)


def fix_published(client: ApiClient, template_id: str, *, write: bool, yes: bool) -> CommandResult:
    """Fix the latest version of a template, drawn by its service; `write` publishes it."""
    path = f"/v1/templates/{quote(template_id)}"
    template = client.call("GET", path)
    fixed = fix_all(template["document"], _service_finder(client), _ask(write, yes))

    def publish() -> str:
        condition = {"If-Match": f'"{template["version"]}"'}
        response = client.call("PUT", path, json.dumps(fixed.document), condition)
        return f"Published version {response['version']} of {template_id}."

    return _result(fixed, publish if write else None)


def _service_finder(client: ApiClient) -> Callable[[Any, frozenset[Place]], FoundFixes]:
    def find(document: Any, declined: frozenset[Place]) -> FoundFixes:
        body = json.dumps({"document": document, "fixes": True})
        findings = client.call("POST", "/v1/previews", body)["findings"]
        return tuple((_fault(one), _fix(one)) for one in findings)

    return find


def _fault(finding: Mapping[str, Any]) -> Fault:
    return Fault(finding["code"], finding["pointer"], finding["detail"])


def _fix(finding: Mapping[str, Any]) -> Fix | None:
    patch = finding.get("fix")
    return Fix(tuple(patch), finding.get("fix_detail", "")) if patch else None


def _ask(write: bool, yes: bool) -> Callable[[Fault, Fix], bool]:
    """What decides about each fix: the person, if the document is written and not all is agreed."""
    if not write or yes:
        return lambda finding, fix: True
    if not is_interactive() or click.get_current_context().meta.get(AS_JSON):
        raise CommandError("Add --yes: there is nobody to ask about each fix.")
    return lambda finding, fix: click.confirm(
        f"{_place(finding)}{finding.detail}\n  {fix.detail}\n  Apply?", default=True, err=True
    )


def is_interactive() -> bool:
    """Whether there is a person to ask."""
    return sys.stdin.isatty()


def _place(finding: Fault) -> str:
    return f"{finding.pointer}: " if finding.pointer else ""


def _result(fixed: FixedDocument, store: Callable[[], str] | None) -> CommandResult:
    lines = []
    for finding, fix in fixed.applied:
        lines += [f"{_place(finding)}{finding.detail}", f"  {fix.detail}"]
        lines += [f"  {json.dumps(operation, ensure_ascii=False)}" for operation in fix.patch]
    lines += [f"{_place(finding)}{finding.detail} (no fix)" for finding in fixed.left]
    if not fixed.applied and not fixed.left:
        lines.append("There is nothing to fix.")
    elif store is None:
        lines.append("Nothing was written. Add --write to apply these fixes.")
    elif fixed.applied:
        lines.append(store())
    json_fields = {
        "success": not fixed.left,
        "written": bool(store and fixed.applied),
        "items": [
            {**fault_json(finding), "fix": list(fix.patch), "fix_detail": fix.detail}
            for finding, fix in fixed.applied
        ],
        "left": [fault_json(finding) for finding in fixed.left],
    }
    return CommandResult("\n".join(lines), json_fields, EXIT_NO if fixed.left else EXIT_OK)


def _written_like(text: str, before: Any, after: Any) -> str:
    """The new document, indented as the file is; 2 spaces if the file is indented by hand."""
    for indent in _INDENTS:
        if json.dumps(before, ensure_ascii=False, indent=indent) == text.strip():
            return json.dumps(after, ensure_ascii=False, indent=indent) + "\n"
    return json.dumps(after, ensure_ascii=False, indent=2) + "\n"


def is_file(folder: Path, name: str) -> bool:
    """Whether a name is that of a document on disk."""
    return name.endswith(".json") or (folder / f"{name}.json").is_file()
