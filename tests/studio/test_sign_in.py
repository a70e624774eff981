"""Signing in to the studio by an invitation link, and what a browser without a session gets."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.studio.studio import Studio

TEMPLATES = ("discount-coupon",)
NOT_STARTED = "#app noscript"  # the page's script replaces it
EDITOR = "/studio/t/discount-coupon"


def stored(page: Page) -> str:
    """Everything that the browser keeps for the service."""
    return str(
        page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
    )


def session_key(page: Page) -> str:
    return str(page.evaluate("JSON.parse(Object.values(sessionStorage)[0]).key"))


@pytest.mark.quick
def test_the_printed_link_opens_the_studio_signed_in(studio: Studio) -> None:
    page = studio.new_page()
    with page.expect_response("**/v1/sessions") as begun:
        page.goto(studio.server.studio_link())
    assert begun.value.status == 200
    assert page.evaluate("location.href") == f"{studio.url}/studio", "the code is gone"
    key = session_key(page)
    session = studio.call("GET", "/v1/sessions/current", Authorization=f"Bearer {key}")
    assert (session.status_code, session.json()["name"]) == (200, "this machine")
    page.reload()
    expect(page.locator(NOT_STARTED)).to_have_count(0)
    assert session_key(page) == key, "the session is kept"
    assert studio.recorder.count("POST", "/v1/sessions") == 1


@pytest.mark.quick
def test_neither_the_key_nor_the_code_is_in_an_address_a_cookie_or_the_log(studio: Studio) -> None:
    page = studio.sign_in("Log Reader")
    key = session_key(page)
    assert key.startswith("postcard_")
    log = (studio.state / "log.jsonl").read_text()
    assert "/v1/sessions" in log
    assert key not in log and key not in "".join(studio.recorder.urls)
    local, session, cookie = json.loads(stored(page))
    assert (local, cookie) == ({}, "") and key not in "".join(session)
    assert "#code" not in log and all("code=" not in url for url in studio.recorder.urls)


@pytest.mark.quick
def test_a_page_that_only_opens_has_no_complaint(studio: Studio) -> None:
    page = studio.sign_in()
    page.goto(f"{studio.url}/studio/t/discount-coupon")
    page.wait_for_load_state("networkidle")
    assert studio.recorder.complaints() == []
    assert {url.split("/")[2] for url in studio.recorder.urls} <= studio.recorder.hosts


def test_a_link_that_was_used_signs_nobody_in(studio: Studio) -> None:
    link = studio.invitation()
    for status in (200, 401):
        page = studio.new_page()
        studio.recorder.allow_status(401)
        with page.expect_response("**/v1/sessions") as response:
            page.goto(link)
        assert response.value.status == status
    assert "postcard_" not in stored(page)
    assert "code=" not in page.evaluate("location.href")


def test_a_person_who_is_not_signed_in_calls_nothing(studio: Studio) -> None:
    page = studio.new_page()
    page.goto(f"{studio.url}{EDITOR}")
    expect(page.locator(NOT_STARTED)).to_have_count(0)
    assert not [path for _, path in studio.recorder.requests if path.startswith("/v1/")]


@pytest.mark.parametrize("screen", ["", "/t/discount-coupon", "/t/discount-coupon/versions"])
def test_a_screen_can_be_loaded_again(studio: Studio, screen: str) -> None:
    page = studio.sign_in(path=f"/studio{screen}")
    page.reload()
    expect(page.locator(NOT_STARTED)).to_have_count(0)
    assert page.evaluate("location.pathname") == f"/studio{screen}"
