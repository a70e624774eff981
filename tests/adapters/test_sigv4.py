"""AWS signatures, against botocore's and AWS's published example."""

import datetime
from unittest import mock  # botocore reads the clock itself

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials
from hypothesis import given
from hypothesis import strategies as st

from postcard.adapters.aws.sigv4 import Credentials, signed_headers

NOW = 1_440_938_160  # 2015-08-30T12:36:00Z, the instant of AWS's test suite
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
VISIBLE = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=30)


def test_the_get_vanilla_example_of_aws_has_its_published_signature() -> None:
    headers = signed_headers(
        "GET",
        "/",
        {"Host": "example.amazonaws.com"},
        b"",
        service="service",
        region="us-east-1",
        credentials=Credentials("AKIDEXAMPLE", SECRET),
        now=NOW,
    )
    assert headers["Authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        "SignedHeaders=host;x-amz-date, "
        "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
    )


def botocore_authorization(service: str, method: str, path: str, body: bytes, token: str) -> str:
    request = AWSRequest(method, f"https://host.test{path}", {"Content-Type": "a/b"}, body)
    signer = auth.S3SigV4Auth if service == "s3" else auth.SigV4Auth
    credentials = BotoCredentials("AKIDEXAMPLE", SECRET, token or None)
    moment = datetime.datetime.fromtimestamp(NOW, datetime.UTC)
    request.context["payload_signing_enabled"] = True
    with mock.patch("botocore.auth.get_current_datetime", return_value=moment.replace(tzinfo=None)):
        signer(credentials, service, "eu-west-3").add_auth(request)
    return str(request.headers["Authorization"])


@pytest.mark.parametrize("service", ["s3", "dynamodb"])
@given(
    key=st.text(st.sampled_from("ab/ .~-_%2F+"), max_size=20),
    body=st.binary(max_size=40),
    token=st.just("") | VISIBLE,
    method=st.sampled_from(["GET", "PUT", "POST"]),
)
def test_any_request_has_the_signature_of_botocore(
    service: str, key: str, body: bytes, token: str, method: str
) -> None:
    from urllib.parse import quote

    path = "/" + quote(key, safe="/-._~") if service == "s3" else "/"
    headers = signed_headers(
        method,
        path,
        {"Host": "host.test", "Content-Type": "a/b"},
        body,
        service=service,
        region="eu-west-3",
        credentials=Credentials("AKIDEXAMPLE", SECRET, token),
        now=NOW,
    )
    assert headers["Authorization"] == botocore_authorization(service, method, path, body, token)


def test_secrets_are_not_in_the_repr_of_credentials() -> None:
    text = repr(Credentials("AKIDEXAMPLE", SECRET, "token-of-a-session"))
    assert SECRET not in text
    assert "token-of-a-session" not in text
