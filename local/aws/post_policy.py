"""Checks an upload by a presigned form (POST Object) against its policy, as S3 does; moto does not.

The policy is a list of conditions on the form's fields and on the file's length, with an expiry,
signed by the service. The checks are in the order of S3, which answers with the first that fails.
"""

import base64
import hashlib
import hmac
import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from local.aws.http_messages import Response

HOW_TO_UPLOAD = (
    "Upload a file as multipart/form-data, with POST: all `fields` of the response of POST"
    " /v1/assets or /v1/batches, and last the file as the part `file`."
)
# Fields that a policy does not need to name.
_FREE_FIELDS = {"policy", "x-amz-signature", "file"}
_SIGNING_FIELDS = ("policy", "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature")


@dataclass(frozen=True, slots=True)
class UploadForm:
    """The fields of a form, names in lower case, and the length of its file, if there is one."""

    bucket: str
    fields: Mapping[str, str]
    file_length: int | None


def refuse_upload(form: UploadForm, *, secret_key: str, now: float) -> Response | None:
    """S3's error response to a form; None if its policy allows it. `now` in Unix seconds."""
    if form.file_length is None:
        detail = f"POST requires exactly one file upload per request. {HOW_TO_UPLOAD}"
        return _error(400, "InvalidArgument", detail)
    if not form.fields.get("key"):
        detail = "Bucket POST must contain a field named 'key'. If it is specified, please check"
        return _error(400, "InvalidArgument", f"{detail} the order of the fields.")
    if any(name not in form.fields for name in _SIGNING_FIELDS):
        return _error(403, "AccessDenied", "Access Denied")
    if not _is_signed(form.fields, secret_key):
        detail = "The request signature we calculated does not match the signature you provided."
        return _error(403, "SignatureDoesNotMatch", detail)
    try:
        policy = json.loads(base64.b64decode(form.fields["policy"], validate=True))
        expiry = datetime.fromisoformat(policy["expiration"])
        conditions = [_Condition.parse(each) for each in policy["conditions"]]
    except (ValueError, KeyError, TypeError):
        return _error(400, "InvalidPolicyDocument", "The content of the form does not meet it.")
    if now >= (expiry if expiry.tzinfo else expiry.replace(tzinfo=UTC)).timestamp():
        return _error(403, "AccessDenied", "Invalid according to Policy: Policy expired.")
    return _refuse_by_conditions(form, form.file_length, conditions)


def _refuse_by_conditions(
    form: UploadForm, file_length: int, conditions: Sequence["_Condition"]
) -> Response | None:
    values = {**form.fields, "bucket": form.bucket}
    for condition in conditions:
        if not condition.allows(values):
            detail = f"Policy Condition failed: {json.dumps(condition.source)}"
            return _error(403, "AccessDenied", f"Invalid according to Policy: {detail}")
    named = {condition.field for condition in conditions} | _FREE_FIELDS
    extra = [name for name in form.fields if name not in named and name[:9] != "x-ignore-"]
    if extra:
        detail = f"Invalid according to Policy: Extra input fields: {', '.join(extra)}"
        return _error(403, "AccessDenied", detail)
    for shortest, longest in (each.length_range for each in conditions if each.length_range):
        if file_length < shortest:
            detail = "Your proposed upload is smaller than the minimum allowed size"
            return _error(400, "EntityTooSmall", detail)
        if file_length > longest:
            detail = "Your proposed upload exceeds the maximum allowed size"
            return _error(400, "EntityTooLarge", detail)
    return None


@dataclass(frozen=True, slots=True)
class _Condition:
    """`operator` is `eq`, `starts-with` or `content-length-range`; a range has no `field`."""

    source: Any
    operator: str
    field: str = ""
    value: str = ""
    length_range: tuple[int, int] | None = None

    @classmethod
    def parse(cls, source: Any) -> "_Condition":
        """ValueError or TypeError for what is no condition."""
        if isinstance(source, dict):
            ((name, value),) = source.items()
            return cls(["eq", f"${name}", value], "eq", name.lower(), str(value))
        operator, first, second = source
        if operator == "content-length-range":
            return cls(source, operator, length_range=(int(first), int(second)))
        if operator not in ("eq", "starts-with") or not first.startswith("$"):
            raise ValueError(f"{source} is no condition")
        return cls(source, operator, first[1:].lower(), str(second))

    def allows(self, values: Mapping[str, str]) -> bool:
        """Whether the condition holds for the form's fields."""
        if self.length_range:
            return True  # checked against the file
        given = values.get(self.field, "")
        return given == self.value if self.operator == "eq" else given.startswith(self.value)


def _is_signed(fields: Mapping[str, str], secret_key: str) -> bool:
    """Whether the policy's signature (AWS Signature Version 4) is right."""
    scope = fields["x-amz-credential"].split("/")[1:]  # date, region, service, aws4_request
    if fields["x-amz-algorithm"] != "AWS4-HMAC-SHA256" or len(scope) != 4:
        return False
    key = f"AWS4{secret_key}".encode()
    for part in (*scope, fields["policy"]):
        key = hmac.digest(key, part.encode(), hashlib.sha256)
    return hmac.compare_digest(key.hex().encode(), fields["x-amz-signature"].encode())


def refuse_unsigned() -> Response:
    """S3's response to a call without a signature, such as a PUT to the address of an upload."""
    return _error(403, "AccessDenied", f"Access Denied. {HOW_TO_UPLOAD}")


def no_such_upload() -> Response:
    """S3's response to a call for a multipart upload that is complete, aborted or unknown."""
    detail = "The specified multipart upload does not exist."
    return _error(404, "NoSuchUpload", detail)


def _error(status: int, code: str, message: str) -> Response:
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{html.escape(message)}</Message></Error>"
    )
    return Response(status, {"content-type": "application/xml"}, body.encode())
