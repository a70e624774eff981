"""The DynamoDB table: rows by `pk` and `sk`, in Python's own types.

| pk                        | sk               | row                                  |
|---------------------------|------------------|--------------------------------------|
| templates                 | template id      | a template record, to list them      |
| record#{id}#{copy}        | record           | the same record, eight times         |
| template#{id}             | version (000001) | a published version                  |
| image#{id}                | record           | an image record                      |
| images#{template}#{shard} | version#image id | lists the images of a template       |
| marked#{blind index}      | image id         | lists the images with a blind index  |
| batch#{id}                | record           | a batch, with `ttl`                  |
| batches#{key digest}      | created#batch id | lists the batches of a key, `ttl`    |
| active#{key digest}       | record           | the running batches of a key         |
| drafts                    | template id      | a draft's record, with `ttl`         |
| draft#{template}          | document         | the same with its document, `ttl`    |
| deletions#{template}      | version (000001) | a deletion of pictures; 000000: all  |
| count#{name}              | count            | a counter, with `ttl`                |
| budget#{name}             | budget           | what is held of a budget, with `ttl` |
| budget-notices#{day}      | budget#subject   | a used-up budget, `ttl`; batches: "" |
| usage#{day}#{shard}       | template#campaign#writer | counts of usage, `ttl`       |
| usage-days                | day#part#version | the sums of a day that is over       |
| usage                     | log              | how far the access log is counted    |
| keys                      | digest           | an API key; of a session with `ttl`  |
| invitation#{code digest}  | record           | an invitation, with `ttl`            |
| usage-shares              | token digest     | a link that shows usage, with `ttl`  |
| assets                    | asset id         | an asset                             |
| rate#{name}               | bucket           | a token bucket, with `ttl`           |
| idempotency#{hash}        | answer           | a stored response, with `ttl`        |
| health                    | day (2026-11-22) | what its checks found, with `ttl`    |
| alarms                    | time#alarm#state | a change of an alarm, with `ttl`     |
| webhooks                  | webhook id       | a webhook                            |
| health#{webhook}          | health           | how its endpoint has answered        |
| deliveries#{webhook}#{n}  | event id         | a delivery, with `ttl`; n is 0 to 7  |

The index `due` holds the waiting deliveries of a webhook's partition (`due`) by `due_at`.
"""

import secrets
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, fields
from types import MappingProxyType
from typing import Any

from postcard.adapters.aws.call_failed import CORRUPT_BODY, AwsCallFailed
from postcard.adapters.pagination import decode_cursor, encode_cursor
from postcard.errors import Conflict
from postcard.ports import Page
from postcard.runtime.lazy_dataclass import dataclass

Row = dict[str, Any]
MAX_BATCH_GET_KEYS = 100  # in one call, by DynamoDB's quota
_TOKEN_BYTES = 16
CONDITION_FAILED_CODE = "ConditionalCheckFailedException"


class TransactionFailed(Conflict):
    """Nothing was written: conditions did not hold, or another transaction was at work.

    `failed_conditions` are the places of the writes whose condition did not hold: updates first,
    then puts, then deletes.
    """

    def __init__(self, failed_conditions: Sequence[int]) -> None:
        super().__init__("Somebody else changed it first: read it again.")
        self.failed_conditions = failed_conditions


class ConditionFailed(Exception):
    """The condition of a write does not hold; `row` is the stored row, or None."""

    def __init__(self, row: Row | None) -> None:
        super().__init__("the condition does not hold")
        self.row = row


@dataclass(frozen=True, slots=True)
class ConditionExpression:
    """A DynamoDB condition expression, with its `#name` and `:value` placeholders."""

    expression: str
    names: Sequence[str] = ()
    values: Mapping[str, Any] | None = None

    def arguments(self) -> Row:
        """The arguments of a DynamoDB call."""
        arguments: Row = {"ConditionExpression": self.expression}
        if self.names:
            arguments["ExpressionAttributeNames"] = {f"#{name}": name for name in self.names}
        if self.values:
            arguments["ExpressionAttributeValues"] = _expression_values(self.values)
        return arguments


IF_ABSENT = ConditionExpression("attribute_not_exists(pk)")
IF_PRESENT = ConditionExpression("attribute_exists(pk)")


