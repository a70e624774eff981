"""Runs a built Lambda function in its own process, with only its layers on the Python path."""

import importlib.metadata
import platform
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from layers.bytecode import find_interpreter
from tests.stack.runtime_api import RuntimeApi

UV = Path(sys.prefix) / "bin" / "uv"
LAMBDA_PYTHON = "3.13"
RUNTIME_CLIENT = ("awslambdaric", "simplejson", "snapshot-restore-py")
ARCHITECTURE = {"x86_64": "x86_64", "aarch64": "arm64"}[platform.machine()]


def lambda_interpreter() -> tuple[str, str]:
    """Lambda's version of Python if this machine has it, otherwise the one that runs the tests."""
    if interpreter := find_interpreter(LAMBDA_PYTHON):
        return interpreter, LAMBDA_PYTHON
    return sys.executable, f"{sys.version_info.major}.{sys.version_info.minor}"


def install_runtime_client(folder: Path, version: str) -> None:
    """Install Lambda's runtime client for a version of Python."""
    pins = [f"{name}=={importlib.metadata.version(name)}" for name in RUNTIME_CLIENT]
    command = [str(UV), "pip", "install", "-q", "--no-deps", "--python-version", version]
    command += ["--only-binary", ":all:", "--target", str(folder), *pins]
    subprocess.run(command, check=True, timeout=120)


class BuiltFunction:
    """One environment of a built function; `built` is the output folder of `sam build`."""

    def __init__(
        self, built: Path, name: str, handler: str, environment: Mapping[str, str]
    ) -> None:
        self._api = RuntimeApi(function=name).__enter__()
        python, _ = lambda_interpreter()
        layers = [built / layer / "python" for layer in ("CoreLayer", "VendorLayer")]
        paths = [built / name, *layers, built / "runtime"]
        self.log: list[str] = []
        self._process = subprocess.Popen(
            [python, "-s", "-S", "-m", "awslambdaric", handler],  # -S: no installed packages
            cwd=built / name,
            env={
                "PYTHONPATH": ":".join(map(str, paths)),
                "LD_LIBRARY_PATH": str(built / "VendorLayer" / "lib"),
                "LAMBDA_TASK_ROOT": str(built / name),
                "AWS_LAMBDA_RUNTIME_API": self._api.address,
                "AWS_LAMBDA_FUNCTION_NAME": name,
                "AWS_LAMBDA_FUNCTION_VERSION": "1",
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",
                "AWS_EXECUTION_ENV": f"AWS_Lambda_python{LAMBDA_PYTHON}",
                "TZ": ":UTC",
                **environment,
                "POSTCARD_FONTS": str(built / "FontsLayer" / "fonts"),
                "POSTCARD_MORE_FONTS": "",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def invoke(self, event: object) -> Any:
        """Invoke the handler with an event and return its response."""
        return self._api.invoke(event)

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        self._api.__exit__()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            self.log.extend(line.rstrip("\n") for line in lines)
        self._api.responses.put(("exit", "\n".join(self.log).encode()))
