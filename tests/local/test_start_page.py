"""The start page: who gets a link from it, and what a person with a browser can do on it."""

import json
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from local.aws.http_messages import Request, Response
from local.seed import SEED_FOLDER, InProcessApiClient
from local.server import LocalServer
from local.start_page import SAMPLES, StartPage, is_loopback
from tests.local.chromium import CHROMIUM, RETRIED, Page, opened_page
from tests.local.conftest import SHARED, RunningService
from tests.local.node_packages import node_package

pytestmark = RETRIED
DESIGNS = SEED_FOLDER.parents[1] / "functions" / "api" / "designs"
WELCOME, COUPON, COUNTDOWN = "tmpl_a1b2c3d4e5", "discount-coupon", "countdown-banner"
PUBLISHED = (WELCOME, COUPON, COUNTDOWN)
NEEDED_ASSETS = ("avatar", "portrait", "sale-generic", "sale-over", "sunrise")
DRAWN = (
    "document.querySelector('#message').textContent.startsWith('Done')"
    " && !document.querySelector('[aria-busy]')"
)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service with three of the samples."""
    seed = tmp_path_factory.mktemp("seed")
    (seed / "assets").mkdir()
    files = [SEED_FOLDER / f"{name}.json" for name in PUBLISHED]
    files += [next((SEED_FOLDER / "assets").glob(f"{name}.*")) for name in NEEDED_ASSETS]
    for path in files:
        (seed / path.relative_to(SEED_FOLDER)).symlink_to(path)
    state = tmp_path_factory.mktemp("state")
    SHARED.close()
    with LocalServer(0, state, seed=seed, schedule_clock=lambda: 0.0) as server:
        yield RunningService(server, [0.0])


def link_request(
    service: RunningService, body: Any = None, *, method: str = "POST", **changed: Any
) -> Request:
    """The request that the page sends; `changed` replaces headers, None removes one."""
    client = changed.pop("client_address", "127.0.0.1")
    path = changed.pop("path", "/start/link")
    host = urlsplit(service.url).netloc
    headers: dict[str, str | None] = {
        "host": host,
        "origin": f"http://{host}",
        "sec-fetch-site": "same-origin",
        "content-type": "application/json",
        **{name.replace("_", "-"): text for name, text in changed.items()},
    }
    content = json.dumps(body or {"template_id": WELCOME, "name": "Zoë"}).encode()
    sent = {name: text for name, text in headers.items() if text is not None}
    return Request(method, path, "", sent, content, client)


def send(service: RunningService, request: Request) -> tuple[int, Mapping[str, Any]]:
    response = service.server.handle(request)
    return response.status, json.loads(response.body)


def test_the_samples_are_all_templates_of_the_seed_and_their_name_fields_exist() -> None:
    documents = {path.stem: json.loads(path.read_text()) for path in SEED_FOLDER.glob("*.json")}
    assert SAMPLES.keys() == documents.keys()
    for sample in SAMPLES.values():
        fields = documents[sample.template_id]["fields"]
        assert sample.name_field is None or sample.name_field in fields


class Links(HTMLParser):
    """The addresses that a page refers to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {text for name, text in attrs if name in ("href", "src") and text}


def test_every_address_on_the_page_is_served(service: RunningService) -> None:
    page = service.get("/")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    links = Links()
    links.feed(page.text)
    paths = sorted(path for path in links.found if path.startswith("/"))
    assert len(paths) > 8
    for path in paths:
        assert service.get(path).status_code == 200, path


def test_the_page_shows_all_designs_with_pictures_that_are_served(service: RunningService) -> None:
    shown = service.get("/start/samples").json()["designs"]
    listed = [path.parent.name for path in DESIGNS.glob("*/design.json")]
    assert len(shown) == len(listed) == 25
    names = {urlsplit(design["thumbnail_url"]).path for design in shown}
    assert names == {f"/studio/designs/{name}.webp" for name in listed}
    assert service.get(shown[0]["thumbnail_url"]).headers["Content-Type"] == "image/webp"


def test_the_page_runs_only_its_own_files_and_is_not_framed_or_stored(
    service: RunningService,
) -> None:
    for path in ("/", "/start/start.js", "/start/samples"):
        headers = service.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy and "http" not in policy and "data:" not in policy
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
    assert service.get("/start/../start_page.py").status_code in (403, 404)
    for path in ("/start/docs/../README.md", "/start/docs/%2e%2e/README.md", "/start/none.js"):
        response = service.server.handle(Request("GET", path))
        assert response.status == 404, path


