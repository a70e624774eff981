"""`postcard merge`: writes a mail with their own picture for each person of a small table."""

import json
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from postcard.cli.base_command import Command
from postcard.cli.output import EXIT_NO, EXIT_OK, CommandError, CommandResult
from postcard.cli.people_file import (
    PeopleOptions,
    columns_of,
    describe_columns,
    describe_table,
    open_people,
    people_options,
)
from postcard.cli.render import DPR_CHOICE
from postcard.cli.target import ServiceTarget, target_options
from postcard.errors import BadRequest, Problem, UriTooLong
from postcard.runtime.lazy_dataclass import dataclass

if TYPE_CHECKING:
    from postcard.campaigns.mail_merge.mail_template import MailTemplate, PersonalPicture
    from postcard.campaigns.tables.row_reader import TableRow
    from postcard.campaigns.tables.table_file import Table
    from postcard.template.compiled import Template

MAX_MAILS = 10_000
MAX_TOTAL_BYTES = 1_000_000_000
_MAX_LISTED = 20  # rows without a mail
_ADDRESS_HEADERS = ("email", "e_mail", "email_address", "e_mail_address", "mail")

Mint = Callable[[list[dict[str, Any]]], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class _Mail:
    """What is made of each row. `to` is the index of the column of addresses, if there is one."""

    html: "MailTemplate"
    subject: "MailTemplate | None"
    to: int | None
    sender: str | None
    is_message: bool


@dataclass(frozen=True, slots=True)
class _BadRow:
    """A row without a mail."""

    number: int
    line: int
    detail: str

    def __str__(self) -> str:
        return f"row {self.number} (line {self.line}): {self.detail}"


@click.command(
    cls=Command,
    example="postcard merge people.csv mail.html -t welcome -o out/\n"
    'postcard merge people.csv mail.html -t welcome --eml --subject "Hi {{ first_name }}" -o out/',
    exit_codes="Exit codes: 0 a mail for every row, 1 some rows have none, 2 the command could not"
    " be carried out, 3 the file cannot be read as a table.",
)
@click.argument("people_file", metavar="PEOPLE.csv", type=click.Path(path_type=Path))
@click.argument("mail_file", metavar="MAIL.html", type=click.Path(path_type=Path))
@click.option(
    "-t",
    "--template",
    "template_id",
    required=True,
    metavar="TEMPLATE_ID",
    help="The published template of the pictures.",
)
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FOLDER",
    help="The folder for the mails, empty or new.",
)
@people_options
@click.option("--eml", is_flag=True, help="Write messages (.eml), which mail programs open.")
@click.option("--subject", help="The subject, with Liquid. Default: the mail's <title>.")
@click.option("--to", metavar="COLUMN", help="The column of e-mail addresses. Default: email.")
@click.option("--from", "sender", metavar="ADDRESS", help="The sender's address for --eml.")
@click.option("--skip-bad", is_flag=True, help="Write the other mails if some rows have none.")
@click.option(
    "--dpr", type=DPR_CHOICE, default="2", show_default=True, help="Pixels per CSS pixel."
)
@target_options
def merge(
    target: ServiceTarget,
    people: PeopleOptions,
    people_file: Path,
    mail_file: Path,
    template_id: str,
    output: str,
    eml: bool,
    subject: str | None,
    to: str | None,
    sender: str | None,
    skip_bad: bool,
    dpr: str,
) -> CommandResult:
    """Write a mail for each of the PEOPLE, at most 10,000, with their own picture.

    MAIL.html is HTML with Liquid: {{ first_name }} is the column "First Name", and {{ picture }}
    the picture as an <img> tag with a text that says what it shows. Values are escaped for HTML.
    For larger lists use a mail platform.
    """
    folder = _output_folder(output)
    if sender and not eml:
        raise click.UsageError("--from needs --eml.")
    source = _read_mail(mail_file)
    with open_people(people_file, people) as table:
        mail = _mail(table, mail_file, source, subject, to, sender, is_message=eml)
        template, mint = _minting(target, template_id, float(dpr))
        mapping = columns_of(table, template, people)
        unmapped = tuple(mapping.unmapped)
        head = f"{people_file} · {describe_table(table)} · {describe_columns(table, mapping)}"
        work = _Work(mail, lambda row: mint(mapping.modifications(row.cells)))
        with _complete_folder(folder) as part:
            work.write(_rows(table), part)
            if work.bad and not skip_bad:
                raise CommandError(_bad_rows(work.bad))
    return work.result(folder, head, unmapped)


