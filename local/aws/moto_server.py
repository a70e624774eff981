"""moto's server as the account: stores made as `template.yaml` says, counted, kept on disk.

Operations are counted by service and name: `s3.get`, `s3.put`, `dynamodb.GetItem`, …
"""

import html
import json
import re
import secrets
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any, cast
from urllib.parse import quote, unquote_plus
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.serving import make_server
from werkzeug.test import Client

from local.aws.activity_counters import ActivityCounters
from local.aws.http_messages import Request, Response
from local.aws.stack_resources import REGION, StackResources

OnWrite = Callable[[str, str, Mapping[str, Any]], None]
_INVALIDATION = re.compile(r"/2020-05-31/distribution/([^/]+)/invalidation")
_KEY = re.compile(r"<Key>(.*?)</Key>", re.DOTALL)
_PATH = re.compile(r"<Path>(.*?)</Path>", re.DOTALL)


def authorization_header(service: str) -> str:
    """What moto looks at to know which service is meant; it checks no signature."""
    scope = f"local/20260101/{REGION}/{service}/aws4_request"
    return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=local"


class MotoAccount:
    """Calls moto in this process, uncounted and not kept: for setting up, keeping and restoring."""

    def __init__(self) -> None:
        # Takes over a second to import, so whoever only reads a template does not pay for it.
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

        self.app = cast(WSGIApplication, DomainDispatcherApplication(create_backend_app))

    def call_json(self, service: str, target: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """A JSON call, such as `("dynamodb", "DynamoDB_20120810.GetItem", {…})`."""
        versions = {"dynamodb": "1.0", "secretsmanager": "1.1"}
        headers = {
            "Authorization": authorization_header(service),
            "Content-Type": f"application/x-amz-json-{versions[service]}",
            "X-Amz-Target": target,
        }
        answer = Client(self.app).post(
            "/", data=json.dumps(arguments), headers=headers, base_url=_BASE_URL
        )
        if answer.status_code != 200:
            raise RuntimeError(f"{target}: {answer.get_data(as_text=True)}")
        returned: dict[str, Any] = json.loads(answer.get_data() or b"{}")
        return returned

    def s3(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        app: WSGIApplication | None = None,
    ) -> Response:
        """A call of S3; `path` is /bucket/key, not escaped."""
        sent = {"Authorization": authorization_header("s3"), **(headers or {})}
        answer = Client(app or self.app).open(
            quote(path),
            method=method,
            data=body,
            headers=sent,
            query_string=query,
            base_url=_BASE_URL,
        )
        received = {name.lower(): value for name, value in answer.headers.items()}
        return Response(answer.status_code, received, answer.get_data())

    def put_secret(self, name: str, text: str) -> None:
        """Replace a secret's text."""
        arguments = {"SecretId": name, "SecretString": text, "ClientRequestToken": _request_token()}
        self.call_json("secretsmanager", "secretsmanager.PutSecretValue", arguments)

    def object_keys(self, bucket: str) -> Iterator[str]:
        """The keys of all objects in a bucket."""
        after = ""
        while True:
            query = {"list-type": "2", "encoding-type": "url", "start-after": after}
            listed = self.s3("GET", f"/{bucket}", query=query).body.decode()
            found = [unquote_plus(name) for name in _KEY.findall(listed)]
            yield from found
            if "<IsTruncated>true" not in listed:
                return
            after = found[-1]

    def empty_bucket(self, bucket: str) -> None:
        """Delete all objects of a bucket."""
        for name in list(self.object_keys(bucket)):
            self.s3("DELETE", f"/{bucket}/{name}")

    def reset(self) -> None:
        """Empty: moto keeps its state in the process, whoever started it."""
        Client(self.app).post("/moto-api/reset", base_url=_BASE_URL)

    def create_resources(self, stack: StackResources) -> None:
        """Make the stack's buckets, tables and secrets."""
        for bucket in stack.buckets().values():
            made = self.s3("PUT", f"/{bucket}")
            assert made.status == 200, made.body
        for table in stack.tables():
            self._create_table(table)
        for name, text in generated_secrets(stack):
            arguments = {"Name": name, "SecretString": text, "ClientRequestToken": _request_token()}
            self.call_json("secretsmanager", "secretsmanager.CreateSecret", arguments)

    def _create_table(self, table: Mapping[str, Any]) -> None:
        names = "TableName KeySchema AttributeDefinitions BillingMode GlobalSecondaryIndexes"
        arguments = {name: table[name] for name in names.split() if name in table}
        self.call_json("dynamodb", "DynamoDB_20120810.CreateTable", arguments)
        expiry = {name: table[name] for name in ("TableName", "TimeToLiveSpecification")}
        self.call_json("dynamodb", "DynamoDB_20120810.UpdateTimeToLive", expiry)


def _request_token() -> str:
    return str(uuid.uuid4())


_BASE_URL = "http://127.0.0.1"  # by path, not by host: what a service is, the signature says


def generated_secrets(stack: StackResources) -> Iterable[tuple[str, str]]:
    """Name and first text of each secret, as `GenerateSecretString` would make it."""
    kind = "AWS::SecretsManager::Secret"
    for logical, properties in stack.template.resources(kind).items():
        generated = stack.template.resolve(properties.get("GenerateSecretString", {}))
        text = json.loads(generated.get("SecretStringTemplate", "{}"))
        if "GenerateStringKey" in generated:
            text[generated["GenerateStringKey"]] = secrets.token_hex(24)
        yield stack.template.attribute(logical), json.dumps(text)


class RecordingMiddleware:
    """Stands before moto: counts, tells of every write that was done, answers invalidations."""

    def __init__(
        self,
        app: WSGIApplication,
        counters: ActivityCounters,
        *,
        on_write: OnWrite,
        on_invalidation: Callable[[Sequence[str]], None],
    ) -> None:
        self._app = app
        self._counters = counters
        self._on_write = on_write
        self._on_invalidation = on_invalidation

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """One call, by WSGI."""
        if _INVALIDATION.fullmatch(environ["PATH_INFO"]) and environ["REQUEST_METHOD"] == "POST":
            return self._create_invalidation(environ, start)
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        arguments: Mapping[str, Any] = {}
        if target:
            arguments = json.loads(_read_body(environ) or b"{}")
            service = environ["HTTP_AUTHORIZATION"].split("/")[3]
            name = target.rpartition(".")[2]
        else:
            service, name = "s3", environ["REQUEST_METHOD"].lower()
            path = environ["PATH_INFO"].encode("latin-1").decode()  # WSGI's own spelling of UTF-8
            arguments = {"path": path}
        self._counters.add(f"{service}.{name}")
        return self._forward(environ, start, service, name, arguments)

    def _forward(
        self,
        environ: WSGIEnvironment,
        start: StartResponse,
        service: str,
        name: str,
        arguments: Mapping[str, Any],
    ) -> Iterable[bytes]:
        begun: list[tuple[Any, ...]] = []
        parts = self._app(environ, lambda *given: begun.append(given) or (lambda _: None))  # type: ignore[func-returns-value]
        body = b"".join(parts)
        if begun[-1][0].startswith("2"):
            # Kept before the caller hears of it: what was answered is there after any crash.
            self._on_write(service, name, arguments)
        start(*begun[-1][:2])
        return [body]

    def _create_invalidation(
        self, environ: WSGIEnvironment, start: StartResponse
    ) -> Iterable[bytes]:
        batch = _read_body(environ).decode()
        self._on_invalidation([html.unescape(path) for path in _PATH.findall(batch)])
        self._counters.add("cloudfront.CreateInvalidation")
        answer = (
            '<?xml version="1.0"?><Invalidation xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/">'
            f"<Id>{secrets.token_hex(7).upper()}</Id><Status>Completed</Status>"
            "<CreateTime>2026-01-01T00:00:00Z</CreateTime>"
            f"{batch[batch.find('<InvalidationBatch') :]}</Invalidation>"
        ).encode()
        start("201 Created", [("Content-Type", "text/xml"), ("Content-Length", str(len(answer)))])
        return [answer]


def _read_body(environ: WSGIEnvironment) -> bytes:
    """The body, which stays there to be read."""
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = BytesIO(body)
    return body


class MotoHttpServer:
    """An HTTP server on a free loopback port: what `AWS_ENDPOINT_URL` names."""

    def __init__(self, app: WSGIApplication) -> None:
        from moto.moto_server.werkzeug_app import MotoRequestHandler

        class Handler(MotoRequestHandler):
            protocol_version = "HTTP/1.1"  # boto3 and ours keep connections
            disable_nagle_algorithm = True

            def log(self, type: str, message: str, *args: Any) -> None:
                """Nothing: what is counted is enough."""

        self._server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Handler)
        self._server.daemon_threads = True  # type: ignore[attr-defined]
        self._server.block_on_close = False  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """The endpoint's address."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Take no more calls."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def bucket_origin(
    account: MotoAccount, app: WSGIApplication, bucket: str
) -> Callable[[Request], Response]:
    """What CloudFront sees of a bucket behind its access control: a missing key is a 403."""

    def fetch(request: Request) -> Response:
        asked = ("if-none-match",)
        headers = {name: request.headers[name] for name in asked if name in request.headers}
        path = f"/{bucket}{request.path}"
        answer = account.s3(request.method, path, headers=headers, app=app)
        if answer.status == 404:
            return Response(403, {"content-type": "application/xml"}, _ACCESS_DENIED)
        kept = {
            name: value for name, value in answer.headers.items() if _VIEWER_HEADERS.match(name)
        }
        if request.method == "HEAD":
            kept["content-length"] = answer.headers.get("content-length", "0")
        return Response(answer.status, kept, answer.body)

    return fetch


# What S3 tells a viewer of an object; moto echoes whatever a PUT came with.
_VIEWER_HEADERS = re.compile(
    r"(cache-control|content-(disposition|encoding|type)|etag|expires|last-modified|x-amz-meta-.+)$"
)
_ACCESS_DENIED = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
