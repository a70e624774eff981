"""Checks the parameters of a deployment against template.yaml, before anything is built.

`sam deploy` leaves out a parameter that the template does not have, without a word.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from deploy.template_check import read_template

TOGETHER = ("PictureDomain", "PictureCertificateArn")


def faults(given: Mapping[str, str], deployed: Mapping[str, str]) -> list[str]:
    """What is wrong with the given parameters; `deployed` are those that stay as they are."""
    known = read_template()["Parameters"]
    found = [fault for name, value in given.items() for fault in _faults_of(name, value, known)]
    missing = [name for name in TOGETHER if not {**deployed, **given}.get(name)]
    if len(missing) == 1:
        found.append(f"{' and '.join(TOGETHER)} are set together: {missing[0]} is missing.")
    return found


def _faults_of(name: str, value: str, known: Mapping[str, Any]) -> Iterator[str]:
    if name not in known:
        similar = difflib.get_close_matches(name, known, 1)
        meant = f"did you mean {similar[0]}?" if similar else "docs/operate.md lists them."
        yield f"The template has no parameter {name}: {meant}"
        return
    parameter = known[name]
    allowed = parameter.get("AllowedValues")
    if allowed and value not in map(str, allowed):
        yield f"{name} is one of {', '.join(str(each) or 'nothing' for each in allowed)}."
    pattern = parameter.get("AllowedPattern")
    if pattern and not re.fullmatch(pattern, value):
        yield f'{name} does not match {pattern}: "{value}".'
    if parameter["Type"] == "Number":
        yield from _faults_of_number(name, value, parameter)


def _faults_of_number(name: str, value: str, parameter: Mapping[str, Any]) -> Iterator[str]:
    if not re.fullmatch(r"[0-9]{1,15}", value):
        yield f'{name} is a whole number, not "{value}".'
        return
    low, high = parameter.get("MinValue", 0), parameter.get("MaxValue")
    if int(value) < low or (high is not None and int(value) > high):
        yield f"{name} is {low} or more" + (f", and {high} or less." if high is not None else ".")
