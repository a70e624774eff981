"""`/docs` and its files: Swagger UI from a pinned package, served by the API itself."""

import gzip
import hashlib
import json
import re

import pytest

from api.routes.docs import CONTENT_SECURITY_POLICY, CONTENT_TYPES, STATIC_FOLDER
from tests.functions.fake_services import ROOT
from tests.functions.in_memory_service import InMemoryService

PACKAGE = ROOT / "requirements/docs-page"
FILES = sorted(CONTENT_TYPES)
MAX_LAMBDA_RESPONSE_BYTES = 6 * 1024 * 1024


def test_the_files_of_swagger_ui_are_those_of_the_pinned_package() -> None:
    sums = (STATIC_FOLDER / "SHA256SUMS").read_text().splitlines()
    recorded = {name: digest for digest, name in (line.split("  ") for line in sums)}
    assert {"swagger-ui-bundle.js", "swagger-ui.css", "LICENSE", "NOTICE"} <= set(recorded)
    for name, digest in recorded.items():
        assert hashlib.sha256((STATIC_FOLDER / name).read_bytes()).hexdigest() == digest, name
    version = (STATIC_FOLDER / "VERSION").read_text().strip()
    assert json.loads((PACKAGE / "package.json").read_text())["dependencies"] == {
        "swagger-ui-dist": version
    }
    lock = json.loads((PACKAGE / "package-lock.json").read_text())["packages"]
    assert lock["node_modules/swagger-ui-dist"]["version"] == version
    for name, package in lock.items():
        assert "resolved" not in package
        assert not name or package["integrity"].startswith("sha512-")


def test_the_page_loads_only_its_own_files_and_has_no_inline_script(
    empty: InMemoryService,
) -> None:
    page = empty.call("GET", "/docs", key=None, headers={"Accept-Encoding": "identity"})
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    html = page.body.decode()
    loaded = re.findall(r'(?:src|href)="([^"]*)"', html)
    own = {f"/docs/{name}" for name in FILES}
    assert set(loaded) <= own | {"/openapi.json", "data:,"}
    assert re.findall(r"<script[^>]*>(.*?)</script>", html) == ["", ""]
    assert "<style" not in html and " style=" not in html and " on" not in html.lower()


def test_the_page_and_its_files_may_load_and_call_only_their_own_host(
    empty: InMemoryService,
) -> None:
    for path in ("/docs", *(f"/docs/{name}" for name in FILES)):
        policy = empty.call("GET", path, key=None).headers["content-security-policy"]
        assert policy == CONTENT_SECURITY_POLICY
        assert "unsafe" not in policy and "http" not in policy and "*" not in policy


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_sent_compressed_to_a_browser_that_accepts_gzip(
    empty: InMemoryService, name: str
) -> None:
    content = (STATIC_FOLDER / name).read_bytes()
    plain = empty.call("GET", f"/docs/{name}", key=None, headers={"Accept-Encoding": "identity"})
    assert (plain.status, plain.body) == (200, content)
    assert plain.headers["content-type"] == CONTENT_TYPES[name]
    assert "content-encoding" not in plain.headers
    sent = empty.call("GET", f"/docs/{name}", key=None, headers={"Accept-Encoding": "br, gzip"})
    assert sent.headers["content-encoding"] == "gzip"
    assert gzip.decompress(sent.body) == content
    assert sent.headers["etag"] != plain.headers["etag"]
    for response in (plain, sent):
        assert response.headers["vary"] == "Accept-Encoding"
        assert response.headers["cache-control"] == "public, max-age=3600"
        assert len(response.body) * 4 / 3 < MAX_LAMBDA_RESPONSE_BYTES


@pytest.mark.parametrize("accept", ["gzip;q=0", "identity", "br", "gzip; q=0.000", ""])
def test_a_file_is_sent_plain_to_a_client_that_does_not_accept_gzip(
    empty: InMemoryService, accept: str
) -> None:
    sent = empty.call("GET", "/docs/docs.js", key=None, headers={"Accept-Encoding": accept})
    assert "content-encoding" not in sent.headers


@pytest.mark.parametrize("path", ["/docs", "/docs/swagger-ui.css"])
@pytest.mark.parametrize("accept", ["", "gzip"])
def test_a_copy_that_is_still_right_is_not_sent_again(
    empty: InMemoryService, path: str, accept: str
) -> None:
    headers = {"Accept-Encoding": accept}
    etag = empty.call("GET", path, key=None, headers=headers).headers["etag"]
    assert re.fullmatch(r'"[0-9a-f]{64}(-gzip)?"', etag), "a strong one"
    again = empty.call("GET", path, key=None, headers={**headers, "If-None-Match": f'"x", {etag}'})
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", etag)
    other = empty.call("GET", path, key=None, headers={**headers, "If-None-Match": '"x"'})
    assert other.status == 200


@pytest.mark.parametrize(
    "name", ["", "index.html", "VERSION", "..", "%2e%2e", "docs.py", "LICENSE"]
)
def test_no_other_file_is_served(empty: InMemoryService, name: str) -> None:
    assert empty.call("GET", f"/docs/{name}", key=None).status == 404


def test_an_api_key_stays_in_the_page_s_memory() -> None:
    script = (STATIC_FOLDER / "docs.js").read_text()
    assert "persistAuthorization: false" in script
    assert "Storage" not in script and "cookie" not in script
