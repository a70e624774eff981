"""`postcard templates new`: writes a design's document and pictures as `push` reads them."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from postcard.cli.api_client import ApiClient
from postcard.cli.output import EXIT_NO, EXIT_OK, CommandError, CommandResult, format_table
from postcard.cli.template_files import CONTENT_TYPES, TEMPLATE_ID, is_same_json
from postcard.errors import Problem
from postcard.ports import JsonObject
from postcard.studio.designs import copy_id, rename_assets

MAX_PICTURES = 100
_SUFFIXES = {content_type: suffix for suffix, content_type in reversed(CONTENT_TYPES.items())}
_PICTURE_URL = re.compile(r"/studio/designs/[\w-]{1,64}/[\w-]{1,64}\.\w{1,8}")


def write_design(
    client: ApiClient, design_id: str, template_id: str, folder: Path, *, overwrite: bool
) -> CommandResult:
    """Write `<template_id>.json` and the design's pictures, which `push` uploads as assets.

    Files that are there with other content keep everything from being written, unless `overwrite`.
    """
    files = _design_files(client, design_id, template_id, folder)
    outcomes = {path: _outcome(path, content) for path, content in files.items()}
    differing = [path for path, outcome in outcomes.items() if outcome == "differs"]
    if differing and not overwrite:
        messages = [
            *(f"{path} is there with other content." for path in differing),
            "Nothing was written. Name another ID, or use --overwrite to replace what differs.",
        ]
        return _result(outcomes, EXIT_NO, messages)
    (folder / "assets").mkdir(parents=True, exist_ok=True)
    for path in files:
        if outcomes[path] != "same":
            path.write_bytes(files[path])
            outcomes[path] = "new" if outcomes[path] == "new" else "replaced"
    return _result(outcomes, EXIT_OK, ())


def _design_files(
    client: ApiClient, design_id: str, template_id: str, folder: Path
) -> dict[Path, bytes]:
    """The content of each file, the document last: it is whole once its pictures are there."""
    path = f"/v1/designs/{quote(design_id)}"
    try:
        design = client.call("GET", path)
    except Problem as problem:
        if problem.status == 404:
            raise _unknown_design(client, design_id) from problem
        raise
    files: dict[Path, bytes] = {}
    asset_ids: dict[str, str] = {}
    for picture in design["assets"][:MAX_PICTURES]:
        copy = copy_id(design["id"], picture["id"])
        files[folder / "assets" / _file_name(copy, picture)] = client.content(picture["url"])
        asset_ids[picture["id"]] = copy
    text = rename_assets(client.text(f"{path}/document"), asset_ids)
    return {**files, folder / f"{template_id}.json": text.encode()}


def _file_name(asset_id: str, picture: Mapping[str, str]) -> str:
    """The file of an asset. The service chooses neither the folder nor the kind of file."""
    suffix = _SUFFIXES.get(picture["content_type"])
    if not (TEMPLATE_ID.fullmatch(asset_id) and _PICTURE_URL.fullmatch(picture["url"]) and suffix):
        raise CommandError(f"This command cannot read the picture {picture}.")
    return asset_id + suffix


def _unknown_design(client: ApiClient, design_id: str) -> CommandError:
    known: list[JsonObject] = client.call("GET", "/v1/designs")["items"]
    names = ", ".join(design["id"] for design in known)
    return CommandError(f"There is no design {design_id!r}. The designs are: {names}.")


def _outcome(path: Path, content: bytes) -> str:
    if not path.exists():
        return "new"
    there = path.read_bytes()
    if there == content:
        return "same"
    is_document = path.suffix == ".json"
    return "same" if is_document and is_same_json(there, content) else "differs"


def _result(outcomes: Mapping[Path, str], exit_code: int, messages: Sequence[str]) -> CommandResult:
    rows = [(str(path), outcome) for path, outcome in reversed(list(outcomes.items()))]
    items = [{"file": path, "outcome": outcome} for path, outcome in rows]
    table = format_table(("file", "outcome"), rows)
    return CommandResult(
        table, {"success": exit_code == EXIT_OK, "items": items}, exit_code, messages
    )
