"""Marigold Engage by Sailthru: Zephyr."""

from postcard.links.platforms.mail_platform import (
    DOCUMENTED,
    EVERY_BRACE,
    IDENTIFIER,
    MailPlatform,
)

PLATFORM = MailPlatform(
    name="sailthru",
    title="Marigold Engage by Sailthru",
    aliases=("marigold", "marigold_engage"),
    address_tag="{u(ATTRIBUTE)}",
    encoding="u",
    alt_literal="{h(ATTRIBUTE ?: 'DEFAULT')}",
    alt_block="{if ATTRIBUTE}{h(ATTRIBUTE)}{else}DEFAULT{/if}",
    stored_address="{if ATTRIBUTE}{ATTRIBUTE}{else}DEFAULT{/if}",
    attribute_pattern=IDENTIFIER,
    example="first_name",
    source=DOCUMENTED,
    documentation=(
        "https://getstarted.meetmarigold.com/engagebysailthru/Content/developers/"
        "zephyr-functions-library/u.html"
    ),
    note="Its page documents u(). That h() takes ?: within it is described by others.",
    paste="the code of a template",
    trap="Its Composer takes no double quotes in Zephyr.",
    tag_joints=EVERY_BRACE,
)
