"""What holds in the sandbox where the system refuses prctl(2), and in the processes that use it."""

import json
import os
import stat
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from postcard.canvas.codecs.sandboxed_decoder import MAX_IMAGES, SandboxedDecoder
from postcard.font_sanitizer.subprocess_client import sanitize_in_subprocess
from postcard.runtime.deadline import NO_DEADLINE
from postcard.runtime.sandbox import Seal
from postcard.runtime.sandboxed_subprocess import UnsealedFiles
from tests.functions.fake_services import ROOT, solid_png

PT_DYNAMIC, DT_RPATH, DT_DEBUG, DT_RUNPATH = 2, 15, 21, 29  # elf.h
PATHS = {"PYTHONPATH": os.pathsep.join(map(str, (ROOT / "layers/core", ROOT)))}

# A parent with a secret in its memory and its environment starts a child, which enters the sandbox
# and then tries to reach more.
ATTEMPTS = """
import ctypes, json, os, resource, socket, subprocess, sys
child = '''
import ctypes, json, os, resource, socket, subprocess, sys
from postcard.runtime import sandbox
pid, address, length = map(int, sys.argv[1:])
seal = sandbox.enter()
def parent_memory():
    buffer = ctypes.create_string_buffer(length)
    here = sandbox._MemoryPart(ctypes.addressof(buffer), length)
    there = sandbox._MemoryPart(address, length)
    count = ctypes.CDLL(None).process_vm_readv(
        pid, ctypes.byref(here), ctypes.c_ulong(1), ctypes.byref(there), ctypes.c_ulong(1),
        ctypes.c_ulong(0))
    assert buffer.raw == b"secret in memory", count
def reopened():
    os.close(2)
    os.open("/etc/passwd", os.O_RDONLY)
def raised_limit():
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    os.open("/etc/passwd", os.O_RDONLY)
done = []
for name, attempt in {
    "file": lambda: open("/etc/passwd"), "environment": lambda: open(f"/proc/{pid}/environ"),
    "memory file": lambda: open(f"/proc/{pid}/mem"), "socket": socket.socket, "pipe": os.pipe,
    "pair": socket.socketpair, "copy": lambda: os.dup(0), "freed number": reopened,
    "raised limit": raised_limit, "program": lambda: subprocess.run(["/bin/true"]),
    "memory": parent_memory,
}.items():
    try:
        attempt()
        done.append(name)
    except (OSError, ValueError, AssertionError):
        pass
print(json.dumps([seal.files, seal.memory, done]))
'''
secret = ctypes.create_string_buffer(b"secret in memory")
from postcard.runtime import sandbox
sandbox.disable_ptrace()
arguments = [str(os.getpid()), str(ctypes.addressof(secret)), "16"]
print(subprocess.run([sys.executable, "-c", child, *arguments], capture_output=True, check=True,
                     text=True).stdout)
"""

DECODE = """
import io, json, sys
from PIL import Image, features
from postcard.canvas.codecs.sandboxed_decoder import SandboxedDecoder
from postcard.font_sanitizer.subprocess_client import sanitize_in_subprocess
from postcard.runtime.deadline import NO_DEADLINE
from postcard.runtime.sandboxed_subprocess import unsealed_files
decoder, sizes = SandboxedDecoder(), []
for kind in ("PNG", "JPEG", "GIF", "WEBP", "AVIF"):
    file = io.BytesIO()
    Image.effect_noise((40, 30), 60).convert("RGB").save(file, kind)
    sizes.append(decoder.decode(file.getvalue(), None).image.size)
assert sizes == [(40, 30)] * 5, sizes
seal = decoder.check_seal(NO_DEADLINE)
decoder.close()
pictures = unsealed_files.take()
assert sanitize_in_subprocess(open("layers/fonts/NotoSansAdlam-400.ttf", "rb").read())
print(json.dumps([seal.status, pictures, unsealed_files.take()]))
"""


def run(refused: str, program: str) -> Any:
    """What a program prints in a process without privileges, to which calls are refused."""
    command = [sys.executable, "-m", "tests.security.refused_syscalls", refused, program]
    environment = PATHS | {"POSTCARD_PLANTED": "secret in the environment"}
    done = subprocess.run(command, capture_output=True, env=environment, cwd=ROOT, timeout=120)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


@pytest.mark.parametrize("refused", ["", "prctl", "prctl,seccomp"])
def test_files_sockets_and_processes_are_closed_also_where_prctl_is_refused(refused: str) -> None:
    files, memory, reached = run(refused, ATTEMPTS)
    assert files
    assert memory == ("memory" not in reached), "it says what holds"
    assert set(reached) <= {"memory"}
    if "seccomp" not in refused:
        assert memory


def test_where_nothing_can_be_installed_the_parents_memory_is_reported_as_not_protected() -> None:
    files, memory, reached = run("prctl,seccomp", ATTEMPTS)
    yama = Path("/proc/sys/kernel/yama/ptrace_scope")
    if not (yama.exists() and yama.read_text().strip() != "0"):  # it protects the memory, too
        assert (files, memory, reached) == (True, False, ["memory"])


