"""Errors as responses: application/problem+json (RFC 9457), for our errors and pydantic's."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from itertools import islice
from typing import Any

from api.request_context import ApiRequestContext
from postcard.errors import (
    MAX_FAULTS,
    BadRequest,
    Fault,
    Gone,
    NotFound,
    Problem,
    ServiceUnavailable,
    bounded_detail,
    faults_to_json,
    raise_faults,
)
from postcard.json_text import json_pointer
from postcard.name_suggestions import closest_name
from postcard.template.bind import BindMode
from postcard.template.validation.pydantic_errors import plain_message

PROBLEM_JSON = "application/problem+json"
RETRY_AFTER_SECONDS = "5"  # of a dependency that is unavailable
PATHS_WITH_FALLBACK_URL = ("/v1/images", "/v1/links")
PATHS_WITH_MODIFICATIONS = (*PATHS_WITH_FALLBACK_URL, "/v1/previews")


@dataclass(frozen=True, slots=True)
class ProblemResponse:
    """A problem as an HTTP response."""

    status: int
    headers: Mapping[str, str]
    body: str


def problem_response(problem: Problem, *, request_id: str, instance: str) -> ProblemResponse:
    """The response for a problem. `instance` is the path that was called, without its query."""
    members = {
        "type": f"/docs#{problem.code}",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": _detail(problem),
        "instance": instance,
        "success": False,
        "code": problem.code,
        "request_id": request_id,
        "errors": faults_to_json(problem.errors),
        **problem.extensions,
    }
    retry_after = (
        {"Retry-After": RETRY_AFTER_SECONDS} if isinstance(problem, ServiceUnavailable) else {}
    )
    headers = {**retry_after, **problem.headers, "Content-Type": PROBLEM_JSON}
    body = json.dumps(members, ensure_ascii=False)
    valid = body.encode("utf-8", "replace").decode()  # a pointer may contain half a character
    return ProblemResponse(problem.status, headers, valid)


def _detail(problem: Problem) -> str:
    """The first fault's own sentence, and how many more there are."""
    if not problem.errors:
        return bounded_detail(problem.detail)
    first, more = problem.errors[0], len(problem.errors) - 1
    detail = bounded_detail(first.detail)
    if first.pointer and first.detail != problem.detail:
        detail = f"{first.pointer}: {detail}"
    if more >= MAX_FAULTS:
        detail += f" And at least {MAX_FAULTS} more faults: see errors for the first ones."
    elif more:
        detail += f" And {more} more {'fault' if more == 1 else 'faults'}: see errors."
    return detail


def validation_problem(
    context: ApiRequestContext,
    errors: Sequence[Mapping[str, Any]],
    property_names: Sequence[str],
) -> Problem:
    """The problem of a request that pydantic rejected with `errors`.

    It lists the faults of the modifications' values too, which pydantic does not check, and has
    the template's `fallback_url`. `property_names` are those of the body.
    """
    problem = _bad_request(context, errors, property_names)
    problem.extensions = _fallback_url(context)
    return problem


def _bad_request(
    context: ApiRequestContext,
    errors: Sequence[Mapping[str, Any]],
    property_names: Sequence[str],
) -> Problem:
    if context.request.method != "PUT" and any(error["loc"][0] == "path" for error in errors):
        return NotFound("There is nothing by that id.")  # no id has this form; PUT would create it
    faults: dict[str, Fault] = {}
    for error in islice(errors, MAX_FAULTS + 1):
        fault = _fault_from_pydantic(error, context.json_body, property_names)
        faults[fault.pointer] = _either(faults.get(fault.pointer), fault)
    try:
        raise_faults([*faults.values(), *_value_faults(context)])
    except BadRequest as problem:
        return problem
    return BadRequest("The request cannot be read.")


def _either(first: Fault | None, second: Fault) -> Fault:
    """Two faults of one value, which may have either of two forms, as one."""
    beginning = "It should be "
    if first is None or not first.detail.startswith(beginning):
        return first or second
    if not second.detail.startswith(beginning):
        return first
    both = f"{first.detail[:-1]} or {second.detail.removeprefix(beginning)}"
    return Fault(first.code, first.pointer, both)


def _value_faults(context: ApiRequestContext) -> Sequence[Fault]:
    """What is wrong with the values of the modifications, by the template's latest version."""
    template_id = _requested_template(context, PATHS_WITH_MODIFICATIONS)
    if template_id is None:
        return ()
    modifications = context.json_body.get("modifications")
    if not isinstance(modifications, list) or not all(isinstance(m, dict) for m in modifications):
        return ()
    mode: BindMode = "default" if context.json_body.get("on_invalid") == "default" else "error"
    try:
        return context.service.links.value_faults(
            template_id, modifications, mode, key_templates=context.key_templates
        )
    except (NotFound, Gone):
        return ()


def _fallback_url(context: ApiRequestContext) -> dict[str, object]:
    template_id = _requested_template(context, PATHS_WITH_FALLBACK_URL)
    if template_id is None:
        return {}
    url = context.service.links.fallback_url(template_id)
    return {"fallback_url": url} if url else {}


def _requested_template(context: ApiRequestContext, paths: Sequence[str]) -> str | None:
    """The body's `template_id` if the path is one of `paths` and the key may use the template."""
    if context.request.path not in paths or not isinstance(context.json_body, dict):
        return None
    template_id = context.json_body.get("template_id")
    if not isinstance(template_id, str):
        return None
    key = context.auth.key
    if key is not None and key.templates is not None and template_id not in key.templates:
        return None
    return template_id


def _fault_from_pydantic(
    error: Mapping[str, Any], body: Any, property_names: Sequence[str]
) -> Fault:
    location, *steps = error["loc"]
    if location == "body":
        pointer = _pointer(steps, body, is_missing=error["type"] == "missing")
    else:
        pointer = json_pointer(*steps)  # the name of a parameter
    if error["type"] == "extra_forbidden":
        return Fault(
            "invalid_request", pointer, _unknown_property_detail(str(steps[-1]), property_names)
        )
    if error["type"] == "missing":
        return Fault("missing_value", pointer, "This is required.")
    if location == "path":
        detail = "An id is 1 to 64 of a-z, 0-9, _ and -, and begins with a letter or digit."
        return Fault("invalid_request", pointer, detail)
    detail = plain_message(error)
    return Fault("invalid_request", pointer, f"{detail[0].upper()}{detail[1:]}.")


def _unknown_property_detail(name: str, property_names: Sequence[str]) -> str:
    similar = closest_name(name, property_names)
    hint = f"did you mean {similar}?" if similar else f"there are {', '.join(property_names)}."
    return f"Unknown property; {hint}"


def _pointer(steps: Sequence[str | int], body: Any, *, is_missing: bool) -> str:
    """A JSON pointer into the body, without the names that pydantic gives a union's members.

    `is_missing`: the last step is a property that the body lacks.
    """
    pointer, value = "", body
    for step in steps:
        if not isinstance(value, list if isinstance(step, int) else dict):
            break
        if isinstance(value, dict) and step not in value and not is_missing:
            break
        pointer += json_pointer(step)
        value = _member(value, step)
    return pointer


def _member(value: Any, step: str | int) -> Any:
    if isinstance(value, dict):
        return value.get(step)
    return value[step] if isinstance(step, int) and step < len(value) else None
