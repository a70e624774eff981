"""Braze: Liquid with attributes in ${…}."""

from postcard.links.platforms.mail_platform import DOCUMENTED, MailPlatform
from postcard.runtime.lazy_regex import lazy_regex


def _expression(attribute: str) -> str:
    return attribute if "${" in attribute else f"${{{attribute}}}"


PLATFORM = MailPlatform(
    name="braze",
    title="Braze",
    address_tag="{{ATTRIBUTE | url_param_escape}}",
    encoding="u",
    alt_literal="{{ATTRIBUTE | default: 'DEFAULT' | escape}}",
    alt_block="{% if ATTRIBUTE != blank %}{{ATTRIBUTE | escape}}{% else %}DEFAULT{% endif %}",
    stored_address="{% if ATTRIBUTE != blank %}{{ATTRIBUTE}}{% else %}DEFAULT{% endif %}",
    stored_attribute="custom_attribute.${personalized_image_url}",
    expression=_expression,
    attribute_pattern=lazy_regex(
        r"[A-Za-z_][\w -]{0,250}|[A-Za-z_][\w.]{0,100}\.\$\{[\w -]{1,250}\}"
    ),
    example="first_name or custom_attribute.${points}",
    usual_attributes={
        "email": "email_address",
        **{name: name for name in ("first_name", "last_name", "city", "country", "gender")},
    },
    usual_case=lambda name: f"custom_attribute.${{{name}}}",
    source=DOCUMENTED,
    documentation=(
        "https://www.braze.com/docs/user_guide/personalization_and_dynamic_content/liquid/"
        "advanced_filters/"
    ),
    note=(
        "Its pages document the filter and its default. What the filter makes of a space is not "
        "documented: %20 and + are both read."
    ),
    paste="an HTML block, or the HTML editor",
    trap=(
        "Standard attributes are ${first_name}, your own are custom_attribute.${points}. The "
        "default in alt does not replace a value of blanks."
    ),
)
