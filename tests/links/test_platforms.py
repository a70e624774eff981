"""Each mail platform of the registry: its tags, and what they can do to an `<img>`."""

import re
from pathlib import Path

import pytest

from postcard.links import platforms
from postcard.links.platforms.mail_platform import (
    DESCRIBED_BY_OTHERS,
    DOCUMENTED,
    NOT_FOUND,
    MailPlatform,
)
from postcard.links.platforms.registry import (
    PLATFORM_NAMES,
    all_platforms,
    find_platform,
    suggested_platform,
)
from tests.merge_tags.html_parsers import only_image

AWKWARD_DEFAULTS = ["", "there", "O'Brien", 'Ann "A" & <Bob>', "{{ x }} *|X|* %X% [X] @X@ {$X}"]
EVERY_PLATFORM = pytest.mark.parametrize("platform", all_platforms(), ids=lambda each: each.name)


def known(name: str) -> MailPlatform:
    platform = find_platform(name)
    assert platform is not None
    return platform


def image(source: str, alt: str = "") -> dict[str, str]:
    """The attributes of the only tag in an `<img>` with this source and alt, unfilled."""
    return only_image(f'<img src="{source}" alt="{alt}" width="1">')


def attributes(platform: MailPlatform) -> list[str]:
    return [*platform.example.split(" or "), platform.usual_attribute("first_name")]


def test_there_are_at_least_twenty_three_platforms_and_one_file_for_each() -> None:
    assert len(all_platforms()) == len(PLATFORM_NAMES) >= 24
    folder = Path(platforms.__file__).parent
    files = {path.stem for path in folder.glob("*.py")} - {"__init__", "mail_platform", "registry"}
    assert files == set(PLATFORM_NAMES) == {platform.name for platform in all_platforms()}


def test_no_alias_is_the_name_of_another_platform() -> None:
    aliases = [alias for platform in all_platforms() for alias in platform.aliases]
    assert len(aliases) == len(set(aliases))
    assert not set(aliases) & set(PLATFORM_NAMES)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        *[("convertkit", "kit"), ("sendinblue", "brevo"), ("SFMC", "salesforce")],
        *[("Customer.io", "customerio"), ("Campaign Monitor", "campaign_monitor")],
        *[("sendinblu", "brevo"), ("mailchip", "mailchimp"), ("pigeon", None), ("", None)],
        ("x" * 100_000, None),
    ],
)
def test_a_name_that_people_use_suggests_the_platform(text: str, name: str | None) -> None:
    assert suggested_platform(text) == name


@EVERY_PLATFORM
def test_a_platform_says_what_is_known_and_what_to_do(platform: MailPlatform) -> None:
    assert platform.source in (DOCUMENTED, DESCRIBED_BY_OTHERS, NOT_FOUND)
    assert platform.encoding in ("u", "r", "a")
    assert platform.title and platform.note and platform.paste and platform.trap
    assert bool(platform.documentation) or platform.source != DOCUMENTED
    assert re.fullmatch(r"(https?://[^\s\"'<>]+)?", platform.documentation)


@EVERY_PLATFORM
def test_a_tag_survives_the_src_of_an_image(platform: MailPlatform) -> None:
    for attribute in attributes(platform):
        assert platform.is_attribute(attribute)
        tag = platform.write_tag(attribute)
        assert tag.isprintable() and not re.search('["<>]', tag)
        assert "(" not in (tag[0], tag[-1])  # the end of the link, which follows the tag, is `(`
        assert (
            image(f"https://x/?a&amp;b={tag}&amp;_end=(")["src"] == f"https://x/?a&b={tag}&_end=("
        )


@EVERY_PLATFORM
def test_a_tag_in_the_alt_text_survives_it_whatever_the_default(platform: MailPlatform) -> None:
    for default in AWKWARD_DEFAULTS:
        tag = platform.alt_tag(attributes(platform)[0], default)
        if tag is not None:
            assert tag.isprintable() or "\u200b" in tag
            assert '"' not in tag
            assert set(image("x", tag)) == {"src", "alt", "width"}


@EVERY_PLATFORM
def test_no_default_in_the_alt_text_becomes_a_tag_or_ends_one(platform: MailPlatform) -> None:
    attribute = attributes(platform)[0]
    for awkward in ("x'}}{{ y }}", "x' %%=y=%%", "x' %%[y]%%", "x' {y}", "x' {% y %}"):
        tag = platform.alt_tag(attribute, awkward)
        if tag is not None:
            default = platform.tag_joints.sub("\u200b", awkward).replace("'", "&#x27;")
            assert tag.count(default) == 1
            assert "{{" not in default and "{%" not in default
            assert "%%" not in default or platform.name != "salesforce"


