"""Compiles a folder to bytecode for Lambda's Python, so that cold starts do not have to.

    python3 layers/bytecode.py --version 3.13 [--alone] FOLDER

Bytecode works only with one minor version of Python, so an interpreter of that version compiles.
If this machine has none, the folder is left as it is, with a warning: the function works, but a
cold start takes 0.1 to 0.6 s longer. The bytecode is never checked against its source, because
zip changes file times. With `--alone`, bytecode replaces the sources: a third of the size, and
tracebacks name the line but do not show it.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path


def main() -> int:
    """Compile the folder; print a warning if there is no interpreter of that version."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--version", required=True)
    parser.add_argument("--alone", action="store_true")
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    interpreter = find_interpreter(arguments.version)
    if interpreter is None:
        print(
            f"warning: no Python {arguments.version} found, so bytecode is not compiled:"
            " cold starts take 0.1 to 0.6 s longer",
            file=sys.stderr,
        )
        return 0
    return compile_tree(interpreter, arguments.folder, remove_sources=arguments.alone)


def compile_tree(interpreter: str, folder: Path, *, remove_sources: bool = False) -> int:
    """Compile every source below `folder`; 0 if all worked. Tracebacks show the paths in Lambda."""
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
    """Delete the sources that have bytecode in the same folder."""
    for source in list(folder.rglob("*.py")):
        if source.with_suffix(".pyc").exists():
            source.unlink()


def find_interpreter(version: str) -> str | None:
    """The path of an interpreter of exactly this minor version, or None."""
    return next(
        (path for path in interpreter_candidates(version) if runs_version(path, version)), None
    )


def interpreter_candidates(version: str) -> Iterator[str]:
    """Paths to try: this interpreter, the PATH, pyenv's versions."""
    yield sys.executable
    if on_path := shutil.which(f"python{version}"):
        yield on_path
    root = Path(os.environ.get("PYENV_ROOT", str(Path.home() / ".pyenv")))
    for folder in sorted(root.glob(f"versions/{version}.*")):
        yield str(folder / "bin" / "python")


def runs_version(path: str, version: str) -> bool:
    """Whether the interpreter runs and has this version (pyenv has shims of missing versions)."""
    script = "import sys; print('%d.%d' % sys.version_info[:2])"
    completed = subprocess.run([path, "-c", script], check=False, capture_output=True, text=True)  # noqa: S603
    return completed.stdout.strip() == version


if __name__ == "__main__":
    sys.exit(main())
