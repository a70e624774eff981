"""Iterable: Handlebars with helpers of its own."""

from postcard.links.platforms.mail_platform import (
    DESCRIBED_BY_OTHERS,
    HANDLEBARS_VALUE_OR_DEFAULT,
    IDENTIFIER,
    MailPlatform,
    camel_case,
)

PLATFORM = MailPlatform(
    name="iterable",
    title="Iterable",
    address_tag="{{#urlEncode}}{{{ATTRIBUTE}}}{{/urlEncode}}",
    encoding="u",
    alt_literal="{{defaultIfEmpty ATTRIBUTE 'DEFAULT'}}",
    alt_block=HANDLEBARS_VALUE_OR_DEFAULT,
    stored_address=HANDLEBARS_VALUE_OR_DEFAULT,
    attribute_pattern=IDENTIFIER,
    example="firstName",
    usual_case=camel_case,
    source=DESCRIBED_BY_OTHERS,
    note="The helpers and the escaping of {{ }} are described by others.",
    paste="a template's HTML, in the code editor",
    trap=(
        "Three braces stand inside urlEncode: with two, the value is HTML-escaped before it is "
        "encoded. Postcard reads that too."
    ),
)
