"""SendGrid: dynamic templates, which are Handlebars."""

from postcard.links.platforms.mail_platform import (
    DOCUMENTED,
    HANDLEBARS_VALUE_OR_DEFAULT,
    IDENTIFIER,
    MailPlatform,
)

PLATFORM = MailPlatform(
    name="sendgrid",
    title="Twilio SendGrid",
    aliases=("twilio_sendgrid", "twilio"),
    address_tag="{{ATTRIBUTE}}",
    encoding="r",
    escapes_html=True,
    alt_block=HANDLEBARS_VALUE_OR_DEFAULT,
    stored_address=HANDLEBARS_VALUE_OR_DEFAULT,
    attribute_pattern=IDENTIFIER,
    example="first_name",
    source=DOCUMENTED,
    documentation=(
        "https://www.twilio.com/docs/sendgrid/for-developers/sending-email/using-handlebars"
    ),
    note="Its page documents Handlebars and no helper that encodes; {{ }} escapes ' \" and &.",
    paste="a Code module, or the code editor of a dynamic template",
    trap='Write two braces. Three insert a value as it is, and a " in it ends the address.',
)
