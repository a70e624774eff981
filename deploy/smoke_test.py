"""Smoke test of a deployed stack: template, image, signed link, and a batch of one person.

The image shows a picture that was uploaded, so that untrusted files are decoded in both functions.
"""

import base64
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import urllib3

TEMPLATE_ID = ASSET_ID = "postcard-smoke"
PHOTO = base64.b64decode(  # a PNG of 4 × 2 pixels
    "iVBORw0KGgoAAAANSUhEUgAAAAQAAAACCAIAAADwyuo0AAAAG0lEQVR42mP8WSwmxhzBwMDAwMDABGcxMDAAADL9Amjc"
    "UYB7AAAAAElFTkSuQmCC"
)
TEMPLATE = {
    "name": "Smoke test",
    "width": 600,
    "height": 200,
    "background": "#0f172a",
    "format": "png",
    "fields": {
        "name": {"type": "text", "default": "there", "max_length": 40},
        "photo": {"type": "image", "default": "", "allowed_assets": [ASSET_ID]},
    },
    "layers": [
        {"type": "image", "x": 480, "width": 80, "height": 40, "source": "{{ photo }}"},
        {
            "type": "text",
            "name": "greeting",
            "x": 40,
            "y": 60,
            "width": 520,
            "height": 80,
            "text": "Hello {{ name }}",
            "size": 44,
            "color": "#ffffff",
        },
    ],
}
SANDBOX_SENTENCES = {
    "sealed": "sealed",
    "memory_not_protected": (
        "files and sockets are closed, the function's memory is not protected (docs/security.md)"
    ),
}
MAX_BATCH_SECONDS = 120
MAX_ATTEMPTS = 10  # CloudFront needs some seconds until all edge locations have new keys


class SmokeTestFailed(Exception):
    """A step failed; the text names the step and the response."""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """An HTTP response."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The parsed body."""
        return json.loads(self.body)


