"""A DynamoDB transaction that is sent twice is done once on the local service, as on AWS."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.aws.idempotent_transactions import IdempotentTransactions
from local.aws.moto_server import MotoAccount, MotoHttpServer
from local.aws.stack_resources import REGION
from tests.local.conftest import SHARED

TABLE = "records"


@pytest.fixture(scope="module")
def dynamodb() -> Iterator[Any]:
    SHARED.close()
    account = MotoAccount()
    account.reset()
    server = MotoHttpServer(IdempotentTransactions(account.app))
    client = boto3.client(
        "dynamodb",
        endpoint_url=server.url,
        region_name=REGION,
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
    client.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    yield client
    server.close()


def put_new(key: str) -> list[dict[str, object]]:
    put = {
        "TableName": TABLE,
        "Item": {"pk": {"S": key}},
        "ConditionExpression": "attribute_not_exists(pk)",
    }
    return [{"Put": put}]


def test_the_same_token_again_succeeds_and_writes_nothing(dynamodb: Any) -> None:
    dynamodb.transact_write_items(TransactItems=put_new("one"), ClientRequestToken="t1")
    later = {"pk": {"S": "one"}, "changed": {"BOOL": True}}
    dynamodb.put_item(TableName=TABLE, Item=later)
    dynamodb.transact_write_items(TransactItems=put_new("one"), ClientRequestToken="t1")
    assert dynamodb.scan(TableName=TABLE)["Items"] == [later]


def test_another_token_finds_what_the_first_wrote(dynamodb: Any) -> None:
    dynamodb.transact_write_items(TransactItems=put_new("two"), ClientRequestToken="t2")
    with pytest.raises(ClientError, match="TransactionCanceled"):
        dynamodb.transact_write_items(TransactItems=put_new("two"), ClientRequestToken="t3")


def test_a_refused_transaction_is_tried_again_under_its_token(dynamodb: Any) -> None:
    dynamodb.transact_write_items(TransactItems=put_new("three"), ClientRequestToken="t4")
    for _ in range(2):
        with pytest.raises(ClientError, match="TransactionCanceled"):
            dynamodb.transact_write_items(TransactItems=put_new("three"), ClientRequestToken="t5")
    dynamodb.delete_item(TableName=TABLE, Key={"pk": {"S": "three"}})
    dynamodb.transact_write_items(TransactItems=put_new("three"), ClientRequestToken="t5")
