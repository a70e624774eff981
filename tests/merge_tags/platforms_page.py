"""docs/email/platforms.md: what the acid test found, for each platform and each rewrite."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from postcard.links.platforms.mail_platform import ENCODING_NAMES, MailPlatform
from postcard.links.platforms.registry import all_platforms
from tests.merge_tags.acid import (
    DEFAULT_INSTEAD,
    JOINED,
    LOST,
    RIGHT,
    WRONG,
    Results,
    Tally,
)
from tests.merge_tags.html_parsers import PARSERS, PARSERS_IN_NODE
from tests.merge_tags.merge_links import DEFAULT, usual_attributes
from tests.merge_tags.names import make_names
from tests.merge_tags.rewrites import REWRITES

ByPlatform = Sequence[tuple[MailPlatform, list[Tally]]]
INTRODUCTION = """\
# Mail platforms: what was tested

A merge link holds a merge tag, and the mail platform writes a name there. What arrives at Postcard
went through the platform's template engine, the mail's transport, an HTML parser and, often,
software that rewrites addresses. This page says which words the pictures of {count} awkward names
then show.

`make acid` makes this page: {names} names of each of the seeds {seeds}, in {kinds} kinds, through
{stand_ins} stand-ins of {platforms} platforms, quoted-printable and base64, {parsers} HTML parsers
and {rewrites} treatments of the address: {readings} readings. The edge function and Python read
every address, and agree. The command fails if one picture shows wrong words beyond the list
[below](#what-no-link-can-mend).

**No test ran on a platform itself.** A stand-in is the library nearest to the platform's engine, or
its tag by hand. Where documentation does not say how a platform writes a value, several stand-ins
were tried, and **the worst one counts here**. Send yourself a test mail before you rely on any row.

**The names were made to be awkward**: `AT&T`, `100%Club`, `C++`, `O'Hara`, `7" Decor`,
`<b>Eve</b>`, names in Arabic, Hebrew, Han and Thai, emoji, 300 characters, data that is escaped
already, words such as `null`. Of the {ordinary} readings of ordinary names (letters, spaces, curly
quotation marks, any script, emoji), {ordinary_right} are right.

On a platform that inserts values as they are, the sure way is the
[stored address](stored-address.md): each person's finished address in a contact field.
"""
RAW = "platforms that insert values as they are"
BEYOND = [  # what, where, what the reader sees
    (
        'a `"` in a value',
        f"{RAW} and do not HTML-escape it",
        "the default, and stray attributes in the mail",
    ),
    ("a `#` in a value", RAW, "the default"),
    ("a tab or a line end in a value", RAW, "two words joined"),
    (
        "`+`, `%` before two hex digits, `&&` or a last `&` in a value",
        f"{RAW}, behind a tool that parses the query and writes it anew, form-encoded, so"
        " that the difference is lost",
        "a space for `+`, one `&` for `&&`, or the default",
    ),
    (
        "two or three letters beyond ASCII in a row (`š’`)",
        f"{RAW}, in a mail whose charset is Windows-1252: sometimes they read as UTF-8",
        "another letter",
    ),
    ("`+` in a value", "Salesforce Next, if its helper does not encode", "a space"),
    ("more than about 2,600 characters of encoded value", "all platforms", "the default"),
    ("`&copy` and the like without a semicolon", RAW, "©, as HTML prescribes"),
]


def problems(results: Results) -> list[str]:
    """The faults beyond what no link can mend, one a line with an example."""
    return [
        f"{one.platform} ({one.engine}), {outcome}, {rewrite}, {kind}: {count} times, such as "
        + tally.examples[outcome, rewrite, kind]
        for one, tally in results.items()
        for (outcome, rewrite, kind), count in tally.faults.items()
    ]


def platforms_page(results: Results, *, names: int, seeds: Sequence[int]) -> str:
    """The page; the worst stand-in of a platform counts."""
    by_platform = [
        (platform, [tally for one, tally in results.items() if one.platform == platform.name])
        for platform in all_platforms()
        if platform.name != "custom"
    ]
    readings = sum(tally.readings.total() for tally in results.values())
    ordinary = sum(tally.ordinary_readings for tally in results.values())
    ordinary_wrong = sum(tally.ordinary_wrong for tally in results.values())
    text = INTRODUCTION.format(
        count=f"{names * len(seeds):,}",
        names=f"{names:,}",
        seeds=" and ".join(map(str, seeds)),
        kinds=len({name.kind for name in make_names(100, 1)}),
        stand_ins=len(results),
        platforms=len(by_platform),
        parsers=len(PARSERS) + len(PARSERS_IN_NODE),
        rewrites=len(REWRITES),
        readings=f"{readings:,}",
        ordinary=f"{ordinary:,}",
        ordinary_right=f"{ordinary - ordinary_wrong:,}" if ordinary_wrong else "all",
    )
    sections = [
        text,
        "## Results by platform\n\n" + _results(by_platform),
        "## What no link can mend\n\n" + _beyond_any_link(),
        "## Right words by treatment\n\n" + _by_rewrite(by_platform),
        "## Tags\n\n" + _tags(by_platform),
    ]
    return "\n".join(sections)


def _beyond_any_link() -> str:
    rows = [f"| {' | '.join(cells)} |" for cells in BEYOND]
    end = "\nA picture never shows half a name: a link that was cut shows the default.\n"
    return _table("| what | where | what the reader sees |", rows) + end


def _results(by_platform: ByPlatform) -> str:
    legend = (
        "*Right* are the right words, or the default where the name is empty or says nothing."
        " *Default* is the default though there was a name. *Wrong* counts the seven treatments"
        " other than *written anew*, which the table of treatments has. *Lost* is a refused link, a"
        " broken picture. *Broken mails* are those in which a value left its attribute.\n\n"
    )
    columns = ("platform", "values", "right", "default", "joined", "wrong", "lost")
    head = f"| {' | '.join(columns)} | broken mails | name in `alt` |"
    rows = [
        f"| [{platform.title}]({platform.name}.md) | {ENCODING_NAMES[platform.encoding]} "
        + f"| {_worst(tallies, RIGHT)} | {_worst(tallies, DEFAULT_INSTEAD)} "
        + f"| {_worst(tallies, JOINED)} | {_worst(tallies, WRONG)} | {_worst(tallies, LOST)} "
        + f"| {_broken(tallies)} | {'yes' if _alt_tag(platform) else 'no: the default'} |"
        for platform, tallies in by_platform
    ]
    return legend + _table(head, rows)


def _by_rewrite(by_platform: ByPlatform) -> str:
    legend = (
        "The share of readings with the right words, of the worst stand-in; in brackets the share"
        " with wrong words, where there are any. *Written anew*: a tool parses the query, adds a"
        " parameter and writes it form-encoded. *Trackers* are parameters appended to the"
        " address.\n\n"
    )
    head = "| platform | " + " | ".join(name.replace("&", "`&`", 1) for name in REWRITES) + " |"
    rows = []
    for platform, tallies in by_platform:
        cells = [_right_words(tallies, rewrite) for rewrite in REWRITES]
        rows.append(f"| {platform.title} | {' | '.join(cells)} |")
    return legend + _table(head.replace("`&` as &amp%3B", "`&` as `&amp%3B`"), rows)


def _tags(by_platform: ByPlatform) -> str:
    legend = (
        "*How sure*: `documented` means that the platform's own pages describe the tag,"
        " `described by others` that a public page or program of others does, `not found` that no"
        " page was found.\n\n"
    )
    head = "| platform | `esp` | tag in the address | tag in `alt` | how sure |"
    rows = []
    for platform, _ in by_platform:
        attribute = usual_attributes(platform.name)["first_name"]
        alt = _alt_tag(platform)
        cells = (_code(platform.write_tag(attribute)), _code(alt) if alt else "the default's words")
        rows.append(
            f"| {platform.title} | `{platform.name}` | {' | '.join(cells)} | {platform.source} |"
        )
    return legend + _table(head, rows)


def _alt_tag(platform: MailPlatform) -> str | None:
    return platform.alt_tag(usual_attributes(platform.name)["first_name"], DEFAULT)


def _code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|")


def _table(head: str, rows: Iterable[str]) -> str:
    columns = head.count("|") - 1
    return "\n".join([head, "|" + "---|" * columns, *rows, ""])


def _share(tally: Tally, outcome: str, rewrites: Iterable[str]) -> float:
    counts: Counter[str] = Counter()
    for (rewrite, found), count in tally.readings.items():
        counts[found] += count * (rewrite in rewrites)
    return counts[outcome] / counts.total()


def _worst(tallies: Sequence[Tally], outcome: str) -> str:
    rewrites = [name for name in REWRITES if outcome != WRONG or name != "written anew"]
    shares = [_share(tally, outcome, rewrites) for tally in tallies]
    return _at_least(min(shares)) if outcome == RIGHT else _at_most(max(shares))


def _right_words(tallies: Sequence[Tally], rewrite: str) -> str:
    wrong = max(_share(tally, WRONG, [rewrite]) for tally in tallies)
    right = _at_least(min(_share(tally, RIGHT, [rewrite]) for tally in tallies))
    return f"{right} ({_at_most(wrong)})" if wrong else right


def _at_least(share: float) -> str:
    return f"{math.floor(share * 1000) / 10} %"


def _at_most(share: float) -> str:
    return f"{math.ceil(share * 1000) / 10} %" if share else "0"


def _broken(tallies: Sequence[Tally]) -> str:
    return _at_most(max(tally.broken_mails / tally.mails for tally in tallies))
