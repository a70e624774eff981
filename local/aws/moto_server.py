"""Runs moto as the AWS account: S3, DynamoDB, SQS, Secrets Manager, with the template's resources.

moto (https://docs.getmoto.org) imitates AWS services in memory. A WSGI middleware counts the calls
(`s3.get`, `s3.put`, `dynamodb.GetItem`, …), reports writes, and imitates CloudFront invalidations,
which moto would not pass on. It also checks the policies of presigned forms, which moto ignores.
"""

import html
import json
import os
import re
import secrets
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any, cast
from urllib.parse import quote, unquote_plus
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.exceptions import HTTPException
from werkzeug.formparser import parse_form_data
from werkzeug.serving import make_server
from werkzeug.test import Client

from local.aws.activity_counters import ActivityCounters
from local.aws.http_messages import REASON_PHRASES, Request, Response
from local.aws.post_policy import UploadForm, no_such_upload, refuse_unsigned, refuse_upload
from local.aws.stack_resources import REGION, StackResources

OnWrite = Callable[[str, str, Mapping[str, Any]], None]
SECRET_ACCESS_KEY = "local"  # noqa: S105 - of everything here; only presigned forms are verified
_INVALIDATION = re.compile(r"/2020-05-31/distribution/([^/]+)/invalidation")
_KEY = re.compile(r"<Key>(.*?)</Key>", re.DOTALL)
_PATH = re.compile(r"<Path>(.*?)</Path>", re.DOTALL)


def authorization_header(service: str) -> str:
    """An Authorization header by which moto recognizes the service; it checks no signature."""
    scope = f"local/20260101/{REGION}/{service}/aws4_request"
    return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=local"


