"""`POST /v1/links`."""

from typing import Any
from urllib.parse import urlsplit

import pytest

from postcard.links.parse import parse_link
from postcard.links.platforms.registry import PLATFORM_NAMES
from tests.functions.fake_services import HandlerResponse
from tests.functions.in_memory_service import BASE_URL, InMemoryService
from tests.functions.sample_events import document


def mint(world: InMemoryService, **more: object) -> HandlerResponse:
    return world.call("POST", "/v1/links", {"template_id": "welcome", **more})


def given(**values: str) -> list[dict[str, str]]:
    return [{"name": name, "text": value} for name, value in values.items()]


def link_of(reply: HandlerResponse) -> str:
    url = str(reply.json["url"])
    assert url.startswith(BASE_URL)
    return url.removeprefix(BASE_URL)


def test_a_link_returns_every_property_of_the_contract(world: InMemoryService) -> None:
    reply = mint(world, modifications=given(first_name="Zoë & Bob"), width=60, dpr=2)
    link = reply.json
    assert reply.status == 200
    assert link == {
        "success": True,
        "url": link["url"],
        "img": link["img"],
        "alt": "Hi Zoë & Bob",
        "width": 120,
        "height": 60,
        "display_width": 60,
        "display_height": 30,
        "template_version": 1,
        "expires_at": None,
        "warnings": [],
    }
    assert world.open_link(link_of(reply)).size == (120, 60)


def test_the_tag_is_html_escaped_and_has_width_height_alt(world: InMemoryService) -> None:
    link = mint(world, modifications=given(first_name='"Zoë" & Bob')).json
    address = link["url"].replace("&", "&amp;")
    assert link["img"] == (
        f'<img src="{address}" width="120" height="60" alt="Hi &quot;Zoë&quot; &amp; Bob" '
        'style="display:block;width:100%;max-width:120px;height:auto;border:0">'
    )


def test_nothing_is_stored_or_drawn(world: InMemoryService) -> None:
    before = world.renderer.renders
    mint(world)
    assert world.renderer.renders == before and world.pictures.puts == 0


def test_a_link_pins_the_latest_version_by_default(world: InMemoryService) -> None:
    world.publish(document(background="#ff0000"))
    pinned, latest = mint(world), mint(world, template_version="latest")
    assert parse_link(*link_of(pinned).split("?")).version == 2
    assert parse_link(*link_of(latest).split("?")).version is None
    assert (pinned.json["template_version"], latest.json["template_version"]) == (2, "latest")
    assert parse_link(*link_of(mint(world, template_version=1)).split("?")).version == 1
    assert mint(world, template_version=9).error_locations() == [("not_found", "/template_version")]


def test_a_link_omits_defaults(world: InMemoryService) -> None:
    default = link_of(mint(world))
    explicit = mint(world, width=120, dpr=1, format="png", quality=77, modifications=[])
    assert link_of(explicit) == default
    assert default.startswith("/r/welcome.png?_kid=k1&_v=1&_sig=")
    assert "_q" not in link_of(mint(world, format="jpg", quality=82))
    assert "_q=60" in link_of(mint(world, format="jpeg", quality=60))


def test_values_are_cleaned_before_they_are_signed(world: InMemoryService) -> None:
    messy = mint(world, modifications=given(first_name="  Zo\u0065\u0308  "))
    assert link_of(messy) == link_of(mint(world, modifications=given(first_name="Zoë")))


def test_layer_properties_are_signed(world: InMemoryService) -> None:
    link = link_of(mint(world, modifications=[{"name": "title", "color": "#ff0044"}]))
    assert "title.color=%23ff0044" in link
    assert world.open_link(link).body != world.open_link(link_of(mint(world))).body


def test_expires_at_becomes_exp(world: InMemoryService) -> None:
    reply = mint(world, expires_at="2026-11-22T12:00:00+01:00")
    assert reply.json["expires_at"] == "2026-11-22T11:00:00Z"
    assert world.open_link(link_of(reply)).headers["expires"] == "Sun, 22 Nov 2026 11:00:00 GMT"
    world.now += 3600
    assert world.open_link(link_of(reply)).headers["x-postcard-render"] == "stored"


