"""Calls made from /openapi.json, right and wrong ones: each answered as the description says."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api import app as api_app
from local.aws.api_gateway import HttpApi
from local.aws.http_messages import Request
from local.aws.stack_resources import Route
from tests.functions.fake_services import FakeLambdaContext
from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import document
from tests.trust.run_scale import FULL, record_figure, scaled

CALLS = sorted(
    {(r.method, r.openapi_path) for r in api_app.resolver.all_routes if r.include_in_schema}
)
CASES = scaled(16, 1_300)  # of each call that takes anything: 24,000 and more
NAMES = st.sampled_from(["first_name", "code", "title", "email"])
SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=20)
ANY = SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(st.text(max_size=9), SCALARS)
WORDS = st.sampled_from([*document(), "content_width", "quality", "max_bytes", "timed"])
DOCUMENTS = st.builds(lambda name, value: document(**{name: value}), WORDS, ANY)

CHECKED = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


class Door:
    """The API as a WSGI application behind what API Gateway does to a request."""

    def __init__(self) -> None:
        self.world = InMemoryService()
        self.world.key = self.world.new_api_key(rate=1_000_000)
        self.world.publish(document())
        self.answered: Counter[int] = Counter()
        self._gateway = HttpApi("Api", [Route("ANY", "$default", "ApiFunction")], self._invoke)
        self._published = 0

    def __call__(self, environ: dict[str, Any], start: Callable[..., object]) -> Iterable[bytes]:
        headers = {
            k[5:].lower().replace("_", "-"): v for k, v in environ.items() if k[:5] == "HTTP_"
        }
        if environ.get("CONTENT_TYPE"):
            headers["content-type"] = environ["CONTENT_TYPE"]
        path, query = environ["REQUEST_URI"].partition("?")[0], environ["QUERY_STRING"]
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        answer = self._gateway.handle(
            Request(environ["REQUEST_METHOD"], path, query, headers, body)
        )
        self.answered[answer.status] += 1
        start(f"{answer.status} Answered", list(answer.headers.items()))
        return [answer.body]

    def template(self, *, new: bool) -> str:
        """The id of a template that is there."""
        if not new:
            return "welcome"
        self._published += 1
        self.world.publish(document(), f"t{self._published}")
        return f"t{self._published}"

    def image(self) -> str:
        """The id of an image that is there."""
        return str(self.world.create_image({"first_name": "Ana"}, render="on_open").json["id"])

    def _invoke(self, name: str, event: dict[str, Any]) -> dict[str, Any]:
        return api_app.handle_request(event, FakeLambdaContext(29_000), self.world.api)


def cases(door: Door, operation: Any) -> st.SearchStrategy[Case[Any]]:
    """Half as the description has them, half not; half of either aimed at what is there."""
    ways = [operation.as_strategy(GenerationMode.POSITIVE)]
    if operation.body or list(operation.iter_parameters()):
        ways.append(operation.as_strategy(GenerationMode.NEGATIVE))
    made: st.SearchStrategy[Case[Any]] = st.one_of(ways)
    return made | st.builds(lambda case, data: aimed(door, case, data), made, st.data())


def aimed(door: Door, case: Case[Any], data: Any) -> Case[Any]:
    """The case, of a template or an image that is there."""
    there = case.path_parameters
    if "template_id" in there:
        there["template_id"] = door.template(new=case.method == "DELETE")
    if "image_id" in there:
        there["image_id"] = door.image()
    if "version" in there:
        there["version"] = data.draw(st.integers(1, 2))
    if case.path in ("/v1/templates", "/v1/templates/{template_id}") and case.method in (
        "POST",
        "PUT",
    ):
        case.body = data.draw(DOCUMENTS)
    elif isinstance(case.body, dict):
        case.body = known(case.body, data)
    return case


def known(body: dict[str, Any], data: Any) -> dict[str, Any]:
    """A body of the template that is there, its modifications of fields that it has."""
    if "template_id" in body:
        body = {**body, "template_id": "welcome"}
    if "document" in body:
        body = {**body, "document": data.draw(DOCUMENTS)}
    sent = body.get("modifications")
    if isinstance(sent, list):
        named = [{**m, "name": data.draw(NAMES)} for m in sent if isinstance(m, dict)]
        body = {**body, "modifications": named}
    return body


@pytest.mark.parametrize(("method", "path"), CALLS, ids=lambda part: str(part))
def test_each_call_answers_as_it_is_described(method: str, path: str) -> None:
    door = Door()
    schema = schemathesis.openapi.from_wsgi("/openapi.json", door)
    key = {"authorization": f"Bearer {door.world.key}"}
    tried = 0

    @settings(
        max_examples=CASES,
        deadline=None,
        database=None,
        derandomize=not FULL,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases(door, schema[path][method]))
    def answers(case: Case[Any]) -> None:
        nonlocal tried
        tried += 1
        case.call_and_validate(headers=key, checks=CHECKED)

    answers()
    assert max(door.answered) < 500
    record_figure(
        "calls made from the description",
        call=f"{method} {path}",
        cases=tried,
        failures=0,
        answered=dict(door.answered),
    )
