"""Salesforce Marketing Cloud Engagement: AMPscript."""

from postcard.links.platforms.mail_platform import DOCUMENTED, MailPlatform, pascal_case
from postcard.runtime.lazy_regex import lazy_regex


def _expression(attribute: str) -> str:
    """The attribute, in brackets if it has a space or a hyphen."""
    return f"[{attribute}]" if " " in attribute or "-" in attribute else attribute


PLATFORM = MailPlatform(
    name="salesforce",
    title="Salesforce Marketing Cloud Engagement",
    aliases=("salesforce_marketing_cloud", "marketing_cloud", "sfmc", "exacttarget"),
    address_tag="%%=URLEncode(ATTRIBUTE,1,1)=%%",
    encoding="u",
    alt_literal=(
        "%%=Replace(Replace(Replace(IIf(Empty(ATTRIBUTE),'DEFAULT',ATTRIBUTE),'&','&amp;'),"
        "Char(34),'&quot;'),'<','&lt;')=%%"
    ),
    alt_block=(
        "%%[IF EMPTY(ATTRIBUTE) THEN]%%DEFAULT%%[ELSE]%%%%=Replace(Replace(Replace(ATTRIBUTE,"
        "'&','&amp;'),Char(34),'&quot;'),'<','&lt;')=%%%%[ENDIF]%%"
    ),
    stored_address="%%=IIf(Empty(ATTRIBUTE),'DEFAULT',ATTRIBUTE)=%%",
    expression=_expression,
    attribute_pattern=lazy_regex(r"@?[A-Za-z0-9_][\w -]{0,127}"),
    example="FirstName",
    usual_case=pascal_case,
    source=DOCUMENTED,
    documentation=(
        "https://developer.salesforce.com/docs/marketing/marketing-cloud-ampscript/references/"
        "mc-ampscript-http/mc-ampscript-reference-http-url-encode.md"
    ),
    note=(
        "Its page documents URLEncode and its third argument. Others say that it has no function "
        'which HTML-escapes, so alt replaces & " and < one by one.'
    ),
    paste="an HTML block of Content Builder",
    trap="Without the third argument of URLEncode, only a value that is an address is encoded.",
    tag_pattern=lazy_regex(r"%%[^%]{1,200}%%"),
    tag_joints=lazy_regex(r"(?<=%)(?=%)|(?<=\{)(?=[{%#])|(?<=[}%#])(?=\})"),
)
