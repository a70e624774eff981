"""Packages from npm that tests use, pinned in `node/package-lock.json`."""

import fcntl
import shutil
import subprocess
from pathlib import Path

import pytest

NODE = Path(__file__).with_name("node")


def node_package(name: str) -> Path:
    """The folder of a package; skips the test if npm cannot install it."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("Node and npm are not installed")
    folder = NODE / "node_modules" / name
    with (NODE / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # test processes install one after the other
        if not folder.exists():
            installed = subprocess.run(
                ["npm", "ci"], cwd=NODE, capture_output=True, text=True, timeout=600, check=False
            )
            if installed.returncode:
                pytest.skip(f"npm could not install {name}: {installed.stderr[-300:]}")
    return folder
