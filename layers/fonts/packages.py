"""Downloads the pinned packages that contain fonts, with pip, npm or apt-get."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

NPM_SCOPES = ("expo-google-fonts", "fontsource-variable", "fontsource")  # longer names first

_ADVICE = {
    ".whl": "pip needs PyPI.",
    ".tgz": "Install npm, which needs its registry.",
    ".deb": "apt-get needs the sources of the Debian release that has the package.",
}


def fetch_package(package: str, folder: Path) -> Path:
    """The package's path in `folder`; it is downloaded if it is missing.

    SystemExit says what to do if the registry does not have it, or its program is not installed.
    """
    file = folder / package
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        print(f"{'':>10} {package}", flush=True)
        _download(package, folder)
    return file


def _download(package: str, folder: Path) -> None:
    command = download_command(package)
    try:
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)  # noqa: S603
    except (OSError, subprocess.CalledProcessError) as error:
        raise SystemExit(
            f"`{' '.join(command)}` failed ({error}). {_ADVICE[Path(package).suffix]}"
            f" Or put {package} into {folder} yourself."
        ) from error


def download_command(package: str) -> Sequence[str]:
    """The command that downloads the package into the current folder.

    >>> " ".join(download_command("fontpkg_inter-4.1-py3-none-any.whl")[2:])
    'pip download -q --no-deps fontpkg_inter==4.1'
    >>> download_command("fontsource-variable-noto-sans-lao-5.3.0.tgz")
    ('npm', 'pack', '--silent', '@fontsource-variable/noto-sans-lao@5.3.0')
    >>> download_command("fontsource-noto-sans-vai-5.3.0.tgz")[-1]
    '@fontsource/noto-sans-vai@5.3.0'
    >>> download_command("fonts-noto-cjk_1%3a20220127-1_all.deb")
    ('apt-get', 'download', 'fonts-noto-cjk=1:20220127-1')
    """
    if package.endswith(".whl"):
        name, version, *_ = package.split("-")
        return (sys.executable, "-m", "pip", "download", "-q", "--no-deps", f"{name}=={version}")
    if package.endswith(".deb"):
        name, version, _ = package.split("_")
        return ("apt-get", "download", f"{name}={unquote(version)}")
    name, _, version = package.removesuffix(".tgz").rpartition("-")
    scope = next(scope for scope in NPM_SCOPES if name.startswith(scope))
    slug = name.removeprefix(f"{scope}-")
    return ("npm", "pack", "--silent", f"@{scope}/{slug}@{version}")
