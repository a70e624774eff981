"""Removes files that no function uses from the vendor layer: tests, models of other AWS services.

    python3 trim_packages.py FOLDER

Licences and package metadata stay.
"""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

AWS_SERVICES = ("cloudfront", "dynamodb", "s3", "secretsmanager", "sqs", "sts")
# awscrt signs with SigV4A, which only writes to the KeyValueStore need: the CLI and `make deploy`.
UNUSED_PACKAGES = ("awscrt", "_awscrt.abi3.so", "awscrt-*.dist-info", "bin", "share")
# fontTools checks uploaded fonts. Its compiled modules save no time there, except `iup`.
UNUSED_FONTTOOLS = (
    *("cu2qu", "diff", "merge", "mtiLib", "qu2cu", "subset", "svgLib", "ufoLib", "voltLib"),
    *("feaLib/lexer.*", "misc/bezierTools.*.so", "pens/momentsPen.*", "**/*.c"),
)
INSTALLER_RECORDS = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")


def main(root: Path) -> None:
    """Remove all unused paths below `root`."""
    for path in list(unused_paths(root)):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def unused_paths(root: Path) -> Iterator[Path]:
    """Files and folders below `root` that no function uses."""
    for pattern in UNUSED_PACKAGES:
        yield from root.glob(pattern)
    for pattern in UNUSED_FONTTOOLS:
        yield from (root / "fontTools").glob(pattern)
    for package in ("boto3", "botocore"):
        folders = (path for path in (root / package / "data").iterdir() if path.is_dir())
        yield from (path for path in folders if path.name not in AWS_SERVICES)
    yield from (path for path in root.glob("*/tests") if path.is_dir())
    yield from (path for name in INSTALLER_RECORDS for path in root.glob(f"*.dist-info/{name}"))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
