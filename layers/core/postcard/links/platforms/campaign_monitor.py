"""Campaign Monitor: personalization tags in brackets."""

from postcard.links.platforms.mail_platform import DESCRIBED_BY_OTHERS, MailPlatform, joined_words
from postcard.runtime.lazy_regex import lazy_regex

PLATFORM = MailPlatform(
    name="campaign_monitor",
    title="Campaign Monitor",
    aliases=("campaignmonitor", "createsend"),
    address_tag="[ATTRIBUTE,fallback=]",
    encoding="r",
    stored_address="[ATTRIBUTE,fallback=DEFAULT]",
    stored_attribute="personalizedimageurl",
    attribute_pattern=lazy_regex(r"[A-Za-z][A-Za-z0-9_]{0,99}"),
    example="firstname",
    usual_case=joined_words,
    source=DESCRIBED_BY_OTHERS,
    documentation=(
        "https://help.oneclickpolitics.com/hc/en-us/articles/"
        "228081588-How-do-I-personalize-a-campaign"
    ),
    note="Pages of its resellers show the tag. How it escapes was not found.",
    paste="the HTML of a template that you import",
    trap="Write fallback= into the tag, even empty: the tag without it is another one.",
    tag_pattern=lazy_regex(r"\[[^\[\]]{1,200}\]"),
    tag_joints=lazy_regex(r"(?<=\[)(?=[^\[\]]{1,200}\])"),
)
