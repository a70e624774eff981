"""The one DynamoDB table: rows by `pk` and `sk`, in Python's own types.

| pk                  | sk            | what                           |
|---------------------|---------------|--------------------------------|
| templates           | template id   | what changes about a template  |
| template#{id}       | version (000001) | one published version       |
| image#{id}          | record        | an opaque image                |
| images#{template}#{shard} | version#id | which images a template has |
| marked#{mark}       | image id      | which images an erasure finds  |
| count#{name}        | count         | a counter, with `ttl`          |
| keys                | digest        | an API key                     |
| assets              | asset id      | an asset                       |
| rate#{name}         | bucket        | a token bucket, with `ttl`     |
| idempotency#{name}  | answer        | a kept answer, with `ttl`      |
"""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any

from postcard.adapters.aws.call_failed import CORRUPT_BODY, AwsCallFailed
from postcard.errors import Conflict
from postcard.runtime.lazy_dataclass import dataclass

Row = dict[str, Any]
MAX_BATCH_GET_KEYS = 100  # rows that one call may ask for
CONDITION_FAILED_CODE = "ConditionalCheckFailedException"


class ConditionFailed(Exception):
    """The condition of a write does not hold; `row` is what stands there, None if nothing does."""

    def __init__(self, row: Row | None) -> None:
        super().__init__("the condition does not hold")
        self.row = row


@dataclass(frozen=True, slots=True)
class ConditionExpression:
    """An expression of DynamoDB's; `#name` and `:name` in it stand for names and values."""

    expression: str
    names: Sequence[str] = ()
    values: Mapping[str, Any] | None = None

    def arguments(self) -> Row:
        """As DynamoDB's calls take it."""
        arguments: Row = {"ConditionExpression": self.expression}
        if self.names:
            arguments["ExpressionAttributeNames"] = {f"#{name}": name for name in self.names}
        if self.values:
            arguments["ExpressionAttributeValues"] = _expression_values(self.values)
        return arguments


IF_ABSENT = ConditionExpression("attribute_not_exists(pk)")
IF_PRESENT = ConditionExpression("attribute_exists(pk)")


