"""The merge-tag acid test: awkward names through mail platforms, mail, HTML parsers and rewrites.

For each name and each stand-in of a platform: the platform fills in the `<img>` that the API made,
the mail is encoded and decoded, HTML parsers read it, mail software rewrites the address, a browser
asks for it, and the edge function and Python read it. A *reading* is one of these ways to the end.
"""

import base64
import quopri
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from tests.merge_tags.edge_reader import EdgeReader
from tests.merge_tags.html_parsers import PARSERS_IN_NODE, Element, Parse
from tests.merge_tags.merge_links import DEFAULT, MergeLinks, usual_attributes
from tests.merge_tags.names import Name
from tests.merge_tags.node_process import NodeProcess
from tests.merge_tags.rewrites import Rewrite
from tests.merge_tags.stand_ins import Person, StandIn, variables

MAIL = "<html><head></head><body>{}</body></html>"
FIELD = "first_name"
NAMES_AT_ONCE = 1000
IMAGE_ATTRIBUTES = {"src", "width", "height", "alt", "style"}
LONG_VALUE = 2400  # bytes of an encoded value, above which a link may be cut
ORDINARY_KINDS = ("plain", "one", "curly", "arabic", "hebrew", "han", "thai", "emoji", "nfd")

RIGHT, DEFAULT_INSTEAD, JOINED, WRONG, LOST = "right", "default instead", "joined", "wrong", "lost"
EDGE_DIFFERS = "edge differs"  # from Python
OUTCOMES = (RIGHT, DEFAULT_INSTEAD, JOINED, WRONG, LOST)


class Found(NamedTuple):
    """What an HTML parser sees of a mail; `is_whole` False: a value has left its attribute."""

    source: str | None
    alt: str
    is_whole: bool


@dataclass
class Tally:
    """What became of one stand-in's mails.

    `readings` by rewrite and outcome; `mails` whose value left its attribute; `alts` that say the
    name, the default's word or something else. `faults` are readings beyond what no link can mend,
    with an example each. `ordinary_readings` are those of ordinary names, `ordinary_wrong` those of
    them that are not right.
    """

    readings: Counter[tuple[str, str]] = field(default_factory=Counter)
    mails: int = 0
    broken_mails: int = 0
    alts: Counter[str] = field(default_factory=Counter)
    faults: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str, str], str] = field(default_factory=dict)
    ordinary_readings: int = 0
    ordinary_wrong: int = 0

    def add(self, other: "Tally") -> None:
        self.readings += other.readings
        self.mails += other.mails
        self.broken_mails += other.broken_mails
        self.alts += other.alts
        self.faults += other.faults
        self.examples = {**other.examples, **self.examples}
        self.ordinary_readings += other.ordinary_readings
        self.ordinary_wrong += other.ordinary_wrong


Results = dict[StandIn, Tally]


class JavaScript:
    """The template engines and HTML parsers of stand_ins.mjs, in one Node process."""

    def __init__(self, packages: Path) -> None:
        program = Path(__file__).with_name("stand_ins.mjs")
        self._process = NodeProcess(program, str(packages.resolve()))

    def render(self, stand_in: StandIn, template: str, people: Sequence[Person]) -> list[str]:
        engine = f"{stand_in.platform} {stand_in.engine}"
        names = [
            {name: text for name, text in variables(one).items() if isinstance(text, str)}
            for one in people
        ]
        texts = self._process.ask({"engine": engine, "template": template, "people": names})
        return [str(text) for text in texts]

    def parse(self, parser: str, mails: Sequence[str]) -> list[list[Element]]:
        found: list[list[Element]] = self._process.ask({"parser": parser, "mails": list(mails)})
        return found

    def close(self) -> None:
        self._process.close()


def through_mail(text: str) -> str:
    """A mail's HTML after its transport, which is the same in both encodings of MIME."""
    octets = text.encode().replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    printable = quopri.encodestring(octets)
    assert max(map(len, printable.split(b"\n"))) <= 76
    decoded = quopri.decodestring(printable)
    assert decoded == base64.decodebytes(base64.encodebytes(octets)) == octets
    return decoded.decode()


