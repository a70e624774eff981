"""Compares the origin secret that CloudFront sends with the one that the image function expects.

CloudFormation copies the secret into the distribution only when it changes the distribution. After
the secret was restored or replaced, every new picture would be refused with 403.
"""

import json
from typing import Any

import boto3

from postcard.settings import Settings

HEADER = "x-postcard-origin"
ORIGIN_ID = "image-api"


def repair(session: boto3.Session, settings: Settings) -> str | None:
    """Write the secret into the distribution if it sends another one; says so, or None."""
    secret = session.client("secretsmanager").get_secret_value(SecretId=settings.secret_id)
    expected = json.loads(secret["SecretString"])["origin"]
    cloudfront = session.client("cloudfront")
    described = cloudfront.get_distribution_config(Id=settings.distribution_id)
    config: Any = described["DistributionConfig"]
    header = _origin_header(config)
    if header["HeaderValue"] == expected:
        return None
    header["HeaderValue"] = expected
    cloudfront.update_distribution(
        Id=settings.distribution_id, IfMatch=described["ETag"], DistributionConfig=config
    )
    cloudfront.get_waiter("distribution_deployed").wait(Id=settings.distribution_id)
    return "CloudFront sent an older origin secret; it has the present one now."


def _origin_header(config: Any) -> dict[str, Any]:
    """The header with the secret in a distribution's configuration, to be changed in place."""
    (header,) = (
        each
        for origin in config["Origins"]["Items"]
        if origin["Id"] == ORIGIN_ID
        for each in origin["CustomHeaders"]["Items"]
        if each["HeaderName"].lower() == HEADER
    )
    found: dict[str, Any] = header
    return found
