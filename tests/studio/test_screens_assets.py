"""The panels of assets and fonts: uploads, refusals, replacing, using them in a template."""

import io
import json
import socket
from random import Random
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from PIL import Image
from playwright.sync_api import Locator, Page, Route, expect

from tests.fonts import space_grotesk_as
from tests.studio.screen_pages import data_uri_bytes, open_screen, picture_at, publish
from tests.studio.studio import Studio

TEMPLATES = ("discount-coupon",)


def solid(color: tuple[int, int, int], size: tuple[int, int] = (60, 40)) -> bytes:
    body = io.BytesIO()
    Image.new("RGB", size, color).save(body, "PNG")
    return body.getvalue()


def noise(side: int) -> bytes:
    """A picture that no encoder makes small."""
    body = io.BytesIO()
    Image.frombytes("RGB", (side, side), Random(1).randbytes(side * side * 3)).save(body, "PNG")
    return body.getvalue()


def file(name: str, body: bytes, kind: str = "image/png") -> Any:
    return {"name": name, "mimeType": kind, "buffer": body}


def open_assets(studio: Studio, template_id: str, **options: Any) -> Page:
    # Of a template without a draft, and of previews that wait for the next second.
    studio.recorder.allow_status(404, 429)
    page = open_screen(studio, f"/t/{template_id}", **options)
    page.get_by_role("tab", name="Assets").click()
    return page


def upload(page: Page, name: str, body: bytes, kind: str = "image/png") -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Upload", exact=True).click()
    chooser.value.set_files(file(name, body, kind))


def asset(page: Page, asset_id: str) -> Locator:
    return page.locator(".asset", has=page.get_by_text(asset_id, exact=True))


def replace(page: Page, asset_id: str, body: bytes) -> None:
    asset(page, asset_id).get_by_role("button", name=f"More for {asset_id}").click()
    with page.expect_file_chooser() as chooser:
        page.locator(".menu:popover-open").get_by_text("Replace…").click()
    chooser.value.set_files(file("new.png", body))


def named(template_id: str, asset_id: str) -> dict[str, Any]:
    layer = {"type": "image", "width": 60, "height": 40, "source": f"asset:{asset_id}"}
    return {"name": template_id, "width": 60, "height": 40, "layers": [layer]}


def color_of(picture: bytes) -> tuple[int, ...]:
    color = Image.open(io.BytesIO(picture)).convert("RGB").getpixel((30, 20))
    assert isinstance(color, tuple)
    return color