def _output_folder(text: str) -> Path:
    """The folder of --output, which is new or empty."""
    if not text:
        raise click.UsageError("--output: name a folder.")
    folder = Path(text)
    if folder.is_symlink() and not folder.exists():
        raise CommandError(f"{folder} is a link to a folder that does not exist.")
    if folder.exists() and not folder.is_dir():
        raise CommandError(f"{folder} is a file. Name a new folder.")
    if folder.exists() and any(folder.iterdir()):
        raise CommandError(f"{folder} is not empty. Name a new folder, or empty it.")
    return folder


def _read_mail(path: Path) -> str:
    from postcard.campaigns.mail_merge.mail_template import MAX_SOURCE_CHARACTERS

    with path.open("rb") as file:
        body = file.read(4 * MAX_SOURCE_CHARACTERS + 1)
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body[: error.start].count(b"\n") + 1
        raise CommandError(f"{path}: line {line} is not UTF-8. Save it as UTF-8.") from None


def _mail(
    table: "Table",
    path: Path,
    source: str,
    subject: str | None,
    to: str | None,
    sender: str | None,
    *,
    is_message: bool,
) -> _Mail:
    from postcard.campaigns.mail_merge.mail_file import address
    from postcard.campaigns.mail_merge.mail_template import MailTemplate

    columns = [*(table.header or (f"column_{n}" for n in range(1, len(table.columns) + 1)))]
    with _faults_of(str(path)):
        html = MailTemplate(source, columns)
    if not html.has_picture:
        raise CommandError(f"{path} shows no picture: write {{{{ picture }}}} where it belongs.")
    index = _address_column(columns, to)
    if is_message and index is None:
        raise CommandError("No column looks like e-mail addresses: name it with --to.")
    with _faults_of("--subject"):
        subject_template = MailTemplate(subject, columns, is_html=False) if subject else None
    with _faults_of("--from"):
        sender = address(sender) if sender else None
    return _Mail(html, subject_template, index, sender, is_message)


@contextmanager
def _faults_of(place: str) -> Iterator[None]:
    from postcard.campaigns.mail_merge.mail_template import MailFault

    try:
        yield
    except MailFault as fault:
        raise CommandError(f"{place}: {fault}") from fault


def _address_column(columns: Sequence[str], chosen: str | None) -> int | None:
    from postcard.campaigns.tables.column_mapping import simple_name

    if chosen is not None:
        if chosen in columns:
            return columns.index(chosen)
        if chosen.isdecimal() and 1 <= int(chosen) <= len(columns):
            return int(chosen) - 1
        raise CommandError(f"--to: the table has no column {chosen[:64]!r}.")
    names = [simple_name(column) for column in columns]
    return next((names.index(name) for name in _ADDRESS_HEADERS if name in names), None)


def _minting(target: ServiceTarget, template_id: str, dpr: float) -> "tuple[Template, Mint]":
    """The template for its columns, and how a row's values become a link."""
    from postcard.cli.api_client import repeated
    from postcard.services.links import LinkRequest

    if target.uses_api():
        client = target.api_client()
        stored = client.call("GET", f"/v1/templates/{template_id}")
        template = _compiled(template_id, stored["document"])

        def mint_by_api(modifications: list[dict[str, Any]]) -> Mapping[str, Any]:
            body = {
                "template_id": template_id,
                "modifications": modifications,
                "on_invalid": "default",
                "dpr": dpr,
            }
            return repeated(lambda: client.call("POST", "/v1/links", json.dumps(body)))

        return template, mint_by_api
    links = target.api_service().links
    loader = target.template_loader()
    loaded = loader.load_effective(loader.usable_record(template_id), None)

    def mint(modifications: list[dict[str, Any]]) -> Mapping[str, Any]:
        request = LinkRequest(
            template_id,
            template_version=loaded.version,
            modifications=modifications,
            on_invalid="default",
            dpr=dpr,
        )
        return links.create(request, now=time.time()).to_json()

    return loaded.template, mint


def _compiled(template_id: str, document: Any) -> "Template":
    from postcard.template.compiled import Template
    from postcard.template.validation.parse import parse_document

    return Template.compile(template_id, 1, parse_document(json.dumps(document)), trusted=True)


def _rows(table: "Table") -> "list[TableRow]":
    from postcard.campaigns.tables.table_refused import TableRefused

    rows = []
    for row in table.rows():
        rows.append(row)
        if len(rows) > MAX_MAILS:
            raise CommandError(
                f"The file has over {MAX_MAILS:,} rows. `postcard batch` makes links for large"
                " lists, which a mail platform sends."
            )
    if not rows:
        raise TableRefused("no_rows", "The file has no rows below its header: add one a person.")
    return rows


