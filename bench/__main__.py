"""Runs the benchmarks one after the other: `make bench`. `bench/README.md` explains them."""

import subprocess
import sys

PARTS = ("bench.engines", "bench.cold_start", "bench.aws_client_imports")

for part in PARTS:
    print(f"\n## {part}\n", flush=True)
    subprocess.run([sys.executable, "-m", part], check=True)
