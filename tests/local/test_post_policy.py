"""An upload by a presigned form is allowed or refused by its policy, as S3 does."""

import hmac
import json
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import urllib3

from tests.local.test_moto_state import PICTURES, MotoHarness, Start, start

__all__ = ["start"]

BODY = b"picture"


def presigned_fields(moto: MotoHarness, *, seconds: int = 60) -> dict[str, str]:
    """A form as `postcard.adapters.aws.uploads` signs it."""
    form = moto.client("s3").generate_presigned_post(
        PICTURES,
        "uploads/a",
        Fields={"Content-Type": "image/png"},
        Conditions=[{"Content-Type": "image/png"}, ["content-length-range", 7, 7]],
        ExpiresIn=seconds,
    )
    fields: dict[str, str] = form["fields"]
    return fields


def post(
    moto: MotoHarness, fields: Mapping[str, Any], *, body: bytes | None = BODY, bucket: str = ""
) -> tuple[int, str]:
    """The status and the error's code of an upload."""
    file = {} if body is None else {"file": ("a.png", body, "image/png")}
    with urllib3.PoolManager() as pool:
        url = f"{moto.url}/{bucket or PICTURES}"
        response = pool.request("POST", url, fields={**fields, **file})
    code = response.data.decode().partition("<Code>")[2].partition("</Code>")[0]
    return response.status, code


def stored_keys(moto: MotoHarness) -> list[str]:
    return list(moto.account.object_keys(PICTURES))


def test_an_upload_that_the_policy_allows_is_stored(start: Start) -> None:
    with start() as moto:
        assert post(moto, presigned_fields(moto)) == (204, "")
        assert stored_keys(moto) == ["uploads/a"]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"Content-Type": "text/html"}, (403, "AccessDenied")),
        ({"key": "uploads/b"}, (403, "AccessDenied")),
        ({"key": "uploads/a/../b"}, (403, "AccessDenied")),
        ({"acl": "public-read"}, (403, "AccessDenied")),
        ({"x-amz-meta-more": "1"}, (403, "AccessDenied")),
        ({"success_action_status": "201"}, (403, "AccessDenied")),
        ({"x-amz-signature": "0" * 64}, (403, "SignatureDoesNotMatch")),
        ({"x-amz-algorithm": "none"}, (403, "SignatureDoesNotMatch")),
        ({"policy": b64encode(b'{"expiration":"2099-01-01T00:00:00Z","conditions":[]}')},
         (403, "SignatureDoesNotMatch")),
        ({"x-ignore-note": "anything"}, (204, "")),
    ],
)  # fmt: skip
def test_a_changed_field_is_refused(
    start: Start, changed: dict[str, Any], expected: tuple[int, str]
) -> None:
    with start() as moto:
        assert post(moto, {**presigned_fields(moto), **changed}) == expected
        assert bool(stored_keys(moto)) == (expected[0] == 204)


@pytest.mark.parametrize(
    "name", ["key", "Content-Type", "policy", "x-amz-credential", "x-amz-date", "x-amz-signature"]
)
def test_a_missing_field_is_refused(start: Start, name: str) -> None:
    with start() as moto:
        fields = presigned_fields(moto)
        del fields[name]
        assert post(moto, fields)[0] in (400, 403)
        assert stored_keys(moto) == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (BODY[:-1], (400, "EntityTooSmall")),
        (b"", (400, "EntityTooSmall")),
        (BODY + b"s", (400, "EntityTooLarge")),
        (BODY * 100_000, (400, "EntityTooLarge")),
        (None, (400, "InvalidArgument")),
    ],
)
def test_a_file_of_another_length_is_refused(
    start: Start, body: bytes | None, expected: tuple[int, str]
) -> None:
    with start() as moto:
        assert post(moto, presigned_fields(moto), body=body) == expected
        assert stored_keys(moto) == []


