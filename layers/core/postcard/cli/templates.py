"""`postcard templates`: documents in git, checked here, pushed to and pulled from the API."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from postcard.cli.api_client import Client
from postcard.cli.command import Command, Group
from postcard.cli.output import DONE, NO, Answer, fault_facts, table
from postcard.cli.target import Place, place_options
from postcard.cli.template_files import (
    CONTENT_TYPES,
    FONT_TYPES,
    ID,
    TemplateFile,
    asset_ids,
    named_files,
)
from postcard.errors import BadRequest, Fault, Problem

FOLDER = click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default="templates",
    show_default=True,
    help="Where documents lie as <id>.json, their pictures and fonts in assets/ beside them.",
)


@click.group(cls=Group)
def templates() -> None:
    """Templates in git: check, push, pull."""


@templates.command(cls=Command, example="postcard templates check welcome --strict")
@click.argument("names", nargs=-1)
@FOLDER
@click.option("--strict", is_flag=True, help="Findings count as faults, too.")
def check(names: Sequence[str], folder: Path, strict: bool) -> Answer:
    """Check documents here, without a server: NAMES are ids or paths; else the whole folder."""
    results = [checked(file) for file in named_files(folder, names)]
    lines = []
    for file, faults, findings in results:
        lines += [line(file, fault) for fault in faults]
        lines += [f"{line(file, each)} (finding)" for each in findings]
    bad = [file for file, faults, found in results if faults or (strict and found)]
    good = len(results) - len(bad)
    lines.append(f"{good} good, {len(bad)} with faults" if bad else f"{good} good")
    facts = {
        "success": not bad,
        "items": [
            {
                "id": file.id,
                "errors": [fault_facts(fault) for fault in faults],
                "findings": [fault_facts(finding) for finding in findings],
            }
            for file, faults, findings in results
        ],
    }
    return Answer("\n".join(lines), facts, NO if bad else DONE)


def line(file: TemplateFile, fault: Fault) -> str:
    """A fault with its file, as editors and people find it."""
    return f"{file.path}{fault.pointer}: {fault.detail}"


def checked(file: TemplateFile) -> tuple[TemplateFile, Sequence[Fault], Sequence[Fault]]:
    """A document's faults, and what its publisher should hear all the same."""
    from postcard.lint.findings import check_template as findings_of
    from postcard.template.compiled import Template
    from postcard.template.validation.parse import parse_document

    try:
        text = file.text()
        template = Template.compile(file.id, 1, parse_document(text))
    except BadRequest as problem:
        return file, problem.errors or [Fault(problem.code, "", problem.detail)], ()
    missing = [name for name in asset_ids(text) if file.asset(name) is None]
    faults = [
        Fault("image_unavailable", "", f"There is no assets/{name}.* beside it.")
        for name in missing
    ]
    return file, faults, findings_of(template)


@templates.command(cls=Command, example="postcard templates push welcome")
@click.argument("names", nargs=-1)
@FOLDER
@place_options
def push(names: Sequence[str], folder: Path, place: Place) -> Answer:
    """Publish documents under their files' names, their pictures and fonts uploaded first.

    A document equal to what is published makes no new version. Nothing is sent unless all are good.
    """
    files = named_files(folder, names)
    for file, faults, _ in map(checked, files):
        if faults:
            raise BadRequest(f"{file.path} has faults; nothing was sent.", errors=faults)
    client = place.client()
    assets = {name: path for file in files for name, path in _assets(file).items()}
    with progress(len(assets) + len(files), "Pushing") as step:
        for name, path in assets.items():
            upload(client, name, path)
            step(name)
        answers = []
        for file in files:
            answers.append(put(client, file))
            step(file.id)
    return _pushed(answers)