@pytest.mark.parametrize(
    "time",
    [
        "tomorrow",
        "2026-11-22",
        "2026-11-22T10:00:00Z",
        "2026-13-01T00:00:00Z",
        "2286-11-20T17:46:40Z",
    ],
)
def test_an_expiry_that_is_past_or_invalid_is_400(world: InMemoryService, time: str) -> None:
    assert mint(world, expires_at=time).error_locations() == [("invalid_request", "/expires_at")]


@pytest.mark.parametrize("time", ["2026-11-22T10:00:01Z", "2286-11-20T17:46:39Z"])
def test_the_largest_expiry_is_accepted(world: InMemoryService, time: str) -> None:
    assert mint(world, expires_at=time).json["expires_at"] == time


def test_all_faults_of_a_link_are_listed_at_once(world: InMemoryService) -> None:
    reply = mint(
        world,
        modifications=given(nobody="x", code="no"),
        width=5001,
        expires_at="soon",
        open={"code": "*"},
        esp="mailchimp",
    )
    assert reply.error_locations() == [
        ("unknown_name", "/modifications/0/name"),
        ("invalid_value", "/modifications/1/text"),
        ("invalid_request", "/width"),
        ("invalid_request", "/expires_at"),
        ("invalid_value", "/open/code"),
        ("invalid_value", "/open/code"),
    ]


def test_invalid_and_missing_values_of_a_link_are_400_with_a_fallback_url(
    empty: InMemoryService,
) -> None:
    good = empty.publish(
        document(fields={"first_name": {"required": True}, "code": {"pattern": "A+"}})
    )
    reply = mint(empty, modifications=given(code="B"))
    assert sorted(reply.error_locations()) == [
        ("invalid_value", "/modifications/0/text"),
        ("missing_value", "/modifications"),
    ]
    assert reply.json["fallback_url"] == good.json["default_url"]


def test_a_link_that_would_be_too_long_is_414(world: InMemoryService) -> None:
    world.publish(document(fields={"first_name": {"max_length": 5000}, "code": {}}))
    reply = mint(world, modifications=given(first_name="x" * 3000))
    assert (reply.status, reply.json["code"]) == (414, "link_too_long")


def test_a_size_over_the_bounds_is_400(world: InMemoryService) -> None:
    assert mint(world, width=4000, dpr=2).error_locations() == [("invalid_request", "/width")]


def test_a_merge_link_s_tags_fill_open_fields(world: InMemoryService) -> None:
    reply = mint(
        world, modifications=given(code="SAVE25"), esp="mailchimp", open={"first_name": "FNAME"}
    )
    assert reply.json["url"].endswith("&first_name=*|URL:FNAME|*&_end=(")
    assert "&amp;first_name=*|URL:FNAME|*&amp;_end=(" in reply.json["img"]
    sent = link_of(reply).replace("*|URL:FNAME|*", "AT%26T")
    signed = mint(world, modifications=given(code="SAVE25", first_name="AT&T"))
    assert world.open_link(sent).body == world.open_link(link_of(signed)).body


def test_a_merge_tag_names_no_default(world: InMemoryService) -> None:
    reply = mint(world, esp="klaviyo", open={"first_name": "first_name"})
    assert reply.json["url"].endswith("&first_name={{ first_name|urlencode }}&_end=(")
    empty = link_of(reply).replace("{{ first_name|urlencode }}", "")
    assert world.open_link(empty).body == world.open_link(link_of(mint(world))).body


@pytest.mark.parametrize(("encoding", "shown"), [("url", "C  "), ("raw", "C++"), (None, "C  ")])
def test_a_custom_platform_s_encoding_says_how_values_are_read(
    world: InMemoryService, encoding: str | None, shown: str
) -> None:
    reply = mint(world, esp="custom", open={"first_name": "[[x]]"}, encoding=encoding)
    sent = link_of(reply).replace("[[x]]", "C++")
    signed = mint(world, modifications=given(first_name=shown))
    assert world.open_link(sent).body == world.open_link(link_of(signed)).body


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"esp": "klaviyo", "open": {"first_name": "x"}, "encoding": "url"}, "/encoding"),
        ({"esp": "custom", "open": {"first_name": "x"}, "encoding": "html"}, "/encoding"),
        ({"encoding": "url"}, "/esp"),
    ],
)
def test_an_encoding_is_only_for_custom(
    world: InMemoryService, body: dict[str, Any], pointer: str
) -> None:
    reply = mint(world, **body)
    assert reply.status == 400
    assert [where for _, where in reply.error_locations()] == [pointer]