def test_a_name_becomes_a_link_that_shows_it(service: RunningService) -> None:
    status, link = send(service, link_request(service))
    assert status == 200
    assert link["url"].startswith(f"{service.url}/r/{WELCOME}.")
    assert link["alt"].startswith("Hi Zoë,") and link["img"].startswith("<img ")
    picture = requests.get(link["url"], timeout=600)
    assert picture.status_code == 200 and "x-postcard-fallback" not in picture.headers
    assert send(service, link_request(service, sec_fetch_site=None, origin=None))[0] == 200
    localhost = f"localhost:{service.server.web.port}"
    assert (
        send(service, link_request(service, host=localhost, origin=f"http://{localhost}"))[0] == 200
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"host": "attacker.example"},
        {"host": "attacker.example", "origin": "http://attacker.example"},
        {"host": "127.0.0.1.attacker.example:8080"},
        {"host": "[::1"},
        {"host": None},
        {"origin": "http://attacker.example"},
        {"origin": "null"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"client_address": "192.168.1.7"},
        {"x_forwarded_for": "203.0.113.9"},
        {"forwarded": "for=203.0.113.9"},
        {"via": "1.1 tunnel"},
    ],
    ids=str,
)
def test_nobody_but_this_page_on_this_machine_gets_a_link(
    service: RunningService, changed: dict[str, Any]
) -> None:
    for path in ("/start/link", "/start/studio"):
        status, problem = send(service, link_request(service, path=path, **changed))
        assert status == 403 and "url" not in problem


@pytest.mark.parametrize(
    ("status", "body", "changed"),
    [
        (405, None, {"method": "GET"}),
        (415, None, {"content_type": "text/plain"}),  # what a form of another site can send
        (415, None, {"content_type": None}),
        (413, {"template_id": WELCOME, "name": "x" * 5000}, {}),
        (400, {"template_id": "nowhere", "name": "Zoë"}, {}),
        (400, {"template_id": [], "name": "Zoë"}, {}),
        (400, {"template_id": WELCOME, "name": "x" * 201}, {}),
        (400, {"template_id": WELCOME, "name": " "}, {}),
        (400, {"template_id": WELCOME, "name": 7}, {}),
        (400, {"template_id": WELCOME}, {}),
        (400, [1], {}),
        (400, {"template_id": COUNTDOWN, "name": "Zoë"}, {}),
        (404, {"template_id": "og-card", "name": "Zoë"}, {}),
    ],
)
def test_a_malformed_call_is_refused_with_what_to_do(
    service: RunningService, status: int, body: Any, changed: dict[str, Any]
) -> None:
    answered, problem = send(service, link_request(service, body, **changed))
    assert answered == status and problem["detail"]


def test_each_click_opens_the_studio_with_a_code_that_works_once(
    service: RunningService,
) -> None:
    urls = []
    for _ in range(2):
        status, content = send(service, link_request(service, path="/start/studio"))
        assert status == 200
        urls.append(content["url"])
    path, _, code = urls[0].partition("#code=")
    assert path == "/studio" and urls[0] != urls[1]
    begun = requests.post(f"{service.url}/v1/sessions", json={"code": code}, timeout=600)
    assert begun.status_code == 200 and begun.json()["name"] == "this machine"
    key = {"Authorization": f"Bearer {begun.json()['key']}"}
    assert requests.get(f"{service.url}/v1/templates", headers=key, timeout=600).status_code == 200
    again = requests.post(f"{service.url}/v1/sessions", json={"code": code}, timeout=600)
    assert (again.status_code, again.json()["code"]) == (401, "invalid_code")


def test_a_server_that_other_machines_can_reach_makes_no_link(service: RunningService) -> None:
    assert is_loopback("127.0.0.1") and is_loopback("::1") and is_loopback("localhost")
    assert not any(map(is_loopback, ("0.0.0.0", "", "::", "192.168.1.5", "my-machine.local")))
    api = InProcessApiClient(service.server.api.handle, service.server.keys.api_key)
    page = StartPage(api, signs=False, invite=lambda: "/studio#code=x")
    for path in ("/start/link", "/start/studio"):
        assert page.handle(link_request(service, path=path)).status == 403
    listed = json.loads(page.handle(Request("GET", "/start/samples")).body)
    assert listed["signs"] is False and len(listed["samples"]) == len(PUBLISHED)


def test_no_response_of_the_page_contains_a_key(service: RunningService) -> None:
    keys = service.server.keys
    stored = keys.key_rotation.read()
    secrets = {
        keys.api_key,
        stored.origin,
        stored.address,
        *(k.key for k in stored.signing.values()),
    }
    responses: list[Response] = [
        service.server.handle(Request("GET", path))
        for path in ("/", "/start/samples", "/start/start.js", "/start/docs/start.md")
    ]
    responses.append(service.server.handle(link_request(service)))
    for response in responses:
        text = response.body.decode() + str(response.headers)
        assert response.status == 200 and not any(secret in text for secret in secrets)