def _look(elements: Iterable[Element]) -> Found:
    """The `<img>` among a mail's elements; there should be no other element."""
    elements = list(elements)
    image = next((attributes for name, attributes in elements if name == "img"), None)
    if image is None:
        return Found(None, "", is_whole=False)
    is_whole = len(elements) == 1 and set(image) <= IMAGE_ATTRIBUTES
    return Found(image.get("src"), image.get("alt", ""), is_whole)


class Judge:
    """Judges what one field of a picture shows."""

    def __init__(self, links: MergeLinks, field_name: str = FIELD) -> None:
        self._field = field_name
        self.shown = cache(lambda text: links.shown({field_name: text} if text else {})[field_name])
        self.default = self.shown("")
        self.outcome = cache(self._outcome)

    def _outcome(self, name: Name, inserted: str) -> str:
        return self.outcome_of_shown(name, self.shown(inserted))

    def outcome_of_shown(self, name: Name, shown: object) -> str:
        """What it is that the picture shows of this person."""
        if shown in {self.shown(text) for text in name.accepted_texts()}:
            return RIGHT
        if shown == self.default:
            return DEFAULT_INSTEAD
        if shown == self.shown(re.sub(r"[\t\r\n]", "", name.text)):
            return JOINED
        return WRONG


def is_beyond_any_link(
    stand_in: StandIn, encoding: str, rewrite: str, outcome: str, text: str
) -> bool:
    """What no link can mend, however it is written and read: see docs/email/platforms.md."""
    if outcome == DEFAULT_INSTEAD and len(quote(text)) > LONG_VALUE:
        return True
    if encoding != "r" and stand_in.encodes:
        return False
    # A tool that parses and writes a query anew takes `+` for a space, the hex behind a `%` for a
    # byte, and drops an `&` that nothing follows.
    is_written_anew = rewrite == "written anew"
    match outcome:
        case "wrong":
            loses_ampersand = is_written_anew and re.search("&(&|$)", text)
            return bool(loses_ampersand) or (
                "+" in text and (is_written_anew or not stand_in.encodes)
            )
        case "default instead":
            is_cut = "#" in text or (stand_in.is_raw and '"' in text)
            return is_cut or bool(is_written_anew and re.search("%[0-9A-Fa-f]{2}", text))
        case "joined":
            return True
    return False


