"""Salesforce Marketing Cloud Next: Handlebars."""

from postcard.links.platforms.mail_platform import (
    DOCUMENTED,
    HANDLEBARS_VALUE_OR_DEFAULT,
    IDENTIFIER,
    MailPlatform,
    pascal_case,
)

PLATFORM = MailPlatform(
    name="salesforce_next",
    title="Salesforce Marketing Cloud Next",
    aliases=("marketing_cloud_next",),
    address_tag="{{encodeURIComponent ATTRIBUTE}}",
    encoding="a",
    alt_block=HANDLEBARS_VALUE_OR_DEFAULT,
    stored_address=HANDLEBARS_VALUE_OR_DEFAULT,
    attribute_pattern=IDENTIFIER,
    example="FirstName",
    usual_case=pascal_case,
    source=DOCUMENTED,
    documentation=(
        "https://developer.salesforce.com/docs/marketing/handlebars-for-marketing-cloud-next/"
        "references/mcn-handlebars-http-references/"
        "mcn-handlebars-reference-http-encodeuricomponent.html"
    ),
    note=(
        "Its page documents the helper, but the example leaves & and = as they are. So Postcard "
        "takes the encoding as unknown."
    ),
    paste="an HTML component of the mail's content",
    trap="If the helper encodes nothing, a + in a value may be read as a space.",
)
