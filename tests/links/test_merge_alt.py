"""The alt text of a merge link, as a part of its `<img>`."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from postcard.links.merge_tags import MergeLink, image_tag
from postcard.links.platforms.mail_platform import MailPlatform
from postcard.links.platforms.registry import all_platforms
from postcard.services.merge_alt import merge_alt
from postcard.template.bind import bind
from postcard.template.compiled import Template
from postcard.template.modifications import modifications_from_json
from postcard.template.validation.parse import parse_document
from tests.merge_tags.html_parsers import only_image

AWKWARD = st.text("aZ \"'<>&{}[]()%*|@$#=\\\n\u200b\u00e9\U000f0000", max_size=8)


@given(
    platform=st.sampled_from(all_platforms()),
    default=AWKWARD,
    code=AWKWARD,
    literal=AWKWARD.map(lambda text: text.replace("{", "(")),
)
def test_no_default_value_or_text_of_the_template_ends_an_attribute(
    platform: MailPlatform, default: str, code: str, literal: str
) -> None:
    document: dict[str, Any] = {
        "width": 60,
        "height": 30,
        "fields": {"name": {"default": default, "max_length": 40, "open": True}, "code": {}},
        "alt": f"{literal}{{{{ code }}}}{{{{ name }}}}{literal}",
    }
    template = Template.compile("t", 1, parse_document(json.dumps(document)), trusted=True)
    given = modifications_from_json(template, [{"name": "code", "value": code}])
    values = bind(template, given, mode="default")
    attribute = platform.example.split(" or ")[0]
    alt = merge_alt(template, values, esp=platform.name, open={"name": attribute})
    link = MergeLink("/r/t.png?_sig=x", (("name", platform.write_tag(attribute)),))
    html = image_tag("https://x", link, alt=alt, width=60, height=30)
    found = only_image(html)
    assert set(found) == {"src", "width", "height", "alt", "style"}
    assert found["src"] == f"https://x{link}"
    assert html.count('"') == 10
    assert len(alt.parts) == (3 if platform.alt_block else 1)
    for tag in alt.parts[1::2]:
        assert tag in html and '"' not in tag
