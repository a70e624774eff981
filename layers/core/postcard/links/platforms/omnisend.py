"""Omnisend: tags in double brackets."""

from postcard.links.platforms.mail_platform import IDENTIFIER, NOT_FOUND, MailPlatform, owned_by
from postcard.runtime.lazy_regex import lazy_regex

PLATFORM = MailPlatform(
    name="omnisend",
    title="Omnisend",
    address_tag="[[ATTRIBUTE]]",
    encoding="r",
    stored_address="[% if ATTRIBUTE %][[ATTRIBUTE]][% else %]DEFAULT[% endif %]",
    stored_attribute="contact.custom_properties.personalized_image_url",
    expression=owned_by("contact"),
    attribute_pattern=IDENTIFIER,
    example="first_name",
    source=NOT_FOUND,
    note="The tag and the condition are from memory.",
    paste="an HTML block of the editor",
    trap="Take a field's tag from the editor's own list of personalization tags.",
    tag_pattern=lazy_regex(r"\[\[[^\[\]]{1,200}\]\]|\[%[^%]{1,200}%\]"),
    tag_joints=lazy_regex(r"(?<=\[)(?=[\[%])|(?<=[\]%])(?=\])"),
)
