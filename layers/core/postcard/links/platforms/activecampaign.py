"""ActiveCampaign: personalization tags between percent signs."""

from postcard.links.platforms.mail_platform import (
    DOCUMENTED,
    PERCENT_JOINTS,
    PERCENT_TAG,
    MailPlatform,
    upper_case,
)
from postcard.runtime.lazy_regex import lazy_regex

PLATFORM = MailPlatform(
    name="activecampaign",
    title="ActiveCampaign",
    aliases=("active_campaign",),
    address_tag="%ATTRIBUTE%",
    encoding="r",
    stored_address="%ATTRIBUTE%",
    condition=("%IF $ATTRIBUTE%", "%ELSE%", "%/IF%"),
    stored_attribute="PERSONALIZED_IMAGE_URL",
    attribute_pattern=lazy_regex(r"[A-Za-z][A-Za-z0-9_-]{0,99}"),
    example="FIRSTNAME",
    usual_case=upper_case,
    source=DOCUMENTED,
    documentation="https://activecampaign.design/docs/patterns/personalization",
    note=(
        "Its page names the tag only: nothing about encoding or escaping. No page was found for "
        "the condition for an empty field."
    ),
    paste="an HTML block of the campaign designer",
    trap="A tag's name is the field's personalization tag, which stands in its settings.",
    tag_pattern=PERCENT_TAG,
    tag_joints=PERCENT_JOINTS,
)
