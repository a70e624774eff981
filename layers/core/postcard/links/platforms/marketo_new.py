"""Marketo Engage: personalization of the new email designer."""

from postcard.links.platforms.mail_platform import (
    DOCUMENTED,
    IDENTIFIER,
    MailPlatform,
    camel_case,
    owned_by,
)

PLATFORM = MailPlatform(
    name="marketo_new",
    title="Marketo Engage, new email designer",
    aliases=("marketo_email_designer",),
    address_tag="{%=ATTRIBUTE%}",
    encoding="r",
    stored_address="{%=ATTRIBUTE ?: 'DEFAULT'%}",
    stored_attribute="personalizedImageUrl",
    expression=owned_by("lead"),
    attribute_pattern=IDENTIFIER,
    example="firstName",
    usual_case=camel_case,
    source=DOCUMENTED,
    documentation=(
        "https://experienceleague.adobe.com/en/docs/marketo/using/product-docs/email-marketing/"
        "email-designer/personalization-tokens"
    ),
    note=(
        "Its page documents the tokens, and a default in double quotes. That single quotes do as "
        "well is an assumption."
    ),
    paste="an HTML component of the designer",
    trap="The page's form of a default has double quotes, which end an attribute.",
)
