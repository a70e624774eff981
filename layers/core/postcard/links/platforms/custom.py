"""Any other platform: the caller writes whole tags."""

from postcard.links.platforms.mail_platform import NOT_FOUND, MailPlatform
from postcard.runtime.lazy_regex import lazy_regex

PLATFORM = MailPlatform(
    name="custom",
    title="Any other platform",
    address_tag="ATTRIBUTE",
    encoding="a",
    stored_address="ATTRIBUTE",
    attribute_pattern=lazy_regex(r"[^\x00-\x1f\x7f]+"),
    example="[[firstname]]",
    source=NOT_FOUND,
    note="The whole tag is yours, with the filter that URL-encodes values if the platform has one.",
    paste="the source of the mail, where HTML stays as it is",
    trap="Write the tag with single quotes and without a default, and send yourself a test mail.",
    tag_pattern=lazy_regex(
        r"\*\|[^*|]{1,200}\|\*|\[\[[^\[\]]{1,200}\]\]|\[%[^%]{1,200}%\]|%%[^%]{1,200}%%"
        r"|<%[^%]{1,200}%>|\$\{[^{}]{1,200}\}|\{\$[^{}]{1,200}\}"
    ),
    # Two characters of punctuation, or one that begins or ends a word.
    tag_joints=lazy_regex(
        r"(?<=[{}\[\]<>()%$#*|~^@=!?_-])(?=[{}\[\]<>()%$#*|~^@=!?_-])"
        r"|(?<=[{\[<%$#*|~^@])(?=\w)|(?<=\w)(?=[}\]>%$#*|~^@])"
    ),
)
