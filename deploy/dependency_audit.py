"""Holds every pin against the advisories that PyPI publishes: `make audit`.

pip-audit ends well for a package whose advisories it could not have. Here that is a failure of its
own, so that a machine without a way to PyPI does not take silence for safety.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

AUDITOR = "pip-audit==2.10.1"  # in an environment of its own, which uv makes and keeps
PINS = tuple(
    map(Path, ("layers/vendor/requirements.txt", "requirements/dev.txt", "requirements/sam.txt"))
)
EXIT_OK, EXIT_VULNERABLE, EXIT_INCOMPLETE = 0, 1, 2


def run_pip_audit(pins: Path) -> str:
    """What pip-audit says of a file of pins, as JSON; empty if it could not ask."""
    command = [str(Path(sys.executable).with_name("uv")), "tool", "run", "-q", AUDITOR]
    command += ["--progress-spinner=off", "--format=json", "--disable-pip", "--require-hashes"]
    return subprocess.run(  # noqa: S603 - a fixed program
        [*command, "-r", str(pins)], capture_output=True, text=True, check=False
    ).stdout


def audit_result(reports: Sequence[str]) -> tuple[int, list[str]]:
    """The exit code and what to say: 0 good, 1 something is known, 2 not all could be asked."""
    packages = {
        (each["name"], each.get("version")): each
        for answer in reports
        for each in (json.loads(answer)["dependencies"] if answer else ())
    }
    known = [line for each in packages.values() for line in _advisories(each)]
    unasked = sum("skip_reason" in each for each in packages.values())
    if known:
        return EXIT_VULNERABLE, known
    if unasked or not all(reports):
        seen = len(packages) - unasked
        return EXIT_INCOMPLETE, [
            f"Nothing is known by this: advisories could be read of {seen} packages alone. "
            "Run `make audit` where PyPI's own address can be reached."
        ]
    return EXIT_OK, [f"No advisory speaks of the {len(packages)} packages."]


def _advisories(package: dict[str, Any]) -> list[str]:
    return [
        f"{package['name']} {package['version']}: {found['id']}, mended in "
        f"{', '.join(found['fix_versions']) or 'no version yet'}"
        for found in package.get("vulns", ())
    ]


if __name__ == "__main__":
    code, lines = audit_result([run_pip_audit(pins) for pins in PINS])
    print("\n".join(lines))
    sys.exit(code)