class SmokeTest:
    """Calls the API and the picture host. `key` needs the scopes images, templates and batches."""

    def __init__(
        self,
        api_url: str,
        key: str,
        *,
        http: urllib3.PoolManager | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._api_url = api_url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._http = http or urllib3.PoolManager(timeout=urllib3.Timeout(connect=5, read=30))
        self._sleep = sleep

    def run(self, unique_text: str) -> Iterator[str]:
        """Run all steps and yield a sentence after each; `SmokeTestFailed` at the first failure.

        `unique_text` makes the picture a new one, so that it must be drawn.
        """
        health = self._expect_status(self._call("GET", "/v1/health"), 200, "health").json()
        yield f"health: every dependency works; {sandbox_sentence(health['decoder'])}"
        self._expect_status(
            self._call("PUT", f"/v1/templates/{TEMPLATE_ID}", TEMPLATE), 200, "template"
        )
        yield f'template "{TEMPLATE_ID}" published'
        self._upload_photo()
        values = {
            "template_id": TEMPLATE_ID,
            "modifications": [
                {"name": "name", "text": unique_text},
                {"name": "photo", "image_url": f"asset:{ASSET_ID}"},
            ],
        }
        image = self._expect_status(self._call("POST", "/v1/images", values), 200, "image").json()
        if image["status"] != "ready":
            raise SmokeTestFailed(f"image: status {image['status']}: {image['warnings']}")
        self.expect_picture(image["url"], "the image's url")
        yield f"picture uploaded and decoded, image drawn and served: {image['url']}"
        link = self._expect_status(self._call("POST", "/v1/links", values), 200, "link").json()
        self.expect_picture(link["url"], "the signed link")
        yield "signed link drawn with its picture when it was first opened"
        self._expect_refusal(link["url"])
        yield "a changed link is refused at the edge"
        self._run_batch(unique_text)
        yield "a batch of one row done by the state machine, its result downloaded"
        self._expect_status(self._call("DELETE", f"/v1/assets/{ASSET_ID}"), 204, "asset")
        self._expect_status(self._call("DELETE", f"/v1/images/{image['id']}"), 204, "erasure")
        yield "image erased"

    def _upload_photo(self) -> None:
        """Upload a picture as an asset and have it checked, which decodes it in the sandbox."""
        asset = {"id": ASSET_ID, "content_type": "image/png", "bytes": len(PHOTO), "replace": True}
        form = self._expect_status(self._call("POST", "/v1/assets", asset), 200, "asset").json()
        body, content_type = urllib3.encode_multipart_formdata(
            {**form["upload"]["fields"], "file": ("photo.png", PHOTO, "image/png")}
        )
        url, headers = form["upload"]["url"], {"Content-Type": content_type}
        uploaded = self._send("POST", url, headers, body)
        if not 200 <= uploaded.status < 300:
            self._expect_status(uploaded, 204, "upload")
        checked = self._call("GET", f"/v1/assets/{ASSET_ID}")
        asset = self._expect_status(checked, 200, "asset").json()
        if asset["status"] != "ready" or asset["replacement"] is not None or asset["detail"]:
            raise SmokeTestFailed(f"asset: the upload was not decoded: {asset}")

    def _run_batch(self, unique_text: str) -> None:
        """Upload a file of one person, wait for its result, open its picture and erase it all."""
        people = f"name\r\n{unique_text}\r\n".encode()
        body = {"template_id": TEMPLATE_ID, "upload": {"bytes": len(people)}}
        created = self._call("POST", "/v1/batches", body)
        batch = self._expect_status(created, 202, "batch").json()
        form, content_type = urllib3.encode_multipart_formdata(
            {**batch["upload"]["fields"], "file": ("people.csv", people, "text/csv")}
        )
        sent = self._send("POST", batch["upload"]["url"], {"Content-Type": content_type}, form)
        if not 200 <= sent.status < 300:
            self._expect_status(sent, 204, "upload of people")
        path = f"/v1/batches/{batch['id']}"
        self._expect_status(self._call("POST", f"{path}/start"), 202, "start of the batch")
        for _ in range(MAX_BATCH_SECONDS):
            batch = self._expect_status(self._call("GET", path), 200, "batch").json()
            if batch["status"] != "running":
                break
            self._sleep(1.0)
        if (batch["status"], batch["ok"]) != ("completed", 1):
            raise SmokeTestFailed(f"batch: {batch['status']}, error {batch['error']}")
        results = self._expect_status(self._call("GET", f"{path}/results"), 200, "results").json()
        text = self._expect_status(self._send("GET", results["result"]["url"]), 200, "result").body
        self.expect_picture(text.decode().splitlines()[1].split(",")[1], "the batch's link")
        self._expect_status(self._call("DELETE", path), 204, "erasure of the batch")

    def _call(self, method: str, path: str, body: object = None) -> HttpResponse:
        text = None if body is None else json.dumps(body)
        return self._send(method, self._api_url + path, self._headers, text)

    def _send(
        self,
        method: str,
        url: str,
        headers: dict[str, str] | None = None,
        body: str | bytes | None = None,
    ) -> HttpResponse:
        try:
            response = self._http.request(
                method, url, headers=headers, body=body, retries=False, redirect=False
            )
        except urllib3.exceptions.HTTPError as error:
            raise SmokeTestFailed(f"{method} {url}: no response ({error})") from error
        return HttpResponse(response.status, dict(response.headers), response.data)

    def expect_picture(self, url: str, step: str) -> None:
        """Require a drawn picture, not a fallback; retried, because the edge may lack the keys."""
        for attempt in range(MAX_ATTEMPTS):
            response = self._send("GET", url)
            headers = _lowercase_names(response.headers)
            if response.status == 200 and "x-postcard-fallback" not in headers:
                break
            self._sleep(min(5.0, 0.2 * 2**attempt))
        self._expect_status(response, 200, step)
        reason = headers.get("x-postcard-fallback")
        if reason:
            raise SmokeTestFailed(f"{step}: got a fallback picture, reason {reason}")
        if not response.body.startswith(b"\x89PNG\r\n\x1a\n"):
            raise SmokeTestFailed(f"{step}: the response is not a PNG")

    def _expect_refusal(self, url: str) -> None:
        """Require a 403 for the link with a changed value under the old signature."""
        forged = url.replace("name=", "name=not-", 1)
        self._expect_status(self._send("GET", forged), 403, "a forged link")

    def _expect_status(self, response: HttpResponse, status: int, step: str) -> HttpResponse:
        if response.status != status:
            text = response.body[:300].decode("utf-8", "replace")
            raise SmokeTestFailed(f"{step}: status {response.status} instead of {status}: {text}")
        return response


def sandbox_sentence(decoder: str) -> str:
    """What holds in the process that decodes untrusted files; `SmokeTestFailed` if too little."""
    if decoder in SANDBOX_SENTENCES:
        return f"sandbox of untrusted files: {SANDBOX_SENTENCES[decoder]}"
    raise SmokeTestFailed(f"sandbox of untrusted files: {decoder} (see docs/security.md)")


def _lowercase_names(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