def test_aws_serves_no_start_page(service: RunningService) -> None:
    """Production has the routes of the stack and the distribution alone."""
    for host in (service.server.api, service.server.cdn):
        for path in ("/", "/start/samples", "/start/start.js"):
            assert host.handle(Request("GET", path, "", {"host": "h"})).status >= 400
        assert host.handle(link_request(service)).status >= 400


@pytest.fixture
def page() -> Iterator[Page]:
    if not CHROMIUM:
        pytest.skip("Chromium is not installed")
    with opened_page() as page:
        yield page


def open_start(page: Page, service: RunningService, *, width: int = 1280, host: str = "") -> None:
    page.set_size(width, 900)
    page.open(f"http://{host}:{service.server.web.port}/" if host else f"{service.url}/")
    page.wait_for(f"document.querySelectorAll('figure').length === {len(PUBLISHED)}")


def press(page: Page, key: str, code: int, text: str = "") -> None:
    for kind in ("keyDown", "keyUp"):
        page.send(
            "Input.dispatchKeyEvent",
            type=kind,
            key=key,
            code=key,
            windowsVirtualKeyCode=code,
            **({"text": text} if text and kind == "keyDown" else {}),
        )


def assert_only_this_server(page: Page) -> None:
    assert page.complaints() == []
    origin = page.evaluate("location.origin")
    assert {"{0.scheme}://{0.netloc}".format(urlsplit(u)) for u in page.requested_urls()} <= {
        origin,
        "about://",
    }


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_typed_name_appears_in_every_picture_that_shows_one(
    service: RunningService, page: Page, host: str
) -> None:
    open_start(page, service, host=host)
    page.type("#name", "Zoë Łukasz")
    page.click("button[type=submit]")
    page.wait_for(DRAWN)
    alts = page.evaluate("[...document.querySelectorAll('.picture img')].map(i => i.alt)")
    assert alts[0].startswith("Hi Zoë Łukasz,")
    page.wait_for("document.querySelector('#featured img').naturalWidth > 0")
    link = page.evaluate("document.querySelector('.link input').value")
    assert "user_name=Zo%C3%AB" in link
    assert requests.get(link, timeout=600).status_code == 200
    assert_only_this_server(page)


def test_the_page_works_by_keyboard_and_copies_the_link(
    service: RunningService, page: Page
) -> None:
    open_start(page, service)
    origin = service.url
    permissions = ["clipboardReadWrite", "clipboardSanitizedWrite"]
    page.send("Browser.grantPermissions", origin=origin, permissions=permissions)
    page.send("Page.bringToFront")
    reached = []
    for _ in range(12):
        press(page, "Tab", 9)
        reached.append(
            page.evaluate("(e => e.id || e.className || e.textContent)(document.activeElement)")
        )
        if reached[-1] == "name":
            break
    assert reached[0] == "skip" and reached[-1] == "name", reached
    page.send("Input.insertText", text="Ann")
    press(page, "Enter", 13, "\r")
    page.wait_for(DRAWN)
    for _ in range(12):
        press(page, "Tab", 9)
        if page.evaluate("document.activeElement.dataset.copies") == "url":
            break
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(outline) == "solid", "the focus is visible"
    press(page, "Enter", 13, "\r")
    page.wait_for("document.activeElement.textContent === 'Copied'")
    assert page.evaluate("navigator.clipboard.readText()") == page.evaluate(
        "document.querySelector('.link input').value"
    )
    assert_only_this_server(page)


def test_a_name_that_is_refused_is_explained_and_the_old_picture_stays(
    service: RunningService, page: Page
) -> None:
    open_start(page, service)
    page.evaluate("document.querySelector('#name').maxLength = 300")
    page.type("#name", "x" * 250)
    page.click("button[type=submit]")
    page.wait_for("!!document.querySelector('#message.error')")
    assert "200 characters" in page.evaluate("document.querySelector('#message').textContent")
    assert page.evaluate("document.querySelector('#featured img').alt").startswith("Hi Alex")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_every_screen_and_axe_finds_nothing(
    service: RunningService, page: Page, scheme: str
) -> None:
    axe = (node_package("axe-core") / "axe.min.js").read_text()
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    page.send("Emulation.setEmulatedMedia", features=features)
    for width in (320, 1440):
        open_start(page, service, width=width)
        assert page.evaluate("document.documentElement.scrollWidth") == width
        page.evaluate(f"{axe};0")
        violations = page.evaluate(
            "axe.run().then(r => r.violations.map(v => [v.id, v.nodes[0].failureSummary]))"
        )
        assert violations == []
    for width in (375, 600, 768, 1024):
        page.set_size(width, 900)
        assert page.evaluate("document.documentElement.scrollWidth") == width
