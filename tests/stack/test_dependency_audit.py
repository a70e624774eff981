"""What is said of the pins when advisories were read, speak of one, or could not be had."""

import json
from typing import Any

from deploy.dependency_audit import EXIT_INCOMPLETE, EXIT_OK, EXIT_VULNERABLE, PINS, audit_result


def answer(*packages: dict[str, Any]) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


def package(name: str, *advisories: str) -> dict[str, Any]:
    vulns = [{"id": each, "fix_versions": ["2.1"], "aliases": []} for each in advisories]
    return {"name": name, "version": "2.0", "vulns": vulns}


UNASKED = {"name": "c", "skip_reason": "Dependency not found on PyPI"}


def test_pins_of_which_nothing_is_known_are_good() -> None:
    code, (said,) = audit_result([answer(package("a"), package("b")), answer(package("a"))])
    assert code == EXIT_OK
    assert "2 packages" in said


def test_an_advisory_is_told_with_the_version_that_mends_it() -> None:
    code, said = audit_result([answer(package("a"), package("b", "PYSEC-1")), answer(UNASKED), ""])
    assert code == EXIT_VULNERABLE
    assert said == ["b 2.0: PYSEC-1, mended in 2.1"]


def test_silence_is_not_taken_for_safety() -> None:
    for answers in (["", ""], [answer(package("a"), UNASKED)], [answer(package("a")), ""]):
        code, (said,) = audit_result(answers)
        assert code == EXIT_INCOMPLETE
        assert "Nothing is known" in said


def test_every_file_of_pins_is_asked_about() -> None:
    made = [*PINS[0].parent.glob("requirements.txt"), *PINS[1].parent.glob("*.txt")]
    assert sorted(made) == sorted(PINS)
