"""Kit, once ConvertKit: Liquid."""

from postcard.links.platforms.mail_platform import (
    DESCRIBED_BY_OTHERS,
    IDENTIFIER,
    LIQUID_ADDRESS_OR_DEFAULT,
    MailPlatform,
    owned_by,
)

PLATFORM = MailPlatform(
    name="kit",
    title="Kit",
    aliases=("convertkit", "convert_kit"),
    address_tag="{{ ATTRIBUTE | url_encode }}",
    encoding="u",
    alt_literal="{{ ATTRIBUTE | default: 'DEFAULT' | escape }}",
    alt_block="{% if ATTRIBUTE != blank %}{{ ATTRIBUTE | escape }}{% else %}DEFAULT{% endif %}",
    stored_address=LIQUID_ADDRESS_OR_DEFAULT,
    expression=owned_by("subscriber"),
    attribute_pattern=IDENTIFIER,
    example="first_name",
    source=DESCRIBED_BY_OTHERS,
    note="Others use the tag so; its own page was not found.",
    paste="an HTML block of the editor",
    trap="A field of your own is named by its key, such as subscriber.points.",
)
