"""Checks the output of `sam build`: sizes, architecture and required files.

python -m deploy.build_artifacts .aws-sam/build arm64
"""

import struct
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

MEGABYTE = 1_000_000
MAX_VENDOR_BYTES = 100 * MEGABYTE
MAX_TOTAL_BYTES = (
    150 * MEGABYTE
)  # Lambda's limit is 262 MB: code and layers of a function, unzipped
FUNCTIONS = (
    *("ImageFunction", "ApiFunction", "WorkerFunction"),
    *("BatchFunction", "WebhookFunction", "StatusFunction"),
)
LAYERS = ("CoreLayer", "VendorLayer", "FontsLayer", "MoreFontsLayer")
ELF_MACHINES = {62: "x86_64", 183: "arm64"}  # e_machine of an ELF header


def folder_bytes(folder: Path) -> int:
    """The size of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def shared_object_machines(folder: Path) -> Iterator[tuple[Path, str]]:
    """Every shared library below a folder, with the architecture it is built for."""
    for path in folder.rglob("*.so*"):
        header = path.read_bytes()[:20]
        if header[:4] == b"\x7fELF":
            (number,) = struct.unpack_from("<H", header, 18)
            yield path, ELF_MACHINES.get(number, f"machine {number}")


def build_faults(sizes: Mapping[str, int], built: Path, architecture: str) -> Iterator[str]:
    """Sentences about why a build must not be deployed."""
    if sizes["VendorLayer"] > MAX_VENDOR_BYTES:
        yield (
            f"VendorLayer is over {MAX_VENDOR_BYTES // MEGABYTE} MB."
            " Remove more in layers/vendor/trim_packages.py."
        )
    if sum(sizes.values()) > MAX_TOTAL_BYTES:
        yield f"Layers and code are over {MAX_TOTAL_BYTES // MEGABYTE} MB together."
    wrong_machine = [
        (path, name) for path, name in shared_object_machines(built) if name != architecture
    ]
    for path, name in wrong_machine[:3]:
        yield (
            f"{path.relative_to(built)} is for {name}, not {architecture}."
            f" Run `make build ARCH={architecture}`."
        )
    if not any((built / "VendorLayer" / "lib").glob("libfribidi.so*")):
        yield "VendorLayer has no lib/libfribidi.so: Arabic would be drawn backwards."
    if not any(path.is_file() for path in (built / "FontsLayer" / "fonts").rglob("*.ttf")):
        yield "FontsLayer has no fonts."


def main(built: Path, architecture: str) -> int:
    """Print sizes and faults; 1 if there are any."""
    names = (*LAYERS, *FUNCTIONS)
    sizes = {name: folder_bytes(built / name) for name in names}
    for name, count in sizes.items():
        print(f"{name:14} {count / MEGABYTE:6.1f} MB unzipped")
    print(f"{'total':14} {sum(sizes.values()) / MEGABYTE:6.1f} MB of 262 MB")
    if not any((built / "CoreLayer").rglob("*.pyc")):
        print(
            "The build has no bytecode, so cold starts take 0.1 to 0.6 s longer:"
            " see layers/bytecode.py."
        )
    faults = list(build_faults(sizes, built, architecture))
    print("\n".join(faults), end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
