"""How the whole service bears load: `python -m bench.load [--seconds 5] [--upto 16]`

Against the server of `make serve`, whose functions run in processes of their own. wrk opens signed
links to a 600×300 JPEG, each a new one (drawn) or one of a few (kept by the CDN), at 1, 2, 4 …
connections, until twice as many bring no tenth more. What each kind of process spent comes from
the system, so that it holds on a busy machine too. Writes build/load/load.json and load.png.
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
NEW_LINKS, CACHED_LINKS = 20_000, 100  # links of a phase
MIN_GAIN = 1.1  # what twice the connections must bring, else the curve has bent
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
WEB, IMAGE = "CDN, gateway, S3, tables", "image function"

Row = dict[str, Any]


@contextmanager
def serving(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, str]]]:
    """`make serve` on a free port, and what its `local.json` tells."""
    process = subprocess.Popen(
        [sys.executable, "-m", "local", "0", str(folder)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        told = folder / "local.json"
        while not told.exists():
            if process.poll() is not None:
                raise SystemExit("the server did not start")
            time.sleep(0.2)
        yield process, json.loads(told.read_text())
    finally:
        process.terminate()
        process.wait(30)


def publish(local: Mapping[str, str]) -> None:
    """The design that a new installation shows, at 600×300 and as a JPEG."""
    document = {**json.loads(SEED.read_text()), "height": 300, "format": "jpg"}
    request = Request(
        f"{local['base_url']}/v1/templates/{TEMPLATE}",
        json.dumps(document).encode(),
        {"Authorization": f"Bearer {local['api_key']}", "Content-Type": "application/json"},
        method="PUT",
    )
    with urlopen(request, timeout=60) as answer:
        assert answer.status == 200


def signed_links(local: Mapping[str, Any], names: list[str]) -> list[str]:
    """A link for each name, without its host."""
    kid = local["signing_key_id"]
    keys = LinkKeys(
        local["epoch"], {kid: local["signing_key_hex"]}, kid, local["address_key_hex"], "", ""
    )
    usual: Row = {"width": None, "dpr": 1, "quality": None, "expires": None, "campaign": None}
    return [
        sign_link(
            keys, template=TEMPLATE, format="jpg", version=1, fields={"user_name": name}, **usual
        )
        for name in names
    ]


def cpu_seconds(server: int) -> dict[str, float]:
    """CPU seconds so far of the server and its functions, by kind of process."""
    seconds = {WEB: 0.0, IMAGE: 0.0}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        if int(folder.name) == server or int(fields[1]) == server:
            kind = IMAGE if b"image.app" in command else WEB
            seconds[kind] += (int(fields[11]) + int(fields[12])) / CLOCK_TICKS
    return seconds


def measure_load(base: str, server: int, links: list[str], connections: int, seconds: float) -> Row:
    """One row: so many connections for so many seconds."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(links))
        file.flush()
        before = cpu_seconds(server)
        script = str(Path(__file__).with_suffix(".lua"))
        asked = ["-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "15s", "-s", script]
        said = subprocess.run(
            ["wrk", *asked, base, "--", file.name], check=True, capture_output=True, text=True
        ).stdout
    row: Row = json.loads(said.strip().splitlines()[-1])
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
    """Whether the last doubling brought less than a tenth."""
    return len(rows) > 2 and rows[-1]["a_second"] < MIN_GAIN * rows[-2]["a_second"]


def load_curve(
    base: str, server: int, local: Row, *, new: bool, seconds: float, upto: int
) -> list[Row]:
    """Rows at 1, 2, 4 … connections; past the bend once more, to show what waiting costs."""
    few = signed_links(local, [f"Known {number}" for number in range(CACHED_LINKS)])
    for link in [] if new else few:
        urlopen(base + link, timeout=60).read()
    rows: list[Row] = []
    connections, over = 1, 0
    while connections <= upto and over < 2:
        names = [f"Ana {connections} {number}" for number in range(NEW_LINKS)]
        opened = signed_links(local, names) if new else few
        rows.append(measure_load(base, server, opened, connections, seconds))
        assert not new or rows[-1]["requests"] <= NEW_LINKS, "more requests than new links"
        print(json.dumps(rows[-1]), flush=True)
        over += is_saturated(rows)
        connections *= 2
    return rows


def main() -> None:
    """Prints rows as they come."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=6, help="of each row")
    parser.add_argument("--upto", type=int, default=32, help="connections")
    given = parser.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not installed: apt-get install wrk")
    OUTPUT_FOLDER.mkdir(parents=True, exist_ok=True)
    found: dict[str, Any] = {"cores": os.cpu_count(), "load_before": os.getloadavg()[0]}
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as (process, local):
        publish(local)
        for name, new in (("cold", True), ("cached", False)):
            print(name, flush=True)
            found[name] = load_curve(
                local["base_url"],
                process.pid,
                local,
                new=new,
                seconds=given.seconds,
                upto=given.upto,
            )
    (OUTPUT_FOLDER / "load.json").write_text(json.dumps(found, indent=2) + "\n")
    draw_plot(found, OUTPUT_FOLDER / "load.png")


if __name__ == "__main__":
    main()