class Table:
    """Reads are consistent; faults are `Unavailable`."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def get(self, pk: str, sk: str) -> Row | None:
        """The row, or None."""
        key = _key(pk, sk)
        answer = self._client.get_item(TableName=self._name, Key=key, ConsistentRead=True)
        item = answer.get("Item")
        if item and any(item.get(name, value) != value for name, value in key.items()):
            raise AwsCallFailed(
                "get_item", CORRUPT_BODY, 200
            )  # an answer to somebody else's question
        return _from_item(item)

    def batch_get(self, keys: Sequence[tuple[str, str]]) -> Iterator[Row]:
        """Those of the rows that are there, in no order."""
        for start in range(0, len(keys), MAX_BATCH_GET_KEYS):
            wanted = [_key(*key) for key in keys[start : start + MAX_BATCH_GET_KEYS]]
            asked: Row = {self._name: {"Keys": wanted, "ConsistentRead": True}}
            while asked:
                answer = self._client.batch_get_item(RequestItems=asked)
                for item in answer["Responses"].get(self._name, ()):
                    yield {name: _from_attribute_value(value) for name, value in item.items()}
                asked = answer.get("UnprocessedKeys", {})

    def put(self, pk: str, sk: str, row: Row, condition: ConditionExpression | None = None) -> None:
        """Replace the row; `NotMet`."""
        arguments = self._put_arguments(pk, sk, row, condition)
        self._call_conditionally(self._client.put_item, arguments)

    def update(
        self,
        pk: str,
        sk: str,
        *,
        sets: Mapping[str, Any],
        adds: Mapping[str, int] | None = None,
        condition: ConditionExpression | None = None,
    ) -> Row:
        """Set attributes and add to others, making the row if need be; the new row, or `NotMet`."""
        arguments = condition.arguments() if condition else {}
        adds = adds or {}
        expression = "SET " + ", ".join(f"#{name} = :new_{name}" for name in sets)
        if adds:
            expression += " ADD " + ", ".join(f"#{name} :new_{name}" for name in adds)
        names = {f"#{name}": name for name in (*sets, *adds)}
        values = _expression_values(
            {f"new_{name}": value for name, value in {**sets, **adds}.items()}
        )
        arguments |= {
            "TableName": self._name,
            "Key": _key(pk, sk),
            "UpdateExpression": expression,
            "ExpressionAttributeNames": names | arguments.get("ExpressionAttributeNames", {}),
            "ExpressionAttributeValues": values | arguments.get("ExpressionAttributeValues", {}),
            "ReturnValues": "ALL_NEW",
        }
        return (
            _from_item(self._call_conditionally(self._client.update_item, arguments)["Attributes"])
            or {}
        )

    def delete(self, pk: str, sk: str) -> None:
        """Remove the row; none is no fault."""
        self._client.delete_item(TableName=self._name, Key=_key(pk, sk))

    def transact_put(self, puts: Sequence[tuple[str, str, Row, ConditionExpression]]) -> None:
        """All rows or none; `Conflict` if a condition does not hold or somebody is faster."""
        items = [{"Put": self._put_arguments(*put)} for put in puts]
        try:
            self._client.transact_write_items(TransactItems=items)
        except AwsCallFailed as failure:
            reasons = {r.get("Code") for r in failure.response.get("CancellationReasons", ())}
            if reasons & {"ConditionalCheckFailed", "TransactionConflict"}:
                raise Conflict("Somebody else changed it first: read it again.") from failure
            raise

    def query_page(
        self, pk: str, *, limit: int, after: str | None = None, newest_first: bool = False
    ) -> tuple[list[Row], bool]:
        """At most `limit` rows by `sk`, and whether there are more."""
        rows: list[Row] = []
        for row in self.query(pk, after=after, newest_first=newest_first, batch=limit + 1):
            if len(rows) == limit:
                return rows, True
            rows.append(row)
        return rows, False

    def query(
        self,
        pk: str,
        *,
        prefix: str = "",
        after: str | None = None,
        newest_first: bool = False,
        batch: int = 500,
    ) -> Iterator[Row]:
        """The rows of a partition whose `sk` begins with `prefix`, read `batch` at a time."""
        values, begins = {"pk": pk}, ""
        if prefix:
            values["prefix"], begins = prefix, " AND begins_with(sk, :prefix)"
        arguments: Row = {
            "TableName": self._name,
            "KeyConditionExpression": f"pk = :pk{begins}",
            "ExpressionAttributeValues": _expression_values(values),
            "ConsistentRead": True,
            "ScanIndexForward": not newest_first,
            "Limit": batch,
        }
        start = _key(pk, after) if after is not None else None
        while True:
            if start:
                arguments["ExclusiveStartKey"] = start
            answer = self._client.query(**arguments)
            for item in answer["Items"]:
                yield {name: _from_attribute_value(value) for name, value in item.items()}
            if not (start := answer.get("LastEvaluatedKey")):
                return

    def _put_arguments(
        self, pk: str, sk: str, row: Row, condition: ConditionExpression | None
    ) -> Row:
        item = {
            name: _to_attribute_value(value) for name, value in row.items() if value is not None
        }
        arguments: Row = {"TableName": self._name, "Item": item | _key(pk, sk)}
        return arguments | (condition.arguments() if condition else {})

    def _call_conditionally(self, call: Any, arguments: Row) -> Any:
        if "ConditionExpression" in arguments:
            arguments["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        try:
            return call(**arguments)
        except AwsCallFailed as failure:
            if failure.aws_code == CONDITION_FAILED_CODE:
                raise ConditionFailed(_from_item(failure.response.get("Item"))) from failure
            raise


def to_row(record: Any) -> Row:
    """A dataclass's fields as a row."""
    return {field.name: getattr(record, field.name) for field in fields(record)}


def record_fields(row: Row, record_type: Any) -> Row:
    """What of a row are fields of the dataclass `of`; what it lacks is its default, or None."""
    return {
        field.name: row.get(field.name)
        for field in fields(record_type)
        if field.name in row or (field.default is field.default_factory is MISSING)
    }


def compress(text: str) -> bytes:
    """A long text as it is stored: an item holds 400 KB, a document may have 256."""
    return zlib.compress(text.encode())


def decompress(content: bytes) -> str:
    """The text again."""
    return zlib.decompress(content).decode()


def _key(pk: str, sk: str) -> Row:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _expression_values(values: Mapping[str, Any]) -> Row:
    return {f":{name}": _to_attribute_value(value) for name, value in values.items()}


def _from_item(item: Mapping[str, Any] | None) -> Row | None:
    return {name: _from_attribute_value(value) for name, value in item.items()} if item else None


def _to_attribute_value(value: Any) -> Row:
    match value:
        case bool():
            return {"BOOL": value}
        case int() | float():
            return {"N": repr(value)}
        case str():
            return {"S": value}
        case bytes():
            return {"B": value}
        case Mapping():
            return {"M": {str(name): _to_attribute_value(inner) for name, inner in value.items()}}
        case Sequence():
            return {"L": [_to_attribute_value(inner) for inner in value]}
    raise TypeError(f"a row cannot hold {type(value).__name__}")


def _from_attribute_value(value: Mapping[str, Any]) -> Any:
    [(kind, content)] = value.items()
    if kind == "N":
        return int(content) if content.lstrip("-").isdigit() else float(content)
    if kind == "M":
        return {name: _from_attribute_value(inner) for name, inner in content.items()}
    if kind == "L":
        return tuple(_from_attribute_value(inner) for inner in content)
    return content
