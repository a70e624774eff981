"""Compares Postcard's drawing time with other engines: one design, one run, ratios of medians.

    make bench                                        # satori, Pillow plain and optimised, Postcard
    .venv/bin/python -m bench.engines --rounds 3 --seconds 3 --engines satori,pillow
    .venv/bin/python -m bench.engines --all               # every engine, half an hour

The other engines are not part of this repository, and no test needs them. `--peers` names a folder
with their harness: `matrix.py`, `once.py`, `assets.py`, a runner `r_NAME` for each engine,
`requirements.txt` and `node/package.json`; by default it is shared/peers beside this repository.
Without it, nothing is measured. The first run copies it to bench/work and installs the engines
there with pip and npm.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PEERS = ROOT.parent / "shared" / "peers"
WORK = ROOT / "bench" / "work"
PYTHON = WORK / "env" / "bin" / "python"
RESULTS, PICTURES = WORK / "results" / "matrix.json", WORK / "pictures"
POSTCARD = "postcard"
DEFAULT_ENGINES = ("satori", "pillow", "pillow_opt", POSTCARD)
NODE_ENGINES = ("satori", "canvas", "sharp", "takumi")
FORMATS = ("png", "jpeg", "webp")


def main(argv: Sequence[str]) -> int:
    """Print the table; 0 also if there are no other engines to compare with."""
    arguments = read_arguments(argv)
    if not arguments.peers.is_dir():
        print(
            f"Skipped: {arguments.peers} does not exist. The other engines are not part of this "
            "repository; --peers names the folder of their harness (bench/README.md)."
        )
        return 0
    set_up(arguments.peers)
    engines = [] if arguments.all else arguments.engines.split(",")
    measure(engines, arguments.rounds, arguments.seconds)
    draw_samples(engines or DEFAULT_ENGINES)
    results = json.loads(RESULTS.read_text())
    for line in table(results):
        print(line)
    return 0


def read_arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench/engines.py", description=__doc__.splitlines()[0])
    parser.add_argument("--peers", type=Path, default=PEERS, help="folder of the other engines")
    parser.add_argument("--rounds", type=int, default=2, help="runs of each engine")
    parser.add_argument("--seconds", type=float, default=2, help="duration of one measurement")
    parser.add_argument("--engines", default=",".join(DEFAULT_ENGINES), help="names, with commas")
    parser.add_argument("--all", action="store_true", help="measure every engine")
    return parser.parse_args(argv)


def set_up(peers: Path) -> None:
    """Copy the engines, install their packages and make their pictures, if not done before."""
    WORK.mkdir(parents=True, exist_ok=True)
    for source in sorted(peers.rglob("*")):
        target = WORK / source.relative_to(peers)
        if source.is_dir():
            target.mkdir(exist_ok=True)
        elif not target.exists():
            shutil.copyfile(source, target)
    if not (WORK / "env" / "ready").exists():
        print("Installing the other engines. The first run takes some minutes.", flush=True)
        run([sys.executable, "-m", "venv", "env"])
        run([PYTHON, "-m", "pip", "install", "-q", *requirements()])
        (WORK / "env" / "ready").touch()
    if not (WORK / "node" / "node_modules").is_dir():
        run(["npm", "install", "--no-audit", "--no-fund"], cwd=WORK / "node")
    if not (WORK / "assets" / "payloads.json").exists():
        run([PYTHON, "assets.py"])


def requirements() -> Iterator[str]:
    """The engines' Python packages, without pycairo if it cannot be compiled: it has no wheel."""
    pkg_config = shutil.which("pkg-config")
    has_cairo = (
        pkg_config
        and subprocess.run([pkg_config, "--exists", "cairo"], check=False).returncode == 0
    )
    for line in (WORK / "requirements.txt").read_text().split():
        if has_cairo or not line.startswith("pycairo"):
            yield line