def test_a_form_is_for_one_bucket(start: Start) -> None:
    with start() as moto:
        moto.client("s3").create_bucket(Bucket="another")
        assert post(moto, presigned_fields(moto), bucket="another") == (403, "AccessDenied")


def test_an_expired_form_is_refused(start: Start) -> None:
    with start() as moto:
        fields = presigned_fields(moto, seconds=60)
        moto.now = time.time() + 61
        assert post(moto, fields) == (403, "AccessDenied")
        moto.now = time.time() + 50
        assert post(moto, fields) == (204, "")


@pytest.mark.parametrize("policy", [b"", b"nonsense", b"[]", b"{}", b'{"expiration":"soon"}'])
def test_a_signed_policy_that_cannot_be_read_is_refused(
    start: Start, policy: bytes, sign_policy: Callable[[bytes], dict[str, str]]
) -> None:
    with start() as moto:
        assert post(moto, {"key": "a", **sign_policy(policy)}) in (
            (400, "InvalidPolicyDocument"),
            (403, "AccessDenied"),
        )
        assert stored_keys(moto) == []


@pytest.mark.parametrize(
    ("condition", "key", "status"),
    [
        (["starts-with", "$key", "uploads/"], "uploads/b", 204),
        (["starts-with", "$key", "uploads/"], "other/b", 403),
        (["eq", "$key", "uploads/b"], "uploads/b", 204),
        (["like", "$key", "uploads/b"], "uploads/b", 400),
        ({"key": "uploads/b", "more": "1"}, "uploads/b", 400),
    ],
)
def test_every_kind_of_condition_is_checked(
    start: Start,
    condition: Any,
    key: str,
    status: int,
    sign_policy: Callable[[bytes], dict[str, str]],
) -> None:
    fields = {"x-amz-algorithm": "", "x-amz-credential": "", "x-amz-date": ""}
    conditions = [condition, *(["starts-with", f"${name}", ""] for name in fields)]
    policy = {"expiration": "2099-01-01T00:00:00Z", "conditions": conditions}
    with start() as moto:
        assert post(moto, {"key": key, **sign_policy(json.dumps(policy).encode())})[0] == status


@pytest.fixture
def sign_policy() -> Callable[[bytes], dict[str, str]]:
    def sign(policy: bytes) -> dict[str, str]:
        """The signing fields of any policy, with the service's key."""
        text = b64encode(policy).decode()
        key = b"AWS4local"
        for part in ("20260101", "us-east-1", "s3", "aws4_request", text):
            key = hmac.digest(key, part.encode(), "sha256")
        return {
            "policy": text,
            "x-amz-algorithm": "AWS4-HMAC-SHA256",
            "x-amz-credential": "local/20260101/us-east-1/s3/aws4_request",
            "x-amz-date": "20260101T000000Z",
            "x-amz-signature": key.hex(),
        }

    return sign


def test_a_form_in_another_encoding_is_refused(start: Start) -> None:
    with start() as moto, urllib3.PoolManager() as pool:
        fields = {**presigned_fields(moto), "file": "picture"}
        response = pool.request_encode_body(
            "POST", f"{moto.url}/{PICTURES}", fields=fields, encode_multipart=False
        )
        assert response.status == 400
        assert stored_keys(moto) == []


def test_a_file_without_its_form_says_how_to_upload(start: Start) -> None:
    with start() as moto, urllib3.PoolManager() as pool:
        for path in (f"/{PICTURES}", f"/{PICTURES}/a.png", "/a.png", "/"):
            response = pool.request("PUT", moto.url + path, body=BODY, timeout=600, retries=False)
            message = response.data.decode()
            assert response.status == 403 and "<Code>AccessDenied</Code>" in message
            assert "multipart/form-data, with POST" in message
        assert stored_keys(moto) == []
        response = pool.request("POST", f"{moto.url}/{PICTURES}", body=BODY)
        assert response.status == 400
        assert "the file as the part `file`" in response.data.decode()