class Table:
    """Reads are strongly consistent by default; failed calls raise `AwsCallFailed`."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def get(self, pk: str, sk: str, *, consistent: bool = True) -> Row | None:
        """The row, or None. Not `consistent`: at half the price, perhaps a second old."""
        key = _key(pk, sk)
        response = self._client.get_item(TableName=self._name, Key=key, ConsistentRead=consistent)
        item = response.get("Item")
        if not item:
            return None
        if any(item.get(name, value) != value for name, value in key.items()):
            raise AwsCallFailed("get_item", CORRUPT_BODY, 200)  # the response to another request
        return _to_row(item)

    def batch_get(
        self, keys: Sequence[tuple[str, str]], *, consistent: bool = True
    ) -> Iterator[Row]:
        """The rows that exist, in no order. Not `consistent`: as `get`."""
        for start in range(0, len(keys), MAX_BATCH_GET_KEYS):
            batch = [_key(*key) for key in keys[start : start + MAX_BATCH_GET_KEYS]]
            request: Row = {self._name: {"Keys": batch, "ConsistentRead": consistent}}
            while request:
                response = self._client.batch_get_item(RequestItems=request)
                yield from map(_to_row, response["Responses"].get(self._name, ()))
                request = response.get("UnprocessedKeys", {})

    def put(self, pk: str, sk: str, row: Row, condition: ConditionExpression | None = None) -> None:
        """Replace the row; `ConditionFailed`."""
        arguments = self._put_arguments(pk, sk, row, condition)
        self._call_conditionally(self._client.put_item, arguments)

    def update(
        self,
        pk: str,
        sk: str,
        *,
        sets: Mapping[str, Any],
        adds: Mapping[str, int] | None = None,
        sets_if_absent: Mapping[str, Any] | None = None,
        condition: ConditionExpression | None = None,
    ) -> Row:
        """Set and add to attributes of a row, new or not; returns it. `ConditionFailed`.

        An attribute that is set to None is removed. Those of `sets_if_absent` keep a value that
        they have.
        """
        arguments = self._update_arguments(
            pk, sk, sets, condition, adds=adds, sets_if_absent=sets_if_absent
        )
        response = self._call_conditionally(
            self._client.update_item, arguments | {"ReturnValues": "ALL_NEW"}
        )
        return _to_row(response["Attributes"])

    def _update_arguments(
        self,
        pk: str,
        sk: str,
        sets: Mapping[str, Any],
        condition: ConditionExpression | None,
        *,
        adds: Mapping[str, int] | None = None,
        sets_if_absent: Mapping[str, Any] | None = None,
    ) -> Row:
        arguments = condition.arguments() if condition else {}
        new = {name: value for name, value in sets.items() if value is not None}
        adds, firsts = adds or {}, sets_if_absent or {}
        clauses = {
            "SET": [
                *(f"#{name} = :new_{name}" for name in new),
                *(f"#{name} = if_not_exists(#{name}, :new_{name})" for name in firsts),
            ],
            "REMOVE": [f"#{name}" for name in sets if name not in new],
            "ADD": [f"#{name} :new_{name}" for name in adds],
        }
        expression = " ".join(
            f"{verb} {', '.join(terms)}" for verb, terms in clauses.items() if terms
        )
        names = {f"#{name}": name for name in (*sets, *adds, *firsts)}
        values = _expression_values(
            {f"new_{name}": value for name, value in {**new, **adds, **firsts}.items()}
        )
        arguments |= {
            "TableName": self._name,
            "Key": _key(pk, sk),
            "UpdateExpression": expression,
            "ExpressionAttributeNames": names | arguments.get("ExpressionAttributeNames", {}),
        }
        values |= arguments.get("ExpressionAttributeValues", {})
        if values:
            arguments["ExpressionAttributeValues"] = values
        return arguments

    def delete(self, pk: str, sk: str) -> None:
        """Remove the row, if it exists."""
        self._client.delete_item(TableName=self._name, Key=_key(pk, sk))

    def take(self, pk: str, sk: str) -> Row | None:
        """Remove the row and return it; None if there is none."""
        response = self._client.delete_item(
            TableName=self._name, Key=_key(pk, sk), ReturnValues="ALL_OLD"
        )
        item = response.get("Attributes")
        return _to_row(item) if item else None

    def transact_put(
        self, puts: Sequence[tuple[str, str, Row, ConditionExpression | None]]
    ) -> None:
        """Put all rows or none; `TransactionFailed`, a `Conflict`."""
        self.transact(puts, ())

    def transact(
        self,
        puts: Sequence[tuple[str, str, Row, ConditionExpression | None]],
        deletes: Sequence[tuple[str, str, ConditionExpression | None]],
        updates: Sequence[tuple[str, str, Mapping[str, Any], ConditionExpression | None]] = (),
    ) -> None:
        """Update, put and delete all rows or none; `TransactionFailed`, a `Conflict`.

        An update has what `update` calls `sets`. The token lets DynamoDB recognize a call that is
        repeated because its response was lost.
        """
        items = [
            *(
                {"Update": self._update_arguments(pk, sk, sets, condition)}
                for pk, sk, sets, condition in updates
            ),
            *({"Put": self._put_arguments(*put)} for put in puts),
            *({"Delete": self._delete_arguments(*delete)} for delete in deletes),
        ]
        try:
            self._client.transact_write_items(
                TransactItems=items, ClientRequestToken=secrets.token_hex(_TOKEN_BYTES)
            )
        except AwsCallFailed as failure:
            reasons = [r.get("Code") for r in failure.response.get("CancellationReasons", ())]
            failed = [n for n, code in enumerate(reasons) if code == "ConditionalCheckFailed"]
            if failed or "TransactionConflict" in reasons:
                raise TransactionFailed(failed) from failure
            raise

    def query_page(
        self, pk: str, *, limit: int, cursor: str | None, newest_first: bool = False
    ) -> Page[Row]:
        """At most `limit` rows of a partition by `sk`."""
        after = decode_cursor(cursor) if cursor is not None else None
        rows: list[Row] = []
        for row in self.query(pk, after=after, newest_first=newest_first, batch=limit + 1):
            if len(rows) == limit:
                return Page(rows, encode_cursor(rows[-1]["sk"]))
            rows.append(row)
        return Page(rows)

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
        values, expression = {"pk": pk}, "pk = :pk"
        if prefix:
            values["prefix"], expression = prefix, "pk = :pk AND begins_with(sk, :prefix)"
        arguments: Row = {
            "TableName": self._name,
            "KeyConditionExpression": expression,
            "ExpressionAttributeValues": _expression_values(values),
            "ConsistentRead": True,
            "ScanIndexForward": not newest_first,
            "Limit": batch,
        }
        start = _key(pk, after) if after is not None else None
        while True:
            if start:
                arguments["ExclusiveStartKey"] = start
            response = self._client.query(**arguments)
            yield from map(_to_row, response["Items"])
            if not (start := response.get("LastEvaluatedKey")):
                return

    def query_index(
        self, index: str, partition: tuple[str, str], at_most: tuple[str, float], *, limit: int
    ) -> Iterator[Row]:
        """At most `limit` rows of an index's partition, with the keys of the table and the index.

        `partition` and `at_most` are an attribute's name with its value, and with its largest
        value; the smallest comes first. What was written last may be missing.
        """
        arguments: Row = {
            "TableName": self._name,
            "IndexName": index,
            "KeyConditionExpression": "#partition = :partition AND #sort <= :at_most",
            "ExpressionAttributeNames": {"#partition": partition[0], "#sort": at_most[0]},
            "ExpressionAttributeValues": _expression_values(
                {"partition": partition[1], "at_most": at_most[1]}
            ),
        }
        while limit > 0:
            response = self._client.query(**arguments, Limit=limit)
            yield from map(_to_row, response["Items"])
            limit -= len(response["Items"])
            if not (start := response.get("LastEvaluatedKey")):
                return
            arguments["ExclusiveStartKey"] = start

    def _put_arguments(
        self, pk: str, sk: str, row: Row, condition: ConditionExpression | None
    ) -> Row:
        item = {
            name: _to_attribute_value(value) for name, value in row.items() if value is not None
        }
        arguments: Row = {"TableName": self._name, "Item": item | _key(pk, sk)}
        return arguments | (condition.arguments() if condition else {})

    def _delete_arguments(self, pk: str, sk: str, condition: ConditionExpression | None) -> Row:
        arguments: Row = {"TableName": self._name, "Key": _key(pk, sk)}
        return arguments | (condition.arguments() if condition else {})

    def _call_conditionally(self, call: Any, arguments: Row) -> Any:
        if "ConditionExpression" in arguments:
            arguments["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        try:
            return call(**arguments)
        except AwsCallFailed as failure:
            if failure.aws_code == CONDITION_FAILED_CODE:
                item = failure.response.get("Item")
                raise ConditionFailed(_to_row(item) if item else None) from failure
            raise


def to_row(record: Any) -> Row:
    """A dataclass's fields as a row."""
    return {field.name: getattr(record, field.name) for field in fields(record)}


