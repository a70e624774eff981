"""`/studio` and its files: the template editor, served by the API itself."""

import gzip
import hashlib
from pathlib import Path

import pytest

from api.routes import studio
from tests.functions.fake_services import ROOT, HandlerResponse
from tests.functions.in_memory_service import InMemoryService

PAGE, SCRIPT = b"<!doctype html><title>Studio</title>", b"export const answer = 42;"
SCREENS = ["/studio", "/studio/", "/studio/t/tmpl_a1b2c3d4e5", "/studio/t/welcome/preview"]


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a built page, as `make studio` writes it."""
    files = {
        "index.html": PAGE,
        "app.0A1b2C3d.js": SCRIPT,
        "style.0A1B2C3D.css": b"p{}",
        "icon.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "SOURCES": b"0000",
        "sources.json": b"{}",
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    monkeypatch.setattr(studio, "STATIC_FOLDER", tmp_path)
    return tmp_path


def get(service: InMemoryService, path: str, **headers: str) -> HandlerResponse:
    return service.call("GET", path, key=None, headers={"Accept-Encoding": "identity", **headers})


@pytest.mark.parametrize("path", SCREENS)
def test_every_screen_s_address_is_the_page(empty: InMemoryService, built: Path, path: str) -> None:
    page = get(empty, path)
    assert (page.status, page.body) == (200, PAGE)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-cache"


def test_the_page_may_load_and_call_only_its_own_service(
    empty: InMemoryService, built: Path
) -> None:
    for path in ("/studio", "/studio/app.0A1b2C3d.js"):
        headers = get(empty, path).headers
        policy = dict(
            part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";")
        )
        assert policy == {
            "default-src": "'none'",
            "script-src": "'self'",
            "style-src": "'self'",
            "img-src": "'self' blob: data: https://pictures.example.com",
            "connect-src": "'self' https://uploads.example.com",
            "base-uri": "'none'",
            "form-action": "'none'",
            "frame-ancestors": "'none'",
            "require-trusted-types-for": "'script'",
            "trusted-types": "'none'",
        }
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"


def test_files_with_a_digest_in_their_name_are_kept_for_a_year(
    empty: InMemoryService, built: Path
) -> None:
    script = get(empty, "/studio/app.0A1b2C3d.js", **{"Accept-Encoding": "br, gzip"})
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert script.headers["content-encoding"] == "gzip"
    assert gzip.decompress(script.body) == SCRIPT
    assert get(empty, "/studio/icon.svg").headers["cache-control"] == "public, max-age=3600"
    etag = get(empty, "/studio").headers["etag"]
    assert get(empty, "/studio", **{"If-None-Match": etag}).status == 304


@pytest.mark.parametrize(
    "name",
    [
        "SOURCES.js",
        "sources.json",
        "index.html",
        "../docs/docs.js",
        "a/app.0A1b2C3d.js",
        "..",
        ".",
        "%2e%2e/docs/docs.js",
        "app.ffffffff.js",
        "\\..\\docs.js",
        "a\0.js",
    ],
)
def test_no_other_file_is_served(empty: InMemoryService, built: Path, name: str) -> None:
    assert get(empty, f"/studio/{name}").status == 404


def test_without_a_build_the_page_says_what_to_do(
    empty: InMemoryService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(studio, "STATIC_FOLDER", tmp_path / "missing")
    page = get(empty, "/studio")
    assert page.status == 404 and "make studio" in page.json["detail"]
    assert get(empty, "/studio/app.0A1b2C3d.js").status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_the_page_is_only_read(empty: InMemoryService, built: Path, method: str) -> None:
    assert empty.call(method, "/studio", {}, key=None).status == 405


def test_the_page_is_built_from_the_sources_of_this_commit() -> None:
    """Without Node. `.ci/run` builds the page again and compares the bytes."""
    sources = studio.STATIC_FOLDER / "SOURCES"
    assert sources.is_file(), "run `make studio`"
    recorded = {
        name: digest
        for digest, name in (line.split("  ") for line in sources.read_text().splitlines())
    }
    folder = ROOT / "studio"
    files = [*folder.glob("src/**/*"), *folder.glob("style/**/*"), *map(folder.joinpath, recorded)]
    current = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if path.is_file()
    }
    assert recorded == current, "run `make studio`"
