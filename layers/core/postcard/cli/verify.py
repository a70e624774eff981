"""`postcard verify`: what is right and what is wrong about a link."""

import time
from dataclasses import field

import click

from postcard.cli.command import Command
from postcard.cli.output import DONE, FAILED, NO, Answer, CannotDo
from postcard.cli.pasted_link import LinkText, added_by_mail
from postcard.cli.signature_diagnosis import suspicion
from postcard.cli.target import Place, place_options
from postcard.errors import BadRequest, Forbidden, LinkTooLong, NotFound, Unavailable
from postcard.links import verify as links
from postcard.runtime.lazy_dataclass import dataclass
from postcard.timestamps import rfc3339


@dataclass
class Findings:
    """What was found out, part by part: (part, verdict, sentence). A `wrong` part decides."""

    parts: list[tuple[str, str, str]] = field(default_factory=list)

    def note(self, part: str, verdict: str, sentence: str) -> None:
        """`verdict`: right, note, wrong or unknown."""
        self.parts.append((part, verdict, sentence))

    @property
    def code(self) -> int:
        """0 the picture shows as it was meant, 1 it does not, 2 it could not be told."""
        verdicts = {verdict for _, verdict, _ in self.parts}
        return NO if "wrong" in verdicts else FAILED if "unknown" in verdicts else DONE

    def answer(self) -> Answer:
        """For people and programs."""
        marks = {"right": "ok   ", "note": "note ", "wrong": "WRONG", "unknown": "?    "}
        lines = [f"{marks[verdict]} {part}: {said}" for part, verdict, said in self.parts]
        facts = {
            "success": self.code == DONE,
            "parts": [
                {"part": part, "verdict": verdict, "detail": said}
                for part, verdict, said in self.parts
            ],
        }
        return Answer("\n".join(lines), facts, self.code)


@click.command(
    cls=Command, example="postcard verify 'https://pictures.example.com/r/welcome.png?_kid=k1&…'"
)
@click.argument("link")
@click.option("--template/--no-template", "ask", default=True, help="Ask the template, too.")
@place_options
def verify(place: Place, link: str, ask: bool) -> Answer:
    """Say which part of LINK is wrong: its form, key, signature, time, open fields or values.

    LINK may be an address as it stands in a mail's source, or a whole <img> tag.
    """
    findings = Findings()
    text = LinkText.of(link)
    if text.path.startswith("/i/"):
        _image(findings, text, place)
        return findings.answer()
    try:
        read = links.read(text.path, text.query)
    except (BadRequest, LinkTooLong) as problem:
        findings.note("form", "wrong", problem.detail)
        return findings.answer()
    findings.note("form", "right", f"{read.template}.{read.format}, {_shown(read)}")
    for sentence in added_by_mail(text.query):
        findings.note("form", "note", sentence)
    if _signed(findings, read, place):
        _time(findings, read)
        if ask:
            _template(findings, read, place)
    return findings.answer()


def _shown(link: links.Link) -> str:
    version = f"version {link.version}" if link.version else "the latest version"
    return f"{version}, {len(link.fields)} value{'' if len(link.fields) == 1 else 's'}"


def _signed(findings: Findings, link: links.Link, place: Place) -> bool:
    keys, key_set = place.link_keys()
    if link.kid not in keys.signing:
        known = ", ".join(keys.signing)
        gone = key_set is not None and link.kid[1:].isdecimal() and link.kid[0] == "k"
        revoked = gone and key_set is not None and int(link.kid[1:]) <= key_set.serial
        why = "was revoked" if revoked else "is not known"
        findings.note("key", "wrong", f"{link.kid} {why}; the keys are {known}.")
        return False
    state = key_set.signing[link.kid].state if key_set else "minting"
    verdict = "note" if state == "verifying" else "right"
    said = {"verifying": "retired: it signs nothing new, its links stay good"}.get(state, state)
    findings.note("key", verdict, f"{link.kid}, {said}.")
    try:
        links.verify(keys, link)
    except Forbidden:
        told = suspicion(keys, link)
        findings.note("signature", "wrong", told or "is not that of this path and these values.")
        return False
    findings.note("signature", "right", "is that of this path and these values.")
    return True


def _time(findings: Findings, link: links.Link) -> None:
    if link.expires is None:
        return
    when = rfc3339(link.expires)
    if link.ended(time.time()):
        findings.note("time", "wrong", f"ended at {when}: it shows the ended picture.")
    else:
        findings.note("time", "right", f"good until {when}.")


def _template(findings: Findings, link: links.Link, place: Place) -> None:
    from postcard.cli.link_diagnosis import judge

    try:
        judge(findings.note, link, place.library())
    except (Unavailable, CannotDo):
        findings.note("template", "note", "could not be asked; its values were not looked at.")
    except NotFound as problem:
        findings.note("template", "wrong", f"{problem.detail} It shows a plain card.")


def _image(findings: Findings, text: LinkText, place: Place) -> None:
    name, _, _ = text.path.removeprefix("/i/").partition(".")
    if links.is_image_id(place.key_set().link_keys(), name):
        findings.note("image", "right", f"{name} is an id of ours.")
    else:
        findings.note("image", "wrong", f"{name} is no id that was made here.")
