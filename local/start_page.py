"""The start page `/` of the local service: the way to the studio, samples, a form for a link.

The page gets links and never a key: this module calls the API with the local key. It does
so only for browsers on this machine, as `_refusal` says. AWS has no such page.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from local.aws.http_messages import Request, Response
from local.seed import InProcessApiClient

STATIC_FOLDER = Path(__file__).with_name("start")
DOCS_FOLDER = Path(__file__).parents[1] / "docs"
CONTENT_TYPES = {
    "start.css": "text/css; charset=utf-8",
    "start.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
DOCS_PAGES = (
    "start",
    "studio",
    "templates",
    "links-and-email",
    "api-guide",
    "usage",
    "webhooks",
    "operate",
    "troubleshooting",
)
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " frame-ancestors 'none'; base-uri 'none'; form-action 'none';"
    " require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
MAX_BODY_BYTES = 4096
MAX_NAME_CHARACTERS = 200
LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")
PROXY_HEADERS = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
_DPR = 2


@dataclass(frozen=True, slots=True)
class Sample:
    """A template of `local/seed`, and its field for a person's name, if it has one."""

    template_id: str
    name_field: str | None


SAMPLES = {
    sample.template_id: sample
    for sample in (
        Sample("tmpl_a1b2c3d4e5", "user_name"),
        Sample("event-ticket", "attendee"),
        Sample("loyalty-card", "first_name"),
        Sample("discount-coupon", "first_name"),
        Sample("abandoned-cart", "first_name"),
        Sample("certificate-arabic", "student"),
        Sample("og-card", "author"),
        Sample("countdown-banner", None),
    )
}


