"""Answers range requests from a whole response, as CloudFront does (RFC 9110, section 14)."""

import re
import secrets
from collections.abc import Mapping, Sequence

from local.aws.http_messages import Response

Range = tuple[int, int]  # the first byte and the one after the last
_RANGE = re.compile(r"\s*(\d{0,15})-(\d{0,15})\s*", re.ASCII)


def partial_response(request_headers: Mapping[str, str], response: Response) -> Response:
    """206 with the bytes that `Range` asks for, or 416; the whole response if it asks for none.

    CloudFront ignores ranges that overlap or do not ascend, and units other than bytes.
    """
    header = request_headers.get("range")
    if header is None or not _if_range_matches(request_headers.get("if-range"), response):
        return response
    ranges = _parse_ranges(header, len(response.body))
    if ranges is None:
        return response
    satisfiable = [(first, end) for first, end in ranges if first < end]
    if not satisfiable:
        headers = {"content-type": "text/plain", "content-range": f"bytes */{len(response.body)}"}
        return Response(416, headers)
    if len(satisfiable) > 1:
        return _multipart_response(response, satisfiable)
    headers = {"content-range": _content_range(satisfiable[0], response)}
    first, end = satisfiable[0]
    return Response(206, {**_without_length(response), **headers}, response.body[first:end])


def _parse_ranges(header: str, length: int) -> Sequence[Range] | None:
    """The ranges within a body; an unsatisfiable one is empty. None: the header is ignored."""
    unit, _, texts = header.partition("=")
    matches = [_RANGE.fullmatch(text) for text in texts.split(",")]
    if unit.strip().lower() != "bytes":
        return None
    ranges: list[Range] = []
    for match in matches:
        if match is None or not (match[1] or match[2]):
            return None
        first = int(match[1]) if match[1] else max(0, length - int(match[2]))
        end = min(length, int(match[2]) + 1) if match[1] and match[2] else length
        if (match[1] and match[2] and int(match[2]) < first) or (ranges and first < ranges[-1][1]):
            return None
        ranges.append((first, end))
    return ranges


def _if_range_matches(if_range: str | None, response: Response) -> bool:
    if if_range is None:
        return True
    strong = {response.headers.get("etag"), response.headers.get("last-modified")}
    return if_range.strip() in strong and not if_range.strip().startswith("W/")


def _multipart_response(response: Response, ranges: Sequence[Range]) -> Response:
    boundary = f"CloudFront:{secrets.token_hex(16).upper()}"
    content_type = response.headers.get("content-type", "application/octet-stream")
    parts = b"".join(
        f"\r\n--{boundary}\r\nContent-Type: {content_type}\r\n"
        f"Content-Range: {_content_range(each, response)}\r\n\r\n".encode()
        + response.body[each[0] : each[1]]
        for each in ranges
    )
    headers = {"content-type": f'multipart/byteranges; boundary="{boundary}"'}
    body = parts + f"\r\n--{boundary}--\r\n".encode()
    return Response(206, {**_without_length(response), **headers}, body)


def _content_range(part: Range, response: Response) -> str:
    return f"bytes {part[0]}-{part[1] - 1}/{len(response.body)}"


def _without_length(response: Response) -> dict[str, str]:
    return {name: text for name, text in response.headers.items() if name != "content-length"}
