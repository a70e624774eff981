"""Counts the findings of a table, chunk by chunk; the counts of chunks are merged in any order."""

import base64
import hashlib
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from postcard.campaigns.preflight.row_check import (
    CODES,
    SEVERITY,
    CheckedRow,
    PreflightRow,
    RowChecker,
)
from postcard.host_patterns import host_of
from postcard.ports import JsonObject

WORST_ROWS = 20  # on the contact sheet
SAMPLED_ROWS = 40  # whose pictures are drawn to estimate their bytes
MAX_HOSTS, MAX_ADDRESSES = 200, 3  # of remote pictures, and of each host
_MAX_CHARACTERS, _MAX_SIZES = 200, 200
_SEATS = 4  # of each finding among the worst rows, before the gravest take the rest


@dataclass(frozen=True, slots=True)
class ReportedRow:
    """A row to show or to draw: its findings as (code, place, detail), the gravest first."""

    badness: tuple[int, float, int]
    number: int
    line: int
    findings: tuple[tuple[str, str, str], ...]
    modifications: Sequence[Mapping[str, Any]] = ()

    @classmethod
    def of(cls, checked: CheckedRow) -> "ReportedRow":
        """The row with its findings in the order of their gravity."""
        findings = sorted(checked.findings, key=lambda each: SEVERITY[each.code])
        row = checked.row
        return cls(
            checked.badness,
            row.number,
            row.line,
            tuple((each.code, each.place, each.detail[:300]) for each in findings[:10]),
            tuple(row.modifications),
        )

    def to_json(self, *, values: bool) -> JsonObject:
        """The row; with `values` the people's values are among it."""
        fields: JsonObject = {
            "row": self.number,
            "line": self.line,
            "findings": [
                {"code": code, "place": place, "detail": detail}
                for code, place, detail in self.findings
            ],
        }
        if values:
            fields |= {"badness": list(self.badness), "modifications": list(self.modifications)}
        return fields

    @classmethod
    def from_json(cls, fields: JsonObject) -> "ReportedRow":
        """The row of `to_json(values=True)`."""
        grave, smallest, number = fields["badness"]
        return cls(
            (grave, smallest, number),
            fields["row"],
            fields["line"],
            tuple((each["code"], each["place"], each["detail"]) for each in fields["findings"]),
            fields["modifications"],
        )


@dataclass(slots=True)
class PreflightCounts:
    """What was found in some rows of a table.

    `findings`: rows by code. `places`: rows by field or text layer and code. `sizes`: rows by text
    layer and font size. `characters`: rows by character that no font has. `worst`: rows by code,
    the worst first. `sample`: rows drawn at random. `digests`: those of the links, sorted.
    `hosts`: uses and some addresses of remote pictures by host.
    """

    rows: int = 0
    with_problems: int = 0  # rows with another finding than that a text shrinks
    findings: Counter[str] = field(default_factory=Counter)
    places: dict[str, Counter[str]] = field(default_factory=dict)
    sizes: dict[str, Counter[str]] = field(default_factory=dict)
    characters: Counter[str] = field(default_factory=Counter)
    worst: dict[str, list[ReportedRow]] = field(default_factory=dict)
    sample: list[tuple[int, ReportedRow]] = field(default_factory=list)
    digests: "array[int]" = field(default_factory=lambda: array("Q"))
    hosts: dict[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)
    unlisted_addresses: int = 0
    longest_link: int = 0
    is_approximate: bool = False

    @property
    def ok(self) -> int:
        """Rows with a picture of their own."""
        return self.rows - self.findings["failed"]

    @property
    def distinct_links(self) -> int:
        """Links that differ from each other: so many pictures are drawn if all are opened."""
        return sum(1 for _ in groupby(self.digests))

    @property
    def duplicate_links(self) -> int:
        """Rows whose link another row has already."""
        return len(self.digests) - self.distinct_links

    def worst_rows(self, count: int = WORST_ROWS) -> list[ReportedRow]:
        """The worst rows, a few of each finding first so that none of them is missed."""
        by_number: dict[int, ReportedRow] = {}
        for seats in (_SEATS, count):
            for code in CODES:
                for row in self.worst.get(code, [])[:seats]:
                    if len(by_number) < count:
                        by_number.setdefault(row.number, row)
        return sorted(by_number.values(), key=lambda row: row.badness)

    def add(self, checked: CheckedRow) -> None:
        """Count one row."""
        self.rows += 1
        if checked.link_length:
            self._add_picture(checked)
        for address in checked.addresses:
            self._add_address(address)
        if checked.findings:
            self._add_findings(checked)

    def _add_picture(self, checked: CheckedRow) -> None:
        self.digests.append(checked.link_digest)
        self.longest_link = max(self.longest_link, checked.link_length)
        rank = _sample_rank(checked.row.number)
        if len(self.sample) < SAMPLED_ROWS or rank < self.sample[-1][0]:
            self.sample = _sampled([*self.sample, (rank, ReportedRow.of(checked))])

    def _add_findings(self, checked: CheckedRow) -> None:
        self.with_problems += any(finding.code != "shrunk" for finding in checked.findings)
        for code in {finding.code for finding in checked.findings}:
            self.findings[code] += 1
            worst = self.worst.setdefault(code, [])
            if len(worst) < WORST_ROWS or checked.badness < worst[-1].badness:
                self.worst[code] = _worst([*worst, ReportedRow.of(checked)])
        for code, place in {(finding.code, finding.place) for finding in checked.findings}:
            self.places.setdefault(place, Counter())[code] += 1
        for text in checked.texts:
            if text.font_scale != 1:
                self.sizes.setdefault(text.pointer, Counter())[f"{text.font_size:g}"] += 1
            self.characters.update(text.missing_characters)
        if len(self.characters) > 2 * _MAX_CHARACTERS:
            self.characters = Counter(dict(self.characters.most_common(_MAX_CHARACTERS)))

    def _add_address(self, address: str) -> None:
        host = host_of(address)
        uses, addresses = self.hosts.get(host, (0, ()))
        if not uses and len(self.hosts) >= MAX_HOSTS:
            self.unlisted_addresses += 1
            return
        if len(addresses) < MAX_ADDRESSES and address not in addresses:
            addresses = (*addresses, address)
        self.hosts[host] = (uses + 1, addresses)

    def to_json(self) -> JsonObject:
        """Everything, the values of the worst and of the sampled rows too, for `from_json`."""
        return {
            "rows": self.rows,
            "with_problems": self.with_problems,
            "findings": dict(self.findings),
            "places": {place: dict(counts) for place, counts in self.places.items()},
            "sizes": {place: dict(counts) for place, counts in self.sizes.items()},
            "characters": dict(self.characters),
            "worst": {
                code: [row.to_json(values=True) for row in rows]
                for code, rows in self.worst.items()
            },
            "sample": [[rank, row.to_json(values=True)] for rank, row in self.sample],
            "digests": base64.b64encode(self.digests.tobytes()).decode(),
            "hosts": {host: [uses, list(some)] for host, (uses, some) in self.hosts.items()},
            "unlisted_addresses": self.unlisted_addresses,
            "longest_link": self.longest_link,
            "is_approximate": self.is_approximate,
        }

    @classmethod
    def from_json(cls, fields: JsonObject) -> "PreflightCounts":
        """The counts of `to_json`, of this machine's byte order."""
        digests = array("Q")
        digests.frombytes(base64.b64decode(fields["digests"]))
        return cls(
            rows=fields["rows"],
            with_problems=fields["with_problems"],
            findings=Counter(fields["findings"]),
            places={place: Counter(counts) for place, counts in fields["places"].items()},
            sizes={place: Counter(counts) for place, counts in fields["sizes"].items()},
            characters=Counter(fields["characters"]),
            worst={
                code: [ReportedRow.from_json(row) for row in rows]
                for code, rows in fields["worst"].items()
            },
            sample=[(rank, ReportedRow.from_json(row)) for rank, row in fields["sample"]],
            digests=digests,
            hosts={host: (uses, tuple(some)) for host, (uses, some) in fields["hosts"].items()},
            unlisted_addresses=fields["unlisted_addresses"],
            longest_link=fields["longest_link"],
            is_approximate=fields["is_approximate"],
        )


