"""Mailgun batch sending: recipient variables."""

from postcard.links.platforms.mail_platform import (
    DOCUMENTED,
    IDENTIFIER,
    PERCENT_JOINTS,
    PERCENT_TAG,
    MailPlatform,
    owned_by,
)

PLATFORM = MailPlatform(
    name="mailgun_recipient",
    title="Mailgun, recipient variables",
    aliases=("mailgun_batch", "mailgun_variables"),
    address_tag="%ATTRIBUTE%",
    encoding="r",
    stored_address="%ATTRIBUTE%",
    expression=owned_by("recipient"),
    attribute_pattern=IDENTIFIER,
    example="first_name",
    source=DOCUMENTED,
    documentation=(
        "https://documentation.mailgun.com/docs/mailgun/user-manual/sending-messages/batch-sending"
    ),
    note="Its page documents the tag. No page was found that says how it writes values.",
    paste="the html of a message that has recipient-variables",
    trap="A variable that a recipient lacks stays in the mail as it is: send an empty text for it.",
    tag_pattern=PERCENT_TAG,
    tag_joints=PERCENT_JOINTS,
)
