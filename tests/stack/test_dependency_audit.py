"""The result of the dependency audit: clean, vulnerable or incomplete."""

import json
from pathlib import Path
from typing import Any

from deploy.dependency_audit import EXIT_INCOMPLETE, EXIT_OK, EXIT_VULNERABLE, PINS, audit_result


def report(*packages: dict[str, Any]) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


def package(name: str, *advisories: str) -> dict[str, Any]:
    vulns = [{"id": each, "fix_versions": ["2.1"], "aliases": []} for each in advisories]
    return {"name": name, "version": "2.0", "vulns": vulns}


SKIPPED = {"name": "c", "skip_reason": "Dependency not found on PyPI"}


def test_pins_without_advisories_pass() -> None:
    code, (line,) = audit_result([report(package("a"), package("b")), report(package("a"))])
    assert code == EXIT_OK
    assert "2 packages" in line


def test_an_advisory_is_listed_with_the_version_that_fixes_it() -> None:
    code, lines = audit_result([report(package("a"), package("b", "PYSEC-1")), report(SKIPPED), ""])
    assert code == EXIT_VULNERABLE
    assert lines == ["b 2.0: PYSEC-1, fixed in 2.1"]


def test_an_audit_that_could_not_check_every_package_is_incomplete() -> None:
    for reports in (["", ""], [report(package("a"), SKIPPED)], [report(package("a")), ""]):
        code, (line,) = audit_result(reports)
        assert code == EXIT_INCOMPLETE
        assert "incomplete" in line


def test_every_requirements_file_is_audited() -> None:
    files = [*PINS[0].parent.glob("requirements.txt"), *Path("requirements").glob("*.txt")]
    assert sorted(files) == sorted(PINS)
