"""Brevo: a template language like Django's."""

from postcard.links.platforms.mail_platform import (
    DOCUMENTED,
    IDENTIFIER,
    MailPlatform,
    owned_by,
    upper_case,
)

PLATFORM = MailPlatform(
    name="brevo",
    title="Brevo",
    aliases=("sendinblue",),
    address_tag="{{ ATTRIBUTE }}",
    encoding="r",
    stored_address="{% if ATTRIBUTE %}{{ ATTRIBUTE }}{% else %}DEFAULT{% endif %}",
    stored_attribute="PERSONALIZED_IMAGE_URL",
    expression=owned_by("contact"),
    attribute_pattern=IDENTIFIER,
    example="FIRSTNAME",
    usual_case=upper_case,
    source=DOCUMENTED,
    documentation="https://help.brevo.com/hc/en-us/articles/4405381108626",
    note="Its page documents the tag. No filter that encodes, and no escaping, was found.",
    paste="an HTML block, or the code editor",
    trap="Attributes of a contact are in capitals; those of a transactional mail are params.x.",
)