@dataclass
class AcidTest:
    """The machinery of a run; `javascript` None: without what needs npm's packages."""

    links: MergeLinks
    edge: EdgeReader
    parsers: Mapping[str, Parse]
    rewrites: Mapping[str, Rewrite]
    encodings: Mapping[str, str]  # platform to `u`, `r` or `a`
    javascript: JavaScript | None = None
    distinct_mails: int = 0
    distinct_addresses: int = 0

    def run(self, names: Sequence[Name], stand_ins: Sequence[StandIn]) -> Results:
        judge = Judge(self.links)
        results = {one: Tally() for one in stand_ins}
        tags = {
            name: self.links.image_tag(name, usual_attributes(name))
            for name in sorted({one.platform for one in stand_ins})
        }
        for first in range(0, len(names), NAMES_AT_ONCE):
            some = names[first : first + NAMES_AT_ONCE]
            people: list[Person] = [{FIELD: name.text} for name in some]
            texts = {one: self._render(one, tags[one.platform], people) for one in stand_ins}
            seen = self._parse(dict.fromkeys(text for many in texts.values() for text in many))
            read = self._read(seen.values())
            for one in stand_ins:
                for name, text in zip(some, texts[one], strict=True):
                    self._count(results[one], one, judge, name, seen[text], read)
        return results

    def _render(self, stand_in: StandIn, template: str, people: Sequence[Person]) -> list[str]:
        if stand_in.render is not None:
            return stand_in.render(template, people)
        assert self.javascript is not None
        return self.javascript.render(stand_in, template, people)

    def _parse(self, texts: Iterable[str]) -> dict[str, Counter[Found]]:
        """What the parsers see of each mail, and how many of them see it."""
        mails = {text: through_mail(MAIL.format(text)) for text in texts}
        self.distinct_mails += len(mails)
        seen: dict[str, Counter[Found]] = {
            text: Counter(_look(parse(mail)) for parse in self.parsers.values())
            for text, mail in mails.items()
        }
        if self.javascript is not None:
            for parser in PARSERS_IN_NODE:
                parsed = self.javascript.parse(parser, list(mails.values()))
                for text, elements in zip(mails, parsed, strict=True):
                    seen[text][_look((name, found) for name, found in elements)] += 1
        return seen

    def _read(self, seen: Iterable[Counter[Found]]) -> dict[tuple[str, str], str | None]:
        """The inserted value by source and rewrite; None if the link is refused.

        A value that the edge function and Python read differently is EDGE_DIFFERS.
        """
        sources = dict.fromkeys(found.source for one in seen for found in one if found.source)
        rewritten = {
            (source, name): rewrite(source)
            for source in sources
            for name, rewrite in self.rewrites.items()
        }
        addresses = list(dict.fromkeys(rewritten.values()))
        self.distinct_addresses += len(addresses)
        values = dict(zip(addresses, self._values(addresses), strict=True))
        return {key: values[address] for key, address in rewritten.items()}

    def _values(self, addresses: Sequence[str]) -> list[str | None]:
        readings = self.edge.read(addresses)
        values: list[str | None] = []
        for link, _, canonical in readings:
            if self.links.canonical(link or "") != (canonical or None):
                values.append(EDGE_DIFFERS)
            else:
                inserted = self.links.inserted(canonical) if canonical else None
                values.append(None if inserted is None else inserted.get(FIELD, ""))
        return values

    def _count(
        self,
        tally: Tally,
        stand_in: StandIn,
        judge: Judge,
        name: Name,
        seen: Counter[Found],
        read: Mapping[tuple[str, str], str | None],
    ) -> None:
        tally.mails += 1
        is_broken = any(not found.is_whole for found in seen)
        tally.broken_mails += is_broken
        may_break = stand_in.is_raw and '"' in name.text
        if is_broken and not may_break:
            self._fault(tally, ("broken attribute", "none", name.kind), name.text, "")
        for found, count in seen.items():
            said = _alt_says(judge, name, found.alt)
            tally.alts[said] += count
            if said == WRONG and not may_break:
                self._fault(tally, ("wrong alt", "none", name.kind), name.text, found.alt)
            for rewrite in self.rewrites:
                value = read[found.source, rewrite] if found.source else None
                outcome = LOST if value is None else judge.outcome(name, value)
                outcome = EDGE_DIFFERS if value == EDGE_DIFFERS else outcome
                tally.readings[rewrite, outcome] += count
                is_ordinary = name.kind in ORDINARY_KINDS
                tally.ordinary_readings += count * is_ordinary
                if outcome == RIGHT:
                    continue
                tally.ordinary_wrong += count * is_ordinary
                encoding = self.encodings[stand_in.platform]
                if not is_beyond_any_link(stand_in, encoding, rewrite, outcome, name.text):
                    self._fault(tally, (outcome, rewrite, name.kind), name.text, str(value))

    @staticmethod
    def _fault(tally: Tally, key: tuple[str, str, str], text: str, shown: str) -> None:
        tally.faults[key] += 1
        tally.examples.setdefault(key, f"{text[:80]!r} shows {shown[:80]!r}")


def _alt_says(judge: Judge, name: Name, alt: str) -> str:
    shown: Callable[[str], object] = judge.shown
    if shown(alt) in {shown(f"Hi {shown(text)}") for text in name.accepted_texts()} | {
        shown(f"Hi {text}") for text in name.accepted_texts()
    }:
        return "the name"
    return "the default" if alt == f"Hi {DEFAULT}" else WRONG
