"""Load test of the whole local service: `python -m bench.load [--seconds 5] [--upto 16]`.

It runs against the server of `make serve`, whose functions run in their own processes. wrk opens
signed links to a 600×300 JPEG: either always new links (drawn), or a few links again and again
(cached by the CDN). It uses 1, 2, 4 … connections, until twice as many give less than a tenth more
pictures. CPU times come from the operating system, so they are valid on a busy machine too. Writes
build/load/load.json and load.png.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from bench.load_plot import draw_plot
from postcard.links.build import sign_link
from postcard.links.signing import LinkKeys

ROOT = Path(__file__).resolve().parent.parent
OUTPUT_FOLDER = ROOT / "build/load"
SEED = ROOT / "local/seed/tmpl_a1b2c3d4e5.json"
TEMPLATE = "load"
NEW_LINKS, CACHED_LINKS = 20_000, 100  # links of each phase
MIN_GAIN = 1.1  # with less gain from twice the connections, the service is saturated
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
WEB, IMAGE = "CDN, gateway, S3, tables", "image function"

Row = dict[str, Any]


@contextmanager
def serving(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, str]]]:
    """Run the local service on a free port; yields its process and the contents of `local.json`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "local", "0", str(folder)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        local_json = folder / "local.json"
        while not local_json.exists():
            if process.poll() is not None:
                raise SystemExit("The server did not start: run `make serve` to see why.")
            time.sleep(0.2)
        yield process, json.loads(local_json.read_text())
    finally:
        process.terminate()
        process.wait(30)


def publish(local: Mapping[str, str]) -> None:
    """Publish the start template at 600×300 as a JPEG."""
    document = {**json.loads(SEED.read_text()), "height": 300, "format": "jpg"}
    request = Request(
        f"{local['base_url']}/v1/templates/{TEMPLATE}",
        json.dumps(document).encode(),
        {"Authorization": f"Bearer {local['api_key']}", "Content-Type": "application/json"},
        method="PUT",
    )
    with urlopen(request, timeout=60) as response:
        assert response.status == 200


def signed_links(local: Mapping[str, Any], names: list[str]) -> list[str]:
    """A link for each name, without the host."""
    kid = local["signing_key_id"]
    keys = LinkKeys(
        local["epoch"], {kid: local["signing_key_hex"]}, kid, local["address_key_hex"], "", ""
    )
    return [
        sign_link(keys, template=TEMPLATE, format="jpg", version=1, fields={"user_name": name})
        for name in names
    ]


def cpu_seconds(server: int) -> dict[str, float]:
    """CPU seconds used so far by the server and by the image function."""
    seconds = {WEB: 0.0, IMAGE: 0.0}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # the process has ended
        if int(folder.name) == server or int(fields[1]) == server:
            kind = IMAGE if b"image.app" in command else WEB
            seconds[kind] += (int(fields[11]) + int(fields[12])) / CLOCK_TICKS
    return seconds


def measure_load(base: str, server: int, links: list[str], connections: int, seconds: float) -> Row:
    """Run wrk with a number of connections for some seconds; one row of the result."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(links))
        file.flush()
        before = cpu_seconds(server)
        script = str(Path(__file__).with_suffix(".lua"))
        options = ["-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "15s", "-s", script]
        output = subprocess.run(
            ["wrk", *options, base, "--", file.name], check=True, capture_output=True, text=True
        ).stdout
    row: Row = json.loads(output.strip().splitlines()[-1])
    after = cpu_seconds(server)
    cpu = {kind: round((after[kind] - before[kind]) * 1000 / row["requests"], 2) for kind in after}
    return {
        "connections": connections,
        "a_second": round(row["requests"] / row["seconds"], 1),
        "cpu_ms": cpu,
        "a_core_second": round(1000 / sum(cpu.values()), 1),
        "function_a_core_second": round(1000 / cpu[IMAGE], 1) if cpu[IMAGE] else None,
        **row,
    }


def is_saturated(rows: list[Row]) -> bool:
    """Whether the last doubling of connections gave less than a tenth more pictures."""
    return len(rows) > 2 and rows[-1]["a_second"] < MIN_GAIN * rows[-2]["a_second"]


def load_curve(
    base: str, server: int, local: Row, *, new: bool, seconds: float, upto: int
) -> list[Row]:
    """Rows at 1, 2, 4 … connections, up to one past saturation, which shows the waiting times."""
    cached_links = signed_links(local, [f"Known {number}" for number in range(CACHED_LINKS)])
    for link in [] if new else cached_links:
        urlopen(base + link, timeout=60).read()
    rows: list[Row] = []
    connections, saturated_rows = 1, 0
    while connections <= upto and saturated_rows < 2:
        names = [f"Ana {connections} {number}" for number in range(NEW_LINKS)]
        links = signed_links(local, names) if new else cached_links
        rows.append(measure_load(base, server, links, connections, seconds))
        assert not new or rows[-1]["requests"] <= NEW_LINKS, "more requests than new links"
        print(json.dumps(rows[-1]), flush=True)
        saturated_rows += is_saturated(rows)
        connections *= 2
    return rows


def main() -> None:
    """Run both phases and print each row."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=6, help="duration of each row")
    parser.add_argument("--upto", type=int, default=32, help="maximum number of connections")
    arguments = parser.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not installed. Install it with `apt-get install wrk`.")
    OUTPUT_FOLDER.mkdir(parents=True, exist_ok=True)
    results: dict[str, Any] = {"cores": os.cpu_count(), "load_before": os.getloadavg()[0]}
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as (process, local):
        publish(local)
        for name, new in (("cold", True), ("cached", False)):
            print(name, flush=True)
            results[name] = load_curve(
                local["base_url"],
                process.pid,
                local,
                new=new,
                seconds=arguments.seconds,
                upto=arguments.upto,
            )
    (OUTPUT_FOLDER / "load.json").write_text(json.dumps(results, indent=2) + "\n")
    draw_plot(results, OUTPUT_FOLDER / "load.png")


if __name__ == "__main__":
    main()
