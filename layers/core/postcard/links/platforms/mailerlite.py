"""MailerLite: variables in braces with a dollar sign."""

from postcard.links.platforms.mail_platform import NOT_FOUND, MailPlatform
from postcard.runtime.lazy_regex import lazy_regex

PLATFORM = MailPlatform(
    name="mailerlite",
    title="MailerLite",
    aliases=("mailer_lite",),
    address_tag="{$ATTRIBUTE}",
    encoding="r",
    stored_address="{$ATTRIBUTE|default('DEFAULT')}",
    attribute_pattern=lazy_regex(r"[A-Za-z_]\w{0,99}"),
    example="name",
    usual_attributes={"first_name": "name"},
    source=NOT_FOUND,
    note="No page was found for the tag and its default.",
    paste="a custom HTML block, or the HTML editor",
    trap="The first name is the field name, not first_name.",
    tag_pattern=lazy_regex(r"\{\$[^{}]{1,200}\}"),
    tag_joints=lazy_regex(r"(?<=\{)(?=[${%#])|(?<=[}%#])(?=\})"),
)
