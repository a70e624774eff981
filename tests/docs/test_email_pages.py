"""The pages of docs/email that are made from the mail platforms' files."""

import re
from pathlib import Path

import pytest

from local.email_pages import FOLDER, email_pages
from postcard.links.platforms.mail_platform import MailPlatform
from postcard.links.platforms.registry import all_platforms
from tests.merge_tags.html_parsers import by_html_parser
from tests.merge_tags.merge_links import MergeLinks, text_field

PLATFORMS = [platform for platform in all_platforms() if platform.name != "custom"]
PAGES = email_pages()


def images(text: str) -> list[dict[str, str]]:
    """The `<img>` of a page's HTML samples, and nothing else in them."""
    samples = re.findall(r"^```html\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    elements = [element for sample in samples for element in by_html_parser(sample)]
    assert {name for name, _ in elements} == {"img"}
    return [attributes for _, attributes in elements]


@pytest.mark.parametrize("name", PAGES)
def test_the_committed_page_is_current(name: str) -> None:
    """If this fails: run make email-docs, look at the changes and commit them."""
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name]


def test_every_page_is_made_or_written_by_hand() -> None:
    by_hand = {"apple-mail", "dark-mode", "gmail", "outlook", "platforms", "stored-address"}
    assert {path.stem for path in FOLDER.glob("*.md")} == by_hand | {Path(p).stem for p in PAGES}


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda each: each.name)
def test_a_platforms_page_has_its_snippet_and_its_stored_address(platform: MailPlatform) -> None:
    merge, *stored = images(PAGES[f"{platform.name}.md"])
    tag = platform.write_tag(platform.usual_attribute("first_name"))
    assert merge["src"].endswith(f"&first_name={tag}&_end=(")
    for image in (merge, *stored):
        assert set(image) == {"src", "width", "height", "alt", "style"}
    assert len(stored) == (2 if platform.condition else 1)
    default = "https://pictures.example.com/r/welcome.png?_d=2&_kid=k1&_v=1&_sig=3MJg…"
    assert any(default in image["src"] for image in stored) == platform.has_condition()


def test_a_platforms_snippet_is_what_the_api_makes() -> None:
    links = MergeLinks(
        {"first_name": text_field(max_length=40)}, template_id="welcome", size=(600, 315)
    )
    for platform in PLATFORMS:
        attributes = {"first_name": platform.usual_attribute("first_name")}
        made = links.image_tag(platform.name, attributes, dpr=2)
        made = re.sub(r"(?<=&amp;_sig=)[\w-]{43}", "3MJg…", made)
        page = re.sub(r"\n +", " ", PAGES[f"{platform.name}.md"])
        assert made in page, platform.name


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda each: each.name)
def test_pages_of_raw_platforms_say_that_the_stored_address_is_the_sure_way(
    platform: MailPlatform,
) -> None:
    says_so = "**The sure way is the stored address.**" in PAGES[f"{platform.name}.md"]
    assert says_so == (platform.encoding != "u")


def test_the_page_of_what_was_tested_has_the_tags_of_today() -> None:
    """`make acid` writes the page, but takes minutes: this finds a page of other tags at once."""
    page = (FOLDER / "platforms.md").read_text(encoding="utf-8").replace("\\|", "|")
    for platform in PLATFORMS:
        attribute = platform.usual_attribute("first_name")
        alt = platform.alt_tag(attribute, "there")
        row = f"| `{platform.name}` | `{platform.write_tag(attribute)}` | "
        row += f"`{alt}` | " if alt else "the default's words | "
        assert f"{row}{platform.source} |" in page, "run make acid"
