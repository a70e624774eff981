"""An HTTP API event (payload 2.0), read: the query as it was sent, the body as bytes."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from postcard.errors import BadRequest, ContentTooLarge, UnsupportedMediaType
from postcard.json_text import parse_json

MAX_BODY_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """What was asked, as the caller sent it."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    sent: str
    packed: bool  # whether `sent` is base64
    request_id: str

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> "ApiRequest":
        """From the event. API Gateway joins a name that comes twice by commas: the last counts."""
        context = event["requestContext"]
        return cls(
            method=context["http"]["method"].upper(),
            path=event.get("rawPath") or context["http"]["path"],
            headers={k.lower(): v for k, v in (event.get("headers") or {}).items()},
            query=dict(parse_qsl(event.get("rawQueryString") or "", keep_blank_values=True)),
            sent=event.get("body") or "",
            packed=bool(event.get("isBase64Encoded")),
            request_id=context["requestId"],
        )

    def parse_json(self) -> tuple[str, Any]:
        """The body's text and value; `TooLarge`, `NotJson`, `BadRequest` `invalid_json`."""
        body = self._body_bytes()
        if len(body) > MAX_BODY_BYTES:
            raise ContentTooLarge(f"The body is over {MAX_BODY_BYTES // 1024} KB: send less.")
        media = self.headers.get("content-type", "application/json").partition(";")[0].strip()
        if media.lower() != "application/json":
            raise UnsupportedMediaType(f'The body is "{media}": send application/json.')
        value = parse_json(body)
        return body.decode("utf-8"), value

    def _body_bytes(self) -> bytes:
        if not self.packed:
            return self.sent.encode("utf-8", "surrogatepass")
        try:
            return base64.b64decode(self.sent, validate=True)
        except ValueError:
            detail = "The body is not base64, as the event says."
            raise BadRequest(detail, code="invalid_json") from None
