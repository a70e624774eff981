"""Reads an HTTP API event (payload format 2.0) into a request."""

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
    """A request as the caller sent it; header names are lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: str
    is_base64: bool  # whether `body` is the base64 of the bytes that were sent
    request_id: str

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
        )

    def parse_json(self) -> tuple[str, Any]:
        """The body's text and value; `ContentTooLarge`, `UnsupportedMediaType`, `BadRequest`."""
        body = self._body_bytes()
        if len(body) > MAX_BODY_BYTES:
            raise ContentTooLarge(f"The body is over {MAX_BODY_BYTES // 1024} KB: send less.")
        media_type = self.headers.get("content-type", "application/json").partition(";")[0].strip()
        if media_type.lower() != "application/json":
            raise UnsupportedMediaType(f'The body is "{media_type}": send application/json.')
        value = parse_json(body)
        return body.decode("utf-8"), value

    def _body_bytes(self) -> bytes:
        if not self.is_base64:
            return self.body.encode("utf-8", "surrogatepass")
        try:
            return base64.b64decode(self.body, validate=True)
        except ValueError:
            detail = "The body is not base64, as the event says."
            raise BadRequest(detail, code="invalid_json") from None
