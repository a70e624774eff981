"""`postcard templates`: begins, checks, publishes, downloads and recalls template documents."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from postcard.cli.api_client import ApiClient, list_items
from postcard.cli.base_command import Command, Group
from postcard.cli.number_options import WholeNumber
from postcard.cli.output import (
    EXIT_NO,
    EXIT_OK,
    CommandResult,
    fault_json,
    format_table,
)
from postcard.cli.target import ServiceTarget, target_options
from postcard.cli.template_files import (
    CONTENT_TYPES,
    TEMPLATE_ID,
    TemplateFile,
    asset_ids,
    find_template_file,
    find_template_files,
    is_same_json,
)
from postcard.errors import BadRequest, Fault, Problem

FOLDER_OPTION = click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default="templates",
    show_default=True,
    help="The folder of the documents (<id>.json). Their pictures and fonts are in its folder"
    " assets/.",
)


@click.group(cls=Group)
def templates() -> None:
    """Begin, check, publish and download template documents; recall versions."""


@templates.command(cls=Command, example="postcard templates new summer-sale --design price-drop")
@click.argument("template_id", metavar="ID")
@click.option(
    "--design",
    required=True,
    metavar="NAME",
    help="The design to start from. A name that is none lists them.",
)
@FOLDER_OPTION
@click.option("--overwrite", is_flag=True, help="Replace files that differ from the design's.")
@target_options
def new(
    template_id: str, design: str, folder: Path, overwrite: bool, target: ServiceTarget
) -> CommandResult:
    """Write a design's document to ID.json, and its pictures to assets/.

    Nothing is published: change the file, then publish it with `postcard templates push ID`.
    The pictures have the design's name before theirs, and are uploaded by push.
    """
    from postcard.cli.design_files import write_design

    name = _validate_id(template_id)
    return write_design(target.api_client(), design, name, folder, overwrite=overwrite)


@templates.command(cls=Command, example="postcard templates check welcome --strict")
@click.argument("names", nargs=-1)
@FOLDER_OPTION
@click.option("--strict", is_flag=True, help="Treat findings as errors.")
def check(names: Sequence[str], folder: Path, strict: bool) -> CommandResult:
    """Check documents on disk, without a server.

    NAMES are template ids or paths of files. Without NAMES, all documents of the folder are
    checked. Finds what publishing finds: each example is drawn with the pictures and fonts of the
    folder assets/, and pictures with an https address are fetched.
    """
    from postcard.cli.local_publish import check_file

    results = [check_file(file) for file in find_template_files(folder, names)]
    lines = []
    for result in results:
        lines += [located_fault(result.file, fault) for fault in result.faults]
        lines += [f"{located_fault(result.file, each)} (finding)" for each in result.findings]
    bad = [one.file for one in results if one.faults or (strict and one.findings)]
    good = len(results) - len(bad)
    lines.append(f"{good} good, {len(bad)} with faults" if bad else f"{good} good")
    json_fields = {
        "success": not bad,
        "items": [
            {
                "id": result.file.id,
                "errors": [fault_json(fault) for fault in result.faults],
                "findings": [fault_json(finding) for finding in result.findings],
            }
            for result in results
        ],
    }
    return CommandResult("\n".join(lines), json_fields, EXIT_NO if bad else EXIT_OK)


def located_fault(file: TemplateFile, fault: Fault) -> str:
    """A fault as text, after its file and JSON Pointer."""
    return f"{file.path}{fault.pointer}: {fault.detail}"


@templates.command(cls=Command, example="postcard templates fix welcome --write")
@click.argument("name")
@FOLDER_OPTION
@click.option("--write", is_flag=True, help="Apply the fixes, after a question about each.")
@click.option("--yes", is_flag=True, help="Apply all fixes without questions.")
@target_options
def fix(name: str, folder: Path, write: bool, yes: bool, target: ServiceTarget) -> CommandResult:
    """Show what mends each finding of a template, and apply it.

    NAME is the path of a document, or a template id: that of a document in the folder, else of a
    published template. Each fix was applied and drawn again: its finding is gone, no other came,
    and the rest of the picture is as before. Without --write nothing is changed. With it, the
    file is written, or a new version is published.
    """
    from postcard.cli.fix_templates import fix_file, fix_published, is_file

    if is_file(folder, name):
        return fix_file(find_template_file(folder, name), write=write, yes=yes)
    return fix_published(target.api_client(), _validate_id(name), write=write, yes=yes)


@templates.command(cls=Command, example="postcard templates push welcome")
@click.argument("names", nargs=-1)
@FOLDER_OPTION
@target_options
def push(names: Sequence[str], folder: Path, target: ServiceTarget) -> CommandResult:
    """Upload and publish documents.

    NAMES are template ids or paths of files. Without NAMES, all documents of the folder are
    published. Each template's id is its file name. The pictures and fonts of the documents are
    uploaded first, and replace assets of the same ids. A document that is already published
    unchanged gets no new version. If one document has faults, nothing is sent. Findings are
    printed; they do not prevent publishing.

    With a key that is limited to templates, assets are uploaded for these templates only. It cannot
    replace an asset of the whole account or of other templates.
    """
    from postcard.cli.local_publish import document_faults

    files = find_template_files(folder, names)
    for file in files:
        if faults := document_faults(file):
            raise BadRequest(f"{file.path} has faults, so nothing was sent.", errors=faults)
    client = target.api_client()
    assets = {name: path for file in files for name, path in _referenced_assets(file).items()}
    with progress_bar(len(assets) + len(files), "Pushing") as step:
        for name, path in assets.items():
            upload_asset(client, name, path)
            step(name)
        responses = []
        for file in files:
            responses.append(publish_file(client, file))
            step(file.id)
    return _push_result([file.path for file in files], responses)


def _referenced_assets(file: TemplateFile) -> dict[str, Path]:
    """The picture and font files that a document uses, by asset id."""
    from postcard.cli.local_fonts import font_files, font_id
    from postcard.cli.target import load_fonts
    from postcard.errors import raise_faults
    from postcard.template.validation.parse import parse_document

    text = file.text()
    named_assets = {name: path for name in asset_ids(text) if (path := file.asset_path(name))}
    fonts, faults = font_files(file, parse_document(text), load_fonts())
    raise_faults(faults)
    font_assets = {font_id(path): path for paths in fonts.values() for path in paths}
    return {**font_assets, **named_assets}


def _push_result(paths: Sequence[Path], responses: Sequence[Mapping[str, Any]]) -> CommandResult:
    rows = [(r["id"], r["version"], len(r["findings"]), r["default_url"]) for r in responses]
    items = [
        {key: r[key] for key in ("id", "version", "findings", "default_url")} for r in responses
    ]
    messages = [
        f"{path}{found['pointer']}: {found['detail']} (finding)"
        for path, response in zip(paths, responses, strict=True)
        for found in response["findings"]
    ]
    table = format_table(("id", "version", "findings", "picture"), rows)
    return CommandResult(table, {"success": True, "items": items}, messages=messages)


def upload_asset(client: ApiClient, name: str, path: Path) -> None:
    """Upload one picture or font as an asset; `CommandError` if the API refuses it."""
    body, content_type = path.read_bytes(), CONTENT_TYPES[path.suffix]
    asset = {"id": name, "content_type": content_type, "bytes": len(body), "replace": True}
    with _names_file(path):
        upload = client.call("POST", "/v1/assets", json.dumps(asset))["upload"]
    client.upload(upload, body, content_type)
    checked = client.call("GET", f"/v1/assets/{quote(name)}")
    if checked["detail"]:
        detail = f"{path}: {checked['detail']}"
        raise BadRequest(detail, errors=[Fault("image_unavailable", "", detail)])


def publish_file(client: ApiClient, file: TemplateFile) -> Mapping[str, Any]:
    """Publish one document."""
    with _names_file(file.path):
        return client.call("PUT", f"/v1/templates/{file.id}", file.text())


@contextmanager
def _names_file(path: Path) -> Iterator[None]:
    """Puts the file's path before the detail of an error response."""
    try:
        yield
    except Problem as problem:
        problem.detail = f"{path}: {problem.detail}"
        raise


