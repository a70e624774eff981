"""Smartlead: variables in double braces, spintax in braces."""

from postcard.links.platforms.mail_platform import (
    BRACE_ATTRIBUTE,
    EVERY_BRACE,
    LIQUID_ADDRESS_OR_DEFAULT,
    SECOND_HAND,
    MailPlatform,
)

PLATFORM = MailPlatform(
    name="smartlead",
    title="Smartlead",
    aliases=("smartlead_ai",),
    address_tag="{{ATTRIBUTE}}",
    encoding="r",
    stored_address=LIQUID_ADDRESS_OR_DEFAULT,
    attribute_pattern=BRACE_ATTRIBUTE,
    example="first_name",
    source=SECOND_HAND,
    note=(
        "The tag is second-hand. No page was found that says how it writes values into an address. "
        "That it knows Liquid's conditions is from memory."
    ),
    paste="the sequence's editor, in its HTML view",
    trap="A variable's name is the column's header in the file of leads, letter for letter.",
    tag_joints=EVERY_BRACE,
)
