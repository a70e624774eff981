"""Runs the output of `sam build` in processes that see only the artefacts, on Lambda's runtime."""

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

import pytest

from deploy.template_check import SamDocument
from postcard.links.cache_path import cache_path
from postcard.links.parse import parse_link
from tests.stack.built_function import ARCHITECTURE, install_runtime_client, lambda_interpreter
from tests.stack.moto_stack import CREDENTIALS, MotoStack
from tests.stack.permissions import allows

pytestmark = pytest.mark.slow
DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
ROOT = Path(__file__).parents[2]
DOCUMENT = {
    "name": "Built",
    "width": 300,
    "height": 100,
    "fields": {"name": {"default": "there", "max_length": 40}},
    "layers": [{"type": "text", "width": 300, "height": 100, "text": "Hello {{ name }}"}],
}


@pytest.fixture(scope="session")
def built() -> Path:
    """The artefacts for this machine, built once in a test run by the first process."""
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
    _, version = lambda_interpreter()
    environment = {name: each for name, each in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", "build", f"ARCH={ARCHITECTURE}", f"BUILD={folder}"]
    completed = subprocess.run(
        command,
        cwd=ROOT,
        env={**environment, "PYTHON_VERSION": version},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert completed.returncode == 0, completed.stdout + completed.stderr
    install_runtime_client(folder / "runtime", version)


@pytest.fixture(scope="module")
def stack(built: Path, template: SamDocument) -> Iterator[MotoStack]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        stack = MotoStack(built, template)
        yield stack
        stack.close()


@pytest.fixture(scope="module")
def template_id(stack: MotoStack) -> str:
    return str(stack.call("POST", "/v1/templates", DOCUMENT)["id"])


def test_the_image_function_draws_the_same_picture_as_the_api(
    stack: MotoStack, template_id: str
) -> None:
    modifications = [{"name": "name", "text": "Alex"}]
    request = {"template_id": template_id, "modifications": modifications}
    created = stack.call("POST", "/v1/images", request)
    key = f"images/{created['id']}.png"
    first = stack.pop_picture(key)
    response = stack.picture(f"/{key}")
    assert response["statusCode"] == 200, stack.image.log
    assert response["headers"]["X-Postcard-Render"] == "drawn"
    assert response["headers"]["Content-Type"] == "image/png"
    assert base64.b64decode(response["body"]) == first
    assert key in stack.picture_keys()


def test_the_built_image_function_draws_a_signed_link(stack: MotoStack, template_id: str) -> None:
    request = {"template_id": template_id, "modifications": [{"name": "name", "text": "مرحبا"}]}
    url = urlsplit(stack.call("POST", "/v1/links", request)["url"])
    link = parse_link(url.path, url.query)
    path = cache_path(stack.keys.link_keys(), link, now=None)
    response = stack.picture(path, link.canonical_url)
    assert response["statusCode"] == 200, stack.image.log
    assert "X-Postcard-Fallback" not in response["headers"], stack.image.log
    assert base64.b64decode(response["body"]).startswith(b"\x89PNG")
    assert path.removeprefix("/") in stack.picture_keys()


def test_a_request_with_a_wrong_origin_secret_is_refused(stack: MotoStack) -> None:
    response = stack.picture("/images/img_aaaaaaaaaaaaaaaaaaaaaaaaaa.png", secret="guessed")
    assert response["statusCode"] == 403


def test_the_built_api_reports_its_health(stack: MotoStack) -> None:
    health = stack.call("GET", "/v1/health")
    assert (health["status"], health["decoder"]) == ("ok", "sealed")


def test_the_log_has_one_json_line_for_each_call(stack: MotoStack, template_id: str) -> None:
    stack.call("GET", "/v1/templates")
    line = json.loads(next(line for line in reversed(stack.api.log) if '"route"' in line))
    assert line["status"] == 200


def test_every_aws_call_is_allowed_by_the_functions_role(
    stack: MotoStack, template: SamDocument
) -> None:
    call_everything(stack)
    for function in ("Api", "Image", "Worker"):
        role = f"{function}Role"
        (policy,) = template["Resources"][role]["Properties"]["Policies"]
        statements = policy["PolicyDocument"]["Statement"]
        used = stack.aws.used_permissions[f"{function}Function"]
        assert len(used) > 3
        assert sorted(each for each in used if not allows(statements, each)) == []


def call_everything(stack: MotoStack) -> None:
    """Make every call that uses AWS once."""
    announced = {"id": "dot", "content_type": "image/png", "bytes": len(DOT)}
    stack.upload(stack.call("POST", "/v1/assets", announced)["upload"], DOT)
    picture = {"type": "image", "width": 300, "height": 100, "source": "{{ photo }}"}
    fields = {"photo": {"type": "image", "default": "asset:dot"}}
    document = {**DOCUMENT, "fields": fields, "layers": [picture], "ended": {"text": "Over"}}
    for name in ("one", "two"):
        stack.call("PUT", "/v1/templates/all", {**document, "name": name})
    stack.upload(stack.call("POST", "/v1/assets", {**announced, "id": "late"})["upload"], DOT)
    late = [{"name": "photo", "image_url": "asset:late"}]
    url = urlsplit(
        stack.call("POST", "/v1/links", {"template_id": "all", "modifications": late})["url"]
    )
    link = parse_link(url.path, url.query)
    stack.picture(cache_path(stack.keys.link_keys(), link, now=None), link.canonical_url)
    created = stack.call("POST", "/v1/images", {"template_id": "all", "template_version": 1})
    stack.call("GET", f"/v1/images/{created['id']}")
    stack.call("PATCH", "/v1/templates/all", {"daily_renders": 5})
    stack.picture(f"/images/{created['id']}.png")
    stack.call("POST", "/v1/templates/all/versions/1/recall", {"replaced_by": 2})
    stack.work()
    stack.call("DELETE", f"/v1/images/{created['id']}")
    for path in ("", "/all", "/all/versions", "/all/fields"):
        stack.call("GET", f"/v1/templates{path}")
    stack.call("GET", "/v1/assets")
    stack.upload(stack.call("POST", "/v1/assets", {**announced, "replace": True})["upload"], DOT)
    stack.call("GET", "/v1/assets/dot")
    stack.call("DELETE", "/v1/assets/late")
    call_drafts_and_designs(stack, document)
    stack.call("GET", "/v1/health")
    stack.call("DELETE", "/v1/templates/all", query="erase=true")
    stack.picture(f"/images/{created['id']}.png")


def call_drafts_and_designs(stack: MotoStack, document: dict[str, Any]) -> None:
    first, draft = {"if-none-match": "*"}, "/v1/templates/all/draft"
    etag = stack.call("PUT", draft, {"begun": 1}, headers=first)["etag"]
    etag = stack.call("PUT", draft, document, headers={"if-match": etag})["etag"]
    assert stack.call("GET", draft)["etag"] == etag
    assert stack.call("GET", f"{draft}/document") == document
    published = {**document, "name": "from a draft"}
    stack.call("PUT", "/v1/templates/all", published, headers={"postcard-draft": etag})
    assert stack.call("GET", "/v1/templates/all/document") == published
    stack.call("PUT", draft, document, headers=first)
    stack.call("DELETE", draft)
    for design in stack.call("GET", "/v1/designs")["items"]:
        used = {"template_id": f"from-{design['id']}"}
        stack.call("POST", f"/v1/designs/{design['id']}/use", used)


def test_every_module_has_bytecode_for_lambdas_python(built: Path) -> None:
    _, version = lambda_interpreter()
    tag = f".cpython-{version.replace('.', '')}.pyc"
    for part in (
        "CoreLayer/python/postcard",
        "ImageFunction/image",
        "ApiFunction/api",
        "WorkerFunction/worker",
        "StatusFunction/status",
    ):
        for source in (built / part).glob("*.py"):
            assert (source.parent / "__pycache__" / f"{source.stem}{tag}").is_file()


def test_artefacts_contain_no_unused_files(built: Path) -> None:
    python = built / "VendorLayer" / "python"
    assert not (python / "botocore" / "data" / "ec2").exists()
    assert (python / "botocore" / "data" / "s3").is_dir()
    assert not list(python.glob("*/tests")) and not (python / "awscrt").exists()
    assert list(python.glob("*.dist-info/licenses")), "licences must stay"
    assert not (built / "ImageFunction" / "api").exists()
    assert not (built / "FontsLayer" / "fonts" / "Makefile").exists()
