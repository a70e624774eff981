"""All mail platforms by name. A new platform is one file beside this one, and one name here."""

from importlib import import_module

from postcard.links.platforms.mail_platform import MailPlatform
from postcard.name_suggestions import closest_name

PLATFORM_NAMES = (
    "activecampaign",
    "braze",
    "brevo",
    "campaign_monitor",
    "customerio",
    "dotdigital",
    "hubspot",
    "instantly",
    "iterable",
    "kit",
    "klaviyo",
    "lemlist",
    "mailchimp",
    "mailerlite",
    "mailgun",
    "mailgun_recipient",
    "mandrill",
    "marketo",
    "marketo_new",
    "omnisend",
    "postmark",
    "sailthru",
    "salesforce",
    "salesforce_next",
    "sendgrid",
    "smartlead",
    "custom",
)


def find_platform(name: str) -> MailPlatform | None:
    """The platform of this name, whose file is imported now; None if there is none."""
    if name not in PLATFORM_NAMES:
        return None
    platform = import_module(f"postcard.links.platforms.{name}").PLATFORM
    assert isinstance(platform, MailPlatform)
    return platform


def all_platforms() -> list[MailPlatform]:
    """Every platform, `custom` last."""
    found = [find_platform(name) for name in PLATFORM_NAMES]
    return [platform for platform in found if platform]


def find_by_alias(text: str) -> MailPlatform | None:
    """The platform of a name that people use, such as `Customer.io` or `sendinblue`."""
    name = _spellings().get(_plain_spelling(text))
    return find_platform(name) if name else None


def suggested_platform(text: str) -> str | None:
    """The name of the platform that a text most likely means; None if it resembles none.

    >>> suggested_platform("ConvertKit"), suggested_platform("Mailchip")
    ('kit', 'mailchimp')
    """
    spellings = _spellings()
    spelling = _plain_spelling(text)
    close = spelling if spelling in spellings else closest_name(spelling, list(spellings))
    return spellings[close] if close else None


def _spellings() -> dict[str, str]:
    """Each platform's name by its name and its aliases."""
    return {
        spelling: platform.name
        for platform in all_platforms()
        for spelling in (*platform.aliases, platform.name)
    }


def _plain_spelling(text: str) -> str:
    words = "".join(c if c.isalnum() else " " for c in text[:100].lower()).split()
    return "_".join(words)
