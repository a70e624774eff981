"""A cold start: what is imported, and the built `image` function from process start to picture.

    .venv/bin/python -m bench.cold_start [RUNS]

Imports are timed in fresh processes after Lambda's own runtime client is loaded, ours beside the
plain stack (Powertools with validation, boto3, pydantic, Pillow, segno); the first picture of a
process beside satori's, where `bench.engines` has set it up. The function is what
`sam build` made, under awslambdaric, with moto behind it in this process: its own share is small
but in the figure, for first and warm pictures alike.
"""

import json
import logging
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.engines import POSTCARD as OURS_THERE
from bench.engines import WORK, environment
from postcard.links.cache_path import cache_path
from postcard.links.parse import Link, parse_link

ROOT = Path(__file__).resolve().parent.parent
SEED = ROOT / "local" / "seed"
RUNS = 5
POSTCARD_IMPORTS = """
from image import app
app.service()
"""
PLAIN_STACK_IMPORTS = """
from typing import Literal
import boto3, segno
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from PIL import Image, ImageDraw, ImageFont, JpegImagePlugin, PngImagePlugin, WebPImagePlugin
from pydantic import BaseModel, Field
class Text(BaseModel):
    type: Literal["text"]; x: int; y: int; text: str; size: int = 28
class Code(BaseModel):
    type: Literal["qr"]; x: int; y: int; value: str
class Template(BaseModel):
    width: int = Field(ge=16, le=4096); layers: list[Text | Code]
app = APIGatewayHttpResolver(enable_validation=True)
@app.get("/images/<name>")
def picture(name: str) -> dict: return {}
names = ("s3", "dynamodb", "secretsmanager")
clients = [boto3.client(name, region_name="us-east-1") for name in names]
"""
PILLOW_IMPORTS = "from PIL import Image, ImageDraw, ImageFont, JpegImagePlugin, PngImagePlugin\n"
IMPORT_CASES = {
    "Postcard's image function, wired": POSTCARD_IMPORTS,
    "the plain stack": PLAIN_STACK_IMPORTS,
    "Pillow alone": PILLOW_IMPORTS,
}
TIMING_SCRIPT = """
import awslambdaric.bootstrap, sys, time
before, begin = set(sys.modules), time.perf_counter()
{code}
print((time.perf_counter() - begin) * 1000, len(set(sys.modules) - before))
"""
SETTINGS = {
    "POSTCARD_TABLE": "t",
    "POSTCARD_PICTURES_BUCKET": "p",
    "POSTCARD_STORE_BUCKET": "s",
    "POSTCARD_SECRET_ID": "k",
    "POSTCARD_FONTS": str(ROOT / "layers" / "fonts"),
    "AWS_ACCESS_KEY_ID": "a",
    "AWS_SECRET_ACCESS_KEY": "b",
    "AWS_REGION": "us-east-1",
}


def main(argv: list[str]) -> None:
    runs = int(argv[0]) if argv else RUNS
    measure_imports(runs)
    compare_first_picture_with_satori(runs)
    measure_built_function(runs)


def measure_imports(runs: int) -> None:
    """Median milliseconds and modules of each case, the cases in turn."""
    taken: dict[str, list[tuple[float, int]]] = {name: [] for name in IMPORT_CASES}
    for _ in range(runs):
        for name, code in IMPORT_CASES.items():
            taken[name].append(time_import(code))
    medians = {name: statistics.median(ms for ms, _ in each) for name, each in taken.items()}
    least = min(medians.values())
    print(
        "| imported after the runtime client | ms | times the least | modules |\n|---|---|---|---|"
    )
    for name, ms in medians.items():
        print(f"| {name} | {ms:.0f} | {ms / least:.1f} | {taken[name][0][1]} |")


def time_import(code: str) -> tuple[float, int]:
    path = os.pathsep.join(str(ROOT / part) for part in ("functions", "layers/core"))
    given = {**SETTINGS, "PYTHONPATH": path, "PATH": os.environ["PATH"]}
    command = [sys.executable, "-c", TIMING_SCRIPT.format(code=code)]
    done = subprocess.run(command, env=given, capture_output=True, text=True, check=True)
    milliseconds, modules = done.stdout.split()
    return float(milliseconds), int(modules)


def compare_first_picture_with_satori(runs: int) -> None:
    """Process start to the peers' design as a png, ours and satori's in turn."""
    if not (WORK / "node" / "node_modules").is_dir():
        print("\nskipped: bench.engines sets up what to compare a first picture with.")
        return
    taken: dict[str, list[float]] = {OURS_THERE: [], "satori": []}
    for _ in range(runs):
        for engine, each in taken.items():
            each.append(time_first_picture(engine))
    ours, theirs = (statistics.median(each) for each in taken.values())
    print(
        f"\nprocess start to first picture: {ours:.0f} ms, satori {theirs:.0f}: {ours / theirs:.2f}"
    )


