"""A pytest plugin: a test may be skipped for want of a program or of time, never for want of data.

A test that is skipped for another reason than those listed here fails, as does a module. Data that
tests need is in this repository: see tests/corpus/README.md.
"""

import re
from collections.abc import Generator
from typing import TypeVar

import pytest

ALLOWED_REASONS = (
    r"(node|njs|curl|php|ruby|go|Chromium) is not installed",
    r"Node and npm are not installed",
    r"mjml is not installed",  # `make email-examples` installs it
    r"axe-core is not installed",  # `make studio` installs it
    r"npm could not install [a-z-]+: .*",
    r"the layer's library is for Linux",
    r"half a minute of waiting",  # it is part of `make test-trust`
)
_ALLOWED = re.compile("|".join(ALLOWED_REASONS), re.DOTALL)
Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _fail_unless_allowed((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _fail_unless_allowed((yield))


def _fail_unless_allowed(report: Report) -> Report:
    if report.skipped and not hasattr(report, "wasxfail"):
        location = report.longrepr
        text = location[2] if isinstance(location, tuple) else str(location)
        reason = text.removeprefix("Skipped: ")
        if not _ALLOWED.fullmatch(reason):
            report.outcome = "failed"
            report.longrepr = f"Skipped for a reason that tests/allowed_skips.py forbids: {reason}"
    return report