def test_a_campaign_is_in_the_path_and_shares_the_picture(world: InMemoryService) -> None:
    plain = link_of(mint(world))
    spring, summer = (link_of(mint(world, campaign=name)) for name in ("spring-26", "summer"))
    assert spring.startswith("/c/spring-26/welcome.png?") and "_c=" not in spring
    bodies = {world.open_link(link).body for link in (plain, spring, summer)}
    assert len(bodies) == 1
    assert len(list(world.pictures.keys("renders/"))) == 1


VALUES_THAT_ARE_TAGS = {
    "klaviyo": ["Zoe {{ person.email }}", "Zoe {% load x %}", "Zoe {# x #}", "Zoe {{{ x }}}"],
    "mailchimp": ["Zoe *|EMAIL|*", "Zoe *|IF:X|* x *|END:IF|*", "Zoe **||EMAIL||**"],
    "instantly": ["Zoe {{email}}", "Zoe {Hi|Ho}", "Zoe {{RANDOM|a|b}}"],
    "salesforce": ["Zoe %%emailaddr%%", "Zoe %%=v(@x)=%%", "Zoe %%[SET @x=1]%%"],
    "activecampaign": ["Zoe %EMAIL%", "Zoe %IF $X%", "50%EMAIL%"],
    "mailgun_recipient": ["Zoe %recipient.email%"],
    "mailgun": ["Zoe %recipient.email%", "Zoe {{email}}"],
    "mandrill": ["Zoe *|EMAIL|*", "Zoe {{email}}"],
    "sailthru": ["Zoe {email}", "Zoe {u(email)}", "Zoe {if x}"],
    "campaign_monitor": ["Zoe [email]", "Zoe [email,fallback=]"],
    "mailerlite": ["Zoe {$email}"],
    "omnisend": ["Zoe [[contact.email]]", "Zoe [% if x %]"],
    "dotdigital": ["Zoe @EMAIL@", "a@EMAIL@b"],
    "braze": ["Zoe {{${email_address}}}", "Zoe {% connected_content x %}"],
    "custom": [
        *("Zoe [[email]]", "Zoe %%email%%", "Zoe <%= email %>", "Zoe ${email}", "Zoe {$email}"),
        *("Zoe [EMAIL]", "Zoe %EMAIL%", "Zoe {email}", "Zoe #email#", "Zoe ~email~", "Zoe [%x%]"),
    ],
}
TAG_STARTS = {
    "klaviyo": ("{{", "{%", "{#"),
    "mailchimp": ("*|",),
    "instantly": ("{{", "{e", "{H", "{R"),
    "salesforce": ("%%",),
    "activecampaign": ("%E", "%I"),
    "mailgun_recipient": ("%r",),
    "mailgun": ("%r", "{{"),
    "mandrill": ("*|", "{{"),
    "sailthru": ("{e", "{u", "{i"),
    "campaign_monitor": ("[e",),
    "mailerlite": ("{$",),
    "omnisend": ("[[", "[%"),
    "dotdigital": ("@E",),
    "braze": ("{{", "{%"),
    "custom": ("[[", "%%", "<%", "${", "{$", "[E", "%E", "{e", "#e", "~e", "[%"),
}


@pytest.mark.parametrize("esp", VALUES_THAT_ARE_TAGS)
def test_no_value_in_the_alt_text_is_a_merge_tag_of_the_platform(
    world: InMemoryService, esp: str
) -> None:
    for value in VALUES_THAT_ARE_TAGS[esp]:
        plain = mint(world, modifications=given(first_name=value)).json
        answer = mint(world, modifications=given(first_name=value), esp=esp).json
        assert plain["alt"] == f"Hi {value}"
        assert answer["alt"].replace("\u200b", "") == plain["alt"]
        shown = answer["img"].partition(' alt="')[2].replace("&lt;", "<")
        assert not [start for start in TAG_STARTS[esp] if start in answer["alt"] + shown]
        assert answer["url"] == plain["url"]


