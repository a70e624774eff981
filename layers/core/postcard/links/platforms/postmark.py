"""Postmark templates: Mustachio, which is like Mustache."""

from postcard.links.platforms.mail_platform import DOCUMENTED, IDENTIFIER, MailPlatform

PLATFORM = MailPlatform(
    name="postmark",
    title="Postmark",
    address_tag="{{ATTRIBUTE}}",
    encoding="r",
    escapes_html=True,
    alt_block="{{#ATTRIBUTE}}{{.}}{{/ATTRIBUTE}}{{^ATTRIBUTE}}DEFAULT{{/ATTRIBUTE}}",
    stored_address="{{#ATTRIBUTE}}{{.}}{{/ATTRIBUTE}}{{^ATTRIBUTE}}DEFAULT{{/ATTRIBUTE}}",
    attribute_pattern=IDENTIFIER,
    example="first_name",
    source=DOCUMENTED,
    documentation="https://postmarkapp.com/support/article/1077-template-syntax",
    note="Its page documents the tags. That they escape as Mustache's do is an assumption.",
    paste="a template's code",
    trap='Three braces insert a value as it is, and a " in it ends the address.',
)