def _assets(file: TemplateFile) -> dict[str, Path]:
    """What a document names of the files beside it, by the ids they are uploaded under."""
    from postcard.cli.local_fonts import font_files, font_id
    from postcard.cli.target import fonts_folder
    from postcard.errors import refuse
    from postcard.template.validation.parse import parse_document
    from postcard.text.fonts import Fonts

    text = file.text()
    named = {name: path for name in asset_ids(text) if (path := file.asset(name))}
    fonts, faults = font_files(file, parse_document(text), Fonts.load(fonts_folder()))
    refuse(faults)
    return {**{font_id(path): path for paths in fonts.values() for path in paths}, **named}


def _pushed(answers: Sequence[Mapping[str, Any]]) -> Answer:
    rows = [(a["id"], a["version"], len(a["findings"]), a["default_url"]) for a in answers]
    items = [{key: a[key] for key in ("id", "version", "findings", "default_url")} for a in answers]
    return Answer(table(("id", "version", "findings", "address"), rows), {"items": items})


def upload(client: Client, name: str, path: Path) -> None:
    """One picture or font, straight to the store."""
    body, kind = path.read_bytes(), CONTENT_TYPES[path.suffix]
    wish = json.dumps({"id": name, "content_type": kind, "bytes": len(body)})
    client.upload(client.call("POST", "/v1/assets", wish)["upload"], body, kind)
    if path.suffix in FONT_TYPES:
        client.check_fonts()  # one at a time: all together may take longer than a call


def put(client: Client, file: TemplateFile) -> Mapping[str, Any]:
    """Publish one document; a refusal names the file."""
    try:
        return client.call("PUT", f"/v1/templates/{file.id}", file.text())
    except Problem as problem:
        problem.detail = f"{file.path}: {problem.detail}"
        raise


@templates.command(cls=Command, example="postcard templates pull welcome")
@click.argument("ids", nargs=-1)
@FOLDER
@click.option("--overwrite", is_flag=True, help="Replace files that differ from what is published.")
@place_options
def pull(ids: Sequence[str], folder: Path, overwrite: bool, place: Place) -> Answer:
    """Write what is published to <id>.json: IDS, or all templates."""
    client = place.client()
    names = [_checked_id(name) for name in ids] or [t["id"] for t in client.items("/v1/templates")]
    folder.mkdir(parents=True, exist_ok=True)
    outcomes: dict[str, str] = {}
    with progress(len(names), "Pulling") as step:
        for name in names:
            document = client.call("GET", f"/v1/templates/{quote(name)}")["document"]
            outcomes[name] = keep(folder / f"{name}.json", document, overwrite=overwrite)
            step(name)
    differ = [name for name, outcome in outcomes.items() if outcome == "differs"]
    remarks = [f"{folder / name}.json differs: --overwrite replaces it." for name in differ]
    items = [{"id": name, "outcome": outcome} for name, outcome in outcomes.items()]
    text = table(("id", "file"), list(outcomes.items()))
    return Answer(text, {"success": not differ, "items": items}, NO if differ else DONE, remarks)


def _checked_id(name: str) -> str:
    if not ID.fullmatch(name):
        raise click.UsageError(f"{name!r} is no template's id.")
    return name


def keep(path: Path, document: object, *, overwrite: bool) -> str:
    """Write a document unless the file says the same; `new same replaced differs`."""
    text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    if not path.exists():
        path.write_text(text, encoding="utf-8")
        return "new"
    if _same(path.read_text(encoding="utf-8"), document):
        return "same"
    if overwrite:
        path.write_text(text, encoding="utf-8")
    return "replaced" if overwrite else "differs"


def _same(text: str, document: object) -> bool:
    try:
        return json.dumps(json.loads(text)) == json.dumps(document)  # the order of keys, too
    except ValueError:
        return False


@contextmanager
def progress(length: int, label: str) -> Iterator[Callable[[str], None]]:
    """A bar on the terminal; nothing where nobody looks."""
    hidden = not sys.stderr.isatty() or length < 3
    with click.progressbar(
        length=length,
        label=label,
        file=sys.stderr,
        hidden=hidden,
        item_show_func=lambda item: item or "",
    ) as bar:
        yield lambda item: bar.update(1, item)
