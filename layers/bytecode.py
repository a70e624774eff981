"""Compiles a tree for Lambda's Python: without bytecode every cold start compiles it again.

    python3 layers/bytecode.py --version 3.13 [--alone] FOLDER

Bytecode belongs to one minor version of Python, so that version compiles. Where it is not on the
machine the tree is left as it is, with a warning: it works, and starts 0.1 to 0.6 s later.
The files say that they are never to be checked against their sources (zip changes the times).
Bytecode `--alone` takes the sources' place: a third of the size, and tracebacks name the line, but
do not show it.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path


def main() -> int:
    """Compile, or say why not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--version", required=True)
    parser.add_argument("--alone", action="store_true")
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    interpreter = find_interpreter(arguments.version)
    if interpreter is None:
        print(
            f"warning: no Python {arguments.version} here, so no bytecode: cold starts take longer",
            file=sys.stderr,
        )
        return 0
    return compile_tree(interpreter, arguments.folder, remove_sources=arguments.alone)


def compile_tree(interpreter: str, folder: Path, *, remove_sources: bool = False) -> int:
    """Every source below `folder`; the paths in tracebacks are those in Lambda."""
    command = [
        interpreter,
        "-m",
        "compileall",
        "-q",
        "-j",
        "0",
        *(["-b"] if remove_sources else []),
    ]
    command += ["--invalidation-mode", "unchecked-hash", "-s", str(folder), str(folder)]
    failed = subprocess.run(command, check=False).returncode  # noqa: S603
    if remove_sources:
        _remove_sources(folder)
    return failed


def _remove_sources(folder: Path) -> None:
    """Those whose bytecode stands beside them."""
    for source in list(folder.rglob("*.py")):
        if source.with_suffix(".pyc").exists():
            source.unlink()


def find_interpreter(version: str) -> str | None:
    """An interpreter of exactly this minor version."""
    return next(
        (path for path in interpreter_candidates(version) if runs_version(path, version)), None
    )


def interpreter_candidates(version: str) -> Iterator[str]:
    """Where it may be: this one, on the PATH, below pyenv."""
    yield sys.executable
    if on_path := shutil.which(f"python{version}"):
        yield on_path
    root = Path(os.environ.get("PYENV_ROOT", str(Path.home() / ".pyenv")))
    for folder in sorted(root.glob(f"versions/{version}.*")):
        yield str(folder / "bin" / "python")


def runs_version(path: str, version: str) -> bool:
    """Whether it runs and is of this version (a shim may exist without its Python)."""
    question = "import sys; print('%d.%d' % sys.version_info[:2])"
    answer = subprocess.run([path, "-c", question], check=False, capture_output=True, text=True)  # noqa: S603
    return answer.stdout.strip() == version


if __name__ == "__main__":
    sys.exit(main())
