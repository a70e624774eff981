"""Tests of the origin secret, which CloudFront sends and the image function expects."""

import json
from typing import Any

import boto3
import pytest
from moto import mock_aws

from deploy import origin_secret
from postcard.settings import Settings


def distribution_config(secret: str) -> Any:
    header = {"HeaderName": "x-postcard-origin", "HeaderValue": secret}
    origin = {
        "Id": "image-api",
        "DomainName": "abc.execute-api.us-east-1.amazonaws.com",
        "CustomHeaders": {"Quantity": 1, "Items": [header]},
        "CustomOriginConfig": {
            "HTTPPort": 80,
            "HTTPSPort": 443,
            "OriginProtocolPolicy": "https-only",
        },
    }
    return {
        "CallerReference": "one",
        "Comment": "",
        "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": {
            "TargetOriginId": "image-api",
            "ViewerProtocolPolicy": "https-only",
        },
    }


@pytest.mark.parametrize("sent", ["the secret", "an older secret"])
def test_the_distribution_sends_the_origin_secret_after_a_deployment(sent: str) -> None:
    with mock_aws():
        session = boto3.Session("testing", "testing", region_name="us-east-1")
        arn = session.client("secretsmanager").create_secret(
            Name="keys", SecretString=json.dumps({"origin": "the secret"})
        )["ARN"]
        cloudfront = session.client("cloudfront")
        created = cloudfront.create_distribution(DistributionConfig=distribution_config(sent))
        id = created["Distribution"]["Id"]
        said = origin_secret.repair(session, Settings("t", "p", "s", arn, distribution_id=id))
        assert (said is None) == (sent == "the secret")
        config = cloudfront.get_distribution_config(Id=id)["DistributionConfig"]
        (origin,) = config["Origins"]["Items"]
        assert origin["CustomHeaders"]["Items"][0]["HeaderValue"] == "the secret"
        assert (
            origin_secret.repair(session, Settings("t", "p", "s", arn, distribution_id=id)) is None
        )