def record_fields(
    row: Row, record_type: Any, *, old_names: Mapping[str, str] = MappingProxyType({})
) -> Row:
    """The arguments of the dataclass `record_type`, from a row.

    A field without an attribute gets its default, or None. `old_names` maps attributes of rows
    that an earlier version wrote to their fields.
    """
    if old_names:
        row = {old_names.get(name, name): value for name, value in row.items()}
    return {
        field.name: row.get(field.name)
        for field in fields(record_type)
        if field.name in row or (field.default is field.default_factory is MISSING)
    }


def compress(text: str) -> bytes:
    """A text as zlib bytes: DynamoDB items hold 400 KB, and a document may have 256 KB."""
    return zlib.compress(text.encode())


def decompress(content: bytes) -> str:
    """The text of `compress`."""
    return zlib.decompress(content).decode()


def _key(pk: str, sk: str) -> Row:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _expression_values(values: Mapping[str, Any]) -> Row:
    return {f":{name}": _to_attribute_value(value) for name, value in values.items()}


def _to_row(item: Mapping[str, Any]) -> Row:
    return {name: _from_attribute_value(value) for name, value in item.items()}


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
            return {"M": {str(name): _to_attribute_value(entry) for name, entry in value.items()}}
        case Sequence():
            return {"L": [_to_attribute_value(entry) for entry in value]}
    raise TypeError(f"a row cannot hold {type(value).__name__}")


def _from_attribute_value(value: Mapping[str, Any]) -> Any:
    [(kind, content)] = value.items()
    if kind == "N":
        return int(content) if content.lstrip("-").isdigit() else float(content)
    if kind == "M":
        return {name: _from_attribute_value(entry) for name, entry in content.items()}
    if kind == "L":
        return tuple(_from_attribute_value(entry) for entry in content)
    return content
