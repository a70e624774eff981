"""What `sam build` makes runs: in a process that sees the artefacts alone, on Lambda's runtime."""

import base64
import fcntl
import json
import os
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
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
    _, version = lambda_interpreter()
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


@pytest.fixture(scope="module")
def world(built: Path, template: SamDocument) -> Iterator[MotoStack]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        world = MotoStack(built, template)
        yield world
        world.close()


@pytest.fixture(scope="module")
def template_id(world: MotoStack) -> str:
    return str(world.call("POST", "/v1/templates", DOCUMENT)["id"])


def test_the_built_api_makes_a_picture_and_the_built_image_function_draws_it_again(
    world: MotoStack, template_id: str
) -> None:
    modifications = [{"name": "name", "text": "Alex"}]
    asked = {"template_id": template_id, "modifications": modifications}
    made = world.call("POST", "/v1/images", asked)
    key = f"images/{made['id']}.png"
    first = world.pop_picture(key)
    answer = world.picture(f"/{key}")
    assert answer["statusCode"] == 200, world.image.log
    assert answer["headers"]["X-Postcard-Render"] == "drawn"
    assert answer["headers"]["Content-Type"] == "image/png"
    assert base64.b64decode(answer["body"]) == first
    assert key in world.picture_keys()


def test_the_built_image_function_draws_a_signed_link(world: MotoStack, template_id: str) -> None:
    asked = {"template_id": template_id, "modifications": [{"name": "name", "text": "مرحبا"}]}
    url = urlsplit(world.call("POST", "/v1/links", asked)["url"])
    link = parse_link(url.path, url.query)
    path = cache_path(world.keys.link_keys(), link, now=None)
    answer = world.picture(path, link.canonical_url)
    assert answer["statusCode"] == 200, world.image.log
    assert "X-Postcard-Fallback" not in answer["headers"], world.image.log
    assert base64.b64decode(answer["body"]).startswith(b"\x89PNG")
    assert path.removeprefix("/") in world.picture_keys()


def test_a_call_without_the_origin_secret_is_refused(world: MotoStack) -> None:
    answer = world.picture("/images/img_aaaaaaaaaaaaaaaaaaaaaaaaaa.png", secret="guessed")
    assert answer["statusCode"] == 403


def test_the_built_api_answers_for_its_health(world: MotoStack) -> None:
    assert world.call("GET", "/v1/health")["status"] == "ok"


def test_lambdas_log_has_a_line_of_json_a_call(world: MotoStack, template_id: str) -> None:
    world.call("GET", "/v1/templates")
    line = json.loads(next(line for line in reversed(world.api.log) if '"route"' in line))
    assert line["status"] == 200


def test_no_function_asks_aws_for_what_its_role_forbids(
    world: MotoStack, template: SamDocument
) -> None:
    everything(world)
    for function, role in (("ApiFunction", "ApiRole"), ("ImageFunction", "ImageRole")):
        (policy,) = template["Resources"][role]["Properties"]["Policies"]
        statements = policy["PolicyDocument"]["Statement"]
        asked = world.aws.used_permissions[function]
        assert len(asked) > 3
        assert sorted(each for each in asked if not allows(statements, each)) == []


def everything(world: MotoStack) -> None:
    """Every call that touches AWS, once."""
    announced = {"id": "dot", "content_type": "image/png", "bytes": len(DOT)}
    world.upload(world.call("POST", "/v1/assets", announced)["upload"], DOT)
    picture = {"type": "image", "width": 300, "height": 100, "source": "{{ photo }}"}
    fields = {"photo": {"type": "image", "default": "asset:dot"}}
    document = {**DOCUMENT, "fields": fields, "layers": [picture], "ended": {"text": "Over"}}
    for name in ("one", "two"):
        world.call("PUT", "/v1/templates/all", {**document, "name": name})
    world.upload(world.call("POST", "/v1/assets", {**announced, "id": "late"})["upload"], DOT)
    late = [{"name": "photo", "image_url": "asset:late"}]
    url = urlsplit(
        world.call("POST", "/v1/links", {"template_id": "all", "modifications": late})["url"]
    )
    link = parse_link(url.path, url.query)
    world.picture(cache_path(world.keys.link_keys(), link, now=None), link.canonical_url)
    made = world.call("POST", "/v1/images", {"template_id": "all", "template_version": 1})
    world.call("GET", f"/v1/images/{made['id']}")
    world.call("PATCH", "/v1/templates/all", {"daily_renders": 5})
    world.picture(f"/images/{made['id']}.png")
    world.call("POST", "/v1/templates/all/versions/1/recall", {"replaced_by": 2})
    world.call("DELETE", f"/v1/images/{made['id']}")
    for path in ("", "/all", "/all/versions", "/all/fields"):
        world.call("GET", f"/v1/templates{path}")
    world.call("GET", "/v1/assets")
    world.call("DELETE", "/v1/assets/late")
    world.call("GET", "/v1/health")
    world.call("DELETE", "/v1/templates/all", query="erase=true")
    world.picture(f"/images/{made['id']}.png")


def test_every_module_comes_with_bytecode_of_lambdas_python(built: Path) -> None:
    _, version = lambda_interpreter()
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
