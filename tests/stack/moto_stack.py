"""moto as AWS, with what the stack would have made, and the built functions before it."""

import json
import threading
import uuid
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
    """All of it, on ports of 127.0.0.1; each function goes by an access key id of its own."""

    def __init__(self, built: Path, template: SamDocument) -> None:
        self.built, self.template = built, template
        own = uuid.uuid4().hex  # other tests share moto's one state in this process
        pictures, store = f"pictures-{own}", f"store-{own}"
        buckets = {pictures: "PicturesBucket", store: "StoreBucket"}
        self.aws = PermissionRecorder(DomainDispatcherApplication(create_backend_app), buckets)
        self._server = make_server("127.0.0.1", 0, self.aws, threaded=True)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.settings = Settings(
            table=f"table-{own}",
            pictures_bucket=pictures,
            store_bucket=store,
            secret_id=f"keys-{own}",
            base_url="https://pictures.example.com",
            endpoint_url=self.url,
        )
        self.keys = self._create_resources()
        self.key = create_first_api_key(ApiKeyService(wiring.api_key_store(self.settings)), now=NOW)
        self.api, self.image = self.start("ApiFunction"), self.start("ImageFunction")

    def close(self) -> None:
        """End both functions and the server."""
        self.api.close()
        self.image.close()
        self._server.shutdown()
        self._server.server_close()

    def client(self, service: str) -> Any:
        make: Any = boto3.client
        return make(service, endpoint_url=self.url, region_name="us-east-1")

    def _create_resources(self) -> KeySet:
        table = self.template["Resources"]["Table"]["Properties"]
        kept = ("BillingMode", "AttributeDefinitions", "KeySchema")
        made = {name: table[name] for name in kept}
        self.client("dynamodb").create_table(TableName=self.settings.table, **made)
        for bucket in (self.settings.pictures_bucket, self.settings.store_bucket):
            self.client("s3").create_bucket(Bucket=bucket)
        text = json.dumps({"origin": "from-cloudformation"})
        self.client("secretsmanager").create_secret(Name=self.settings.secret_id, SecretString=text)
        return create_signing_keys(
            KeyRotation(wiring.secret_store(self.settings), MemoryEdgeStore()), now=NOW
        )

    def start(self, name: str) -> BuiltFunction:
        properties = self.template["Resources"][name]["Properties"]
        variables = {
            "POSTCARD_TABLE": self.settings.table,
            "POSTCARD_PICTURES_BUCKET": self.settings.pictures_bucket,
            "POSTCARD_STORE_BUCKET": self.settings.store_bucket,
            "POSTCARD_SECRET_ID": self.settings.secret_id,
            "POSTCARD_BASE_URL": self.settings.base_url,
            "POSTCARD_DISTRIBUTION_ID": self._distribution(),
            "AWS_ENDPOINT_URL": self.url,
            **CREDENTIALS,
            "AWS_ACCESS_KEY_ID": name,
        }
        return BuiltFunction(self.built, name, properties["Handler"], variables)

    def _distribution(self) -> str:
        behaviour = {"TargetOriginId": "a", "ViewerProtocolPolicy": "https-only"}
        origins = {"Quantity": 1, "Items": [{"Id": "a", "DomainName": "a.example.com"}]}
        made = self.client("cloudfront").create_distribution(
            DistributionConfig={
                "CallerReference": uuid.uuid4().hex,
                "Origins": origins,
                "DefaultCacheBehavior": behaviour,
                "Comment": "",
                "Enabled": True,
            }
        )
        return str(made["Distribution"]["Id"])

    def call(self, method: str, path: str, body: object = None, *, query: str = "") -> Any:
        """The JSON API's answer, read (None if it is empty); it must be a success."""
        headers = {"authorization": f"Bearer {self.key}", "content-type": "application/json"}
        text = None if body is None else json.dumps(body)
        answer = self.api.invoke(http_event(method, path, headers, text, query=query))
        assert answer["statusCode"] in (200, 204), (answer, self.api.log)
        return json.loads(answer["body"]) if answer.get("body") else None

    def upload(self, form: dict[str, Any], body: bytes) -> None:
        """What a browser does with a presigned form."""
        self.client("s3").put_object(
            Bucket=self.settings.store_bucket, Key=form["fields"]["key"], Body=body
        )

    def picture(self, path: str, link: str = "", *, secret: str = "from-cloudformation") -> Any:
        """The image function's answer, as CloudFront would get it."""
        headers = {"x-postcard-origin": secret, "x-postcard-link": link}
        return self.image.invoke(http_event("GET", path, headers))

    def pop_picture(self, key: str) -> bytes:
        """A stored picture, which is gone then."""
        place = {"Bucket": self.settings.pictures_bucket, "Key": key}
        body = bytes(self.client("s3").get_object(**place)["Body"].read())
        self.client("s3").delete_object(**place)
        return body

    def picture_keys(self) -> list[str]:
        """Keys of all pictures."""
        bucket = self.settings.pictures_bucket
        found = self.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])
        return [item["Key"] for item in found]


def http_event(
    method: str, path: str, headers: dict[str, str], body: str | None = None, *, query: str = ""
) -> dict[str, Any]:
    """Payload 2.0 of an HTTP API."""
    http = {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"}
    more = {} if body is None else {"body": body}
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
        **more,
    }