class _Work:
    """Writes the mails; `bad` are the rows without one, `with_warnings` those with defaults."""

    def __init__(self, mail: _Mail, mint: "Callable[[TableRow], Mapping[str, Any]]") -> None:
        self._mail, self._mint = mail, mint
        self.written = self._bytes = 0
        self.bad: list[_BadRow] = []
        self.with_warnings: list[int] = []

    def write(self, rows: "Sequence[TableRow]", folder: Path) -> None:
        """Write a mail for each row into the folder."""
        from postcard.campaigns.mail_merge.mail_template import MailFault

        for row in rows:
            try:
                name, body = self._mail_of(row, len(rows))
            except (MailFault, BadRequest, UriTooLong) as fault:  # others concern every row
                self.bad.append(_BadRow(row.number, row.line, _detail(fault)))
                continue
            self._bytes += len(body)
            if self._bytes > MAX_TOTAL_BYTES:
                raise CommandError(f"The mails have over {MAX_TOTAL_BYTES:,} bytes together.")
            (folder / name).write_bytes(body)
            self.written += 1

    def _mail_of(self, row: "TableRow", count: int) -> tuple[str, bytes]:
        from postcard.campaigns.mail_merge.mail_template import MailFault

        if row.fault:
            raise MailFault(row.fault.detail)
        created = self._mint(row)
        file = _mail_file(row, count, self._mail, _picture(created))
        if created["warnings"]:
            self.with_warnings.append(row.number)
        return file

    def result(self, folder: Path, head: str, unmapped: Sequence[str]) -> CommandResult:
        """What was written, which rows have no mail, and which fields no column gives."""
        text = f"{head}\n{folder}: {self.written:,} mail{'' if self.written == 1 else 's'}."
        if self.with_warnings:
            text += (
                f" In {len(self.with_warnings):,} of them the picture shows a default or a"
                " shortened text: `postcard preflight` says which."
            )
        if unmapped:
            text += f"\nNo column gives {', '.join(unmapped)}: every picture shows the default."
        json_fields = {
            "success": not self.bad,
            "folder": str(folder),
            "mails": self.written,
            "unmapped": list(unmapped),
            "rows_with_warnings": self.with_warnings,
            "bad_rows": [{"row": b.number, "line": b.line, "detail": b.detail} for b in self.bad],
        }
        messages = [_bad_rows(self.bad)] if self.bad else []
        return CommandResult(text, json_fields, EXIT_NO if self.bad else EXIT_OK, messages)


def _mail_file(
    row: "TableRow", count: int, mail: _Mail, picture: "PersonalPicture"
) -> tuple[str, bytes]:
    from postcard.campaigns.mail_merge.mail_file import file_name, message, title_of

    html = _rendered("the mail", mail.html, row, picture)
    to = "" if mail.to is None else str(row.cells[mail.to] or "")
    if not mail.is_message:
        return file_name(row.number, count, to, "html"), html.encode()
    subject = _rendered("--subject", mail.subject, row, picture) if mail.subject else title_of(html)
    body = message(html, to=to, subject=subject, sender=mail.sender)
    return file_name(row.number, count, to, "eml"), body


def _rendered(
    place: str, template: "MailTemplate", row: "TableRow", picture: "PersonalPicture"
) -> str:
    from postcard.campaigns.mail_merge.mail_template import MailFault

    try:
        return template.render(row.cells, picture)
    except MailFault as fault:
        raise MailFault(f"{place}, {fault}") from None


def _picture(created: Mapping[str, Any]) -> "PersonalPicture":
    from postcard.campaigns.mail_merge.mail_template import PersonalPicture

    return PersonalPicture(
        created["url"],
        created["img"],
        created["alt"],
        created["display_width"],
        created["display_height"],
    )


def _detail(fault: Exception) -> str:
    if isinstance(fault, Problem):
        return fault.errors[0].detail if fault.errors else fault.detail
    return str(fault)


def _bad_rows(bad: Sequence[_BadRow]) -> str:
    count = "1 row has" if len(bad) == 1 else f"{len(bad):,} rows have"
    lines = [f"{count} no mail:", *(f"  {row}" for row in bad[:_MAX_LISTED])]
    if len(bad) > _MAX_LISTED:
        lines.append(f"  and {len(bad) - _MAX_LISTED:,} more")
    return "\n".join(lines)


@contextmanager
def _complete_folder(folder: Path) -> Iterator[Path]:
    """A folder whose files come into `folder` when all of them are written, or are removed.

    A folder that exists stays the same one, with its permissions: it may be a link, the shell's
    current folder or a mounted disk.
    """
    if folder.is_dir():
        part = Path(tempfile.mkdtemp(prefix=".postcard-", dir=folder))
    else:
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = folder.parent / f".postcard-{secrets.token_hex(8)}"
        part.mkdir()
    try:
        yield part
        if folder.is_dir():
            for path in sorted(part.iterdir()):
                path.replace(folder / path.name)
        else:
            part.replace(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)
