"""`POST /v1/links` for each mail platform: the tag in the address, the alt text, the warnings."""

import re
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest

from postcard.links.platforms.mail_platform import MailPlatform
from postcard.links.platforms.registry import all_platforms
from tests.functions.fake_services import HandlerResponse
from tests.functions.in_memory_service import BASE_URL, InMemoryService
from tests.functions.sample_events import document
from tests.merge_tags.html_parsers import only_image

EVERY_PLATFORM = pytest.mark.parametrize("platform", all_platforms(), ids=lambda each: each.name)
FIELDS: dict[str, dict[str, Any]] = {
    "first_name": {"default": "there", "max_length": 40, "open": True},
    "points": {"type": "number", "min": 0, "max": 999, "open": True, "default": 5},
    "day": {"type": "date", "open": True},
    "code": {"default": "SAVE10"},
}


def mint(world: InMemoryService, **more: Any) -> HandlerResponse:
    reply = world.call("POST", "/v1/links", {"template_id": "welcome", **more})
    assert reply.status == 200, reply.json
    return reply


def alt_of(world: InMemoryService, alt: str, esp: str = "klaviyo", **more: Any) -> str:
    """The alt text of a new merge link of a template with this `alt`."""
    world.publish(document(fields=FIELDS, alt=alt))
    opened = more.pop("open", {"first_name": "first_name"})
    return str(mint(world, esp=esp, open=opened, **more).json["alt"])


def usual(platform: MailPlatform) -> str:
    return platform.example.split(" or ")[0]


@EVERY_PLATFORM
def test_the_img_of_a_platform_is_one_tag_whatever_the_template_says(
    world: InMemoryService, platform: MailPlatform
) -> None:
    awkward = 'Ann "A" <b> & Co'
    fields = {**FIELDS, "first_name": {**FIELDS["first_name"], "default": awkward}}
    world.publish(document(fields=fields, alt='"Hi" {{ first_name }} & <i>{{ code }}</i>'))
    reply = mint(world, esp=platform.name, open={"first_name": usual(platform)}).json
    tag = platform.write_tag(usual(platform))
    assert reply["url"].endswith(f"&first_name={tag}&_end=(")
    assert f"&_m={platform.encoding}&" in reply["url"]
    found = only_image(reply["img"])
    assert set(found) == {"src", "width", "height", "alt", "style"}
    assert found["src"] == reply["url"]
    tag_in_alt = platform.alt_tag(usual(platform), awkward) or awkward
    shown = str(found["alt"]).replace("\u200b", "")
    assert shown == f'"Hi" {unescape(tag_in_alt)} & <i>SAVE10</i>'.replace("\u200b", "")


def test_the_alt_text_is_the_reader_s_where_the_platform_has_a_safe_tag(
    world: InMemoryService,
) -> None:
    written = {
        "klaviyo": "Hi {{ first_name|default:'there' }}",
        "braze": "Hi {{${first_name} | default: 'there' | escape}}",
        "customerio": "Hi {{ customer.first_name | default: 'there' | escape }}",
        "iterable": "Hi {{defaultIfEmpty first_name 'there'}}",
        "sendgrid": "Hi {{#if first_name}}{{first_name}}{{else}}there{{/if}}",
        "postmark": "Hi {{#first_name}}{{.}}{{/first_name}}{{^first_name}}there{{/first_name}}",
        "sailthru": "Hi {h(first_name ?: 'there')}",
        "mailchimp": "Hi there",
        "hubspot": "Hi there",
    }
    for esp, alt in written.items():
        reply = mint(world, esp=esp, open={"first_name": "first_name"}).json
        assert reply["alt"] == alt
        assert reply["img"].count(f' alt="{alt}" ') == 1


