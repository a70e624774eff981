"""Klaviyo: Django's template language."""

import re

from postcard.links.platforms.mail_platform import DOCUMENTED, MailPlatform
from postcard.runtime.lazy_regex import lazy_regex


def _expression(attribute: str) -> str:
    """The attribute; those that are no identifiers (with a space or a $) need `lookup`."""
    # Django's syntax: no space is allowed beside a filter's colon or bar.
    if re.fullmatch(r"[A-Za-z][\w.]*(\|.+)?", attribute):
        return attribute
    return f"person|lookup:'{attribute}'"


PLATFORM = MailPlatform(
    name="klaviyo",
    title="Klaviyo",
    address_tag="{{ ATTRIBUTE|urlencode }}",
    encoding="u",
    alt_literal="{{ ATTRIBUTE|default:'DEFAULT' }}",
    alt_block="{% if ATTRIBUTE %}{{ ATTRIBUTE }}{% else %}DEFAULT{% endif %}",
    stored_address="{% if ATTRIBUTE %}{{ ATTRIBUTE }}{% else %}DEFAULT{% endif %}",
    stored_attribute="person|lookup:'personalized_image_url'",
    expression=_expression,
    attribute_pattern=lazy_regex(
        r"[A-Za-z][\w.]*(\|[^\x00-\x1f\"{}%<>&#\\]+)?|[^\x00-\x1f'\"{}%<>&#\\|]+"
    ),
    usual_attributes={name: name for name in ("first_name", "last_name", "email", "organization")},
    usual_case=lambda name: f"person|lookup:'{name}'",
    example="first_name or person|lookup:'Points'",
    source=DOCUMENTED,
    documentation="https://developers.klaviyo.com/en/docs/use-filters-to-customize-variables",
    note=(
        "Its pages name the filters and their form. That urlencode is one of them, and that values "
        "are HTML-escaped in alt, is described by others."
    ),
    paste="an HTML block, or the source of a template that you code yourself",
    trap=(
        "Quotation marks must be straight and single, and no space may stand beside : or |. The "
        "visual editor may change both: paste into the source."
    ),
)
