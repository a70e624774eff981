"""Omnisend: tags in double brackets."""

from postcard.links.platforms.mail_platform import DOCUMENTED, IDENTIFIER, MailPlatform, owned_by
from postcard.runtime.lazy_regex import lazy_regex

PLATFORM = MailPlatform(
    name="omnisend",
    title="Omnisend",
    address_tag="[[ATTRIBUTE]]",
    encoding="r",
    stored_address="[% if ATTRIBUTE != blank %][[ATTRIBUTE]][% else %]DEFAULT[% endif %]",
    stored_attribute="contact.custom_properties.personalized_image_url",
    expression=owned_by("contact"),
    attribute_pattern=IDENTIFIER,
    example="first_name",
    source=DOCUMENTED,
    documentation=(
        "https://support.omnisend.com/en/articles/"
        "11197418-use-liquid-templating-for-message-personalization"
    ),
    note=(
        "Its page documents Liquid in brackets, with conditions. That a filter encodes values, and "
        "how it escapes, was not found."
    ),
    paste="an HTML block of the editor",
    trap="Take a field's tag from the editor's own list of personalization tags.",
    tag_pattern=lazy_regex(r"\[\[[^\[\]]{1,200}\]\]|\[%[^%]{1,200}%\]"),
    tag_joints=lazy_regex(r"(?<=\[)(?=[\[%])|(?<=[\]%])(?=\])"),
)
