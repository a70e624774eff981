"""Smartlead: variables in double braces, spintax in braces."""

from postcard.links.platforms.mail_platform import (
    BRACE_ATTRIBUTE,
    DESCRIBED_BY_OTHERS,
    EVERY_BRACE,
    LIQUID_ADDRESS_OR_DEFAULT,
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
    source=DESCRIBED_BY_OTHERS,
    note=(
        "Others describe the tag. No page was found that says how it writes values into an "
        "address, or that it knows Liquid's conditions."
    ),
    paste="the sequence's editor, in its HTML view",
    trap="A variable's name is the column's header in the file of leads, letter for letter.",
    tag_joints=EVERY_BRACE,
)
