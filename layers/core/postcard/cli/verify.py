"""`postcard verify`: checks each part of a link and names the wrong one."""

import re
import time
from dataclasses import field
from urllib.parse import urlsplit

import click

from postcard.cli.base_command import Command
from postcard.cli.output import EXIT_ERROR, EXIT_NO, EXIT_OK, CommandError, CommandResult
from postcard.cli.pasted_link import (
    LINK_PATH,
    PUNCTUATION,
    PastedLink,
    mail_software_changes,
)
from postcard.cli.signature_diagnosis import diagnose_signature
from postcard.cli.target import ServiceTarget, target_options
from postcard.errors import BadRequest, Forbidden, NotFound, ServiceUnavailable, UriTooLong
from postcard.image_formats import FORMATS
from postcard.keys.key_set import KeySet
from postcard.links.image_ids import is_valid_image_id
from postcard.links.parse import Link, parse_link
from postcard.links.verify import verify_signature
from postcard.runtime.lazy_dataclass import dataclass
from postcard.timestamps import format_rfc3339


@dataclass
class LinkReport:
    """The checks of a link, as (part, verdict, sentence). One `wrong` part makes the link wrong."""

    checks: list[tuple[str, str, str]] = field(default_factory=list)

    def add(self, part: str, verdict: str, sentence: str) -> None:
        """Add a check; `verdict` is right, note, wrong or unknown."""
        self.checks.append((part, verdict, sentence))

    @property
    def exit_code(self) -> int:
        """0 if the link shows its picture, 1 if something is wrong, 2 if a part is unknown."""
        verdicts = {verdict for _, verdict, _ in self.checks}
        return EXIT_NO if "wrong" in verdicts else EXIT_ERROR if "unknown" in verdicts else EXIT_OK

    def result(self) -> CommandResult:
        """The report as text and JSON."""
        labels = {"right": "ok   ", "note": "note ", "wrong": "WRONG", "unknown": "?    "}
        lines = [f"{labels[verdict]} {part}: {detail}" for part, verdict, detail in self.checks]
        json_fields = {
            "success": self.exit_code == EXIT_OK,
            "parts": [
                {"part": part, "verdict": verdict, "detail": detail}
                for part, verdict, detail in self.checks
            ],
        }
        return CommandResult("\n".join(lines), json_fields, self.exit_code)


@click.command(
    cls=Command, example="postcard verify 'https://pictures.example.com/r/welcome.png?_kid=k1&…'"
)
@click.argument("link")
@click.option(
    "--template/--no-template",
    "check_template",
    default=True,
    show_default=True,
    help="Check the values and open fields against the template, or only the link itself.",
)
@target_options
def verify(target: ServiceTarget, link: str, check_template: bool) -> CommandResult:
    """Check a link and print which part of it is wrong.

    Checks its form, key, signature, expiry, open fields and values. LINK is a link or a whole <img>
    tag, as it is in the source of a mail. Put it in quotes.
    """
    report = LinkReport()
    pasted = PastedLink.parse(link)
    for sentence in pasted.notes:
        report.add("form", "note", sentence)
    _check_host(report, pasted, target)
    if pasted.path.startswith("/i/"):
        _check_image_id(report, pasted, target)
        return report.result()
    try:
        parsed = parse_link(pasted.path, pasted.query)
    except (BadRequest, UriTooLong) as problem:
        report.add("form", "wrong", _form_mistake(pasted) or problem.detail)
        return report.result()
    report.add("form", "right", f"{parsed.template}.{parsed.format}, {_link_summary(parsed)}")
    changes = LinkReport()
    verified = _check_signature(changes, parsed, target)
    for sentence in mail_software_changes(pasted.query, parsed, verified):
        report.add("form", "note", sentence)
    report.checks += changes.checks
    if verified is not None:
        _check_expiry(report, verified)
        if check_template:
            _check_template(report, verified, target)
    return report.result()