@templates.command(cls=Command, example="postcard templates pull welcome")
@click.argument("ids", nargs=-1)
@FOLDER_OPTION
@click.option(
    "--overwrite", is_flag=True, help="Replace files that differ from the published document."
)
@target_options
def pull(ids: Sequence[str], folder: Path, overwrite: bool, target: ServiceTarget) -> CommandResult:
    """Download published documents to <id>.json.

    IDS are template ids. Without IDS, all published templates are downloaded, but not drafts.
    Pictures and fonts are not. A file has the bytes that were published.
    """
    client = target.api_client()
    names = [_validate_id(name) for name in ids] or [
        t["id"] for t in list_items(client.call, "/v1/templates") if t["version"] is not None
    ]
    folder.mkdir(parents=True, exist_ok=True)
    outcomes: dict[str, str] = {}
    with progress_bar(len(names), "Pulling") as step:
        for name in names:
            text = client.text(f"/v1/templates/{quote(name)}/document")
            outcomes[name] = write_document(folder / f"{name}.json", text, overwrite=overwrite)
            step(name)
    differ = [name for name, outcome in outcomes.items() if outcome == "differs"]
    messages = [
        f"{folder / name}.json differs from the published document. Use --overwrite to replace it."
        for name in differ
    ]
    items = [{"id": name, "outcome": outcome} for name, outcome in outcomes.items()]
    text = format_table(("id", "file"), list(outcomes.items()))
    return CommandResult(
        text, {"success": not differ, "items": items}, EXIT_NO if differ else EXIT_OK, messages
    )


