"""The page's security policy holds in Chromium, and the recorder sees each violation of it."""

import re

import pytest

from tests.studio.studio import Studio

TEMPLATES = ("discount-coupon",)
FORBIDDEN = {
    "inline script": (
        "const s = document.createElement('script'); s.append('window.ran = 1');"
        "document.head.append(s)",
        "script",
    ),
    "HTML from text": ("document.body.innerHTML = '<img src=x>'", "trusted-types|TrustedHTML"),
    "eval": ("setTimeout(() => eval('window.ran = 1'))", "unsafe-eval|TrustedScript|exception"),
    "another host": ("fetch('https://attacker.example/').catch(() => 0)", "connect-src"),
    "a picture of another host": (
        "document.body.append(Object.assign(new Image(), {src: 'https://attacker.example/a.png'}))",
        "img-src",
    ),
    "a frame": (
        "const f = document.createElement('iframe'); f.src = '/docs'; document.body.append(f)",
        "frame-src|default-src|X-Frame|frame",
    ),
    "inline style": ("document.body.setAttribute('style', 'color: red')", "style-src"),
    "a dialog": ("setTimeout(() => alert('hello'))", "dialog: alert: hello"),
    "an error": ("setTimeout(() => { throw new Error('oops') })", "exception: .*oops"),
    "a warning": ("console.warn('careful')", "console warning: careful"),
    "a missing file": ("fetch('/studio/missing.js')", "status of 404 .*/studio/missing.js"),
}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_what_a_page_may_not_do_is_refused_and_recorded(studio: Studio, name: str) -> None:
    script, complaint = FORBIDDEN[name]
    page = studio.sign_in()
    page.evaluate(f"() => {{ try {{ {script} }} catch (error) {{ }} }}")
    page.wait_for_timeout(200)
    found = studio.recorder.complaints()
    assert page.evaluate("window.ran") is None
    studio.recorder.allow("")  # what follows is what was provoked
    assert any(re.search(complaint, text) for text in found), found
