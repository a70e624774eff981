"""Customer.io: Liquid."""

import re

from postcard.links.platforms.mail_platform import DOCUMENTED, MailPlatform
from postcard.runtime.lazy_regex import lazy_regex


def _expression(attribute: str) -> str:
    """A path; an attribute that is no identifier goes into brackets."""
    if re.fullmatch(r"[A-Za-z_]\w*(\.\w+)+", attribute):
        return attribute
    if re.fullmatch(r"[A-Za-z_]\w*", attribute):
        return f"customer.{attribute}"
    return f"customer['{attribute}']"


PLATFORM = MailPlatform(
    name="customerio",
    title="Customer.io",
    aliases=("customer_io",),
    address_tag="{{ ATTRIBUTE | default: '' | url_encode }}",
    encoding="u",
    alt_literal="{{ ATTRIBUTE | default: 'DEFAULT' | escape }}",
    alt_block="{% if ATTRIBUTE != blank %}{{ ATTRIBUTE | escape }}{% else %}DEFAULT{% endif %}",
    stored_address="{% if ATTRIBUTE != blank %}{{ ATTRIBUTE }}{% else %}DEFAULT{% endif %}",
    expression=_expression,
    attribute_pattern=lazy_regex(r"[A-Za-z_]\w*(\.\w+){0,10}|[\w .-]{1,200}"),
    example="first_name or event.code",
    source=DOCUMENTED,
    documentation="https://docs.customer.io/journeys/liquid-tag-list",
    note=(
        "Its pages document the filters. A missing attribute without a default may stop the mail: "
        "no page was found that says so, but the tag has an empty default for that case."
    ),
    paste="the code editor of a message",
    trap="The tag needs the latest Liquid of the workspace: in the older one escape URL-encodes.",
)
