"""HubSpot: personalization tokens of HubL."""

from postcard.links.platforms.mail_platform import (
    DOCUMENTED,
    IDENTIFIER,
    MailPlatform,
    joined_words,
    owned_by,
)

PLATFORM = MailPlatform(
    name="hubspot",
    title="HubSpot",
    address_tag="{{ ATTRIBUTE }}",
    encoding="r",
    stored_address="{{ personalization_token('ATTRIBUTE', 'DEFAULT') }}",
    expression=owned_by("contact"),
    attribute_pattern=IDENTIFIER,
    example="firstname",
    usual_case=joined_words,
    source=DOCUMENTED,
    documentation="https://developers.hubspot.com/docs/cms/hubl/filters",
    note=(
        "Its pages say that filters do not apply to tokens in e-mail, so none encodes a value. "
        "Whether it HTML-escapes values is documented nowhere that we found."
    ),
    paste="an HTML module of a coded template",
    trap=(
        "The documented form of a token with a default has double quotes, which end an attribute: "
        "write it with single quotes, or without its default."
    ),
)
