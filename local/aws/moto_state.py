"""Everything that moto holds, kept in one SQLite file as it is written, restored at start.

A write is kept before it is answered, so a server that is killed comes back with all of it.
"""

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from local.aws.moto_server import MotoAccount
from local.aws.stack_resources import StackResources

_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (bucket TEXT, name TEXT, headers TEXT, body BLOB,
    PRIMARY KEY (bucket, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS items (store TEXT, place TEXT, item TEXT,
    PRIMARY KEY (store, place)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS secrets (name TEXT PRIMARY KEY, text TEXT) WITHOUT ROWID;
"""
_STORED_HEADERS = (
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-type",
    "expires",
)
_DYNAMODB = "DynamoDB_20120810"


class MotoStateFile:
    """The file. `changed` is told of each write, reads what it made back, and keeps that."""

    def __init__(self, path: Path, account: MotoAccount, stack: StackResources) -> None:
        self._account = account
        self._secrets = set(stack.secrets())
        self._key_attributes = {
            table["TableName"]: [part["AttributeName"] for part in table["KeySchema"]]
            for table in stack.tables()
        }
        self._lock = threading.RLock()
        path.touch(mode=0o600)  # it holds keys
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        # A killed process loses nothing; a machine that loses power may lose the last moment.
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file; everything is in it."""
        with self._lock:
            self._database.close()

    @property
    def seeded(self) -> bool:
        """Whether a first start has come to its end."""
        return bool(self._database.execute("PRAGMA user_version").fetchone()[0])

    def mark_seeded(self) -> None:
        """A first start has come to its end."""
        self._database.execute("PRAGMA user_version = 1")

    def restore(self) -> None:
        """Put everything back; the secrets that are new are kept."""
        secrets = self._database.execute("SELECT name, text FROM secrets").fetchall()
        for name, text in secrets:
            self._account.put_secret(name, text)
        for bucket, name, headers, body in self._database.execute("SELECT * FROM objects"):
            self._account.s3("PUT", f"/{bucket}/{name}", body, json.loads(headers))
        for store, item in self._database.execute("SELECT store, item FROM items"):
            self._call_dynamodb("PutItem", {"TableName": store, "Item": json.loads(item)})
        for name in self._secrets - {name for name, _ in secrets}:
            self._save_secret(name)

    def persist_write(self, service: str, name: str, arguments: Mapping[str, Any]) -> None:
        """Keep what a call has changed, if it changed anything."""
        with self._lock:
            if service == "s3" and name in ("put", "post", "delete"):
                self._save_objects(name, str(arguments["path"]))
            elif service == "secretsmanager" and "SecretId" in arguments and name[:3] != "Get":
                self._save_secret(arguments["SecretId"])
            elif service == "dynamodb":
                for store, where in written_items(name, arguments):
                    self._save_item(
                        store, {part: where[part] for part in self._key_attributes[store]}
                    )

    def _save_objects(self, method: str, path: str) -> None:
        bucket, _, name = path.removeprefix("/").partition("/")
        if method == "post" or not name:  # a form, or a list of keys to delete: compare all of it
            self._sync_bucket(bucket)
        else:
            self._save_object(bucket, name)

    def _save_object(self, bucket: str, name: str) -> None:
        answer = self._account.s3("GET", f"/{bucket}/{name}")
        if answer.status != 200:
            where = (bucket, name)
            self._database.execute("DELETE FROM objects WHERE bucket = ? AND name = ?", where)
            return
        headers = {
            header: value
            for header, value in answer.headers.items()
            if header in _STORED_HEADERS or header.startswith("x-amz-meta-")
        }
        self._database.execute(
            "REPLACE INTO objects VALUES (?, ?, ?, ?)",
            (bucket, name, json.dumps(headers), answer.body),
        )

    def _sync_bucket(self, bucket: str) -> None:
        """Keep what is new in a bucket and drop what is gone."""
        there = set(self._account.object_keys(bucket))
        query = "SELECT name FROM objects WHERE bucket = ?"
        kept = {name for (name,) in self._database.execute(query, (bucket,))}
        for name in there ^ kept:
            self._save_object(bucket, name)

    def _save_secret(self, name: str) -> None:
        arguments = {"SecretId": name}
        answer = self._account.call_json(
            "secretsmanager", "secretsmanager.GetSecretValue", arguments
        )
        text = answer["SecretString"]
        self._database.execute("REPLACE INTO secrets VALUES (?, ?)", (name, text))

    def _save_item(self, store: str, key: Mapping[str, Any]) -> None:
        place = json.dumps(key, sort_keys=True)
        arguments = {"TableName": store, "Key": key, "ConsistentRead": True}
        item = self._call_dynamodb("GetItem", arguments).get("Item")
        if item is None:
            where = (store, place)
            self._database.execute("DELETE FROM items WHERE store = ? AND place = ?", where)
        else:
            row = (store, place, json.dumps(item))
            self._database.execute("REPLACE INTO items VALUES (?, ?, ?)", row)

    def _call_dynamodb(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return self._account.call_json("dynamodb", f"{_DYNAMODB}.{name}", arguments)


ItemAddress = tuple[str, Mapping[str, Any]]  # a table, and an item's key or the item


def written_items(name: str, arguments: Mapping[str, Any]) -> Iterator[ItemAddress]:
    """Where a call of DynamoDB writes."""
    if name in ("PutItem", "UpdateItem", "DeleteItem"):
        yield _item_address(arguments)
    elif name == "TransactWriteItems":
        for action in arguments["TransactItems"]:
            yield from (
                _item_address(write) for kind, write in action.items() if kind in _TRANSACT_WRITES
            )
    elif name == "BatchWriteItem":
        for store, requests in arguments["RequestItems"].items():
            for request in requests:
                yield _item_address({"TableName": store, **next(iter(request.values()))})


_TRANSACT_WRITES = ("Put", "Update", "Delete")


def _item_address(write: Mapping[str, Any]) -> ItemAddress:
    return write["TableName"], write["Key"] if "Key" in write else write["Item"]