class MotoAccount:
    """Calls moto in this process, without the middleware: neither counted nor saved to disk."""

    def __init__(self) -> None:
        # Imported here because it takes over a second, which readers of a template do not need.
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

        self.app = cast(WSGIApplication, DomainDispatcherApplication(create_backend_app))

    def call_json(self, service: str, target: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """A JSON call, such as `("dynamodb", "DynamoDB_20120810.GetItem", {…})`; `RuntimeError`."""
        versions = {"dynamodb": "1.0", "secretsmanager": "1.1", "sqs": "1.0", "states": "1.0"}
        headers = {
            "Authorization": authorization_header(service),
            "Content-Type": f"application/x-amz-json-{versions[service]}",
            "X-Amz-Target": target,
        }
        response = Client(self.app).post(
            "/", data=json.dumps(arguments), headers=headers, base_url=_BASE_URL
        )
        if response.status_code != 200:
            raise RuntimeError(f"{target}: {response.get_data(as_text=True)}")
        result: dict[str, Any] = json.loads(response.get_data() or b"{}")
        return result

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
        """A call of S3 through `app` (default: moto); `path` is /bucket/key, not escaped."""
        response = Client(app or self.app).open(
            quote(path),
            method=method,
            data=body,
            headers={"Authorization": authorization_header("s3"), **(headers or {})},
            query_string=query,
            base_url=_BASE_URL,
        )
        response_headers = {name.lower(): value for name, value in response.headers.items()}
        return Response(response.status_code, response_headers, response.get_data())

    def put_secret(self, name: str, text: str) -> None:
        """Replace a secret's text."""
        arguments = {"SecretId": name, "SecretString": text, "ClientRequestToken": _request_token()}
        self.call_json("secretsmanager", "secretsmanager.PutSecretValue", arguments)

    def object_keys(self, bucket: str) -> Iterator[str]:
        """The keys of all objects in a bucket."""
        after = ""
        while True:
            query = {"list-type": "2", "encoding-type": "url", "start-after": after}
            page = self.s3("GET", f"/{bucket}", query=query).body.decode()
            keys = [unquote_plus(name) for name in _KEY.findall(page)]
            yield from keys
            if "<IsTruncated>true" not in page:
                return
            after = keys[-1]

    def empty_bucket(self, bucket: str) -> None:
        """Delete all objects of a bucket."""
        for name in list(self.object_keys(bucket)):
            self.s3("DELETE", f"/{bucket}/{name}")

    def reset(self) -> None:
        """Delete everything: moto has one state for the whole process."""
        Client(self.app).post("/moto-api/reset", base_url=_BASE_URL)

    def create_resources(self, stack: StackResources) -> None:
        """Create the stack's buckets, tables, queues and secrets."""
        for bucket in stack.buckets().values():
            response = self.s3("PUT", f"/{bucket}")
            assert response.status == 200, response.body
        for table in stack.tables():
            self._create_table(table)
        for queue, attributes in stack.queues().items():
            self.call_json(
                "sqs", "AmazonSQS.CreateQueue", {"QueueName": queue, "Attributes": attributes}
            )
        for name, text in generated_secrets(stack):
            arguments = {"Name": name, "SecretString": text, "ClientRequestToken": _request_token()}
            self.call_json("secretsmanager", "secretsmanager.CreateSecret", arguments)

    def notify_queues(self, stack: StackResources) -> None:
        """Let queues be told of new objects from now on; the first message is S3's test event."""
        by_bucket: dict[str, list[str]] = {}
        for each in stack.bucket_notifications():
            by_bucket.setdefault(each.bucket, []).append(
                f"<QueueConfiguration><Queue>{html.escape(each.queue_arn)}</Queue>"
                f"<Event>{html.escape(each.event)}</Event><Filter><S3Key><FilterRule>"
                f"<Name>prefix</Name><Value>{html.escape(each.prefix)}</Value>"
                "</FilterRule></S3Key></Filter></QueueConfiguration>"
            )
        for bucket, configurations in by_bucket.items():
            text = (
                f"<NotificationConfiguration>{''.join(configurations)}</NotificationConfiguration>"
            )
            response = self.s3("PUT", f"/{bucket}", text.encode(), query={"notification": ""})
            assert response.status == 200, response.body

    def _create_table(self, table: Mapping[str, Any]) -> None:
        names = "TableName KeySchema AttributeDefinitions BillingMode GlobalSecondaryIndexes"
        arguments = {name: table[name] for name in names.split() if name in table}
        self.call_json("dynamodb", "DynamoDB_20120810.CreateTable", arguments)
        expiry = {name: table[name] for name in ("TableName", "TimeToLiveSpecification")}
        self.call_json("dynamodb", "DynamoDB_20120810.UpdateTimeToLive", expiry)


def _request_token() -> str:
    return str(uuid.uuid4())


_BASE_URL = "http://127.0.0.1"  # moto recognizes the service by the signature, not by the host


def generated_secrets(stack: StackResources) -> Iterable[tuple[str, str]]:
    """Name and initial text of each secret, generated as its `GenerateSecretString` says."""
    kind = "AWS::SecretsManager::Secret"
    for logical, properties in stack.template.resources(kind).items():
        generated = stack.template.resolve(properties.get("GenerateSecretString", {}))
        text = json.loads(generated.get("SecretStringTemplate", "{}"))
        if "GenerateStringKey" in generated:
            text[generated["GenerateStringKey"]] = secrets.token_hex(24)
        yield stack.template.attribute(logical), json.dumps(text)


class RecordingMiddleware:
    """WSGI middleware before moto: counts calls, reports writes, imitates CloudFront invalidations.

    `on_write` gets the service, the operation and its arguments of each successful call, and
    returns before the caller gets the response. `on_invalidation` gets the paths.
    """

    def __init__(
        self,
        app: WSGIApplication,
        counters: ActivityCounters,
        *,
        on_write: OnWrite,
        on_invalidation: Callable[[Sequence[str]], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._app = app
        self._counters = counters
        self._on_write = on_write
        self._on_invalidation = on_invalidation
        self._clock = clock

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Handle one call (WSGI)."""
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
            path = environ["PATH_INFO"].encode("latin-1").decode()  # WSGI's encoding of UTF-8
            arguments = {"path": path, "query": environ.get("QUERY_STRING", "")}
        self._counters.add(f"{service}.{name}")
        if service == "s3" and name not in ("post", "options") and not _is_signed(environ):
            _read_body(environ)  # many clients read the response only after they sent everything
            return _start_response(refuse_unsigned(), start)
        if name == "post" and service == "s3" and not environ.get("QUERY_STRING"):
            form = _read_form(environ)
            arguments = {**arguments, "key": form.fields.get("key", "")}
            refusal = refuse_upload(form, secret_key=SECRET_ACCESS_KEY, now=self._clock())
            if refusal is not None:
                return _start_response(refusal, start)
        return self._forward(environ, start, service, name, arguments)

    def _forward(
        self,
        environ: WSGIEnvironment,
        start: StartResponse,
        service: str,
        name: str,
        arguments: Mapping[str, Any],
    ) -> Iterable[bytes]:
        started: list[tuple[Any, ...]] = []
        try:
            parts = self._app(environ, lambda *args: started.append(args) or (lambda _: None))  # type: ignore[func-returns-value]
        except KeyError:
            if "uploadId=" not in arguments.get("query", ""):
                raise
            return _start_response(no_such_upload(), start)  # a fault of moto
        body = b"".join(parts)
        status, headers = started[-1][:2]
        if status.startswith("2"):
            # Saved before the response, so that no crash loses a write that was acknowledged.
            self._on_write(service, name, arguments)
        start(status, headers)
        return [body]

    def _create_invalidation(
        self, environ: WSGIEnvironment, start: StartResponse
    ) -> Iterable[bytes]:
        batch = _read_body(environ).decode()
        self._on_invalidation([html.unescape(path) for path in _PATH.findall(batch)])
        self._counters.add("cloudfront.CreateInvalidation")
        body = (
            '<?xml version="1.0"?><Invalidation xmlns="http://cloudfront.amazonaws.com/doc/2020-05-31/">'
            f"<Id>{secrets.token_hex(7).upper()}</Id><Status>Completed</Status>"
            "<CreateTime>2026-01-01T00:00:00Z</CreateTime>"
            f"{batch[batch.find('<InvalidationBatch') :]}</Invalidation>"
        ).encode()
        start("201 Created", [("Content-Type", "text/xml"), ("Content-Length", str(len(body)))])
        return [body]


def _is_signed(environ: WSGIEnvironment) -> bool:
    """Whether a call of S3 has a signature, in a header or in its query; moto checks none."""
    return "HTTP_AUTHORIZATION" in environ or "Signature=" in environ.get("QUERY_STRING", "")


def _read_body(environ: WSGIEnvironment) -> bytes:
    """Read the request's body, and put it back for the application."""
    length = environ.get("CONTENT_LENGTH") or "0"
    body: bytes = environ["wsgi.input"].read(
        int(length) if re.fullmatch("[0-9]{1,10}", length) else 0
    )
    environ["wsgi.input"] = BytesIO(body)
    return body


def _read_form(environ: WSGIEnvironment) -> UploadForm:
    """The form of an upload, read from a copy of the body."""
    copy = {**environ, "wsgi.input": BytesIO(_read_body(environ))}
    bucket = str(environ["PATH_INFO"]).strip("/").partition("/")[0]
    try:
        _, fields, files = parse_form_data(copy, silent=False)
    except (ValueError, HTTPException):
        return UploadForm(bucket, {}, None)
    lengths = {}
    for name, file in files.items():
        with file.stream as stream:
            lengths[name] = stream.seek(0, os.SEEK_END)
    return UploadForm(
        bucket, {name.lower(): text for name, text in fields.items()}, lengths.get("file")
    )


def _start_response(response: Response, start: StartResponse) -> Iterable[bytes]:
    headers = [*response.headers.items(), ("Content-Length", str(len(response.body)))]
    start(f"{response.status} {REASON_PHRASES[response.status]}", headers)
    return [response.body]


class MotoHttpServer:
    """Serves `app` on a free port of 127.0.0.1; its `url` is for `AWS_ENDPOINT_URL`."""

    def __init__(self, app: WSGIApplication) -> None:
        from moto.moto_server.werkzeug_app import MotoRequestHandler

        class Handler(MotoRequestHandler):
            protocol_version = "HTTP/1.1"  # for keep-alive
            disable_nagle_algorithm = True

            def log(self, type: str, message: str, *args: Any) -> None:
                """Print no access log."""

        self._server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Handler)
        self._server.daemon_threads = True  # type: ignore[attr-defined]
        self._server.block_on_close = False  # type: ignore[attr-defined]
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """The base URL of the server."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Stop the server."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def bucket_origin(
    account: MotoAccount, app: WSGIApplication, bucket: str
) -> Callable[[Request], Response]:
    """An origin for CloudFront: a bucket that does not allow listing, so a missing key is a 403."""

    def fetch(request: Request) -> Response:
        etag = request.headers.get("if-none-match")
        conditions = {} if etag is None else {"if-none-match": etag}
        path = f"/{bucket}{request.path}"
        response = account.s3(request.method, path, headers=conditions, app=app)
        if response.status == 404:
            return Response(403, {"content-type": "application/xml"}, _ACCESS_DENIED)
        headers = {n: v for n, v in response.headers.items() if _VIEWER_HEADERS.match(n)}
        if response.status == 200:
            headers["accept-ranges"] = "bytes"  # S3 sends parts of objects, too
        if request.method == "HEAD":
            headers["content-length"] = response.headers.get("content-length", "0")
        return Response(response.status, headers, response.body)

    return fetch


# The headers that S3 returns with an object; moto returns all headers of the upload.
_VIEWER_HEADERS = re.compile(
    r"(cache-control|content-(disposition|encoding|type)|etag|expires|last-modified|x-amz-meta-.+)$"
)
_ACCESS_DENIED = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
