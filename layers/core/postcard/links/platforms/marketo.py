"""Marketo Engage: tokens of the classic editors."""

from postcard.links.platforms.mail_platform import DOCUMENTED, MailPlatform, owned_by, title_case
from postcard.runtime.lazy_regex import lazy_regex

PLATFORM = MailPlatform(
    name="marketo",
    title="Marketo Engage",
    aliases=("adobe_marketo", "marketo_engage"),
    address_tag="{{ATTRIBUTE}}",
    encoding="r",
    stored_address="{{ATTRIBUTE:default=DEFAULT}}",
    stored_attribute="Personalized Image URL",
    expression=owned_by("lead"),
    attribute_pattern=lazy_regex(r"[A-Za-z][\w -]{0,100}(\.[\w -]{1,100})?"),
    example="First Name",
    usual_case=title_case,
    source=DOCUMENTED,
    documentation=(
        "https://experienceleague.adobe.com/en/docs/marketo/using/product-docs/"
        "demand-generation/landing-pages/personalizing-landing-pages/tokens-overview"
    ),
    note=(
        "Its page documents the tokens and their default. That they are HTML-encoded is "
        "described by others and not relied on."
    ),
    paste="the HTML of an e-mail, under Edit Code",
    trap="A token's name is the field's display name, with its spaces and capitals.",
)
