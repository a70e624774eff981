"""Mandrill, which is Mailchimp Transactional: Handlebars."""

from postcard.links.platforms.mail_platform import (
    DESCRIBED_BY_OTHERS,
    HANDLEBARS_VALUE_OR_DEFAULT,
    IDENTIFIER,
    MailPlatform,
)
from postcard.runtime.lazy_regex import lazy_regex

PLATFORM = MailPlatform(
    name="mandrill",
    title="Mailchimp Transactional (Mandrill)",
    aliases=("mailchimp_transactional",),
    address_tag="{{url ATTRIBUTE}}",
    encoding="u",
    alt_block=HANDLEBARS_VALUE_OR_DEFAULT,
    stored_address=HANDLEBARS_VALUE_OR_DEFAULT,
    attribute_pattern=IDENTIFIER,
    example="first_name",
    source=DESCRIBED_BY_OTHERS,
    note="The helper is that of the npm package mandrill-template-helpers.",
    paste="a template's code, or the html of a message",
    trap='The message needs "merge_language": "handlebars". Else the tags of *|X|* are filled in.',
    tag_pattern=lazy_regex(r"\*\|[^*|]{1,200}\|\*"),
    tag_joints=lazy_regex(r"(?<=\*)(?=\|)|(?<=\|)(?=\*)|(?<=\{)(?=[{%#])|(?<=[}%#])(?=\})"),
)
