"""Mailchimp: merge tags between asterisks and bars."""

from postcard.links.platforms.mail_platform import DESCRIBED_BY_OTHERS, MailPlatform, upper_case
from postcard.runtime.lazy_regex import lazy_regex

PLATFORM = MailPlatform(
    name="mailchimp",
    title="Mailchimp",
    aliases=("intuit_mailchimp",),
    address_tag="*|URL:ATTRIBUTE|*",
    encoding="u",
    stored_address="*|ATTRIBUTE|*",
    condition=("*|IF:ATTRIBUTE|*", "*|ELSE:|*", "*|END:IF|*"),
    stored_attribute="IMAGEURL",
    attribute_pattern=lazy_regex(r"[A-Za-z0-9_]{1,50}"),
    example="FNAME",
    usual_attributes={"first_name": "FNAME", "last_name": "LNAME"},
    usual_case=upper_case,
    max_attribute_length=10,
    source=DESCRIBED_BY_OTHERS,
    documentation="https://mailchimp.com/developer/marketing/docs/merge-fields/",
    note=(
        "Its page describes the tags. That URL: encodes a value is described by others, and so are "
        "the bounds: a tag's name has at most 10 characters, a value 255."
    ),
    paste="a Code block, or a template that you code yourself",
    trap=(
        "A tag's name is not the field's title: look it up under Audience fields and merge tags. "
        "Test mails leave tags unfilled: use a preview with live merge tag info."
    ),
    tag_pattern=lazy_regex(r"\*\|[^*|]{1,200}\|\*"),
    tag_joints=lazy_regex(r"(?<=\*)(?=\|)|(?<=\|)(?=\*)"),
)