def measure(engines: Sequence[str], rounds: int, seconds: float) -> None:
    """Run the harness: the engines alternate, and each run is a fresh process."""
    RESULTS.parent.mkdir(exist_ok=True)
    selection = [",".join(engines)] if engines else []
    run([PYTHON, "matrix.py", RESULTS, str(rounds), str(seconds), *selection], quiet=True)


def draw_samples(engines: Sequence[str]) -> None:
    """Draw one picture of each engine and size for comparison by eye; QR codes are read back."""
    PICTURES.mkdir(exist_ok=True)
    for old in PICTURES.iterdir():
        old.unlink()
    for size in ("og", "banner"):
        for engine in engines:
            if engine in NODE_ENGINES:
                call = ["node", "run.mjs", engine, size, "full", "1", "once", PICTURES]
                run(call, cwd=WORK / "node", quiet=True)
            else:
                python = sys.executable if engine == POSTCARD else PYTHON
                run([python, "once.py", engine, size, "full", PICTURES], quiet=True)
    if "pillow" in engines:
        run([PYTHON, "check.py", PICTURES])


def run(command: Sequence[object], *, cwd: Path = WORK, quiet: bool = False) -> None:
    """Run a command of the set-up or the harness; a failure stops the benchmark."""
    stdout = subprocess.DEVNULL if quiet else None
    arguments = [str(argument) for argument in command]
    variables = {**os.environ, **environment()}
    subprocess.run(arguments, cwd=cwd, env=variables, stdout=stdout, check=True)


def environment() -> dict[str, str]:
    """Environment variables that add Postcard to the harness's engines."""
    return {
        "EXTRA_ENGINES": POSTCARD,
        "EXTRA_PYTHON": sys.executable,
        "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "bench", ROOT / "layers" / "core"))),
    }


def table(results: Mapping[str, Any]) -> Iterator[str]:
    """Each engine's medians divided by Postcard's: 3.0 is three times as slow, or as large."""
    for size in ("og", "banner"):
        for mode in ("warm", "full"):
            rows = {
                key.split("|")[0]: each
                for key, each in results.items()
                if key.endswith(f"|{size}|{mode}")
            }
            if POSTCARD in rows:
                yield from table_section(f"{size}, {mode}", rows)


def table_section(title: str, rows: Mapping[str, Any]) -> Iterator[str]:
    postcard = rows[POSTCARD]
    yield (
        f"\n{title}: median time divided by Postcard's (bytes divided by Postcard's),"
        " p95/p50 of the JPEG"
    )
    yield "| engine | png | jpeg | webp | p95/p50 | peak RSS |"
    yield "|---|---|---|---|---|---|"
    for name, row in sorted(rows.items(), key=lambda each: fastest_median(each[1])):
        cells = [relative_cost(row, postcard, format_) for format_ in FORMATS]
        spread = row["wall"]["jpeg"] if "jpeg" in row["wall"] else row["wall"]["png"]
        cells.append(f"{spread['p95'] / spread['p50']:.2f}")
        cells.append(f"{row['rss_mb'] / postcard['rss_mb']:.2f}")
        yield f"| {name} | {' | '.join(cells)} |"
    milliseconds, megabytes = postcard["wall"]["jpeg"]["p50"], postcard["rss_mb"]
    yield f"Postcard's JPEG takes {milliseconds:.1f} ms and {megabytes:.0f} MB"


def fastest_median(row: Mapping[str, Any]) -> float:
    return float(min(row["wall"][name]["p50"] for name in FORMATS if name in row["wall"]))


def relative_cost(row: Mapping[str, Any], postcard: Mapping[str, Any], format_: str) -> str:
    if format_ not in row["wall"]:
        return "–"
    time = row["wall"][format_]["p50"] / postcard["wall"][format_]["p50"]
    size = row["bytes"][format_] / postcard["bytes"][format_]
    return f"{time:.2f} ({size:.2f})"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
