"""The example e-mail in examples/email: its pictures come up on a phone and in a window."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.local.chromium import CHROMIUM, RETRIED, Page, opened_page
from tests.local.conftest import RunningService

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples/email"
MJML = ROOT / "requirements/mjml/node_modules/mjml"
WIDTHS, SCHEMES = (390, 700), ("light", "dark")
LOADED = (
    "document.readyState === 'complete' && document.images.length"
    " && [...document.images].every((image) => image.complete)"
)
PICTURES = "[...document.images].map((i) => [i.naturalWidth, i.clientWidth, i.clientHeight])"
# The contrast of each text, alternative texts included, with the background behind it, by WCAG 2.
# Below 4.5 it is hard to read.
CONTRASTS = """
(() => {
  const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
  const linear = (c) => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const color = numbers(getComputedStyle(node).backgroundColor);
      if (color.length === 3) return color;
    }
    return [255, 255, 255];
  };
  const found = {};
  const measure = (text, node) => {
    const [a, b] = [light(numbers(getComputedStyle(node).color)), light(behind(node))];
    found[text] = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  for (const image of document.images) measure(image.alt, image);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    const text = walker.currentNode.data.trim();
    if (!text || !node.checkVisibility({ opacityProperty: true })) continue;
    measure(text, node);
  }
  return found;
})()
"""


@pytest.fixture(scope="module")
def mail(service: RunningService, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The mail to one reader, with their pictures."""
    coupon = json.loads((ROOT / "local/seed/discount-coupon.json").read_text(encoding="utf-8"))
    countdown = json.loads((FOLDER / "autumn-countdown.json").read_text(encoding="utf-8"))
    countdown["countdown"]["frames"] = 2  # is enough here
    service.call("PUT", "/v1/templates/coupon", coupon).raise_for_status()
    service.call("PUT", "/v1/templates/countdown", countdown).raise_for_status()
    text = (FOLDER / "autumn.html").read_text(encoding="utf-8")
    filled = {
        "picture": image(
            service, "coupon", first_name="Zoë & Bob", percent="25", discount_code="SAVE25NOW"
        ),
        "countdown": image(service, "countdown", ends_at="2099-01-31"),
        "first_name": "Zoë &amp; Bob",
    }
    for name, value in filled.items():
        assert text.count(f"{{{{ {name} }}}}") == 1
        text = text.replace(f"{{{{ {name} }}}}", value)
    assert "{{" not in text
    path = tmp_path_factory.mktemp("mail") / "mail.html"
    path.write_text(text, encoding="utf-8")
    return path


def image(service: RunningService, template: str, **values: str) -> str:
    modifications = [{"name": name, "value": value} for name, value in values.items()]
    body = {"template_id": template, "modifications": modifications}
    reply = service.call("POST", "/v1/links", body)
    reply.raise_for_status()
    return str(reply.json()["img"])


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed")
    with opened_page() as opened:
        yield opened


@RETRIED
def test_both_pictures_and_all_text_are_there_on_phone_and_desktop_light_and_dark(
    mail: Path, page: Page
) -> None:
    backgrounds = set()
    for width in WIDTHS:
        for scheme in SCHEMES:
            page.set_size(width, 900)
            media = {"name": "prefers-color-scheme", "value": scheme}
            page.send("Emulation.setEmulatedMedia", features=[media])
            page.open(mail.as_uri())
            page.wait_for(LOADED)
            pictures = page.evaluate(PICTURES)
            assert [natural for natural, _, _ in pictures] == [600, 600]
            assert all(width * 0.7 <= shown <= width for _, shown, _ in pictures), pictures
            assert all(
                abs(wide / high - ratio) < 0.05
                for (_, wide, high), ratio in zip(pictures, (600 / 240, 600 / 200), strict=True)
            )
            assert page.evaluate("document.documentElement.scrollWidth") == width
            contrasts = page.evaluate(CONTRASTS)
            assert len(contrasts) == 9 and "25% off with the code SAVE25NOW" in contrasts
            assert {text: each for text, each in contrasts.items() if each < 4.5} == {}, scheme
            backgrounds.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(backgrounds) == 2  # one for each colour scheme


def test_the_html_is_what_its_source_compiles_to() -> None:
    if shutil.which("node") is None or not MJML.exists():
        pytest.skip("mjml is not installed")
    checked = subprocess.run(
        ["node", str(FOLDER / "compile.mjs"), "--check"], capture_output=True, encoding="utf-8"
    )
    assert (checked.returncode, checked.stderr) == (0, "")


def test_source_and_html_have_the_same_words_and_addresses() -> None:
    """Holds where mjml is not installed, too."""
    source = (FOLDER / "autumn.mjml").read_text(encoding="utf-8")
    compiled = (FOLDER / "autumn.html").read_text(encoding="utf-8")
    body = source.partition("</mj-head>")[2]
    texts = re.findall(r"<mj-(?:text|button)\b[^>]*>(.*?)</mj-(?:text|button)>", body, re.DOTALL)
    assert len(texts) == 8
    assert [text for text in texts if text not in compiled] == []
    for style in re.findall(r"#[0-9a-f]{6}", source):
        assert style in compiled
    assert re.findall(r'href="([^"]+)"', source) == re.findall(r'href="(https?:[^"]+)"', compiled)


def test_the_mail_is_far_below_the_102_kb_at_which_gmail_clips() -> None:
    assert (FOLDER / "autumn.html").stat().st_size < 40_000
