"""Requests of mail programs, scanners and strangers to the imitated CDN, with what each saw.

Nothing here knows the query or how the log is written: it has what the readers saw, to compare.
"""

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local.aws.access_log import AccessLog, AccessLogSettings
from local.aws.activity_counters import ActivityCounters
from local.aws.cloudfront import CloudFront
from local.aws.distribution_config import Distribution
from local.aws.edge_function import EdgeFunctionError
from local.aws.http_messages import Request, Response
from local.aws.stack_resources import StackResources
from postcard.adapters.memory import MemoryImageStore
from postcard.ports import ImageRecord
from tests.image_records import image_record

STACK = StackResources.read(Path("template.yaml"))
SETTINGS = AccessLogSettings.read(STACK.template)
BEGIN = datetime(2026, 11, 28, 5, tzinfo=UTC).timestamp()
Target = tuple[str, str, str]  # a template, a campaign and an image
NOBODY: Target = ("", "", "")
HEADERS = {"content-type": "image/png", "etag": '"abc"', "cache-control": "public, max-age=3600"}
TEMPLATES = ("welcome", "ticket-2", "tmpl_a1b2c3d4e5", "og_card")
CAMPAIGNS = ("", "", "spring-26", "welcome", "x")
SCANNED = ("/wp-login.php", "/", "/favicon.ico", "/r/UPPER.png", "/r/%77elcome.png", "/c/a/b/c.png")


def simulated_image(number: int) -> ImageRecord:
    """The record of an opaque image, of one of the templates and campaigns."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    image_id = f"img_{letters[number % 26]}{letters[number // 26 % 26]}{'a' * 24}"
    return image_record(
        image_id,
        template_id=TEMPLATES[number % 4],
        campaign=CAMPAIGNS[number % 5] or None,
        status="ready",
    )


class SigningEdgeFunction:
    """Rewrites links and images as the edge function does; refuses `forged` ones and scans."""

    def handle(self, event: dict[str, Any], *, query: str | None = None) -> dict[str, Any]:
        request = event["request"]
        path = request["uri"]
        if query == "fault":
            raise EdgeFunctionError("threw")
        if query == "forged":
            return {"statusCode": 403, "headers": {}}
        if path.startswith("/i/"):
            return {**request, "uri": path.replace("/i/", "/images/")}
        if path.startswith(("/r/", "/c/")) and path not in SCANNED:
            name, _, extension = path.rpartition("/")[2].partition(".")
            return {**request, "uri": f"/renders/1/{name}/1/{query}.{extension}"}
        return {"statusCode": 400 if path.startswith("/r/") else 404, "headers": {}}


@dataclass
class Traffic:
    """The CDN with its log, and `seen`: what readers saw, by day and target."""

    folder: Path
    seed: int = 7
    now: float = BEGIN
    failing: bool = False
    seen: dict[tuple[str, Target], Counter[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.images = MemoryImageStore()
        self.records = [simulated_image(number) for number in range(40)]
        for record in self.records:
            self.images.put(record)
        self.log = AccessLog(self.folder, SETTINGS)
        origins = {"PicturesBucket": self._bucket, "ImageApi": self._image_api}
        self.cdn = CloudFront(
            Distribution.read(STACK.template, lambda text: "the secret"),
            SigningEdgeFunction(),
            origins,
            ActivityCounters(),
            clock=lambda: self.now,
            log=self.log.add,
        )

    def _bucket(self, request: Request) -> Response:
        if request.path.startswith("/errors/"):
            return Response(200, HEADERS, b"sorry")
        if "if-none-match" in request.headers:
            return Response(304, {"etag": HEADERS["etag"], "cache-control": "max-age=3600"})
        return Response(403, {}, b"<Error/>")

    def _image_api(self, request: Request) -> Response:
        return Response(500) if self.failing else Response(200, HEADERS, b"x" * 300)

    def send(self, count: int, *, seconds: float) -> None:
        """Send so many requests in so many seconds."""
        for _ in range(count):
            self.now += seconds / count
            self.failing = self.random.random() < 0.02
            self._open(*self._wish())
        self.log.poll()

    def _wish(self) -> tuple[str, str, Target]:
        """A path, a query, and what they are for."""
        draw, digest = self.random.random(), f"{self.random.randrange(60):064x}"
        extension = self.random.choice(["png", "jpg", "gif", "webp"])
        if draw < 0.05:
            return self.random.choice(SCANNED), "", NOBODY
        if draw < 0.06:
            return "/errors/fallback.png", "", NOBODY
        if draw < 0.09:  # names that somebody makes up
            return f"/c/made-up-{self.random.randrange(50)}/welcome.png", "forged", NOBODY
        query = {0: "forged", 1: "fault"}.get(self.random.randrange(40), digest)
        if draw < 0.2:
            record = self.random.choice(self.records)
            path = f"/i/{record.image_id}.png"
            return path, query, (record.template_id, record.campaign or "", record.image_id)
        template, campaign = self.random.choice(TEMPLATES), self.random.choice(CAMPAIGNS)
        path = f"/c/{campaign}/{template}" if campaign else f"/r/{template}"
        return f"{path}.{extension}", query, (template, campaign, "")

    def _open(self, path: str, query: str, target: Target) -> None:
        method = self.random.choices(["GET", "HEAD", "POST"], [95, 4, 1])[0]
        headers = {"if-none-match": HEADERS["etag"]} if self.random.random() < 0.1 else {}
        response = self.cdn.handle(Request(method, path, query, headers))
        day = f"{datetime.fromtimestamp(self.now, UTC):%Y-%m-%d}"
        counts = self.seen.setdefault((day, target), Counter())
        kind = _seen_as(method, response)
        counts[kind] += 1
        counts["answered_failures"] += kind == "failures" and response.status == 200


def _seen_as(method: str, response: Response) -> str:
    """What a reader calls this response."""
    if 400 <= response.status < 500:
        return "refusals"
    if response.status >= 500 or _x_cache(response).startswith("Error"):  # or the error page
        return "failures"
    if method == "HEAD":
        return "heads"
    return "misses" if _x_cache(response) == "Miss from cloudfront" else "hits"


def _x_cache(response: Response) -> str:
    return response.headers.get("x-cache", "")


def nonzero(counts: Mapping[str, int], names: tuple[str, ...]) -> dict[str, int]:
    """The counts with these names that are not zero."""
    return {name: counts[name] for name in names if counts.get(name)}


def raw_lines(folder: Path) -> Iterator[dict[str, str]]:
    """The lines of the log's files, each request once."""
    import gzip
    import json

    found = {}
    for file in sorted(folder.glob("**/*.gz")):
        with gzip.open(file, "rt") as stream:
            for text in stream:
                line = json.loads(text)
                found[line["x-edge-request-id"]] = line
    yield from found.values()