def test_merge_tags_of_the_template_itself_stay_in_the_alt_text(world: InMemoryService) -> None:
    world.publish(document(alt="Hi *|FNAME|*, {{ first_name }}: *|EMAIL|* {{ code }}"))
    value = "Zoe *|FNAME| *|PHONE|* *{{ x }}"
    answer = mint(world, modifications=given(first_name=value), esp="mailchimp").json
    assert answer["alt"].replace("\u200b", "") == f"Hi *|FNAME|*, {value}: *|EMAIL|* SAVE10"
    assert answer["alt"].startswith("Hi *|FNAME|*, Zoe *\u200b|FNAME")
    assert answer["alt"].count("*|") == 2


def test_a_tag_in_the_liquid_of_the_alt_text_is_not_taken_for_the_template_s_own(
    world: InMemoryService,
) -> None:
    world.publish(document(alt="Hi {{ first_name | default: '*|EMAIL|*' }}"))
    asked = mint(world, modifications=given(first_name="Zoe *|EMAIL|*"), esp="mailchimp")
    assert "*|" not in asked.json["alt"]


def test_an_alt_text_without_tags_is_the_same_for_every_platform(world: InMemoryService) -> None:
    values = ("Zoë & Bob", "O'Neil (Zoe), No. 1")
    of_known_platforms = ("50% off, 100% of 1 * 2 | a@b.example",)
    for esp in PLATFORM_NAMES:
        for value in values if esp == "custom" else values + of_known_platforms:
            alt = mint(world, modifications=given(first_name=value), esp=esp).json["alt"]
            assert alt == f"Hi {value}"


def test_an_open_required_field_is_filled_in_later(empty: InMemoryService) -> None:
    fields = {"first_name": {"required": True, "open": True, "max_length": 40}, "code": {}}
    empty.publish(document(fields=fields))
    assert mint(empty, esp="custom", open={"first_name": "[[firstname]]"}).status == 200
    assert mint(empty).json["code"] == "missing_value"


def test_a_closed_or_unknown_field_cannot_be_opened(world: InMemoryService) -> None:
    reply = mint(world, esp="custom", open={"code": "x", "nobody": "y"})
    assert reply.status == 400
    assert reply.error_locations() == [
        ("invalid_value", "/open/code"),
        ("unknown_name", "/open/nobody"),
    ]


def test_a_field_cannot_be_both_open_and_given(world: InMemoryService) -> None:
    opened = {"first_name": "FNAME"}
    reply = mint(world, modifications=given(first_name="Zoe"), esp="mailchimp", open=opened)
    assert reply.error_locations() == [("invalid_value", "/open")]


def test_open_needs_a_known_platform(world: InMemoryService) -> None:
    assert mint(world, open={"first_name": "x"}).error_locations() == [("missing_value", "/esp")]
    for opened in ({"first_name": "x"}, None):
        unknown = mint(world, esp="pigeon", open=opened)
        assert unknown.error_locations() == [("invalid_value", "/esp")]
        assert all(esp in unknown.json["detail"] for esp in PLATFORM_NAMES)


@pytest.mark.parametrize("format", ["webp", "avif"])
def test_webp_and_avif_with_a_platform_warn(world: InMemoryService, format: str) -> None:
    opened = {"first_name": "FNAME"}
    reply = mint(world, format=format, esp="mailchimp", open=opened)
    assert [w["pointer"] for w in reply.json["warnings"]] == ["/format"]
    assert mint(world, format=format).json["warnings"] == []


def test_the_campaign_does_not_change_the_cache_path(world: InMemoryService) -> None:
    world.open_link(link_of(mint(world)))
    keys = list(world.pictures.keys(""))
    world.open_link(link_of(mint(world, campaign="spring")))
    assert list(world.pictures.keys("")) == keys


def test_minting_for_a_deleted_template_is_410(world: InMemoryService) -> None:
    world.call("DELETE", "/v1/templates/welcome")
    assert mint(world).status == 410


