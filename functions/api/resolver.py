"""Powertools' resolver, extended: routes can be looked up, and failures become problem+json."""

from collections.abc import Sequence
from typing import Any, get_args, get_type_hints

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.api_gateway import Route
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError

from api.openapi import build_openapi
from api.problems import problem_response, validation_problem
from api.request_context import ApiRequestContext
from api.router import CONTEXT_KEY
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
        matching = [route for route in self.all_routes if route.rule.match(path)]
        if not matching:
            raise NotFound("There is nothing here: /docs lists what there is.")
        for route in matching:
            if route.method == method:
                return route
        methods = sorted({route.method for route in matching})
        allowed = ", ".join(methods)
        verb = "is" if len(methods) == 1 else "are"
        detail = f"{method} is not answered here, {allowed} {verb}."
        raise MethodNotAllowed(detail, headers={"Allow": allowed})

    def openapi_document(self) -> dict[str, Any]:
        """OpenAPI of all routes, built once."""
        if self._openapi_document is None:
            self._openapi_document = build_openapi(self, self.all_routes)
        return self._openapi_document

    @property
    def request_context(self) -> ApiRequestContext:
        """The call that is being answered."""
        context: ApiRequestContext = self.context[CONTEXT_KEY]
        return context

    def _problem_response(self, problem: Problem) -> Response[str]:
        context = self.request_context
        context.log_problem(problem)
        error = problem_response(
            problem, request_id=context.request.request_id, instance=context.request.path
        )
        return Response(error.status, body=error.body, headers=dict(error.headers))

    def _validation_problem(self, error: RequestValidationError) -> Response[str]:
        property_names = _body_property_names(self.context["_route"])
        problem = validation_problem(self.request_context, error.errors(), property_names)
        return self._problem_response(problem)

    def _internal_error(self, exception: Exception) -> Response[str]:
        """A fault of ours: the caller gets the request id, the log the line of code."""
        self.request_context.exception = exception
        return self._problem_response(
            Problem("Something here is broken: the request id finds the log line.")
        )


def _body_property_names(route: Route) -> list[str]:
    """The properties of the body that a route's handler takes."""
    body: Any = get_type_hints(route.func).get("body")
    fields = getattr(body, "model_fields", None)
    return list(fields) if fields else [str(name) for name in get_args(body)]


def scopes_of(route: Route) -> list[str]:
    """The scopes of which a caller needs one; none: the route is public.

    An empty way in, as OpenAPI has it: the handler decides whether a key is needed.
    """
    if {} in (route.security or []):
        return []
    return sorted(
        {scope for way in route.security or [] for scopes in way.values() for scope in scopes}
    )
