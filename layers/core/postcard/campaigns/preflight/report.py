"""What preflight found, in plain words and as JSON."""

from collections.abc import Iterator, Mapping, Sequence

from postcard.campaigns.preflight.counts import PreflightCounts, ReportedRow
from postcard.campaigns.preflight.drawing_forecast import names_by_pointer
from postcard.campaigns.preflight.estimates import PictureBytes, mailing_cost
from postcard.campaigns.preflight.remote_hosts import CheckedHost
from postcard.campaigns.preflight.row_check import CODES
from postcard.ports import JsonObject
from postcard.prices.prices import PICTURE_BYTES
from postcard.runtime.lazy_dataclass import dataclass
from postcard.services.links import LONG_LINK
from postcard.template.compiled import Template

WORDS = {
    "failed": "no picture",
    "cut": "text cut",
    "glyph": "missing characters",
    "unfilled": "merge tag not filled",
    "bad_value": "bad value, default shown",
    "too_long": "too long",
    "missing": "required value missing",
    "default": "no value, default shown",
    "long_link": "long link",
    "shrunk": "text shrunk",
    "dead_address": "picture address does not answer",
    "slow_address": "picture address is slow",
    "duplicate_link": "same link as another row",
}
FINDING_CODES = (*CODES, "dead_address", "slow_address", "duplicate_link")
DEFAULT_FAIL_ON = ("failed", "cut", "glyph", "unfilled")
_MAX_LISTED = 5  # rows, hosts, sizes of one line


