"""Dotdigital: data fields between at signs."""

from postcard.links.platforms.mail_platform import NOT_FOUND, MailPlatform, upper_case
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
    source=NOT_FOUND,
    note="The tag is from memory.",
    paste="the source view of a campaign",
    trap="Data fields are in capitals. Give each field a default value in the account.",
    tag_pattern=lazy_regex(r"@\w{1,64}@"),
    tag_joints=lazy_regex(r"(?<=@)(?=\w{1,64}@)|(?<=\{)(?=[{%#])|(?<=[}%#])(?=\})"),
)
