"""Dotdigital: data fields between at signs."""

from postcard.links.platforms.mail_platform import DOCUMENTED, MailPlatform, upper_case
from postcard.runtime.lazy_regex import lazy_regex

PLATFORM = MailPlatform(
    name="dotdigital",
    title="Dotdigital",
    aliases=("dotmailer",),
    address_tag="@ATTRIBUTE@",
    encoding="r",
    stored_address="@ATTRIBUTE@",
    stored_attribute="PERSONALIZED_IMAGE_URL",
    attribute_pattern=lazy_regex(r"[A-Za-z][A-Za-z0-9_]{0,63}"),
    example="FIRSTNAME",
    usual_case=upper_case,
    source=DOCUMENTED,
    documentation=(
        "http://www.dotmailer.co.uk/email_marketing_resources/dotmailer_user_guidance/"
        "setting_if_else_rules_for_personalisation.aspx"
    ),
    note=(
        "An old page of its own shows the tag, and a default that is set with the data field in "
        "the account. How it escapes was not found."
    ),
    paste="the source view of a campaign",
    trap="Data fields are in capitals. The default for an empty one is set in the account.",
    tag_pattern=lazy_regex(r"@\w{1,64}@"),
    tag_joints=lazy_regex(r"(?<=@)(?=\w{1,64}@)|(?<=\{)(?=[{%#])|(?<=[}%#])(?=\})"),
)
