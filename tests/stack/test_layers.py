"""Tests of bytecode, of trimming the vendor layer, and of the checks of a build."""

import struct
import subprocess
import sys
from pathlib import Path

import pytest

from deploy import build_artifacts
from deploy.build_artifacts import (
    FUNCTIONS,
    LAYERS,
    MEGABYTE,
    build_faults,
    folder_bytes,
    shared_object_machines,
)
from layers import bytecode
from layers.vendor import trim_packages

HERE = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture
def built(tmp_path: Path) -> Path:
    for name in (*LAYERS, *FUNCTIONS):
        (tmp_path / name).mkdir()
    library = tmp_path / "VendorLayer" / "lib" / "libfribidi.so.0"
    library.parent.mkdir()
    library.write_bytes(shared_object(183))
    font = tmp_path / "FontsLayer" / "fonts" / "Inter.ttf"
    font.parent.mkdir()
    font.write_bytes(b"font")
    return tmp_path


def shared_object(machine: int) -> bytes:
    return b"\x7fELF" + bytes(14) + struct.pack("<H", machine) + bytes(44)


def faults(built: Path, architecture: str = "arm64", **sizes: int) -> list[str]:
    return list(build_faults({"VendorLayer": 1, **sizes}, built, architecture))


class TestArtefacts:
    def test_a_complete_build_has_no_faults_and_its_sizes_are_printed(
        self, built: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert build_artifacts.main(built, "arm64") == 0
        assert "VendorLayer       0.0 MB unzipped" in capsys.readouterr().out

    def test_a_build_for_the_other_architecture_is_refused(
        self, built: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert faults(built, "x86_64") == [
            "VendorLayer/lib/libfribidi.so.0 is for arm64, not x86_64."
            " Run `make build ARCH=x86_64`."
        ]
        assert build_artifacts.main(built, "x86_64") == 1
        assert "libfribidi.so.0 is for arm64" in capsys.readouterr().out

    def test_a_layer_over_its_limit_is_refused(self, built: Path) -> None:
        assert "over 100 MB" in faults(built, VendorLayer=101 * MEGABYTE)[0]
        assert "over 150 MB together" in faults(built, FontsLayer=151 * MEGABYTE)[0]

    def test_a_build_that_would_draw_arabic_backwards_is_refused(self, built: Path) -> None:
        (built / "VendorLayer" / "lib" / "libfribidi.so.0").unlink()
        assert "Arabic" in faults(built)[0]

    def test_a_build_without_fonts_is_refused(self, built: Path) -> None:
        (built / "FontsLayer" / "fonts" / "Inter.ttf").unlink()
        assert faults(built) == ["FontsLayer has no fonts."]

    def test_the_size_of_a_folder_counts_all_files_below(self, built: Path) -> None:
        assert folder_bytes(built / "FontsLayer") == 4

    def test_only_elf_files_count_as_shared_objects(self, tmp_path: Path) -> None:
        (tmp_path / "a.so").write_bytes(b"text")
        (tmp_path / "b.so.1").write_bytes(shared_object(62))
        assert list(shared_object_machines(tmp_path)) == [(tmp_path / "b.so.1", "x86_64")]


class TestBytecode:
    def test_an_interpreter_is_found_only_if_it_is_installed(self) -> None:
        assert bytecode.find_interpreter("9.9") is None
        assert bytecode.find_interpreter(HERE) == sys.executable

    def test_an_interpreter_of_another_version_is_refused(self) -> None:
        assert not bytecode.runs_version(sys.executable, "9.9")
        assert not bytecode.runs_version("true", HERE)

    def test_bytecode_is_never_checked_against_its_source(self, tmp_path: Path) -> None:
        source = tmp_path / "noun.py"
        source.write_text("answer = 42\n")
        assert bytecode.compile_tree(sys.executable, tmp_path) == 0
        (compiled,) = tmp_path.glob("__pycache__/*.pyc")
        (flags,) = struct.unpack_from("<I", compiled.read_bytes(), 4)
        assert flags == 1  # by hash, unchecked

    def test_bytecode_can_replace_the_sources(self, tmp_path: Path) -> None:
        (tmp_path / "noun.py").write_text("def fail():\n    raise OSError('lost')\n")
        assert bytecode.compile_tree(sys.executable, tmp_path, remove_sources=True) == 0
        assert [path.name for path in tmp_path.iterdir()] == ["noun.pyc"]
        command = [sys.executable, "-c", "import noun; noun.fail()"]
        completed = subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300
        )
        assert 'File "noun.py", line 2, in fail' in completed.stderr

    def test_without_the_interpreter_a_warning_is_printed_and_nothing_is_compiled(
        self, tmp_path: Path
    ) -> None:
        (tmp_path / "noun.py").write_text("answer = 42\n")
        command = [sys.executable, bytecode.__file__ or "", "--version", "9.9", str(tmp_path)]
        completed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
        assert "no Python 9.9" in completed.stderr
        assert not (tmp_path / "__pycache__").exists()


def test_trimming_removes_unused_files_and_keeps_licences(
    tmp_path: Path,
) -> None:
    required = [
        "botocore/data/s3/a",
        "botocore/data/endpoints.json",
        "boto3/data/s3/a",
        "PIL/Image.py",
    ]
    required += ["pillow-1.dist-info/licenses/LICENSE", "pillow-1.dist-info/METADATA"]
    removed = ["botocore/data/ec2/a", "boto3/data/ec2/a", "regex/tests/a.py", "bin/segno"]
    removed += ["pillow-1.dist-info/RECORD", "awscrt/a.py", "awscrt-1.dist-info/RECORD"]
    for name in (*required, *removed):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    trim_packages.main(tmp_path)
    assert [name for name in required if not (tmp_path / name).exists()] == []
    assert [name for name in removed if (tmp_path / name).exists()] == []


def test_the_vendor_layer_keeps_the_services_that_functions_call() -> None:
    assert {"cloudfront", "dynamodb", "s3", "secretsmanager", "sqs", "sts"} <= set(
        trim_packages.AWS_SERVICES
    )
