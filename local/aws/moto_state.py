"""Saves moto's objects, items, messages and secrets in a SQLite file, and restores them at start.

Large objects are files in a folder beside it. A write is saved before its response is sent, so a
server that is killed loses nothing but unfinished multipart uploads. Executions of state machines
that had not ended start again from their first state.
"""

import json
import sqlite3
import threading
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from local.aws.moto_server import MotoAccount
from local.aws.stack_resources import StackResources

# `store` is a table's name, `place` an item's key as JSON. `body` is the bytes of an object, or, as
# text, the name of the file that has them.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (bucket TEXT, name TEXT, headers TEXT, body BLOB,
    PRIMARY KEY (bucket, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS items (store TEXT, place TEXT, item TEXT,
    PRIMARY KEY (store, place)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS messages (queue TEXT, body TEXT,
    PRIMARY KEY (queue, body)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS executions (machine TEXT, name TEXT, input TEXT,
    PRIMARY KEY (machine, name)) WITHOUT ROWID;
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
FILE_BYTES = 1 << 20  # an object of this size is kept in a file: SQLite's limit is 1 GB a row


class StateDamaged(Exception):
    """A file of the state folder cannot be used; the message says which one and what to do."""


class MotoStateFile:
    """The state file. `persist_write` reads back from moto what a call wrote, and saves that.

    Opening and restoring it raises `StateDamaged` if it is not what a server wrote.
    """

    def __init__(self, path: Path, account: MotoAccount, stack: StackResources) -> None:
        self._account = account
        self._secrets = set(stack.secrets())
        self._key_attributes = {
            table["TableName"]: [part["AttributeName"] for part in table["KeySchema"]]
            for table in stack.tables()
        }
        self._lock = threading.RLock()
        self._path = path
        self._files = path.with_name("objects")
        path.touch(mode=0o600)  # it contains keys
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        try:
            self._open()
        except sqlite3.DatabaseError as error:
            self._database.close()
            raise self._damaged(error) from error

    def _open(self) -> None:
        # A killed process loses nothing; a power failure may lose the last writes.
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        (found,) = self._database.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise sqlite3.DatabaseError(found)
        self._database.executescript(_SCHEMA)

    def _damaged(self, cause: object) -> StateDamaged:
        return StateDamaged(
            f"The state file {self._path} is damaged ({cause}). Put a copy of the folder"
            f" {self._path.parent} back, or delete the folder to begin again: with new keys, so"
            " that links and API keys of the old state stop working, and the sample templates."
        )

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()

    @property
    def seeded(self) -> bool:
        """Whether the sample assets and templates were uploaded completely."""
        return bool(self._database.execute("PRAGMA user_version").fetchone()[0])

    def mark_seeded(self) -> None:
        """Record that the sample assets and templates were uploaded."""
        self._database.execute("PRAGMA user_version = 1")

    def restore(self) -> None:
        """Write the saved state into moto; save the secrets that are not in the file yet."""
        try:
            self._restore()
        except (sqlite3.Error, ValueError, TypeError, RuntimeError) as error:
            raise self._damaged(str(error)[:200]) from error

    def _restore(self) -> None:
        secrets = self._database.execute("SELECT name, text FROM secrets").fetchall()
        for name, text in secrets:
            self._account.put_secret(name, text)
        named = set()
        for bucket, name, headers, body in self._database.execute("SELECT * FROM objects"):
            content = self._read_file(body) if isinstance(body, str) else body
            self._account.s3("PUT", f"/{bucket}/{name}", content, json.loads(headers))
            named.add(body if isinstance(body, str) else "")
        for file in self._files.glob("*"):
            if file.name not in named:  # written or replaced when the server was killed
                file.unlink()
        for table, item in self._database.execute("SELECT store, item FROM items"):
            self._call_dynamodb("PutItem", {"TableName": table, "Item": json.loads(item)})
        for queue, body in self._database.execute("SELECT * FROM messages").fetchall():
            arguments = {"QueueUrl": queue, "MessageBody": body}
            self._account.call_json("sqs", "AmazonSQS.SendMessage", arguments)
        for name in self._secrets - {name for name, _ in secrets}:
            self._save_secret(name)

    def persist_write(self, service: str, name: str, arguments: Mapping[str, Any]) -> None:
        """Save what a successful call changed; does nothing for a call that only reads."""
        with self._lock:
            if service == "s3" and name in ("put", "post", "delete"):
                self._save_objects(name, **arguments)
            elif (service, name) == ("states", "StartExecution"):
                machine, text = arguments["stateMachineArn"], arguments.get("input", "{}")
                row = (machine, arguments["name"], text)
                self._database.execute("REPLACE INTO executions VALUES (?, ?, ?)", row)
            elif service == "secretsmanager" and "SecretId" in arguments and name[:3] != "Get":
                self._save_secret(arguments["SecretId"])
            elif (service, name) == ("sqs", "SendMessage"):
                message = (arguments["QueueUrl"], arguments["MessageBody"])
                self._database.execute("REPLACE INTO messages VALUES (?, ?)", message)
            elif service == "dynamodb":
                for table, item in written_items(name, arguments):
                    self._save_item(table, {n: item[n] for n in self._key_attributes[table]})

    def forget_message(self, queue: str, body: str) -> None:
        """Delete a message that was done."""
        with self._lock:
            row = (queue, body)
            self._database.execute("DELETE FROM messages WHERE queue = ? AND body = ?", row)

    def executions(self) -> list[tuple[str, str, str]]:
        """The executions that were started and have not ended: state machine, name, input."""
        with self._lock:
            return self._database.execute("SELECT * FROM executions").fetchall()

    def forget_execution(self, machine: str, name: str) -> None:
        """Delete an execution that has ended."""
        with self._lock:
            row = (machine, name)
            self._database.execute("DELETE FROM executions WHERE machine = ? AND name = ?", row)

    def _save_objects(self, method: str, path: str, query: str = "", key: str = "") -> None:
        """Save what a call of S3 changed; `key` is that of an upload by a form."""
        bucket, _, name = path.strip("/").partition("/")
        name = name or key
        fields = parse_qs(query, keep_blank_values=True)
        if "uploads" in fields or ("uploadId" in fields and method != "post"):
            return  # a multipart upload that is not complete changes no object
        if name:
            self._save_object(bucket, name)
        else:  # the keys are in the body: compare the whole bucket
            self._sync_bucket(bucket)

    def _save_object(self, bucket: str, name: str) -> None:
        response = self._account.s3("GET", f"/{bucket}/{name}")
        before = self._file_of(bucket, name)
        if response.status != 200:
            row = (bucket, name)
            self._database.execute("DELETE FROM objects WHERE bucket = ? AND name = ?", row)
            self._delete_file(before)
            return
        headers = {
            header: value
            for header, value in response.headers.items()
            if header in _STORED_HEADERS or header.startswith("x-amz-meta-")
        }
        self._database.execute(
            "REPLACE INTO objects VALUES (?, ?, ?, ?)",
            (bucket, name, json.dumps(headers), self._store_body(response.body)),
        )
        self._delete_file(before)

    def _store_body(self, body: bytes) -> bytes | str:
        """The value of the column `body`: small bodies themselves, or the name of a new file."""
        if len(body) < FILE_BYTES:
            return body
        self._files.mkdir(mode=0o700, exist_ok=True)
        file = self._files / uuid.uuid4().hex
        file.write_bytes(body)
        return file.name

    def _file_of(self, bucket: str, name: str) -> str | None:
        query = "SELECT body FROM objects WHERE bucket = ? AND name = ? AND typeof(body) = 'text'"
        row = self._database.execute(query, (bucket, name)).fetchone()
        return row[0] if row else None

    def _read_file(self, name: str) -> bytes:
        try:
            return (self._files / name).read_bytes()
        except FileNotFoundError as error:
            raise RuntimeError(f"its file objects/{name} is missing") from error

    def _delete_file(self, name: str | None) -> None:
        if name is not None:
            (self._files / name).unlink(missing_ok=True)

    def _sync_bucket(self, bucket: str) -> None:
        """Save a bucket's new objects, and delete the saved ones that are gone."""
        current = set(self._account.object_keys(bucket))
        query = "SELECT name FROM objects WHERE bucket = ?"
        saved = {name for (name,) in self._database.execute(query, (bucket,))}
        for name in current ^ saved:
            self._save_object(bucket, name)

    def _save_secret(self, name: str) -> None:
        arguments = {"SecretId": name}
        secret = self._account.call_json(
            "secretsmanager", "secretsmanager.GetSecretValue", arguments
        )
        row = (name, secret["SecretString"])
        self._database.execute("REPLACE INTO secrets VALUES (?, ?)", row)

    def _save_item(self, table: str, key: Mapping[str, Any]) -> None:
        key_json = json.dumps(key, sort_keys=True)
        arguments = {"TableName": table, "Key": key, "ConsistentRead": True}
        item = self._call_dynamodb("GetItem", arguments).get("Item")
        if item is None:
            row = (table, key_json)
            self._database.execute("DELETE FROM items WHERE store = ? AND place = ?", row)
        else:
            self._database.execute(
                "REPLACE INTO items VALUES (?, ?, ?)", (table, key_json, json.dumps(item))
            )

    def _call_dynamodb(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        return self._account.call_json("dynamodb", f"{_DYNAMODB}.{name}", arguments)


ItemAddress = tuple[str, Mapping[str, Any]]  # a table's name, and an item or its key


def written_items(name: str, arguments: Mapping[str, Any]) -> Iterator[ItemAddress]:
    """The items that a call of DynamoDB writes, each with its table."""
    if name in ("PutItem", "UpdateItem", "DeleteItem"):
        yield _item_address(arguments)
    elif name == "TransactWriteItems":
        for action in arguments["TransactItems"]:
            yield from (
                _item_address(write) for kind, write in action.items() if kind in _TRANSACT_WRITES
            )
    elif name == "BatchWriteItem":
        for table, requests in arguments["RequestItems"].items():
            for request in requests:
                yield _item_address({"TableName": table, **next(iter(request.values()))})


_TRANSACT_WRITES = ("Put", "Update", "Delete")


def _item_address(write: Mapping[str, Any]) -> ItemAddress:
    return write["TableName"], write["Key"] if "Key" in write else write["Item"]
