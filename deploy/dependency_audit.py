"""Checks every pinned dependency against the security advisories on PyPI: `make audit`.

pip-audit exits with success for a package whose advisories it could not read. Here that is a
failure with an exit code of its own, so that a machine that cannot reach PyPI never passes.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

AUDITOR = "pip-audit==2.10.1"  # in an environment of its own, which uv makes and keeps
PINS = (
    Path("layers/vendor/requirements.txt"),
    Path("requirements/acid.txt"),
    Path("requirements/clients.txt"),
    Path("requirements/dev.txt"),
    Path("requirements/docs.txt"),
    Path("requirements/sam.txt"),
    Path("requirements/serve.txt"),
    Path("requirements/uv.txt"),
)
EXIT_OK, EXIT_VULNERABLE, EXIT_INCOMPLETE = 0, 1, 2


def run_pip_audit(pins: Path) -> str:
    """pip-audit's JSON report on a file of pins; empty if it could not read the advisories."""
    command = [str(Path(sys.executable).with_name("uv")), "tool", "run", "-q", AUDITOR]
    command += ["--progress-spinner=off", "--format=json", "--disable-pip", "--require-hashes"]
    return subprocess.run(  # noqa: S603 - a fixed program
        [*command, "-r", str(pins)], capture_output=True, text=True, check=False
    ).stdout


def audit_result(reports: Sequence[str]) -> tuple[int, list[str]]:
    """The exit code (`EXIT_…`) and the lines to print for pip-audit's reports."""
    packages = {
        (package["name"], package.get("version")): package
        for report in reports
        for package in (json.loads(report)["dependencies"] if report else ())
    }
    advisories = [line for package in packages.values() for line in _advisory_lines(package)]
    skipped = sum("skip_reason" in package for package in packages.values())
    if advisories:
        return EXIT_VULNERABLE, advisories
    if skipped or not all(reports):
        return EXIT_INCOMPLETE, [
            f"The audit is incomplete: only {len(packages) - skipped} packages could be checked. "
            "Run `make audit` on a machine that can reach pypi.org."
        ]
    return EXIT_OK, [f"No known vulnerabilities in {len(packages)} packages."]


def _advisory_lines(package: dict[str, Any]) -> list[str]:
    return [
        f"{package['name']} {package['version']}: {advisory['id']}, fixed in "
        f"{', '.join(advisory['fix_versions']) or 'no version yet'}"
        for advisory in package.get("vulns", ())
    ]


if __name__ == "__main__":
    code, lines = audit_result([run_pip_audit(pins) for pins in PINS])
    print("\n".join(lines))
    sys.exit(code)