def _check_host(report: LinkReport, pasted: PastedLink, target: ServiceTarget) -> None:
    """Report another host than the installation's: the signature does not cover it."""
    if pasted.host is None or (base_url := target.base_url()) is None:
        return
    host = urlsplit(base_url).netloc
    if not _is_same_host(pasted.host, host):
        detail = f"{pasted.host} is not this installation's picture host: its links begin with"
        report.add("host", "wrong", f"{detail} {base_url}/.")


def _is_same_host(one: str, other: str) -> bool:
    def canonical(host: str) -> str:
        return host.lower().replace("localhost:", "127.0.0.1:").removesuffix(":443")

    return canonical(one) == canonical(other)


def _form_mistake(pasted: PastedLink) -> str | None:
    """A sentence about punctuation behind the link; None if that is not what is wrong."""
    path = pasted.path if not pasted.query else ""
    if path and (bare := path.rstrip(PUNCTUATION)) != path and "." in bare:
        return f"ends with {path[len(bare) :]}, which belongs to the text around it: leave it out."
    if re.search("%3f", pasted.path, re.IGNORECASE):
        return "has %3F, where the address has ?: software has percent-encoded it."
    if re.match("/+(?:r|c|i)/", pasted.path, re.IGNORECASE) and not LINK_PATH.match(pasted.path):
        return "the path begins with /r/, /c/ or /i/, in small letters and with one slash."
    return None


def _link_summary(link: Link) -> str:
    version = f"version {link.version}" if link.version else "the latest version"
    return f"{version}, {len(link.fields)} value{'' if len(link.fields) == 1 else 's'}"


def _check_signature(report: LinkReport, link: Link, target: ServiceTarget) -> Link | None:
    """The link as it was signed; None if its key or signature is wrong."""
    keys, key_set = target.link_keys()
    if link.kid not in keys.signing_keys:
        known = ", ".join(keys.signing_keys)
        problem = "was revoked" if _was_revoked(link.kid, key_set) else "does not exist"
        report.add("key", "wrong", f"{link.kid} {problem}. The existing keys are {known}.")
        return None
    state = key_set.signing[link.kid].state if key_set else "minting"
    if state == "verifying":
        detail = f"{link.kid} does not sign new links any more, but its links still work."
        report.add("key", "note", detail)
    else:
        report.add("key", "right", f"{link.kid} ({state}).")
    try:
        verified = verify_signature(keys, link)
    except (Forbidden, BadRequest):
        mistake = diagnose_signature(keys, link)
        report.add("signature", "wrong", mistake or "does not match this path and these values.")
        return None
    report.add("signature", "right", "matches this path and these values.")
    return verified


def _was_revoked(kid: str, key_set: KeySet | None) -> bool:
    """Whether a key of this name existed: k1, k2 and so on up to the key set's serial number."""
    if key_set is None or not kid.startswith("k") or not kid[1:].isdecimal():
        return False
    return int(kid[1:]) <= key_set.serial


def _check_expiry(report: LinkReport, link: Link) -> None:
    if link.expires is None:
        return
    expiry = format_rfc3339(link.expires)
    if link.is_expired(time.time()):
        report.add("time", "wrong", f"expired at {expiry}: the link shows the ended picture.")
    else:
        report.add("time", "right", f"valid until {expiry}.")


def _check_template(report: LinkReport, link: Link, target: ServiceTarget) -> None:
    from postcard.cli.link_diagnosis import diagnose_template

    try:
        diagnose_template(report.add, link, target.template_loader())
    except (ServiceUnavailable, CommandError):
        report.add("template", "note", "could not be loaded, so the values were not checked.")
    except NotFound as problem:
        report.add("template", "wrong", f"{problem.detail} The link shows a plain picture.")


def _check_image_id(report: LinkReport, pasted: PastedLink, target: ServiceTarget) -> None:
    image_id, _, extension = pasted.path.removeprefix("/i/").partition(".")
    if extension not in FORMATS:
        detail = _form_mistake(pasted) or f"has an extension that is none of {', '.join(FORMATS)}."
        report.add("form", "wrong", detail)
    elif is_valid_image_id(target.key_set().link_keys(), image_id):
        report.add("image", "right", f"{image_id} was created by this installation.")
    else:
        report.add("image", "wrong", f"{image_id} was not created by this installation.")