def half_of_upload(upload: dict[str, Any], body: bytes) -> None:
    """Send the first half of an upload's form, then close the connection."""
    form = {"file": ("new.png", body, "image/png")}
    whole = requests.Request("POST", upload["url"], data=upload["fields"], files=form).prepare()
    assert isinstance(whole.body, bytes)
    address = urlsplit(upload["url"])
    headers = "".join(f"{name}: {value}\r\n" for name, value in whole.headers.items())
    head = f"POST {whole.path_url} HTTP/1.1\r\nHost: {address.netloc}\r\n{headers}\r\n"
    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall(head.encode() + whole.body[: len(whole.body) // 2])


@pytest.mark.quick
def test_an_uploaded_picture_is_listed_and_added_to_the_template(studio: Studio) -> None:
    page = open_assets(studio, "discount-coupon")
    upload(page, "Our Logo.png", solid((10, 120, 200)))
    expect(page.get_by_text("our-logo is ready")).to_be_visible()
    card = asset(page, "our-logo")
    expect(card).to_contain_text("60 × 40")
    thumbnail = card.locator("img")
    expect(thumbnail).to_be_visible()
    assert str(thumbnail.get_attribute("src")).startswith("blob:")
    card.get_by_role("button", name="Add to the picture: our-logo").click()
    expect(page.locator(".save-mark")).to_have_text("Saved · draft")
    draft = studio.call("GET", "/v1/templates/discount-coupon/draft/document").json()
    added = draft["layers"][-1]
    assert (added["type"], added["source"]) == ("image", "asset:our-logo")
    assert (added["x"], added["y"], added["width"], added["height"]) == (270, 100, 60, 40)
    # The layer is selected now, and another asset takes the picture's place in it.
    upload(page, "other.png", solid((200, 120, 10)))
    other = asset(page, "other").get_by_role("button", name="Use in the selected layer: other")
    other.click()
    expect(page.locator(".save-mark")).to_have_text("Saved · draft")
    draft = studio.call("GET", "/v1/templates/discount-coupon/draft/document").json()
    assert draft["layers"][-1] == {**added, "source": "asset:other"}


# The imitation of S3 leaves the file of a broken form to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_upload_that_breaks_off_at_half_leaves_the_old_picture_everywhere(
    studio: Studio,
) -> None:
    page = open_assets(studio, "discount-coupon")
    upload(page, "kept.png", solid((200, 10, 10)))
    expect(page.get_by_text("kept is ready")).to_be_visible()
    before = studio.call("GET", "/v1/assets/kept").json()
    document = named("keeper", "kept")
    publish(studio, "keeper", document)
    announced: list[Any] = []
    page.on("response", lambda r: announced.append(r) if r.url.endswith("/v1/assets") else None)

    def break_off(route: Route) -> None:
        half_of_upload(announced[-1].json()["upload"], noise(300))
        route.abort()

    page.route(f"{studio.server.endpoint.url}/**", break_off)
    studio.recorder.allow("ERR_FAILED")
    replace(page, "kept", noise(300))
    told = page.locator(".upload-list .danger")
    expect(told).to_contain_text("new.png was not uploaded. The upload broke off.")
    expect(told).to_contain_text("The old one is still in use.")
    known = studio.call("GET", "/v1/assets/kept").json()
    assert (known["status"], known["bytes"]) == ("ready", before["bytes"])
    link = studio.call("POST", "/v1/links", {"template_id": "keeper"}).json()["url"]
    assert color_of(picture_at(studio, link)) == (200, 10, 10)
    preview = studio.call(
        "POST", "/v1/previews", {"document": document}, Accept="application/json"
    ).json()
    assert color_of(data_uri_bytes(preview["image"])) == (200, 10, 10)
    image = studio.call("POST", "/v1/images", {"template_id": "keeper"}).json()
    assert image["status"] == "ready"


def test_what_the_service_refuses_is_told_in_its_words(studio: Studio) -> None:
    page = open_assets(studio, "discount-coupon")
    upload(page, "sound.png", solid((1, 2, 3)))
    expect(page.get_by_text("sound is ready")).to_be_visible()
    replace(page, "sound", b"\x89PNG\r\n\x1a\n" + b"no picture" * 20)
    refusal = page.locator(".upload-list .danger")
    expect(refusal).to_be_visible()
    detail = studio.call("GET", "/v1/assets/sound").json()["detail"]
    expect(refusal).to_contain_text(f"Refused: {detail}")
    expect(refusal).to_contain_text("The old one is still in use.")
    for name, body, words in (
        ("notes.txt", b"hello", "is neither a picture nor a font"),
        ("huge.png", b"\0" * 10_000_001, "has over 10 MB"),
        ("empty.png", b"", "is empty"),
    ):
        upload(page, name, body, kind="")
        expect(page.locator(".upload-list .danger").first).to_contain_text(f"{name} {words}")


def test_a_replaced_picture_is_shown_and_a_deleted_one_is_gone(studio: Studio) -> None:
    page = open_assets(studio, "discount-coupon")
    upload(page, "changing.png", solid((200, 10, 10)))
    expect(page.get_by_text("changing is ready")).to_be_visible()
    replace(page, "changing", solid((10, 200, 10), (80, 20)))
    expect(asset(page, "changing")).to_contain_text("80 × 20")
    asset(page, "changing").get_by_role("button", name="More for changing").click()
    page.locator(".menu:popover-open").get_by_text("Delete…").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(asset(page, "changing")).to_have_count(0)
    assert studio.call("GET", "/v1/assets/changing").status_code == 404


def test_a_session_for_design_alone_uploads_and_replaces_nothing(studio: Studio) -> None:
    page = open_assets(studio, "discount-coupon", invitation={"design_only": True})
    upload(page, "designed.png", solid((1, 2, 3)))
    expect(page.get_by_text("designed is ready")).to_be_visible()
    asset(page, "designed").get_by_role("button", name="More for designed").click()
    menu = page.locator(".menu:popover-open")
    expect(menu.get_by_text("Your session cannot replace or delete assets.")).to_be_visible()
    expect(menu.get_by_text("Replace…")).to_have_count(0)


def test_a_font_is_uploaded_and_used_for_the_template(studio: Studio) -> None:
    studio.call("DELETE", "/v1/templates/discount-coupon/draft")
    page = open_assets(studio, "discount-coupon")
    page.get_by_role("tab", name="Fonts").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Upload a font").click()
    chooser.value.set_files(file("kite.ttf", space_grotesk_as("Kite Sans"), "font/ttf"))
    page.get_by_role("button", name="Use Kite Sans").click()
    expect(page.locator(".save-mark")).to_have_text("Saved · draft")
    draft = studio.call("GET", "/v1/templates/discount-coupon/draft/document").text
    assert json.loads(draft)["font"] == "Kite Sans"
    samples = page.locator(".font-row image")
    assert samples.count() > 5
    assert len({sample.get_attribute("href") for sample in samples.all()}) == 1, "one picture"