@pytest.mark.parametrize(
    ("alt", "written"),
    [
        ("{{ first_name }}, {{first_name}}!", "TAG, TAG!"),
        ("Hi {{- first_name -}} !", "HiTAG!"),
        ("a {{ first_name -}}  b {{- first_name }} c", "a TAGbTAG c"),
        ("{{ code }} {{- first_name -}} {{ code }}", "SAVE10TAGSAVE10"),
        ("{{ first_name | default: 'you' }}", "TAG"),
        ("{{ code }}: {{ first_name }}", "SAVE10: TAG"),
        ("{% if code == 'SAVE10' %}{{ first_name }}{% else %}no{% endif %}", "TAG"),
        ('{{ first_name }} 50% & "more" {\u200b', 'TAG 50% & "more" {\u200b'),
        # Where the text is made of the value, it would be wrong for another one.
        ("{{ first_name | upcase }}", "THERE"),
        ("{{ first_name }} {{ first_name | size }}", "there 5"),
        ("{% if first_name == 'there' %}Hi{% endif %} {{ first_name }}", "Hi there"),
        ("{% assign x = first_name %}{{ x }} {{ first_name }}", "there there"),
        ("{% raw %}{{ first_name }}{% endraw %}", "{\u200b{ first_name }\u200b}"),
        ("{% comment %}{{ first_name }}{% endcomment %}Hi", "Hi"),
        ("{{ 'first_name' }} {{ first_name }}", "first_name TAG"),
        ("no value", "no value"),
    ],
)
def test_a_tag_stands_in_the_alt_text_where_the_value_does(
    world: InMemoryService, alt: str, written: str
) -> None:
    tag = "{{ first_name|default:'there' }}"
    assert alt_of(world, alt) == written.replace("TAG", tag)


def test_each_open_text_and_number_has_its_tag_and_dates_the_default_s_words(
    world: InMemoryService,
) -> None:
    opened = {"first_name": "first_name", "points": "points", "day": "day"}
    alt = alt_of(world, "{{ first_name }} {{ points }} {{ day }}.", open=opened)
    assert alt == "{{ first_name|default:'there' }} {{ points|default:'5' }} ."


def test_a_default_that_no_literal_can_hold_is_written_outside_the_tag(
    world: InMemoryService,
) -> None:
    fields = {**FIELDS, "first_name": {**FIELDS["first_name"], "default": "O'Brien & {{ x }}"}}
    world.publish(document(fields=fields, alt="Hi {{ first_name }}"))
    reply = mint(world, esp="klaviyo", open={"first_name": "first_name"}).json
    assert reply["alt"] == (
        "Hi {% if first_name %}{{ first_name }}{% else %}"
        "O&#x27;Brien &amp; {\u200b{ x }\u200b}{% endif %}"
    )


def test_no_value_beside_a_tag_joins_it(world: InMemoryService) -> None:
    alt = "{{ code }}{{ first_name }}{{ code }}"
    for code in ("{", "}", "{{", "}}", "%", "{{{", "\\"):
        given = [{"name": "code", "text": code}]
        written = alt_of(world, alt, modifications=given)
        before, _, behind = written.partition("{{ first_name|default:'there' }}")
        assert before.replace("\u200b", "") == behind.replace("\u200b", "") == code
        assert not re.search(r"[{%\\]\Z", before) and not re.match("[}%]", behind)


def test_numbers_and_codes_come_before_names_in_the_address(world: InMemoryService) -> None:
    opened = {"default": "", "max_length": 40, "open": True}
    fields = {
        "a_name": opened,
        "b_code": {**opened, "pattern": "[A-Z]{4}"},
        "c_tier": {"open": True, "choices": ["gold", "silver"]},
        "d_points": FIELDS["points"],
        "e_day": FIELDS["day"],
    }
    world.publish(document(fields=fields, layers=[], alt=""))
    url = mint(world, esp="brevo", open={name: name.upper() for name in fields}).json["url"]
    names = re.findall(r"&(\w+)=\{\{", url)
    assert names == ["b_code", "c_tier", "d_points", "e_day", "a_name"]


def test_private_characters_in_values_stay_themselves(world: InMemoryService) -> None:
    given = [{"name": "code", "text": "\U000f0000\U000f0001"}]
    alt = alt_of(world, "{{ code }} {{ first_name }} \U000f0002", modifications=given)
    assert alt == "\U000f0000\U000f0001 {{ first_name|default:'there' }} \U000f0002"


def test_an_alt_text_with_very_many_tags_has_the_default_s_words(world: InMemoryService) -> None:
    assert alt_of(world, "{{ first_name }}" * 101) == "there" * 101
    assert alt_of(world, "{{ first_name }}" * 100).count("urlencode") == 0
    assert alt_of(world, "{{ first_name }}" * 100).count("default:'there'") == 100


