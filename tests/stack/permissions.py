"""Records the AWS permissions that functions use, and compares them with their IAM roles."""

import json
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from fnmatch import fnmatchcase
from io import BytesIO
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote
from uuid import uuid4
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from postcard.settings import Settings

CREDENTIAL = re.compile(r"Credential=(\w+)/\d+/[\w-]+/(\w+)/aws4_request")
S3_ACTIONS = {"GET": "GetObject", "HEAD": "GetObject", "PUT": "PutObject", "DELETE": "DeleteObject"}
IN_TRANSACTION = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem"}
Permission = tuple[str, str]  # action and resource: "s3:GetObject", "PicturesBucket/images/x.png"


class PermissionRecorder:
    """Wraps a WSGI application and records the permissions that each access key id uses."""

    def __init__(
        self,
        application: WSGIApplication,
        buckets: Mapping[str, str],
        queues: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._application = application
        self._buckets = buckets
        self._queues = queues
        self._lock = threading.Lock()
        self.used_permissions: dict[str, set[Permission]] = {}

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        if credential := CREDENTIAL.search(environ.get("HTTP_AUTHORIZATION", "")):
            with self._lock:
                used = self.used_permissions.setdefault(credential[1], set())
                used.update(self._permissions_of(credential[2], environ, body))
        return self._application(environ, start)

    def _permissions_of(
        self, service: str, environ: WSGIEnvironment, body: bytes
    ) -> Iterator[Permission]:
        if service == "s3":
            yield from self._s3_permissions(environ, body.decode("utf-8", "replace"))
        elif service == "dynamodb":
            operation = environ["HTTP_X_AMZ_TARGET"].rpartition(".")[2]
            index = json.loads(body).get("IndexName")
            resource = f"Table/index/{index}" if index else "Table"
            yield from (
                ("dynamodb:" + name, resource) for name in dynamodb_actions(operation, body)
            )
        elif service == "secretsmanager":
            yield environ["HTTP_X_AMZ_TARGET"].replace(".", ":"), "Keys"
        elif service == "sqs":
            queue = json.loads(body).get("QueueUrl", "").rpartition("/")[2]
            name = environ["HTTP_X_AMZ_TARGET"].rpartition(".")[2].removesuffix("Batch")
            yield f"sqs:{name}", self._queues.get(queue, "WorkQueue")
        elif environ["PATH_INFO"].endswith("/invalidation"):
            yield "cloudfront:CreateInvalidation", "Distribution"
        else:
            yield f"{service}:{environ['PATH_INFO']}", "?"

    def _s3_permissions(self, environ: WSGIEnvironment, body: str) -> Iterator[Permission]:
        name, _, key = unquote(environ["PATH_INFO"]).lstrip("/").partition("/")
        bucket = self._buckets[name]
        if environ["REQUEST_METHOD"] == "POST" and "delete" in environ["QUERY_STRING"]:
            for deleted in re.findall(r"<Key>(.*?)</Key>", body):
                yield "s3:DeleteObject", f"{bucket}/{deleted}"
        elif key:
            yield "s3:" + S3_ACTIONS[environ["REQUEST_METHOD"]], f"{bucket}/{key}"
        else:
            yield "s3:ListBucket", bucket


def dynamodb_actions(operation: str, body: bytes) -> set[str]:
    """The IAM actions of a DynamoDB call; a transaction needs those of its items."""
    if operation != "TransactWriteItems":
        return {operation}
    parts = (part for item in json.loads(body)["TransactItems"] for part in item)
    return {IN_TRANSACTION.get(part, "ConditionCheckItem") for part in parts}


def allows(statements: Iterable[Mapping[str, Any]], permission: Permission) -> bool:
    """Whether a role's statements in the template allow a permission."""
    action, resource = permission
    return any(
        action in _list(statement["Action"])
        and any(
            fnmatchcase(resource, pattern)
            for pattern in map(_resource_pattern, _list(statement["Resource"]))
        )
        for statement in statements
        if statement["Effect"] == "Allow"
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _resource_pattern(resource: Mapping[str, Any]) -> str:
    """A resource of a policy as logical id and path, for example `PicturesBucket/renders/*`."""
    ((kind, value),) = resource.items()
    if kind == "Fn::Join":
        separator, parts = value
        return str(separator).join(
            part if isinstance(part, str) else _resource_pattern(part) for part in parts
        )
    if kind == "Fn::Sub":
        text = str(value).removeprefix("arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:")
        return re.sub(r"\$\{(\w+)(?:\.Arn)?\}", r"\1", text.removeprefix("distribution/"))
    return str(value[0] if isinstance(value, list) else value).removesuffix(".Arn")


@contextmanager
def recorded_aws(
    queues: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[tuple[PermissionRecorder, Settings]]:
    """An AWS of its own in moto, and settings with new names in it; `queues` by their names."""
    unique = uuid4().hex[:12]
    settings = Settings(
        f"table-{unique}", f"pictures-{unique}", f"store-{unique}", f"keys-{unique}"
    )
    buckets = {settings.pictures_bucket: "PicturesBucket", settings.store_bucket: "StoreBucket"}
    application = DomainDispatcherApplication(create_backend_app)
    recorder = PermissionRecorder(application, buckets, queues)
    server = make_server("127.0.0.1", 0, recorder, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield recorder, replace(settings, endpoint_url=f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        server.server_close()