@pytest.mark.parametrize("refused", ["prctl", "prctl,seccomp"])
def test_pictures_of_all_formats_and_fonts_are_read_where_prctl_is_refused(refused: str) -> None:
    status, pictures, fonts = run(refused, DECODE)
    assert status in ("sealed", "memory_not_protected")
    assert (pictures, fonts) == ((0, 0) if status == "sealed" else (5, 1))
    if refused == "prctl":
        assert status == "sealed"


def test_a_seal_is_told_in_one_byte_and_any_other_byte_is_a_lie() -> None:
    seals = [Seal(files, memory) for files in (False, True) for memory in (False, True)]
    assert [Seal.from_byte(seal.to_byte()) for seal in seals] == seals
    assert [seal.status for seal in seals] == ["not_sealed"] * 2 + [
        "memory_not_protected",
        "sealed",
    ]
    for byte in (b"R", b"\xff", b"", b"4"):
        with pytest.raises(ValueError, match="did not say"):
            Seal.from_byte(byte)


def test_files_that_an_unsealed_process_reads_are_counted_once() -> None:
    files = UnsealedFiles()
    for seal in (Seal(True, True), Seal(True, False), Seal(False, False)):
        files.add(seal)
    assert (files.take(), files.take()) == (2, 0)


def test_a_process_decodes_twenty_pictures_and_its_successor_is_ready_before() -> None:
    assert MAX_IMAGES == 20
    decoder, running = SandboxedDecoder(), []
    try:
        for _ in range(2 * MAX_IMAGES + 1):
            decoder.decode(solid_png(), None)
            running.append(decoder.pids)
    finally:
        decoder.close()
    known = [set(pids) for pids in running]
    first, second = known[0], known[MAX_IMAGES] - known[0]
    assert len(first) == len(second) == 1
    assert all(first <= pids for pids in known[: MAX_IMAGES - 1])
    assert known[MAX_IMAGES - 2] == first | second, "the successor is started before"
    assert known[MAX_IMAGES - 1] == second, "the first process is gone with its last picture"
    assert not second & known[2 * MAX_IMAGES]
    assert decoder.lost_workers == 0


# An interpreter that finds its library by LD_LIBRARY_PATH alone


@pytest.fixture
def needy_interpreter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Python that does not start without LD_LIBRARY_PATH; the variable is set in this process."""
    libraries = tmp_path / "lib"
    libraries.mkdir()
    python = tmp_path / "python"
    python.write_text(
        f'#!/bin/sh\n[ "$LD_LIBRARY_PATH" = "{libraries}" ] || exit 127\n'
        f'exec "{sys.executable}" "$@"\n'
    )
    python.chmod(python.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("LD_LIBRARY_PATH", str(libraries))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary")
    monkeypatch.setattr(sys, "executable", str(python))
    return python


def test_an_interpreter_finds_its_library_by_ld_library_path(needy_interpreter: Path) -> None:
    decoder = SandboxedDecoder()
    try:
        assert decoder.decode(solid_png(), None).width == 8
        [pid] = decoder.pids
        names = [line.partition(b"=")[0] for line in environment_of(pid)]
        assert set(names) <= {b"LD_LIBRARY_PATH", b"PWD", b"_", b"SHLVL", b"OLDPWD"}  # the shell's
    finally:
        decoder.close()
    font = (ROOT / "layers/fonts/NotoSansAdlam-400.ttf").read_bytes()
    assert sanitize_in_subprocess(font)


PYTHON_LIBRARY = f"libpython3.{sys.version_info.minor}.so.1.0"
RENAMED_LIBRARY = PYTHON_LIBRARY.replace(".1.0", ".9.9")


def without_run_path(elf: bytes) -> bytes:
    """The ELF file without RUNPATH and RPATH, as `patchelf --remove-rpath` leaves it.

    It needs a Python library of another name, so that it does not find the system's.
    """
    patched = bytearray(elf.replace(PYTHON_LIBRARY.encode(), RENAMED_LIBRARY.encode()))
    assert elf[:6] == b"\x7fELF\x02\x01", "64 bits, little-endian"
    [start], [size, count] = struct.unpack_from("<Q", elf, 32), struct.unpack_from("<HH", elf, 54)
    for header in range(start, start + size * count, size):
        kind, _, offset, _, _, length = struct.unpack_from("<IIQQQQ", elf, header)
        if kind == PT_DYNAMIC:
            for entry in range(offset, offset + length, 16):
                if struct.unpack_from("<Q", elf, entry)[0] in (DT_RUNPATH, DT_RPATH):
                    struct.pack_into("<Q", patched, entry, DT_DEBUG)
    return bytes(patched)


def test_an_interpreter_without_a_run_path_decodes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_bytes(without_run_path(Path(sys.executable).resolve().read_bytes()))
    python.chmod(0o755)
    (tmp_path / "pyvenv.cfg").write_text(f"home = {sys.base_prefix}/bin\n")
    (tmp_path / RENAMED_LIBRARY).symlink_to(f"{sys.base_prefix}/lib/{PYTHON_LIBRARY}")
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(python))
    decoder = SandboxedDecoder()
    assert decoder.check_seal(NO_DEADLINE) is not None
    assert decoder.decode(solid_png(), None).width == 8
    decoder.close()


def environment_of(pid: int) -> list[bytes]:
    return Path(f"/proc/{pid}/environ").read_bytes().strip(b"\0").split(b"\0")