def test_an_asset_in_a_link_is_checked_at_minting_and_warned_of(empty: InMemoryService) -> None:
    from tests.functions.fake_services import solid_png

    fields = {"first_name": {}, "photo": {"type": "image"}}
    layer = {"type": "image", "width": 20, "height": 20, "source": "{{ photo }}"}
    empty.publish(document(fields=fields, layers=[layer], alt=""))
    named = given(photo="asset:logo")
    assert [w["code"] for w in mint(empty, modifications=named).json["warnings"]] == [
        "image_unavailable"
    ]
    empty.upload_asset("logo", solid_png())
    reply = mint(empty, modifications=named)
    assert reply.json["warnings"] == []
    assert "x-postcard-fallback" not in empty.open_link(link_of(reply)).headers


def test_the_default_url_is_a_link_with_every_field_at_its_default(world: InMemoryService) -> None:
    url = world.call("GET", "/v1/templates/welcome").json["default_url"]
    assert urlsplit(url).path == "/r/welcome.png"
    assert (
        world.open_link(url.removeprefix(BASE_URL)).body
        == world.open_link(link_of(mint(world))).body
    )


# What minting says


def codes(reply: HandlerResponse) -> list[tuple[str, str]]:
    return [(warning["code"], warning["pointer"]) for warning in reply.json["warnings"]]


OPEN = {
    "first_name": {"default": "there", "max_length": 400, "open": True},
    "points": {"type": "number", "min": 0, "max": 1e6, "open": True},
    "day": {"type": "date", "open": True, "on_bad": "fallback"},
    "code": {"max_length": 800},
}


@pytest.mark.parametrize(
    ("tag", "warns"),
    [
        ("[[firstname]]", False),
        ("[firstname,fallback=]", False),
        ("{{ contact.firstname }}", False),
        ("%recipient.first_name%", False),
        ("FNAME", True),
        ("first_name", True),
        ("+++ first name +++", True),
    ],
)
def test_a_custom_tag_that_would_be_drawn_is_a_warning(
    empty: InMemoryService, tag: str, warns: bool
) -> None:
    empty.publish(document(fields=OPEN))
    reply = mint(empty, esp="custom", open={"first_name": tag})
    assert codes(reply) == [("unrecognized_tag", "/open/first_name")] * warns


def test_a_tag_with_a_double_quote_is_refused_and_the_detail_says_how_to_write_it(
    empty: InMemoryService,
) -> None:
    empty.publish(document(fields=OPEN))
    tag = '{{ first_name | default: "there" }}'
    reply = mint(empty, esp="custom", open={"first_name": tag})
    assert reply.error_locations() == [("invalid_value", "/open/first_name")]
    assert "single quotes" in reply.json["errors"][0]["detail"]
    good = mint(empty, esp="custom", open={"first_name": tag.replace('"', "'")})
    filled = good.json["img"].replace(tag.replace('"', "'"), "O'Brien")
    assert filled.startswith('<img src="') and filled.count('"') == 10


def test_an_open_number_or_date_tells_which_forms_are_read(empty: InMemoryService) -> None:
    for locale, number, day in (
        ("en", "1.250 is 1.25", "May 6"),
        ("de", "1.250 is 1250", "June 5"),
    ):
        empty.publish(document(fields=OPEN, locale=locale))
        reply = mint(empty, esp="mailchimp", open={"points": "POINTS", "day": "DAY"})
        points, date = reply.json["warnings"]
        assert codes(reply) == [
            ("accepted_forms", "/open/points"),
            ("accepted_forms", "/open/day"),
        ]
        assert number in points["detail"] and "on_bad" in points["detail"]
        assert f"5/6/2026 is {day}" in date["detail"] and "on_bad" not in date["detail"]


def test_a_link_over_2000_characters_is_a_warning(empty: InMemoryService) -> None:
    empty.publish(document(fields=OPEN))
    bare = len(mint(empty, modifications=given(code="")).json["url"]) + len("&code=")
    longest = mint(empty, modifications=given(code="é" * 300 + "a" * (200 - bare)))
    assert len(longest.json["url"]) == 2000 and codes(longest) == []
    over = mint(empty, modifications=given(code="é" * 300 + "a" * (201 - bare)))
    assert codes(over) == [("long_link", "")]
