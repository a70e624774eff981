"""Valid and invalid calls generated from /openapi.json get the responses that it describes."""

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
CASES = scaled(8, 1_300)  # of each call that takes anything: 24,000 and more
NAMES = st.sampled_from(["first_name", "code", "title", "email"])
SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=20)
ANY = SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(st.text(max_size=9), SCALARS)
PROPERTIES = st.sampled_from([*document(), "content_width", "quality", "max_bytes", "timed"])
DOCUMENTS = st.builds(lambda name, value: document(**{name: value}), PROPERTIES, ANY)

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


class ApiBehindGateway:
    """The API behind the imitated API Gateway, as a WSGI application."""

    def __init__(self) -> None:
        self.service = InMemoryService()
        self.service.key = self.service.new_api_key(rate=1_000_000)
        self.service.publish(document())
        self.statuses: Counter[int] = Counter()
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
        response = self._gateway.handle(
            Request(environ["REQUEST_METHOD"], path, query, headers, body)
        )
        self.statuses[response.status] += 1
        start(f"{response.status} Status", list(response.headers.items()))
        return [response.body]

    def template(self, *, new: bool) -> str:
        """The id of an existing template."""
        if not new:
            return "welcome"
        self._published += 1
        self.service.publish(document(), f"t{self._published}")
        return f"t{self._published}"

    def image(self) -> str:
        """The id of an existing image."""
        return str(self.service.create_image({"first_name": "Ana"}, render="on_open").json["id"])

    def _invoke(self, name: str, event: dict[str, Any]) -> dict[str, Any]:
        return api_app.handle_request(event, FakeLambdaContext(29_000), self.service.api)


def cases(api: ApiBehindGateway, operation: Any) -> st.SearchStrategy[Case[Any]]:
    """Valid and invalid calls in equal parts; half of each use an existing template or image."""
    strategies = [operation.as_strategy(GenerationMode.POSITIVE)]
    if operation.body or list(operation.iter_parameters()):
        strategies.append(operation.as_strategy(GenerationMode.NEGATIVE))
    generated: st.SearchStrategy[Case[Any]] = st.one_of(strategies)
    return generated | st.builds(
        lambda case, data: with_existing_ids(api, case, data), generated, st.data()
    )


def with_existing_ids(api: ApiBehindGateway, case: Case[Any], data: Any) -> Case[Any]:
    """The call, with the ids of a template and an image that exist."""
    parameters = case.path_parameters
    if "template_id" in parameters:
        parameters["template_id"] = api.template(new=case.method == "DELETE")
    if "image_id" in parameters:
        parameters["image_id"] = api.image()
    if "version" in parameters:
        parameters["version"] = data.draw(st.integers(1, 2))
    if case.path in ("/v1/templates", "/v1/templates/{template_id}") and case.method in (
        "POST",
        "PUT",
    ):
        case.body = data.draw(DOCUMENTS)
    elif isinstance(case.body, dict):
        case.body = with_existing_names(case.body, data)
    return case


def with_existing_names(body: dict[str, Any], data: Any) -> dict[str, Any]:
    """The body, with an existing template and modifications of fields that it has."""
    if "template_id" in body:
        body = {**body, "template_id": "welcome"}
    if "document" in body:
        body = {**body, "document": data.draw(DOCUMENTS)}
    modifications = body.get("modifications")
    if isinstance(modifications, list):
        named = [{**m, "name": data.draw(NAMES)} for m in modifications if isinstance(m, dict)]
        body = {**body, "modifications": named}
    return body


@pytest.mark.parametrize(("method", "path"), CALLS, ids=lambda part: str(part))
def test_each_operation_responds_as_it_is_described(method: str, path: str) -> None:
    api = ApiBehindGateway()
    schema = schemathesis.openapi.from_wsgi("/openapi.json", api)
    key = {"authorization": f"Bearer {api.service.key}"}
    case_count = 0

    @settings(
        max_examples=CASES,
        deadline=None,
        database=None,
        derandomize=not FULL,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases(api, schema[path][method]))
    def send(case: Case[Any]) -> None:
        nonlocal case_count
        case_count += 1
        case.call_and_validate(headers=key, checks=CHECKS)

    send()
    assert max(api.statuses) < 500
    record_figure(
        "calls generated from the OpenAPI description",
        call=f"{method} {path}",
        cases=case_count,
        failures=0,
        statuses=dict(api.statuses),
    )