class StartPage:
    """Serves the page, its files and its calls. `signs`: the server listens on loopback only.

    `invite` makes the path of an invitation to the studio, which works once.

    | call | response |
    |---|---|
    | `GET /start/samples` | each sample with a signed link and its examples; the designs |
    | `POST /start/studio` with `{}` | an invitation to the studio |
    | `POST /start/link` with `template_id` and `name` | a signed link with this name |
    """

    def __init__(self, api: InProcessApiClient, *, signs: bool, invite: Callable[[], str]) -> None:
        self._api = api
        self._invite = invite
        self._signs = signs

    @staticmethod
    def has(path: str) -> bool:
        """Whether a path belongs to the page."""
        return path == "/" or path.startswith("/start/")

    def handle(self, request: Request) -> Response:
        """The response to a request of one of the page's paths."""
        if request.path == "/start/link":
            return self._create_link(request)
        if request.path == "/start/studio":
            return self._refusal(request) or _json_response(200, {"url": self._invite()})
        if request.method not in ("GET", "HEAD"):
            return _problem(405, "This page is read only.", {"allow": "GET, HEAD"})
        if request.path == "/start/samples":
            content = {"samples": self._samples(), "designs": self._designs()}
            return _json_response(200, {"signs": self._signs, **content})
        return _file(request.path)

    def _samples(self) -> Sequence[Mapping[str, Any]]:
        """The samples that exist; a template that was changed or deleted is left out."""
        links = ((sample, self._link(sample, None)) for sample in SAMPLES.values())
        return [
            {"id": sample.template_id, "has_name": bool(sample.name_field), **content}
            for sample, (status, content) in links
            if status == 200
        ]

    def _designs(self) -> Sequence[Mapping[str, Any]]:
        """The designs of the studio, by category and name."""
        response = self._api.send("GET", "/v1/designs")
        items = json.loads(response.body)["items"] if response.status == 200 else []
        return [{key: item[key] for key in ("name", "thumbnail_url")} for item in items]

    def _create_link(self, request: Request) -> Response:
        if refusal := self._refusal(request):
            return refusal
        try:
            body = json.loads(request.body)
            sample, name = SAMPLES[body["template_id"]], body["name"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return _problem(400, 'Send {"template_id": "…", "name": "…"} with a sample template.')
        if not isinstance(name, str) or not name.strip() or len(name) > MAX_NAME_CHARACTERS:
            return _problem(400, f"Type a name of at most {MAX_NAME_CHARACTERS} characters.")
        if sample.name_field is None:
            return _problem(400, "This picture shows no name. Choose another one.")
        return _json_response(*self._link(sample, name.strip()))

    def _refusal(self, request: Request) -> Response | None:
        """Refuse to sign for anybody but a page of this server in a browser on this machine.

        The checks keep out other machines, other web sites, and host names that an attacker's DNS
        server points to 127.0.0.1.
        """
        headers = request.headers
        host = headers.get("host", "")
        is_direct = request.client_address in LOOPBACK_HOSTS and not any(
            name in headers for name in PROXY_HEADERS
        )
        if not self._signs or not is_direct or _host_name(host) not in LOOPBACK_HOSTS:
            return _problem(
                403,
                "This page makes links only on the machine that runs Postcard, at"
                " http://127.0.0.1. Elsewhere, POST /v1/links makes them, with an API key.",
            )
        same_origin = headers.get("sec-fetch-site", "same-origin") == "same-origin"
        if not same_origin or headers.get("origin", f"http://{host}") != f"http://{host}":
            return _problem(403, "Another web site may not make links.")
        if request.method != "POST":
            return _problem(405, "Send a POST.", {"allow": "POST"})
        if headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            return _problem(415, "Send application/json.")
        if len(request.body) > MAX_BODY_BYTES:
            return _problem(413, f"Send at most {MAX_BODY_BYTES} bytes.")
        return None

    def _link(self, sample: Sample, name: str | None) -> tuple[int, Mapping[str, Any]]:
        """A status, and the link or the API's problem."""
        path = f"/v1/templates/{sample.template_id}"
        template = self._api.send("GET", path)
        if template.status != 200:
            return template.status, json.loads(template.body)
        document = json.loads(template.body)["document"]
        values = {
            field: properties["example"]
            for field, properties in document.get("fields", {}).items()
            if "example" in properties
        }
        if name is not None and sample.name_field:
            values[sample.name_field] = name
        modifications = [{"name": field, "value": value} for field, value in values.items()]
        body = {"template_id": sample.template_id, "modifications": modifications, "dpr": _DPR}
        response = self._api.send("POST", "/v1/links", body)
        content = json.loads(response.body)
        if response.status != 200:
            return response.status, content
        return 200, {
            "name": document.get("name") or sample.template_id,
            "url": content["url"],
            "img": content["img"],
            "alt": content["alt"],
            "width": content["display_width"],
            "height": content["display_height"],
        }


def is_loopback(host: str) -> bool:
    """Whether a server that listens on `host` can be reached from its own machine only."""
    return host in LOOPBACK_HOSTS


def _host_name(host: str) -> str | None:
    """The name in a Host header, without the port."""
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _file(path: str) -> Response:
    name = path.removeprefix("/start/")
    if path == "/":
        return _file_response(STATIC_FOLDER / "index.html", "text/html; charset=utf-8")
    if name in CONTENT_TYPES:
        return _file_response(STATIC_FOLDER / name, CONTENT_TYPES[name])
    if name.startswith("docs/") and name[5:].removesuffix(".md") in DOCS_PAGES:
        return _file_response(DOCS_FOLDER / name[5:], "text/plain; charset=utf-8")
    return _problem(404, "There is nothing here: / is the start page.")


def _file_response(path: Path, content_type: str) -> Response:
    if not path.is_file():
        return _problem(404, "There is nothing here: / is the start page.")
    return Response(200, {**HEADERS, "content-type": content_type}, path.read_bytes())


def _json_response(status: int, content: Mapping[str, Any]) -> Response:
    headers = {**HEADERS, "content-type": "application/json"}
    return Response(status, headers, json.dumps(content).encode())


def _problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    response = _json_response(status, {"status": status, "detail": detail})
    return response.with_headers(headers or {})
