"""A test stack: moto as AWS with the stack's resources, and the built functions."""

import json
import threading
import uuid
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from deploy.bootstrap import create_first_api_key, create_signing_keys
from deploy.template_check import SamDocument
from postcard import wiring
from postcard.adapters.memory import MemoryEdgeStore
from postcard.keys.api_keys import ApiKeyService
from postcard.keys.key_rotation import KeyRotation
from postcard.keys.key_set import KeySet
from postcard.settings import Settings
from tests.stack.built_function import BuiltFunction
from tests.stack.permissions import PermissionRecorder

NOW = 1_790_000_000.0
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
}


class MotoStack:
    """moto and the functions on 127.0.0.1; each function has its own access key id."""

    def __init__(self, built: Path, template: SamDocument) -> None:
        self.built, self.template = built, template
        unique = uuid.uuid4().hex  # other tests in this process share moto's state
        pictures, store = f"pictures-{unique}", f"store-{unique}"
        buckets = {pictures: "PicturesBucket", store: "StoreBucket"}
        self.aws = PermissionRecorder(DomainDispatcherApplication(create_backend_app), buckets)
        self._server = make_server("127.0.0.1", 0, self.aws, threaded=True)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.settings = Settings(
            table=f"table-{unique}",
            pictures_bucket=pictures,
            store_bucket=store,
            secret_id=f"keys-{unique}",
            base_url="https://pictures.example.com",
            endpoint_url=self.url,
            queue_url=self._create_queue(unique),
        )
        self.keys = self._create_resources()
        self.key = create_first_api_key(ApiKeyService(wiring.api_key_store(self.settings)), now=NOW)
        self.api, self.image = self.start("ApiFunction"), self.start("ImageFunction")
        self.worker = self.start("WorkerFunction")

    def close(self) -> None:
        """Stop the functions and the server."""
        for function in (self.api, self.image, self.worker):
            function.close()
        self._server.shutdown()
        self._server.server_close()

    def client(self, service: str) -> Any:
        make: Any = boto3.client
        return make(service, endpoint_url=self.url, region_name="us-east-1")

    def _create_resources(self) -> KeySet:
        table = self.template["Resources"]["Table"]["Properties"]
        names = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
        properties = {name: table[name] for name in names}
        self.client("dynamodb").create_table(TableName=self.settings.table, **properties)
        for bucket in (self.settings.pictures_bucket, self.settings.store_bucket):
            self.client("s3").create_bucket(Bucket=bucket)
        secret = json.dumps({"origin": "from-cloudformation"})
        self.client("secretsmanager").create_secret(
            Name=self.settings.secret_id, SecretString=secret
        )
        return create_signing_keys(
            KeyRotation(wiring.secret_store(self.settings), MemoryEdgeStore()), now=NOW
        )

    def _create_queue(self, unique: str) -> str:
        return str(self.client("sqs").create_queue(QueueName=f"work-{unique}")["QueueUrl"])

    def work(self) -> None:
        """Call the worker with the task that is in the queue, and delete it."""
        queue = self.settings.queue_url
        received = self.client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=3)
        (message,) = received["Messages"]
        record = {
            "messageId": message["MessageId"],
            "body": message["Body"],
            "attributes": {"ApproximateReceiveCount": "1"},
        }
        response = self.worker.invoke({"Records": [record]})
        assert response == {"batchItemFailures": []}, self.worker.log
        handle = message["ReceiptHandle"]
        self.client("sqs").delete_message(QueueUrl=queue, ReceiptHandle=handle)

    def start(self, name: str) -> BuiltFunction:
        properties = self.template["Resources"][name]["Properties"]
        variables = {
            "POSTCARD_TABLE": self.settings.table,
            "POSTCARD_PICTURES_BUCKET": self.settings.pictures_bucket,
            "POSTCARD_STORE_BUCKET": self.settings.store_bucket,
            "POSTCARD_SECRET_ID": self.settings.secret_id,
            "POSTCARD_BASE_URL": self.settings.base_url,
            "POSTCARD_DISTRIBUTION_ID": self._distribution(),
            "POSTCARD_QUEUE_URL": self.settings.queue_url,
            "AWS_ENDPOINT_URL": self.url,
            **CREDENTIALS,
            "AWS_ACCESS_KEY_ID": name,
        }
        return BuiltFunction(self.built, name, properties["Handler"], variables)

    def _distribution(self) -> str:
        behaviour = {"TargetOriginId": "a", "ViewerProtocolPolicy": "https-only"}
        origins = {"Quantity": 1, "Items": [{"Id": "a", "DomainName": "a.example.com"}]}
        created = self.client("cloudfront").create_distribution(
            DistributionConfig={
                "CallerReference": uuid.uuid4().hex,
                "Origins": origins,
                "DefaultCacheBehavior": behaviour,
                "Comment": "",
                "Enabled": True,
            }
        )
        return str(created["Distribution"]["Id"])

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Call the JSON API; its parsed response, or None if it is empty. It must succeed."""
        headers = {
            "authorization": f"Bearer {self.key}",
            "content-type": "application/json",
            **(headers or {}),
        }
        text = None if body is None else json.dumps(body)
        response = self.api.invoke(http_event(method, path, headers, text, query=query))
        assert response["statusCode"] in (200, 202, 204), (response, self.api.log)
        if not response.get("body"):
            return None
        is_base64 = response.get("isBase64Encoded")
        return json.loads(b64decode(response["body"]) if is_base64 else response["body"])

    def upload(self, form: dict[str, Any], body: bytes) -> None:
        """Store an uploaded file as the presigned form would."""
        self.client("s3").put_object(
            Bucket=self.settings.store_bucket, Key=form["fields"]["key"], Body=body
        )

    def picture(self, path: str, link: str = "", *, secret: str = "from-cloudformation") -> Any:
        """The image function's response to CloudFront."""
        headers = {"x-postcard-origin": secret, "x-postcard-link": link}
        return self.image.invoke(http_event("GET", path, headers))

    def pop_picture(self, key: str) -> bytes:
        """Read a stored picture and delete it."""
        location = {"Bucket": self.settings.pictures_bucket, "Key": key}
        body = bytes(self.client("s3").get_object(**location)["Body"].read())
        self.client("s3").delete_object(**location)
        return body

    def picture_keys(self) -> list[str]:
        """The keys of all stored pictures."""
        bucket = self.settings.pictures_bucket
        objects = self.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])
        return [item["Key"] for item in objects]


def http_event(
    method: str, path: str, headers: dict[str, str], body: str | None = None, *, query: str = ""
) -> dict[str, Any]:
    """An event of an HTTP API, payload format 2.0."""
    http = {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"}
    optional = {} if body is None else {"body": body}
    return {
        "version": "2.0",
        "routeKey": "ANY /{proxy+}",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api",
            "domainName": "api.example.com",
            "http": {**http, "userAgent": "test"},
            "requestId": uuid.uuid4().hex,
            "routeKey": "ANY /{proxy+}",
            "stage": "$default",
            "timeEpoch": int(NOW * 1000),
        },
        "isBase64Encoded": False,
        **optional,
    }
