"""Mailgun templates: Handlebars."""

from postcard.links.platforms.mail_platform import (
    DOCUMENTED,
    HANDLEBARS_VALUE_OR_DEFAULT,
    IDENTIFIER,
    MailPlatform,
)
from postcard.runtime.lazy_regex import lazy_regex

PLATFORM = MailPlatform(
    name="mailgun",
    title="Mailgun, stored templates",
    aliases=("mailgun_template", "mailgun_templates"),
    address_tag="{{ATTRIBUTE}}",
    encoding="r",
    escapes_html=True,
    alt_block=HANDLEBARS_VALUE_OR_DEFAULT,
    stored_address=HANDLEBARS_VALUE_OR_DEFAULT,
    attribute_pattern=IDENTIFIER,
    example="first_name",
    source=DOCUMENTED,
    documentation=(
        "https://documentation.mailgun.com/docs/mailgun/user-manual/sending-messages/send-templates"
    ),
    note="Its page says that templates are Handlebars, whose {{ }} escapes ' \" and &.",
    paste="a stored template of the version handlebars",
    trap="Recipient variables of a batch are another language: use mailgun_recipient for them.",
    tag_pattern=lazy_regex(r"%recipient[^%]{0,200}%"),
    tag_joints=lazy_regex(r"(?<=\{)(?=[{%#])|(?<=[}%#])(?=\})|(?<=%)(?=recipient[^%]{0,200}%)"),
)
