"""What `sam build` makes runs: in a process that sees the artefacts alone, on Lambda's runtime."""

import base64
import fcntl
import json
import os
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from moto.server import ThreadedMotoServer

from deploy.seed import first_key, seed_keys
from deploy.template import Document
from postcard import wiring
from postcard.adapters.memory import MemoryEdgeStore
from postcard.keyring import Keyring
from postcard.keys import Keys
from postcard.keyset import KeySet
from postcard.links import address, read
from postcard.settings import Settings
from tests.stack.artefact import ARCHITECTURE, Function, install_runtime_client, interpreter

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
NOW = 1_790_000_000.0
DOCUMENT = {
    "name": "Built",
    "width": 300,
    "height": 100,
    "fields": {"name": {"default": "there", "max_length": 40}},
    "layers": [{"type": "text", "width": 300, "height": 100, "text": "Hello {{ name }}"}],
}
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@pytest.fixture(scope="session")
def built() -> Path:
    """The artefacts for this machine, made once a run, whoever comes first."""
    folder = ROOT / "build" / f"artefacts-{ARCHITECTURE}"
    folder.mkdir(parents=True, exist_ok=True)
    run, stamp = os.environ.get("PYTEST_XDIST_TESTRUNUID", uuid.uuid4().hex), folder / "made-by"
    with (folder.parent / "artefacts.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != run:
            build(folder)
            stamp.write_text(run)
    return folder


def build(folder: Path) -> None:
    _, version = interpreter()
    environment = {name: each for name, each in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", "build", f"ARCH={ARCHITECTURE}", f"BUILD={folder}"]
    made = subprocess.run(
        command,
        cwd=ROOT,
        env={**environment, "PYTHON_VERSION": version},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    install_runtime_client(folder / "runtime", version)


class World:
    """moto's AWS with what the stack would have made, and both built functions before it."""

    def __init__(self, built: Path, template: Document, url: str) -> None:
        self.built, self.template, self.url = built, template, url
        self.settings = Settings(
            table="table",
            pictures_bucket="pictures",
            store_bucket="store",
            secret_id="keys",
            base_url="https://pictures.example.com",
            endpoint_url=url,
        )
        self.keys = self._make()
        self.key = first_key(Keys(wiring.api_keys(self.settings)), now=NOW)
        self.api, self.image = self.start("ApiFunction"), self.start("ImageFunction")

    def client(self, service: str) -> Any:
        make: Any = boto3.client
        return make(service, endpoint_url=self.url, region_name="us-east-1")

    def _make(self) -> KeySet:
        table = self.template["Resources"]["Table"]["Properties"]
        kept = ("BillingMode", "AttributeDefinitions", "KeySchema")
        made = {name: table[name] for name in kept}
        self.client("dynamodb").create_table(TableName=self.settings.table, **made)
        for bucket in (self.settings.pictures_bucket, self.settings.store_bucket):
            self.client("s3").create_bucket(Bucket=bucket)
        text = json.dumps({"origin": "from-cloudformation"})
        self.client("secretsmanager").create_secret(Name="keys", SecretString=text)
        return seed_keys(Keyring(wiring.secrets(self.settings), MemoryEdgeStore()), now=NOW)

    def start(self, name: str) -> Function:
        properties = self.template["Resources"][name]["Properties"]
        variables = {
            "POSTCARD_TABLE": self.settings.table,
            "POSTCARD_PICTURES_BUCKET": self.settings.pictures_bucket,
            "POSTCARD_STORE_BUCKET": self.settings.store_bucket,
            "POSTCARD_SECRET_ID": self.settings.secret_id,
            "POSTCARD_BASE_URL": self.settings.base_url,
            "AWS_ENDPOINT_URL": self.url,
        }
        return Function(self.built, name, properties["Handler"], {**CREDENTIALS, **variables})

    def call(self, method: str, path: str, body: object = None) -> Any:
        """The JSON API's answer, read; it must be a 200."""
        headers = {"authorization": f"Bearer {self.key}", "content-type": "application/json"}
        answer = self.api.invoke(event(method, path, headers, json.dumps(body) if body else None))
        assert answer["statusCode"] == 200, (answer, self.api.log)
        return json.loads(answer["body"])

    def picture(self, path: str, link: str = "", *, secret: str = "from-cloudformation") -> Any:
        """The image function's answer, as CloudFront would get it."""
        headers = {"x-postcard-origin": secret, "x-postcard-link": link}
        return self.image.invoke(event("GET", path, headers))

    def stored(self) -> list[str]:
        found = self.client("s3").list_objects_v2(Bucket="pictures").get("Contents", [])
        return [item["Key"] for item in found]


def event(
    method: str, path: str, headers: dict[str, str], body: str | None = None
) -> dict[str, Any]:
    """Payload 2.0 of an HTTP API."""
    http = {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"}
    more = {} if body is None else {"body": body}
    return {
        "version": "2.0",
        "routeKey": "ANY /{proxy+}",
        "rawPath": path,
        "rawQueryString": "",
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


@pytest.fixture(scope="module")
def world(built: Path, template: Document) -> Iterator[World]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        host, port = server.get_host_and_port()
        world = World(built, template, f"http://{host}:{port}")
        yield world
        world.api.close()
        world.image.close()
        server.stop()


@pytest.fixture(scope="module")
def template_id(world: World) -> str:
    return str(world.call("POST", "/v1/templates", DOCUMENT)["id"])


def test_the_built_api_makes_a_picture_and_the_built_image_function_draws_it_again(
    world: World, template_id: str
) -> None:
    modifications = [{"name": "name", "text": "Alex"}]
    asked = {"template_id": template_id, "modifications": modifications}
    made = world.call("POST", "/v1/images", asked)
    key = f"images/{made['id']}.png"
    first = world.client("s3").get_object(Bucket="pictures", Key=key)["Body"].read()
    world.client("s3").delete_object(Bucket="pictures", Key=key)
    answer = world.picture(f"/{key}")
    assert answer["statusCode"] == 200, world.image.log
    assert answer["headers"]["X-Postcard-Render"] == "drawn"
    assert answer["headers"]["Content-Type"] == "image/png"
    assert base64.b64decode(answer["body"]) == first
    assert key in world.stored()


def test_the_built_image_function_draws_a_signed_link(world: World, template_id: str) -> None:
    asked = {"template_id": template_id, "modifications": [{"name": "name", "text": "مرحبا"}]}
    url = urlsplit(world.call("POST", "/v1/links", asked)["url"])
    link = read(url.path, url.query)
    path = address(world.keys.link_keys(), link, now=None)
    answer = world.picture(path, link.canonical)
    assert answer["statusCode"] == 200, world.image.log
    assert "X-Postcard-Fallback" not in answer["headers"], world.image.log
    assert base64.b64decode(answer["body"]).startswith(b"\x89PNG")
    assert path.removeprefix("/") in world.stored()


def test_a_call_without_the_origin_secret_is_refused(world: World) -> None:
    answer = world.picture("/images/img_aaaaaaaaaaaaaaaaaaaaaaaaaa.png", secret="guessed")
    assert answer["statusCode"] == 403


def test_the_built_api_answers_for_its_health(world: World) -> None:
    assert world.call("GET", "/v1/health")["status"] == "ok"


def test_lambdas_log_has_a_line_of_json_a_call(world: World, template_id: str) -> None:
    world.call("GET", "/v1/templates")
    line = json.loads(next(line for line in reversed(world.api.log) if '"route"' in line))
    assert line["status"] == 200


def test_every_module_comes_with_bytecode_of_lambdas_python(built: Path) -> None:
    _, version = interpreter()
    tag = f".cpython-{version.replace('.', '')}.pyc"
    for part in ("CoreLayer/python/postcard", "ImageFunction/image", "ApiFunction/api"):
        for source in (built / part).glob("*.py"):
            assert (source.parent / "__pycache__" / f"{source.stem}{tag}").is_file()


def test_artefacts_hold_nothing_that_no_function_uses(built: Path) -> None:
    python = built / "VendorLayer" / "python"
    assert not (python / "botocore" / "data" / "ec2").exists()
    assert (python / "botocore" / "data" / "s3").is_dir()
    assert not list(python.glob("*/tests")) and not (python / "awscrt").exists()
    assert list(python.glob("*.dist-info/licenses")), "licences stay"
    assert not (built / "ImageFunction" / "api").exists()
    assert not (built / "FontsLayer" / "fonts" / "Makefile").exists()
