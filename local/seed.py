"""What a first start finds: assets and templates, put there through the real API."""

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
    """The API refused what a first start brings; the text is its answer."""


class InProcessApiClient:
    """Calls the API's handlers by the door's `answer`, with a key."""

    def __init__(self, handle_request: Callable[[Request], Response], key: str) -> None:
        self._handle_request = handle_request
        self._key = key

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON that comes back; `SeedError` for anything but a 2xx."""
        headers = {
            "authorization": f"Bearer {self._key}",
            "content-type": "application/json",
            "host": "127.0.0.1",
        }
        sent = b"" if body is None else json.dumps(body).encode()
        answer = self._handle_request(Request(method, path, "", headers, sent))
        if answer.status >= 300:
            raise SeedError(f"{method} {path}: {answer.status} {answer.body.decode()[:2000]}")
        return json.loads(answer.body or b"null")


def upload_seed(api: InProcessApiClient, folder: Path = SEED_FOLDER) -> list[str]:
    """Upload all assets, publish all templates; their ids are the files' names."""
    for path in sorted((folder / "assets").glob("*")):
        if path.suffix in _CONTENT_TYPES:
            _upload(api, path)
    documents = sorted(folder.glob("*.json"))
    for path in documents:
        api.call("PUT", f"/v1/templates/{path.stem}", json.loads(path.read_text()))
    return [path.stem for path in documents]


def _upload(api: InProcessApiClient, path: Path) -> None:
    body = path.read_bytes()
    announced = {"id": path.stem, "content_type": _CONTENT_TYPES[path.suffix], "bytes": len(body)}
    upload = api.call("POST", "/v1/assets", announced)["upload"]
    with urllib3.PoolManager() as pool:
        fields = {
            **upload.get("fields", {}),
            "file": (path.name, body, _CONTENT_TYPES[path.suffix]),
        }
        answer = pool.request(upload["method"], upload["url"], fields=fields)
    if answer.status >= 300:
        raise SeedError(f"{path.name}: {answer.status} {answer.data.decode()[:2000]}")
