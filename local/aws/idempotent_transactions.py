"""Does a DynamoDB transaction once for each `ClientRequestToken`, as AWS does and moto does not.

A client that gets no answer in time sends its transaction again. Without this, the second one
finds what the first one wrote, and its conditions fail.
"""

import json
import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

MAX_TOKENS = 1000  # AWS knows a token for ten minutes


@dataclass
class _Transaction:
    """The successful response to a transaction, once there is one."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    response: tuple[tuple[Any, ...], bytes] | None = None


class IdempotentTransactions:
    """WSGI middleware right before moto."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._transactions: OrderedDict[str, _Transaction] = OrderedDict()

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Handle one call (WSGI)."""
        if not environ.get("HTTP_X_AMZ_TARGET", "").endswith(".TransactWriteItems"):
            return self._app(environ, start)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        token = json.loads(body).get("ClientRequestToken")
        if token is None:
            return self._app(environ, start)
        transaction = self._transaction(token)
        with transaction.lock:  # the first one may still be running
            if transaction.response is None:
                started: list[tuple[Any, ...]] = []
                parts = self._app(environ, lambda *args: started.append(args) or (lambda _: None))  # type: ignore[func-returns-value]
                answer = started[-1][:2], b"".join(parts)
                if answer[0][0].startswith("2"):
                    transaction.response = answer
            else:
                answer = transaction.response
        start(*answer[0])
        return [answer[1]]

    def _transaction(self, token: str) -> _Transaction:
        with self._lock:
            transaction = self._transactions.setdefault(token, _Transaction())
            if len(self._transactions) > MAX_TOKENS:
                self._transactions.popitem(last=False)
            return transaction
