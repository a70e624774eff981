"""Uploads the sample assets and templates in `local/seed` through the API, at the first start."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import urllib3

from local.aws.http_messages import Request, Response

SEED_FOLDER = Path(__file__).with_name("seed")
_CONTENT_TYPES = {
    ".avif": "image/avif",
    ".gif": "image/gif",
    ".jpg": "image/jpeg",
    ".otf": "font/otf",
    ".png": "image/png",
    ".ttf": "font/ttf",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}


class SeedError(Exception):
    """The API rejected a sample asset or template; the text quotes its response."""


class InProcessApiClient:
    """Calls the API without a network, with an API key."""

    def __init__(self, handle_request: Callable[[Request], Response], key: str) -> None:
        self._handle_request = handle_request
        self._key = key

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Send a JSON request; returns the JSON response, `SeedError` for a status from 300 on."""
        response = self.send(method, path, body)
        if response.status >= 300:
            raise SeedError(f"{method} {path}: {response.status} {response.body.decode()[:2000]}")
        return json.loads(response.body or b"null")

    def send(self, method: str, path: str, body: Any = None) -> Response:
        """Send a JSON request; returns the response of any status. Bytes are sent as they are."""
        headers = {
            "authorization": f"Bearer {self._key}",
            "content-type": "application/json",
            "host": "127.0.0.1",
        }
        is_raw = isinstance(body, bytes)
        content = b"" if body is None else body if is_raw else json.dumps(body).encode()
        return self._handle_request(Request(method, path, "", headers, content))


def upload_seed(api: InProcessApiClient, folder: Path = SEED_FOLDER) -> list[str]:
    """Upload all assets and publish all templates; a file's name without suffix is its id.

    Documents are sent as their files have them, so that the editor shows the same text as git.
    """
    for path in sorted((folder / "assets").glob("*")):
        if path.suffix in _CONTENT_TYPES:
            _upload(api, path)
    documents = sorted(folder.glob("*.json"))
    for path in documents:
        api.call("PUT", f"/v1/templates/{path.stem}", path.read_bytes())
    return [path.stem for path in documents]


def _upload(api: InProcessApiClient, path: Path) -> None:
    body = path.read_bytes()
    content_type = _CONTENT_TYPES[path.suffix]
    asset = {"id": path.stem, "content_type": content_type, "bytes": len(body), "replace": True}
    upload = api.call("POST", "/v1/assets", asset)["upload"]
    with urllib3.PoolManager() as pool:
        fields = {**upload.get("fields", {}), "file": (path.name, body, content_type)}
        response = pool.request(upload["method"], upload["url"], fields=fields)
    if response.status >= 300:
        raise SeedError(f"{path.name}: {response.status} {response.data.decode()[:2000]}")
