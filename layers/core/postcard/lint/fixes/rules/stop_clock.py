"""Removes a countdown or a time that nothing shows as it passes; keeps digits of one width."""

import re
from collections.abc import Iterator

from postcard.errors import Fault
from postcard.lint.fixes.examination import Examination
from postcard.lint.fixes.fix import Fix, describe_layer, excerpt
from postcard.lint.fixes.json_patch import remove, set_value, value_at
from postcard.template.liquid.parse import uses_time
from postcard.text.fonts import DEFAULT_FAMILY

_SENTENCE = re.compile(r"(?:\{\{.*?\}\}|\{%.*?%\}|[^.!?…。])+[.!?…。]*\s*", re.DOTALL)
_LIQUID = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_TABULAR = "tnum"


def remove_countdown(finding: Fault, examined: Examination) -> Iterator[Fix]:
    """The document without it."""
    yield Fix((remove(finding.pointer),), "Remove the countdown, which nothing shows.")


def remove_static_time(finding: Fault, examined: Examination) -> Iterator[Fix]:
    """The text without the sentences that show the time; else without the time."""
    document, pointer = examined.document, finding.pointer
    text = value_at(document, pointer)
    if not isinstance(text, str):
        return
    place = "the alt text" if pointer == "/alt" else f"the text at {pointer}"
    sentences = _SENTENCE.findall(text)
    removed = "".join(one for one in sentences if uses_time(one)).strip()
    rest = "".join(one for one in sentences if not uses_time(one)).strip()
    if rest:
        detail = f"Remove “{excerpt(removed)}” from {place}, where the time would stand still."
        yield Fix((set_value(document, pointer, rest),), detail)
    without_time = re.sub(r"\s+([.,!?…])", r"\1", _LIQUID.sub(_cut_time, text)).strip(" .,:;–-")
    for shorter in (without_time, str(document.get("name") or "")):
        if shorter and not uses_time(shorter):
            detail = f"Cut the time from {place}, where it would stand still: “{excerpt(shorter)}”."
            yield Fix((set_value(document, pointer, shorter),), detail)


def _cut_time(found: re.Match[str]) -> str:
    return "" if uses_time(found[0]) else found[0]


def align_digits(finding: Fault, examined: Examination) -> Iterator[Fix]:
    """The font's digits of one width; else those of the default font."""
    document, pointer = examined.document, finding.pointer
    features = value_at(document, f"{pointer}/features") or []
    words = describe_layer(document, pointer)
    tabular = set_value(document, f"{pointer}/features", sorted({*features, _TABULAR}))
    yield Fix((tabular,), f"Write {words} in digits of one width ({_TABULAR}).")
    font = set_value(document, f"{pointer}/font", DEFAULT_FAMILY)
    yield Fix((font, tabular), f"Write {words} in {DEFAULT_FAMILY}, in digits of one width.")
