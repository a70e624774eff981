"""The alt text of a merge link: with the reader's words where the platform has a safe tag."""

import re
from collections.abc import Mapping
from dataclasses import replace

from postcard.links.merge_tags import MergeAlt, known_platform, without_merge_tags
from postcard.links.platforms.mail_platform import ZERO_WIDTH_SPACE
from postcard.runtime.lazy_regex import lazy_regex
from postcard.template.bind import BoundValues
from postcard.template.compiled import Template
from postcard.template.liquid.outputs import plain_outputs, replace_outputs
from postcard.template.liquid.parse import parse_template

MAX_TAGS = 100  # in an alt text; with more, none is written
_TAGGED_TYPES = ("text", "number")  # others are drawn in a form of the template's own
_PRIVATE_CHARACTERS = range(0xF0000, 0xFFFFE)
# Text that a tag would join: `{` before `{{ x }}`; `\` keeps Handlebars from filling it in.
_JOINS_NEXT = lazy_regex(r"[{%\\]\Z")
_JOINS_BEFORE = lazy_regex(r"[}%]")


def merge_alt(
    template: Template, values: BoundValues, *, esp: str, open: Mapping[str, str]
) -> MergeAlt:
    """The alt text with a tag of each open field in its place, and else the default's words.

    No value in it becomes a merge tag of the platform.
    """
    parts = list(_tagged_parts(template, values, esp=esp, open=open))
    source = template.document.alt
    parts[::2] = [without_merge_tags(each, esp=esp, template_text=source) for each in parts[::2]]
    for index in range(1, len(parts), 2):
        if _JOINS_NEXT.search(parts[index - 1]):
            parts[index - 1] += ZERO_WIDTH_SPACE
        if _JOINS_BEFORE.match(parts[index + 1]):
            parts[index + 1] = ZERO_WIDTH_SPACE + parts[index + 1]
    return MergeAlt(tuple(parts))


def _tagged_parts(
    template: Template, values: BoundValues, *, esp: str, open: Mapping[str, str]
) -> list[str]:
    """Texts and tags in turn; without a tag the whole text, in which defaults are written."""
    platform = known_platform(esp)
    source, plain = template.document.alt, values.alt_text(template)
    fields = template.document.fields
    names = [n for n in open if n in fields and fields[n].type in _TAGGED_TYPES]
    unused = (c for c in map(chr, _PRIVATE_CHARACTERS) if c not in source and c not in plain)
    tags, markers = {}, {}
    outputs = plain_outputs(source, names)
    for output in outputs if len(outputs) <= MAX_TAGS else ():
        default = _alt_of(template, values, output.source)
        if tag := platform.alt_tag(open[output.name], default):
            markers[output] = next(unused)
            tags[markers[output]] = tag
    if not tags:
        return [plain]
    rendered = _alt_of(template, values, replace_outputs(source, markers))
    parts = re.split(f"([{''.join(tags)}])", rendered)
    return [tags.get(part, part) for part in parts]


def _alt_of(template: Template, values: BoundValues, source: str) -> str:
    return values.alt_text(replace(template, alt_text=parse_template(source)))
