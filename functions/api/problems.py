"""Problems as callers see them: application/problem+json (RFC 9457), mapped once, here."""

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from postcard.errors import (
    BadRequest,
    Fault,
    NotFound,
    Problem,
    ServiceUnavailable,
    faults_to_json,
    raise_faults,
)
from postcard.json_text import json_pointer

PROBLEM_JSON = "application/problem+json"
MAX_ERRORS = 100  # a Lambda answers 6 MB at most
RETRY_AFTER_SECONDS = "5"  # seconds after which something that is down is worth another try


DETAILS_BY_ERROR_TYPE = {
    "dict_type": "Send a JSON object.",
    "model_attributes_type": "Send a JSON object.",
    "list_type": "Send a JSON list.",
}


@dataclass(frozen=True, slots=True)
class ProblemResponse:
    """A problem as an HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: str


def problem_response(problem: Problem, *, request_id: str, instance: str) -> ProblemResponse:
    """The answer for a problem. `instance` is the path that was called, without its query."""
    members = {
        "type": f"/docs#{problem.code}",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": _detail(problem),
        "instance": instance,
        "success": False,
        "code": problem.code,
        "request_id": request_id,
        "errors": faults_to_json(problem.errors[:MAX_ERRORS]),
        **problem.extensions,
    }
    waiting = (
        {"Retry-After": RETRY_AFTER_SECONDS} if isinstance(problem, ServiceUnavailable) else {}
    )
    headers = {**waiting, **problem.headers, "Content-Type": PROBLEM_JSON}
    body = json.dumps(members, ensure_ascii=False)
    whole = body.encode("utf-8", "replace").decode()  # a pointer may hold half a character
    return ProblemResponse(problem.status, headers, whole)


def _detail(problem: Problem) -> str:
    """What to do: the first fault's own sentence, and how many more there are."""
    if not problem.errors:
        return problem.detail
    first, more = problem.errors[0], len(problem.errors) - 1
    said = first.detail
    if first.pointer and first.detail != problem.detail:
        said = f"{first.pointer}: {said}"
    if more:
        said += f" And {more} more {'fault' if more == 1 else 'faults'}: see errors."
    return said


def validation_problem(
    errors: Sequence[Mapping[str, Any]],
    body: Any,
    property_names: Iterable[str],
    *,
    is_put: bool,
    value_faults: Sequence[Fault] = (),
) -> Problem:
    """The problem of a request that does not fit its model; `found`: what else is wrong with it.

    An id in the path of a form that no id has is not found, except where it would be made.
    """
    names = list(property_names)
    faults: dict[str, Fault] = {}
    for error in errors:
        fault = _fault_from_pydantic(error, body, names)
        faults.setdefault(fault.pointer, fault)
    if not is_put and any(error["loc"][0] == "path" for error in errors):
        return NotFound("There is nothing by that id.")
    try:
        raise_faults([*faults.values(), *value_faults])
    except BadRequest as bad:
        return bad
    return BadRequest("The request cannot be read.")


def _fault_from_pydantic(error: Mapping[str, Any], body: Any, property_names: list[str]) -> Fault:
    where, *steps = error["loc"]
    place = _pointer(steps, body if where == "body" else {})
    if error["type"] == "extra_forbidden":
        return Fault(
            "invalid_request", place, _unknown_property_detail(str(steps[-1]), property_names)
        )
    if error["type"] == "missing":
        return Fault("missing_value", place, "This is required.")
    detail = DETAILS_BY_ERROR_TYPE.get(error["type"], str(error["msg"]))
    if where == "path":
        detail = "An id is 1 to 64 of a-z, 0-9, _ and -, and begins with a letter or digit."
    return Fault("invalid_request", place, detail if detail.endswith(".") else f"{detail}.")


def _unknown_property_detail(name: str, property_names: list[str]) -> str:
    close = difflib.get_close_matches(name, property_names, n=1)
    guess = f"did you mean {close[0]}?" if close else f"there are {', '.join(property_names)}."
    return f"Unknown property; {guess}"


def _pointer(steps: Sequence[str | int], body: Any) -> str:
    """Where in the body; the names that a validator gives a union's members are left out."""
    place, value = "", body
    for step in steps:
        if not isinstance(value, dict | list):
            break
        place += json_pointer(step)
        value = _member(value, step)
    return place


def _member(value: Any, step: str | int) -> Any:
    if isinstance(value, dict):
        return value.get(step)
    return value[step] if isinstance(step, int) and step < len(value) else None
