"""Measures cold starts: imports, and the time from process start to the first picture.

    .venv/bin/python -m bench.cold_start [RUNS]

Imports are timed in fresh processes in which Lambda's runtime client is already loaded. Postcard's
imports are compared with a common stack (Powertools with validation, boto3, pydantic, Pillow,
segno). The first picture of a process is compared with satori's, if `bench.engines` has set it up.
The image function is the output of `sam build`, run by awslambdaric, with moto as AWS in this
process. The time of moto is small, but included in all numbers.
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

from bench.engines import POSTCARD, WORK, environment
from postcard.links.cache_path import cache_path
from postcard.links.parse import Link, parse_link

ROOT = Path(__file__).resolve().parent.parent
SEED = ROOT / "local" / "seed"
RUNS = 5
POSTCARD_IMPORTS = """
from image import app
app.service()
"""
COMMON_STACK_IMPORTS = """
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
    "Postcard's image function with its services": POSTCARD_IMPORTS,
    "common stack": COMMON_STACK_IMPORTS,
    "only Pillow": PILLOW_IMPORTS,
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
    """Print the median milliseconds and the number of modules of each case, alternating."""
    results: dict[str, list[tuple[float, int]]] = {name: [] for name in IMPORT_CASES}
    for _ in range(runs):
        for name, code in IMPORT_CASES.items():
            results[name].append(time_import(code))
    medians = {name: statistics.median(ms for ms, _ in each) for name, each in results.items()}
    fastest = min(medians.values())
    print(
        "| imported after the runtime client | ms | relative to the fastest | modules |\n"
        "|---|---|---|---|"
    )
    for name, ms in medians.items():
        print(f"| {name} | {ms:.0f} | {ms / fastest:.1f} | {results[name][0][1]} |")


def time_import(code: str) -> tuple[float, int]:
    path = os.pathsep.join(str(ROOT / part) for part in ("functions", "layers/core"))
    variables = {**SETTINGS, "PYTHONPATH": path, "PATH": os.environ["PATH"]}
    command = [sys.executable, "-c", TIMING_SCRIPT.format(code=code)]
    completed = subprocess.run(command, env=variables, capture_output=True, text=True, check=True)
    milliseconds, modules = completed.stdout.split()
    return float(milliseconds), int(modules)


def compare_first_picture_with_satori(runs: int) -> None:
    """Print the time from process start to a PNG of the peers' design, for Postcard and satori."""
    if not (WORK / "node" / "node_modules").is_dir():
        print("\nThe first picture is not compared with satori's: run bench.engines first.")
        return
    times: dict[str, list[float]] = {POSTCARD: [], "satori": []}
    for _ in range(runs):
        for engine, each in times.items():
            each.append(time_first_picture(engine))
    postcard, satori = (statistics.median(each) for each in times.values())
    print(
        f"\nprocess start to first picture: {postcard:.0f} ms, satori {satori:.0f} ms,"
        f" ratio {postcard / satori:.2f}"
    )


def time_first_picture(engine: str) -> float:
    """Milliseconds from process start to the first picture, as the harness measures them."""
    if engine == POSTCARD:
        command, folder = [sys.executable, "cold1.py", engine, "og", "png"], WORK
    else:
        command, folder = ["node", "cold1.mjs", engine, "og", "png"], WORK / "node"
    variables = {**os.environ, **environment(), "START_NS": str(time.monotonic_ns())}
    completed = subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, text=True, check=True
    )
    return float(json.loads(completed.stdout.splitlines()[-1])["total"])


def measure_built_function(runs: int) -> None:
    """Print the times of first and warm pictures of the built function, in a new process each."""
    from deploy.template_check import read_template
    from tests.stack.built_function import ARCHITECTURE
    from tests.stack.moto_stack import CREDENTIALS, MotoStack
    from tests.stack.test_build_artifacts import build

    class StackWithoutDistribution(MotoStack):  # boto3 creates one slowly, and no picture needs it
        def _distribution(self) -> str:
            return "E1"

    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    built = ROOT / "build" / f"artefacts-{ARCHITECTURE}"
    if not (built / "runtime").is_dir():
        built.mkdir(parents=True, exist_ok=True)
        build(built)
    os.environ.update(CREDENTIALS)
    stack = StackWithoutDistribution(built, read_template())
    try:
        upload_assets(stack, SEED / "assets")
        times = zip(*(time_pictures(stack, run) for run in range(runs)), strict=True)
        print_report(*[sorted(each) for each in times])
    finally:
        stack.close()


def upload_assets(stack: Any, folder: Path) -> None:
    """Upload the pictures of the template."""
    for path in sorted(folder.glob("*.jpg")) + sorted(folder.glob("*.png")):
        body, kind = path.read_bytes(), {".jpg": "image/jpeg", ".png": "image/png"}[path.suffix]
        request = {"id": path.stem, "content_type": kind, "bytes": len(body)}
        stack.upload(stack.call("POST", "/v1/assets", request)["upload"], body)


def time_pictures(stack: Any, run: int) -> tuple[float, float, float]:
    """Milliseconds from process start to first picture, of the next picture, of its drawing."""
    open_picture = make_opener(stack, run)
    stack.image.close()
    begin = time.perf_counter()
    stack.image = stack.start("ImageFunction")
    first = open_picture("Alex")
    ready = time.perf_counter()
    second = open_picture("Maria")
    assert first != second
    return (
        (ready - begin) * 1000,
        (time.perf_counter() - ready) * 1000,
        logged_draw_milliseconds(stack.image.log),
    )


def logged_draw_milliseconds(log: list[str]) -> float:
    """The drawing time in the last line of the log."""
    lines = [json.loads(line) for line in log if '"timings_ms"' in line]
    timings: Mapping[str, float] = lines[-1]["timings_ms"]
    return float(timings["draw"])


def make_opener(stack: Any, run: int) -> Callable[[str], str]:
    """A function that opens a new link with a person's name and returns the picture."""
    document = json.loads((SEED / "event-ticket.json").read_text())
    template_id = stack.call("POST", "/v1/templates", {**document, "name": f"Cold {run}"})["id"]
    links = {name: create_link(stack, template_id, document, name) for name in ("Alex", "Maria")}

    def open_picture(name: str) -> str:
        path = cache_path(stack.keys.link_keys(), links[name], now=None)
        response = stack.picture(path, links[name].canonical_url)
        assert response["headers"]["X-Postcard-Render"] == "drawn", response["headers"]
        return str(response["body"])

    return open_picture


def create_link(
    stack: Any, template_id: str, document: Mapping[str, Any], person_name: str
) -> Link:
    """A link with a person's name in the first field, and the examples of the other fields."""
    examples = {
        name: field["example"] for name, field in document["fields"].items() if "example" in field
    }
    values = {**examples, next(iter(document["fields"])): person_name}
    entries = [{"name": name, "value": value} for name, value in values.items()]
    request = {"template_id": template_id, "modifications": entries}
    url = urlsplit(stack.call("POST", "/v1/links", request)["url"])
    return parse_link(url.path, url.query)


def print_report(first: list[float], second: list[float], draw: list[float]) -> None:
    cold, warm = statistics.median(first), statistics.median(second)
    print(f"\nbuilt image function: {cold:.0f} ms from process start to the first picture")
    print(f"(best {first[0]:.0f} ms, worst {first[-1]:.0f} ms), {cold / warm:.1f} times a warm one")
    print(f"({warm:.0f} ms with moto; only drawing: {statistics.median(draw):.0f} ms)")


if __name__ == "__main__":
    main(sys.argv[1:])