def time_first_picture(engine: str) -> float:
    """Milliseconds of one new process, by the harness's own clock."""
    node = ["node", "cold1.mjs", engine, "og", "png"]
    ours = [sys.executable, "cold1.py", engine, "og", "png"]
    command, folder = (ours, WORK) if engine == OURS_THERE else (node, WORK / "node")
    given = {**os.environ, **environment(), "START_NS": str(time.monotonic_ns())}
    done = subprocess.run(
        command, cwd=folder, env=given, capture_output=True, text=True, check=True
    )
    return float(json.loads(done.stdout.splitlines()[-1])["total"])


def measure_built_function(runs: int) -> None:
    """First and warm pictures of the built function, each first one in a new process."""
    from deploy.template_check import read_template as template
    from tests.stack.built_function import ARCHITECTURE
    from tests.stack.moto_stack import CREDENTIALS, MotoStack
    from tests.stack.test_build_artifacts import build

    class Standing(MotoStack):  # a distribution takes boto3 long to make, and no picture needs one
        def _distribution(self) -> str:
            return "E1"

    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    built = ROOT / "build" / f"artefacts-{ARCHITECTURE}"
    if not (built / "runtime").is_dir():
        built.mkdir(parents=True, exist_ok=True)
        build(built)
    os.environ.update(CREDENTIALS)
    world = Standing(built, template())
    try:
        upload_assets(world, SEED / "assets")
        print_report(
            *[
                sorted(each)
                for each in zip(*(time_pictures(world, n) for n in range(runs)), strict=True)
            ]
        )
    finally:
        world.close()


def upload_assets(world: Any, folder: Path) -> None:
    """The pictures that the document shows."""
    for path in sorted(folder.glob("*.jpg")) + sorted(folder.glob("*.png")):
        body, kind = path.read_bytes(), {".jpg": "image/jpeg", ".png": "image/png"}[path.suffix]
        announced = {"id": path.stem, "content_type": kind, "bytes": len(body)}
        world.upload(world.call("POST", "/v1/assets", announced)["upload"], body)


def time_pictures(stack: Any, run: int) -> tuple[float, float, float]:
    """Milliseconds: process start to first picture, the next picture, and drawing it alone."""
    open_ = make_opener(stack, run)
    stack.image.close()
    begin = time.perf_counter()
    stack.image = stack.start("ImageFunction")
    first = open_("Alex")
    ready = time.perf_counter()
    second = open_("Maria")
    assert first != second
    return (
        (ready - begin) * 1000,
        (time.perf_counter() - ready) * 1000,
        logged_draw_milliseconds(stack.image.log),
    )


def logged_draw_milliseconds(log: list[str]) -> float:
    """What the last line of the log says that drawing took."""
    lines = [json.loads(line) for line in log if '"timings_ms"' in line]
    steps: Mapping[str, float] = lines[-1]["timings_ms"]
    return float(steps["draw"])


def make_opener(stack: Any, run: int) -> Callable[[str], str]:
    """Opens a picture for somebody, by a link that nobody opened before."""
    document = json.loads((SEED / "event-ticket.json").read_text())
    template_id = stack.call("POST", "/v1/templates", {**document, "name": f"Cold {run}"})["id"]
    links = {who: create_link(stack, template_id, document, who) for who in ("Alex", "Maria")}

    def open_(who: str) -> str:
        path = cache_path(stack.keys.link_keys(), links[who], now=None)
        answer = stack.picture(path, links[who].canonical_url)
        assert answer["headers"]["X-Postcard-Render"] == "drawn", answer["headers"]
        return str(answer["body"])

    return open_


def create_link(stack: Any, template_id: str, document: Mapping[str, Any], who: str) -> Link:
    """A link with every field at its example and somebody's name in the first."""
    given = {
        name: field["example"] for name, field in document["fields"].items() if "example" in field
    }
    values = {**given, next(iter(document["fields"])): who}
    entries = [{"name": name, "value": value} for name, value in values.items()]
    asked = {"template_id": template_id, "modifications": entries}
    url = urlsplit(stack.call("POST", "/v1/links", asked)["url"])
    return parse_link(url.path, url.query)


def print_report(first: list[float], second: list[float], draw: list[float]) -> None:
    cold, warm = statistics.median(first), statistics.median(second)
    print(f"\nbuilt image function: {cold:.0f} ms from process start to the first picture")
    print(f"(best {first[0]:.0f}, worst {first[-1]:.0f}), {cold / warm:.1f} times a warm one")
    print(f"({warm:.0f} ms with moto's answers; drawing alone {statistics.median(draw):.0f} ms)")


if __name__ == "__main__":
    main(sys.argv[1:])
