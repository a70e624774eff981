"""Everything that moto holds, kept in one SQLite file as it is written, restored at start.

A write is kept before it is answered, so a server that is killed comes back with all of it.
"""

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from local.aws.moto_server import Account
from local.aws.stack_resources import Stack

_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (bucket TEXT, name TEXT, headers TEXT, body BLOB,
    PRIMARY KEY (bucket, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS items (store TEXT, place TEXT, item TEXT,
    PRIMARY KEY (store, place)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS secrets (name TEXT PRIMARY KEY, text TEXT) WITHOUT ROWID;
"""
_HEADERS = ("cache-control", "content-disposition", "content-encoding", "content-type", "expires")
_DYNAMODB = "DynamoDB_20120810"


class State:
    """The file. `changed` is told of each write, reads what it made back, and keeps that."""

    def __init__(self, path: Path, account: Account, stack: Stack) -> None:
        self._account = account
        self._secrets = set(stack.secrets())
        self._keys = {
            table["TableName"]: [part["AttributeName"] for part in table["KeySchema"]]
            for table in stack.tables()
        }
        self._lock = threading.RLock()
        path.touch(mode=0o600)  # it holds keys
        self._file = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        # A killed process loses nothing; a machine that loses power may lose the last moment.
        self._file.execute("PRAGMA journal_mode = WAL")
        self._file.execute("PRAGMA synchronous = NORMAL")
        self._file.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file; everything is in it."""
        with self._lock:
            self._file.close()

    @property
    def seeded(self) -> bool:
        """Whether a first start has come to its end."""
        return bool(self._file.execute("PRAGMA user_version").fetchone()[0])

    def mark_seeded(self) -> None:
        """A first start has come to its end."""
        self._file.execute("PRAGMA user_version = 1")

    def restore(self) -> None:
        """Put everything back; the secrets that are new are kept."""
        secrets = self._file.execute("SELECT name, text FROM secrets").fetchall()
        for name, text in secrets:
            self._account.put_secret(name, text)
        for bucket, name, headers, body in self._file.execute("SELECT * FROM objects"):
            self._account.s3("PUT", f"/{bucket}/{name}", body, json.loads(headers))
        for store, item in self._file.execute("SELECT store, item FROM items"):
            self._call_table("PutItem", {"TableName": store, "Item": json.loads(item)})
        for name in self._secrets - {name for name, _ in secrets}:
            self._keep_secret(name)

    def changed(self, service: str, name: str, arguments: Mapping[str, Any]) -> None:
        """Keep what a call has changed, if it changed anything."""
        with self._lock:
            if service == "s3" and name in ("put", "post", "delete"):
                self._keep_objects(name, str(arguments["path"]))
            elif service == "secretsmanager" and "SecretId" in arguments and name[:3] != "Get":
                self._keep_secret(arguments["SecretId"])
            elif service == "dynamodb":
                for store, where in written(name, arguments):
                    self._keep_item(store, {part: where[part] for part in self._keys[store]})

    def _keep_objects(self, method: str, path: str) -> None:
        bucket, _, name = path.removeprefix("/").partition("/")
        if method == "post" or not name:  # a form, or a list of keys to delete: compare all of it
            self._compare(bucket)
        else:
            self._keep_object(bucket, name)

    def _keep_object(self, bucket: str, name: str) -> None:
        answer = self._account.s3("GET", f"/{bucket}/{name}")
        if answer.status != 200:
            where = (bucket, name)
            self._file.execute("DELETE FROM objects WHERE bucket = ? AND name = ?", where)
            return
        headers = {
            header: value
            for header, value in answer.headers.items()
            if header in _HEADERS or header.startswith("x-amz-meta-")
        }
        self._file.execute(
            "REPLACE INTO objects VALUES (?, ?, ?, ?)",
            (bucket, name, json.dumps(headers), answer.body),
        )

    def _compare(self, bucket: str) -> None:
        """Keep what is new in a bucket and drop what is gone."""
        there = set(self._account.names(bucket))
        query = "SELECT name FROM objects WHERE bucket = ?"
        kept = {name for (name,) in self._file.execute(query, (bucket,))}
        for name in there ^ kept:
            self._keep_object(bucket, name)

    def _keep_secret(self, name: str) -> None:
        arguments = {"SecretId": name}
        answer = self._account.call("secretsmanager", "secretsmanager.GetSecretValue", arguments)
        text = answer["SecretString"]
        self._file.execute("REPLACE INTO secrets VALUES (?, ?)", (name, text))

    def _keep_item(self, store: str, key: Mapping[str, Any]) -> None:
        place = json.dumps(key, sort_keys=True)
        arguments = {"TableName": store, "Key": key, "ConsistentRead": True}
        item = self._call_table("GetItem", arguments).get("Item")
        if item is None:
            where = (store, place)
            self._file.execute("DELETE FROM items WHERE store = ? AND place = ?", where)
        else:
            row = (store, place, json.dumps(item))
            self._file.execute("REPLACE INTO items VALUES (?, ?, ?)", row)

    def _call_table(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return self._account.call("dynamodb", f"{_DYNAMODB}.{name}", arguments)


Place = tuple[str, Mapping[str, Any]]  # a table, and an item's key or the item


def written(name: str, arguments: Mapping[str, Any]) -> Iterator[Place]:
    """Where a call of DynamoDB writes."""
    if name in ("PutItem", "UpdateItem", "DeleteItem"):
        yield _place(arguments)
    elif name == "TransactWriteItems":
        for action in arguments["TransactItems"]:
            yield from (_place(write) for kind, write in action.items() if kind in _WRITES)
    elif name == "BatchWriteItem":
        for store, requests in arguments["RequestItems"].items():
            for request in requests:
                yield _place({"TableName": store, **next(iter(request.values()))})


_WRITES = ("Put", "Update", "Delete")


def _place(write: Mapping[str, Any]) -> Place:
    return write["TableName"], write["Key"] if "Key" in write else write["Item"]
