"""Compares checkov's findings about template.yaml with those that were accepted: `make checkov`.

    python -m deploy.checkov_findings PROGRAM

PROGRAM is checkov, in an environment of its own. `accepted_findings.json` has the reason for each.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

ACCEPTED = Path(__file__).with_name("accepted_findings.json")

Finding = tuple[str, str]  # the check's id and the resource's name


def accepted_findings(text: str) -> set[Finding]:
    """The findings of `accepted_findings.json`; `ValueError` for one without a reason."""
    entries = json.loads(text)
    for entry in entries:
        if not entry["reason"].strip():
            raise ValueError(f"{entry['check']} of {entry['resource']} has no reason.")
    return {(entry["check"], entry["resource"]) for entry in entries}


def reported_findings(report: dict[str, Any]) -> dict[Finding, str]:
    """What checkov reports, with the text of each check."""
    return {
        (each["check_id"], each["resource"].rpartition(".")[2]): each["check_name"]
        for each in report["results"]["failed_checks"]
    }


def differences(reported: dict[Finding, str], accepted: Iterable[Finding]) -> list[str]:
    """Findings that nobody accepted, and accepted ones that no longer occur."""
    accepted = set(accepted)
    new = [
        f"{check} of {resource}: {text}. Mend it, or add it with its reason to {ACCEPTED.name}."
        for (check, resource), text in sorted(reported.items())
        if (check, resource) not in accepted
    ]
    gone = [
        f"{check} of {resource} no longer occurs: remove it from {ACCEPTED.name}."
        for check, resource in sorted(accepted - reported.keys())
    ]
    return new + gone


def main(argv: Sequence[str]) -> int:
    """Run checkov on the template; 1 if its findings differ from the accepted ones."""
    command = [argv[0], "-f", "template.yaml", "--framework", "cloudformation"]
    command += ["--skip-download", "--quiet", "--compact", "-o", "json"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if not result.stdout.startswith("{"):
        print(f"checkov did not run: {result.stderr[-2000:]}", file=sys.stderr)
        return 1
    reported = reported_findings(json.loads(result.stdout))
    found = differences(reported, accepted_findings(ACCEPTED.read_text(encoding="utf-8")))
    print("\n".join(found) or f"checkov has {len(reported)} findings, all of them accepted.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