def test_twelve_platforms_have_a_safe_tag_for_the_alt_text() -> None:
    safe = {each.name for each in all_platforms() if each.alt_tag(attributes(each)[0], "there")}
    assert safe == {
        *("klaviyo", "braze", "customerio", "iterable", "salesforce", "salesforce_next", "kit"),
        *("sendgrid", "mandrill", "mailgun", "postmark", "sailthru"),
    }


@EVERY_PLATFORM
def test_an_attribute_cannot_end_its_tag_or_the_attribute_of_the_image(
    platform: MailPlatform,
) -> None:
    if platform.name == "custom":
        return
    for bad in ["", "a\nb", 'a"b', "a<b", "a>b", "a'b", "a}}b", "a%b%", "a{b", "a&b", "a#b"]:
        assert not platform.is_attribute(bad), bad
    assert not platform.is_attribute("a" * 501)


@EVERY_PLATFORM
def test_a_stored_address_is_one_image_or_two_between_conditions(platform: MailPlatform) -> None:
    attribute = platform.stored_attribute
    assert platform.is_attribute(attribute)
    written = platform.stored_image(attribute, "https://x/?a&b='", lambda src: f'<img src="{src}">')
    images = re.findall(r'<img src="([^"]*)">', written)
    assert len(images) == (2 if platform.condition else 1)
    assert ("https://x/?a&amp;b=&#x27;" in written) == platform.has_condition()
    assert "ATTRIBUTE" not in written and "DEFAULT" not in written


def test_only_three_platforms_cannot_show_a_default_for_an_empty_address() -> None:
    without = {platform.name for platform in all_platforms() if not platform.has_condition()}
    assert without == {"custom", "dotdigital", "mailgun_recipient"}


def test_the_contract_lists_every_platform_with_its_tag() -> None:
    contract = Path(__file__).parents[2] / "docs/contract/api.md"
    text = contract.read_text(encoding="utf-8").replace(r"\|", "\0")
    rows = [line.strip("| \n").split(" | ") for line in text.splitlines() if line.startswith("| `")]
    listed = [(row[0], row[2], row[3]) for row in rows if len(row) == 6 and row[0] != "`esp`"]
    described = [
        tuple(f"`{cell}`".replace("|", "\0") for cell in (each.name, first, each.write_tag(first)))
        for each in all_platforms()
        for first in attributes(each)[:1]
    ]
    assert listed == described


@pytest.mark.parametrize(
    ("esp", "attribute", "written"),
    [
        ("hubspot", "firstname", "{{ contact.firstname }}"),
        ("hubspot", "contact.firstname", "{{ contact.firstname }}"),
        ("braze", "first_name", "{{${first_name} | url_param_escape}}"),
        ("braze", "custom_attribute.${x}", "{{custom_attribute.${x} | url_param_escape}}"),
        ("customerio", "first_name", "{{ customer.first_name | default: '' | url_encode }}"),
        ("customerio", "event.code", "{{ event.code | default: '' | url_encode }}"),
        ("customerio", "First Name", "{{ customer['First Name'] | default: '' | url_encode }}"),
        ("iterable", "firstName", "{{#urlEncode}}{{{firstName}}}{{/urlEncode}}"),
        ("salesforce", "FirstName", "%%=URLEncode(FirstName,1,1)=%%"),
        ("salesforce", "First Name", "%%=URLEncode([First Name],1,1)=%%"),
        ("salesforce_next", "FirstName", "{{encodeURIComponent FirstName}}"),
        ("brevo", "FIRSTNAME", "{{ contact.FIRSTNAME }}"),
        ("activecampaign", "FIRSTNAME", "%FIRSTNAME%"),
        ("sendgrid", "first_name", "{{first_name}}"),
        ("marketo", "First Name", "{{lead.First Name}}"),
        ("marketo", "company.Company Name", "{{company.Company Name}}"),
        ("marketo_new", "firstName", "{%=lead.firstName%}"),
        ("lemlist", "firstName", "{{firstName}}"),
        ("smartlead", "first_name", "{{first_name}}"),
        ("kit", "first_name", "{{ subscriber.first_name | url_encode }}"),
        ("mandrill", "first_name", "{{url first_name}}"),
        ("mailgun", "first_name", "{{first_name}}"),
        ("mailgun_recipient", "first_name", "%recipient.first_name%"),
        ("postmark", "first_name", "{{first_name}}"),
        ("sailthru", "first_name", "{u(first_name)}"),
        ("campaign_monitor", "firstname", "[firstname,fallback=]"),
        ("mailerlite", "name", "{$name}"),
        ("omnisend", "first_name", "[[contact.first_name]]"),
        ("dotdigital", "FIRSTNAME", "@FIRSTNAME@"),
    ],
)
def test_each_platform_writes_its_own_tag(esp: str, attribute: str, written: str) -> None:
    assert known(esp).write_tag(attribute) == written