@EVERY_PLATFORM
def test_a_platform_that_inserts_raw_values_is_warned_of(
    world: InMemoryService, platform: MailPlatform
) -> None:
    reply = mint(world, esp=platform.name, open={"first_name": usual(platform)}).json
    found = [warning for warning in reply["warnings"] if warning["code"] == "merge_raw"]
    expected = platform.encoding == "r" or platform.name == "salesforce_next"
    assert [warning["pointer"] for warning in found] == ["/esp"] * expected
    if expected:
        assert ("stray attributes" in found[0]["detail"]) != platform.escapes_html
        assert platform.title in found[0]["detail"]


def test_raw_custom_tags_and_long_names_of_mailchimp_are_warned_of(
    world: InMemoryService,
) -> None:
    def codes(**more: object) -> list[tuple[str, str]]:
        found = mint(world, **more).json["warnings"]
        return [(warning["code"], warning["pointer"]) for warning in found]

    tag = {"first_name": "[[firstname]]"}
    assert codes(esp="custom", open=tag, encoding="raw") == [("merge_raw", "/esp")]
    assert codes(esp="custom", open=tag, encoding="url") == []
    assert codes(esp="custom", open=tag) == []
    assert codes(esp="mailchimp", open={"first_name": "A" * 10}) == []
    long = codes(esp="mailchimp", open={"first_name": "A" * 11})
    assert long == [("long_attribute", "/open/first_name")]
    assert codes(esp="instantly") == []


@pytest.mark.parametrize(
    "tag",
    ['{{ x | default: "there" }}', "<b>x</b>", "{{ x > 1 }}", "<%= x %><", "a\nb", "a\tb", ""],
)
def test_a_custom_tag_that_would_end_its_attribute_is_refused(
    world: InMemoryService, tag: str
) -> None:
    body = {"template_id": "welcome", "esp": "custom", "open": {"first_name": tag}}
    reply = world.call("POST", "/v1/links", body)
    assert reply.error_locations() == [("invalid_value", "/open/first_name")]


def test_a_custom_tag_of_code_may_have_angle_brackets(world: InMemoryService) -> None:
    reply = mint(world, esp="custom", open={"first_name": "<%= x %>"}).json
    assert only_image(reply["img"])["src"] == reply["url"]


@pytest.mark.parametrize(
    ("esp", "suggested"),
    [("sendinblue", "brevo"), ("Klaviyo", "klaviyo"), ("convertkit", "kit"), ("hubspt", "hubspot")],
)
def test_an_unknown_platform_suggests_the_one_that_is_meant(
    world: InMemoryService, esp: str, suggested: str
) -> None:
    reply = world.call("POST", "/v1/links", {"template_id": "welcome", "esp": esp})
    assert reply.error_locations() == [("invalid_value", "/esp")]
    assert f"Did you mean {suggested}?" in reply.json["detail"]


@EVERY_PLATFORM
def test_an_unfilled_tag_is_drawn_as_the_default(
    world: InMemoryService, platform: MailPlatform
) -> None:
    opened = {"first_name": usual(platform)}
    url = str(mint(world, esp=platform.name, open=opened).json["url"]).removeprefix(BASE_URL)
    url = re.sub("#.*", "", url)  # a browser sends no more
    default = mint(world).json["url"].removeprefix(BASE_URL)
    escaped_by_browsers = quote(url, safe="!$%&'()*+,-./:;=?@[\\]^_`{|}~")
    for sent in (url, escaped_by_browsers):
        assert world.open_link(sent).body == world.open_link(default).body


def test_the_list_of_platforms_gives_each_field_the_attribute_for_open(
    world: InMemoryService,
) -> None:
    world.publish(document(fields=FIELDS))
    items = world.call("GET", "/v1/platforms?fields=first_name,points", key=None).json["items"]
    assert [item["esp"] for item in items] == [platform.name for platform in all_platforms()]
    for item in items:
        opened = item["open"] or {"first_name": item["example"].split(" or ")[0]}
        assert (item["esp"] == "custom") == (not item["open"])
        link = mint(world, esp=item["esp"], open=opened).json
        if item["esp"] == "custom":
            assert item["tag"] in link["url"]
        else:
            assert set(item["open"]) == {"first_name", "points"}


@pytest.mark.parametrize("fields", ["First", "a,", "a,,b", "a" * 65, ",".join(["a"] * 101)])
def test_the_list_of_platforms_refuses_what_no_field_is_called(
    world: InMemoryService, fields: str
) -> None:
    assert world.call("GET", f"/v1/platforms?fields={fields}", key=None).status == 400