@templates.command(
    cls=Command, example="postcard templates recall discount-coupon 3 --replaced-by 4"
)
@click.argument("template_id", metavar="ID")
@click.argument("version", type=WholeNumber(1, 999_999))
@click.option(
    "--replaced-by",
    required=True,
    type=WholeNumber(1, 999_999),
    metavar="VERSION",
    help="The version that is drawn instead.",
)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@target_options
def recall(
    template_id: str, version: int, replaced_by: int, yes: bool, target: ServiceTarget
) -> CommandResult:
    """Draw a version's links and images as another version, also in mail that was sent.

    Stored pictures of the VERSION of the template ID are deleted in the background. The same
    command again says how far that is. The API key needs the scope admin.
    """
    name = _validate_id(template_id)
    client = target.api_client()
    if not yes:
        question = f"Draw version {version} of {name} as version {replaced_by} from now on?"
        click.confirm(question, abort=True, err=True)
    path = f"/v1/templates/{quote(name)}/versions/{version}/recall"
    response = client.call("POST", path, json.dumps({"replaced_by": replaced_by}))
    deletion = response["deletion"]
    text = (
        f"Version {version} of {name} is drawn as version {replaced_by}.\n"
        f"Deletion of its stored pictures: {deletion['state']}, {deletion['deleted']} deleted."
    )
    return CommandResult(text, response)


def _validate_id(name: str) -> str:
    if not TEMPLATE_ID.fullmatch(name):
        raise click.UsageError(
            f"{name!r} is not a template id: ids have lower-case letters, digits, - and _."
        )
    return name


def write_document(path: Path, text: str, *, overwrite: bool) -> str:
    """Write a document unless the file has it already: `new`, `same`, `replaced` or `differs`.

    A file that differs in spaces and line breaks only is the same.
    """
    if not path.exists():
        path.write_bytes(text.encode())
        return "new"
    if is_same_json(path.read_text(encoding="utf-8-sig"), text):
        return "same"
    if overwrite:
        path.write_bytes(text.encode())
    return "replaced" if overwrite else "differs"


@contextmanager
def progress_bar(length: int, label: str) -> Iterator[Callable[[str], None]]:
    """A progress bar; hidden if standard error is not a terminal or there are few steps."""
    hidden = not sys.stderr.isatty() or length < 3
    with click.progressbar(
        length=length,
        label=label,
        file=sys.stderr,
        hidden=hidden,
        item_show_func=lambda item: item or "",
    ) as bar:
        yield lambda item: bar.update(1, item)
