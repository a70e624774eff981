"""Powertools' resolver, with routes that can be asked for and problems that are ours."""

from collections.abc import Sequence
from typing import Any, get_args, get_type_hints

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.api_gateway import Route
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError

from api.openapi import build_openapi
from api.problems import problem_response, validation_problem
from api.visit import ApiRequestState
from postcard.errors import MethodNotAllowed, NotFound, Problem


class Resolver(APIGatewayHttpResolver):
    """Finds the route of a request, and answers every failure of a handler with a problem."""

    def __init__(self) -> None:
        super().__init__(enable_validation=True)
        self._openapi_document: dict[str, Any] | None = None
        self.exception_handler(RequestValidationError)(self._validation_problem)
        self.exception_handler(Problem)(self._problem_response)
        self.exception_handler(Exception)(self._internal_error)

    @property
    def all_routes(self) -> Sequence[Route]:
        """All routes, those without a variable part first."""
        return [*self._static_routes, *self._dynamic_routes]

    def find_route(self, method: str, path: str) -> Route:
        """The route of a request; `NotFound`, or `MethodNotAllowed` with `Allow`."""
        there = [route for route in self.all_routes if route.rule.match(path)]
        if not there:
            raise NotFound("There is nothing here: /docs lists what there is.")
        for route in there:
            if route.method == method:
                return route
        allowed = ", ".join(sorted({route.method for route in there}))
        detail = f"{method} is not answered here, {allowed} is."
        raise MethodNotAllowed(detail, headers={"Allow": allowed})

    def openapi_document(self) -> dict[str, Any]:
        """OpenAPI of all routes, made once."""
        if self._openapi_document is None:
            self._openapi_document = build_openapi(self, self.all_routes)
        return self._openapi_document

    @property
    def request_state(self) -> ApiRequestState:
        """The call at work."""
        visit: ApiRequestState = self.context["visit"]
        return visit

    def _problem_response(self, problem: Problem) -> Response[str]:
        visit = self.request_state
        visit.log_problem(problem)
        told = problem_response(
            problem, request_id=visit.request.request_id, instance=visit.request.path
        )
        return Response(told.status, body=told.body, headers=dict(told.headers))

    def _validation_problem(self, error: RequestValidationError) -> Response[str]:
        visit = self.request_state
        known = _body_property_names(self.context["_route"])
        put = visit.request.method == "PUT"
        found = visit.value_faults()
        problem = validation_problem(
            error.errors(), visit.json_body, known, is_put=put, value_faults=found
        )
        problem.extensions = visit.fallback_url()
        return self._problem_response(problem)

    def _internal_error(self, exception: Exception) -> Response[str]:
        """A fault of ours: the caller gets the request id, the log the place."""
        self.request_state.exception = exception
        return self._problem_response(
            Problem("Something here is broken: the request id finds the log line.")
        )


def _body_property_names(route: Route) -> list[str]:
    """The properties of the body that a route's handler takes."""
    body: Any = get_type_hints(route.func).get("body")
    fields = getattr(body, "model_fields", None)
    return list(fields) if fields else [str(name) for name in get_args(body)]


def scopes_of(route: Route) -> list[str]:
    """Any of these lets a caller in; none: everybody may call."""
    return sorted(
        {scope for way in route.security or [] for scopes in way.values() for scope in scopes}
    )