def preflight_chunk(
    rows: Iterable[PreflightRow],
    checker: RowChecker,
    *,
    on_row: Callable[[CheckedRow], None] | None = None,
) -> PreflightCounts:
    """The counts of some rows; nothing is drawn or stored. `on_row` gets each row's findings."""
    counts = PreflightCounts(is_approximate=checker.forecaster.is_approximate)
    for row in rows:
        checked = checker.check(row)
        counts.add(checked)
        if on_row:
            on_row(checked)
    counts.digests = array("Q", sorted(counts.digests))
    return counts


def merge(chunks: Iterable[PreflightCounts]) -> PreflightCounts:
    """The counts of all chunks together."""
    total = PreflightCounts()
    digests = array("Q")
    for chunk in chunks:
        total.rows += chunk.rows
        total.with_problems += chunk.with_problems
        total.findings.update(chunk.findings)
        for ours, theirs in ((total.places, chunk.places), (total.sizes, chunk.sizes)):
            for place, counter in theirs.items():
                ours.setdefault(place, Counter()).update(counter)
        total.characters.update(chunk.characters)
        for code, rows in chunk.worst.items():
            total.worst[code] = _worst([*total.worst.get(code, []), *rows])
        total.sample = _sampled([*total.sample, *chunk.sample])
        digests.extend(chunk.digests)
        _merge_hosts(total, chunk)
        total.longest_link = max(total.longest_link, chunk.longest_link)
        total.is_approximate |= chunk.is_approximate
    total.characters = Counter(dict(total.characters.most_common(_MAX_CHARACTERS)))
    total.sizes = {
        place: Counter(dict(counts.most_common(_MAX_SIZES)))
        for place, counts in total.sizes.items()
    }
    total.digests = array("Q", sorted(digests))
    return total


def _merge_hosts(total: PreflightCounts, chunk: PreflightCounts) -> None:
    total.unlisted_addresses += chunk.unlisted_addresses
    for host, (uses, addresses) in chunk.hosts.items():
        known_uses, known = total.hosts.get(host, (0, ()))
        if not known_uses and len(total.hosts) >= MAX_HOSTS:
            total.unlisted_addresses += uses
            continue
        together = tuple(dict.fromkeys((*known, *addresses)))[:MAX_ADDRESSES]
        total.hosts[host] = (known_uses + uses, together)


def _worst(rows: Sequence[ReportedRow]) -> list[ReportedRow]:
    return sorted(rows, key=lambda row: row.badness)[:WORST_ROWS]


def _sampled(rows: Sequence[tuple[int, ReportedRow]]) -> list[tuple[int, ReportedRow]]:
    return sorted(rows, key=lambda each: each[0])[:SAMPLED_ROWS]


def _sample_rank(number: int) -> int:
    """A random number that is the same in every run: the rows with the smallest are sampled."""
    digest = hashlib.blake2b(number.to_bytes(8, "big"), digest_size=8).digest()
    return int.from_bytes(digest, "big")
