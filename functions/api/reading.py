"""An HTTP API event (payload 2.0), read: the query as it was sent, the body as bytes."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from postcard.errors import BadRequest, NotJson, TooLarge
from postcard.json_text import read_json

MOST_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked, as the caller sent it."""

    method: str
    path: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    request_id: str

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> "Request":
        """From the event. API Gateway joins a name that comes twice by commas: the last counts."""
        context = event["requestContext"]
        return cls(
            method=context["http"]["method"].upper(),
            path=event.get("rawPath") or context["http"]["path"],
            headers={k.lower(): v for k, v in (event.get("headers") or {}).items()},
            query=dict(parse_qsl(event.get("rawQueryString") or "", keep_blank_values=True)),
            body=_body(event),
            request_id=context["requestId"],
        )

    def json(self) -> tuple[str, Any]:
        """The body's text and value; `TooLarge`, `NotJson`, `BadRequest` `invalid_json`."""
        if len(self.body) > MOST_BYTES:
            raise TooLarge(f"The body is over {MOST_BYTES // 1024} KB: send less.")
        media = self.headers.get("content-type", "application/json").partition(";")[0].strip()
        if media.lower() != "application/json":
            raise NotJson(f'The body is "{media}": send application/json.')
        value = read_json(self.body)
        return self.body.decode("utf-8"), value


def _body(event: Mapping[str, Any]) -> bytes:
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return body.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        raise BadRequest(
            "The body is not base64, as the event says.", code="invalid_json"
        ) from None
