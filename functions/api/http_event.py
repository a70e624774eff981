"""Reads an HTTP API event (payload format 2.0) into a request."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from postcard.errors import BadRequest, ContentTooLarge, UnsupportedMediaType
from postcard.json_text import BYTE_ORDER_MARK, decode_utf8, parse_json

MAX_BODY_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """A request as the caller sent it; header names are lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: str
    is_base64: bool  # whether `body` is the base64 of the bytes that were sent
    request_id: str
    address: str = ""  # of the caller, by API Gateway: no header changes it

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> "ApiRequest":
        """The query is decoded here: API Gateway joins the values of a repeated name by commas.

        Of a repeated name, the last value counts.
        """
        context = event["requestContext"]
        return cls(
            method=context["http"]["method"].upper(),
            path=event.get("rawPath") or context["http"]["path"],
            headers={k.lower(): v for k, v in (event.get("headers") or {}).items()},
            query=dict(parse_qsl(event.get("rawQueryString") or "", keep_blank_values=True)),
            body=event.get("body") or "",
            is_base64=bool(event.get("isBase64Encoded")),
            request_id=context["requestId"],
            address=str(context["http"].get("sourceIp", "")),
        )

    def prefers_json(self) -> bool:
        """Whether `Accept` asks for JSON; a list that names no JSON (`*/*`) does not.

        If it names pictures too, the one with the higher `q` wins.
        """
        json_quality, picture_quality = 0.0, 0.0
        for part in self.headers.get("accept", "").lower().split(","):
            media_type, _, parameters = part.partition(";")
            media_type, quality = media_type.strip(), _quality(parameters)
            if media_type in ("application/json", "application/*"):
                json_quality = max(json_quality, quality)
            elif media_type.startswith("image/"):
                picture_quality = max(picture_quality, quality)
        return json_quality > 0 and json_quality >= picture_quality

    def parse_json(self, max_bytes: int = MAX_BODY_BYTES) -> tuple[str, Any]:
        """The body's text and value; `ContentTooLarge`, `UnsupportedMediaType`, `BadRequest`."""
        encoding = self.headers.get("content-encoding", "").strip().lower()
        if encoding not in ("", "identity"):
            raise UnsupportedMediaType(
                f'The body is packed with "{encoding[:64]}": send it without Content-Encoding.',
                headers={"Accept-Encoding": "identity"},
            )
        body = self._body_bytes()
        if len(body) > max_bytes:
            raise ContentTooLarge(f"The body is over {max_bytes // 1024} KB: send less.")
        media_type = self.headers.get("content-type", "application/json").partition(";")[0].strip()
        if media_type.lower() != "application/json":
            raise UnsupportedMediaType(f'The body is "{media_type}": send application/json.')
        text = decode_utf8(body).lstrip(BYTE_ORDER_MARK)
        return text, parse_json(text)

    def _body_bytes(self) -> bytes:
        if not self.is_base64:
            return self.body.encode("utf-8", "surrogatepass")
        try:
            return base64.b64decode(self.body, validate=True)
        except ValueError:
            detail = "The body is not base64, as the event says."
            raise BadRequest(detail, code="invalid_json") from None


def _quality(parameters: str) -> float:
    """The `q` of a part of `Accept`; 1 if it has none."""
    match = re.search(r"(?:^|;)\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*(?:;|$)", parameters)
    return float(match[1]) if match else 1.0
