"""`postcard verify`: what is right and what is wrong about a link."""

import time
from dataclasses import field

import click

from postcard.cli.command import Command
from postcard.cli.output import EXIT_ERROR, EXIT_NO, EXIT_OK, CommandError, CommandResult
from postcard.cli.pasted_link import PastedLink, mail_software_changes
from postcard.cli.signature_diagnosis import diagnose_signature
from postcard.cli.target import ServiceTarget, target_options
from postcard.errors import BadRequest, Forbidden, NotFound, ServiceUnavailable, UriTooLong
from postcard.links.image_ids import is_valid_image_id
from postcard.links.parse import Link, parse_link
from postcard.links.verify import verify_signature
from postcard.runtime.lazy_dataclass import dataclass
from postcard.timestamps import format_rfc3339


@dataclass
class LinkReport:
    """What was found out, part by part: (part, verdict, sentence). A `wrong` part decides."""

    checks: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, part: str, verdict: str, sentence: str) -> None:
        """`verdict`: right, note, wrong or unknown."""
        self.checks.append((part, verdict, sentence))

    @property
    def exit_code(self) -> int:
        """0 the picture shows as it was meant, 1 it does not, 2 it could not be told."""
        verdicts = {verdict for _, verdict, _ in self.checks}
        return EXIT_NO if "wrong" in verdicts else EXIT_ERROR if "unknown" in verdicts else EXIT_OK

    def result(self) -> CommandResult:
        """For people and programs."""
        marks = {"right": "ok   ", "note": "note ", "wrong": "WRONG", "unknown": "?    "}
        lines = [f"{marks[verdict]} {part}: {said}" for part, verdict, said in self.checks]
        facts = {
            "success": self.exit_code == EXIT_OK,
            "parts": [
                {"part": part, "verdict": verdict, "detail": said}
                for part, verdict, said in self.checks
            ],
        }
        return CommandResult("\n".join(lines), facts, self.exit_code)


@click.command(
    cls=Command, example="postcard verify 'https://pictures.example.com/r/welcome.png?_kid=k1&…'"
)
@click.argument("link")
@click.option("--template/--no-template", "ask", default=True, help="Ask the template, too.")
@target_options
def verify(target: ServiceTarget, link: str, ask: bool) -> CommandResult:
    """Say which part of LINK is wrong: its form, key, signature, time, open fields or values.

    LINK may be an address as it stands in a mail's source, or a whole <img> tag.
    """
    findings = LinkReport()
    text = PastedLink.parse(link)
    if text.path.startswith("/i/"):
        _check_image_id(findings, text, target)
        return findings.result()
    try:
        read = parse_link(text.path, text.query)
    except (BadRequest, UriTooLong) as problem:
        findings.add("form", "wrong", problem.detail)
        return findings.result()
    findings.add("form", "right", f"{read.template}.{read.format}, {_link_summary(read)}")
    for sentence in mail_software_changes(text.query):
        findings.add("form", "note", sentence)
    if _check_signature(findings, read, target):
        _check_expiry(findings, read)
        if ask:
            _check_template(findings, read, target)
    return findings.result()


def _link_summary(link: Link) -> str:
    version = f"version {link.version}" if link.version else "the latest version"
    return f"{version}, {len(link.fields)} value{'' if len(link.fields) == 1 else 's'}"


def _check_signature(report: LinkReport, link: Link, target: ServiceTarget) -> bool:
    keys, key_set = target.link_keys()
    if link.kid not in keys.signing_keys:
        known = ", ".join(keys.signing_keys)
        gone = key_set is not None and link.kid[1:].isdecimal() and link.kid[0] == "k"
        revoked = gone and key_set is not None and int(link.kid[1:]) <= key_set.serial
        why = "was revoked" if revoked else "is not known"
        report.add("key", "wrong", f"{link.kid} {why}; the keys are {known}.")
        return False
    state = key_set.signing[link.kid].state if key_set else "minting"
    verdict = "note" if state == "verifying" else "right"
    said = {"verifying": "retired: it signs nothing new, its links stay good"}.get(state, state)
    report.add("key", verdict, f"{link.kid}, {said}.")
    try:
        verify_signature(keys, link)
    except Forbidden:
        told = diagnose_signature(keys, link)
        report.add("signature", "wrong", told or "is not that of this path and these values.")
        return False
    report.add("signature", "right", "is that of this path and these values.")
    return True


def _check_expiry(report: LinkReport, link: Link) -> None:
    if link.expires is None:
        return
    when = format_rfc3339(link.expires)
    if link.is_expired(time.time()):
        report.add("time", "wrong", f"ended at {when}: it shows the ended picture.")
    else:
        report.add("time", "right", f"good until {when}.")


def _check_template(report: LinkReport, link: Link, target: ServiceTarget) -> None:
    from postcard.cli.link_diagnosis import diagnose_template

    try:
        diagnose_template(report.add, link, target.template_loader())
    except (ServiceUnavailable, CommandError):
        report.add("template", "note", "could not be asked; its values were not looked at.")
    except NotFound as problem:
        report.add("template", "wrong", f"{problem.detail} It shows a plain card.")


def _check_image_id(report: LinkReport, text: PastedLink, target: ServiceTarget) -> None:
    name, _, _ = text.path.removeprefix("/i/").partition(".")
    if is_valid_image_id(target.key_set().link_keys(), name):
        report.add("image", "right", f"{name} is an id of ours.")
    else:
        report.add("image", "wrong", f"{name} is no id that was made here.")