@dataclass(frozen=True, slots=True)
class PreflightReport:
    """Everything that preflight says of a table. `hosts` None: they were not asked."""

    template: Template
    counts: PreflightCounts
    picture_bytes: PictureBytes | None = None
    hosts: Sequence[CheckedHost] | None = None
    unmapped: Sequence[str] = ()

    def findings(self) -> dict[str, int]:
        """Rows by code of finding; of addresses the number of their uses."""
        found = {code: self.counts.findings.get(code, 0) for code in CODES}
        hosts = self.hosts or ()
        found["dead_address"] = sum(host.uses for host in hosts if host.status == "dead")
        found["slow_address"] = sum(host.uses for host in hosts if host.status == "slow")
        found["duplicate_link"] = self.counts.duplicate_links
        return found

    def fails(self, codes: Sequence[str]) -> bool:
        """Whether a row has one of these findings."""
        found = self.findings()
        return any(found[code] for code in codes)

    def cost(self) -> JsonObject:
        """US dollars of the mailing if every mail is opened once."""
        size = self.picture_bytes.mean if self.picture_bytes else PICTURE_BYTES
        return mailing_cost(self.counts.distinct_links, size)

    def to_json(self) -> JsonObject:
        """The report, without any value of a person but characters that no font has."""
        counts, names = self.counts, names_by_pointer(self.template)
        return {
            "template_id": self.template.id,
            "template_version": self.template.version,
            "rows": counts.rows,
            "right": counts.rows - counts.with_problems,
            "approximate": counts.is_approximate,
            "findings": self.findings(),
            "places": [
                {
                    "place": place,
                    "name": names.get(place, ""),
                    "findings": {code: found[code] for code in CODES if found.get(code)},
                    "sizes": dict(sorted(counts.sizes.get(place, {}).items())),
                }
                for place, found in sorted(counts.places.items())
            ],
            "missing_characters": dict(counts.characters.most_common()),
            "links": {
                "distinct": counts.distinct_links,
                "duplicates": counts.duplicate_links,
                "longest": counts.longest_link,
            },
            "unmapped": list(self.unmapped),
            "hosts": None if self.hosts is None else [host.to_json() for host in self.hosts],
            "unlisted_addresses": counts.unlisted_addresses,
            "picture_bytes": self.picture_bytes.to_json() if self.picture_bytes else None,
            "cost": self.cost(),
            "worst": [row.to_json(values=False) for row in counts.worst_rows()],
        }

    def lines(self) -> Iterator[str]:
        """The report for people."""
        counts = self.counts
        right = counts.rows - counts.with_problems
        yield f"{right:,} of {_rows(counts.rows)} {'is' if right == 1 else 'are'} right."
        yield from self._finding_lines()
        yield from self._size_lines()
        if self.unmapped:
            yield f"No column gives {', '.join(self.unmapped)}: every picture shows the default."
        if counts.characters:
            shown = ", ".join(
                f"{letter} (U+{ord(letter[0]):04X}) in {rows:,}"
                for letter, rows in counts.characters.most_common(_MAX_LISTED)
            )
            yield f"Characters that no font has: {shown}."
        yield self._links_line()
        yield from self._host_lines()
        yield from self._money_lines()
        if counts.is_approximate:
            yield (
                "The template makes room for pictures of unknown proportions: what is said of"
                " texts beside them is approximate."
            )

    def _finding_lines(self) -> Iterator[str]:
        counts, names = self.counts, names_by_pointer(self.template)
        for code in CODES:
            if code == "shrunk" or not counts.findings.get(code):
                continue
            places = [
                f"{place_name(place, names)} {found[code]:,}"
                for place, found in counts.places.items()
                if place and found.get(code)
            ]
            where = f" ({', '.join(places[:_MAX_LISTED])})" if places else ""
            rows = ", ".join(str(row.number) for row in counts.worst[code][:_MAX_LISTED])
            more = ", …" if counts.findings[code] > _MAX_LISTED else ""
            yield f"  {WORDS[code]:28}{counts.findings[code]:>9,}{where}: row {rows}{more}"
            if code == "failed":
                yield from map(_reason, counts.worst[code][:_MAX_LISTED])

    def _size_lines(self) -> Iterator[str]:
        names = names_by_pointer(self.template)
        for place, sizes in sorted(self.counts.sizes.items()):
            by_size = sorted((float(size), rows) for size, rows in sizes.items())
            total = sum(rows for _, rows in by_size)
            (smallest, rows), largest = by_size[0], by_size[-1][0]
            drawn_at = f"{smallest:g} px"
            if largest > smallest:
                drawn_at += f" in {_rows(rows)} and to {largest:g} px at most"
            yield f"{place_name(place, names)} shrinks in {_rows(total)}, to {drawn_at}."

    def _links_line(self) -> str:
        counts = self.counts
        same = f", {_rows(counts.duplicate_links)} with the link of another row"
        return (
            f"Links: {counts.distinct_links:,} different"
            f"{same if counts.duplicate_links else ''}; the longest has"
            f" {counts.longest_link:,} characters (mail software takes {LONG_LINK:,})."
        )

    def _host_lines(self) -> Iterator[str]:
        if self.hosts is None:
            if self.counts.hosts:
                yield f"Pictures of {len(self.counts.hosts):,} other hosts were not asked for."
            return
        for host in self.hosts[:_MAX_LISTED]:
            if host.status == "ok":
                break
            worst = next(each for each in host.addresses if each.status == host.status)
            reason = worst.detail or f"answered after {worst.seconds:.1f} s"
            yield f"{host.host}, {host.uses:,} pictures: {host.status}. {reason}"
        answering = sum(host.status == "ok" for host in self.hosts)
        if self.hosts:
            yield f"{answering:,} of {len(self.hosts):,} hosts of pictures answer."
        if self.counts.unlisted_addresses:
            yield f"{self.counts.unlisted_addresses:,} pictures of further hosts are unchecked."

    def _money_lines(self) -> Iterator[str]:
        if size := self.picture_bytes:
            yield (
                f"A picture has about {size.mean:,} bytes (± {size.margin:,}, from"
                f" {size.sampled} of them)."
            )
        cost = self.cost()
        prices = ", ".join(
            f"${amount:,.2f} in {region}" for region, amount in cost["dollars"].items()
        )
        yield (
            f"If each of the {cost['pictures']:,} pictures is opened once and kept for 90 days,"
            f" that costs {prices}, ${next(iter(cost['each'].values())) * 1000:.3f} a thousand"
            f" (AWS's list prices of {cost['prices_of']})."
        )


def place_name(place: str, names: Mapping[str, str]) -> str:
    """A field's name, or a layer's; layers without a name by their pointer."""
    return names.get(place) or place


def row_caption(row: ReportedRow, names: Mapping[str, str]) -> str:
    """What is wrong with a row, in few words: `text cut: title · bad value: code`."""
    grave = [finding for finding in row.findings if finding[0] != "shrunk"] or row.findings
    places: dict[str, list[str]] = {}
    for code, place, _ in grave:
        places.setdefault(code, []).append(place_name(place, names))
    return " · ".join(
        f"{WORDS[code]}: {', '.join(dict.fromkeys(found))}" if any(found) else WORDS[code]
        for code, found in places.items()
    )


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"


def _reason(row: ReportedRow) -> str:
    """Why a row has no picture."""
    detail = next(detail for code, _, detail in row.findings if code == "failed")
    return f"    row {row.number} (line {row.line}): {detail}"
