"""lemlist: variables in double braces."""

from postcard.links.platforms.mail_platform import (
    BRACE_ATTRIBUTE,
    EVERY_BRACE,
    LIQUID_ADDRESS_OR_DEFAULT,
    NOT_FOUND,
    MailPlatform,
    camel_case,
)

PLATFORM = MailPlatform(
    name="lemlist",
    title="lemlist",
    address_tag="{{ATTRIBUTE}}",
    encoding="r",
    stored_address=LIQUID_ADDRESS_OR_DEFAULT,
    attribute_pattern=BRACE_ATTRIBUTE,
    example="firstName",
    usual_case=camel_case,
    source=NOT_FOUND,
    note=(
        "No page was found that says how it writes values into an address. That it knows Liquid's "
        "conditions is described by others."
    ),
    paste="the step's editor, in its HTML view",
    trap="A variable's name is the column's header in the file of leads, letter for letter.",
    tag_joints=EVERY_BRACE,
)
