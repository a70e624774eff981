"""Powertools' resolver, with routes that can be asked for and problems that are ours."""

from collections.abc import Sequence
from typing import Any, get_args, get_type_hints

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.api_gateway import Route
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError

from api.openapi import describe
from api.problems import told_problem, unreadable
from api.visit import Visit
from postcard.errors import MethodNotAllowed, NotFound, Problem


class Resolver(APIGatewayHttpResolver):
    """Finds the route of a request, and answers every failure of a handler with a problem."""

    def __init__(self) -> None:
        super().__init__(enable_validation=True)
        self._described: dict[str, Any] | None = None
        self.exception_handler(RequestValidationError)(self._unreadable)
        self.exception_handler(Problem)(self._problem)
        self.exception_handler(Exception)(self._failure)

    @property
    def table(self) -> Sequence[Route]:
        """All routes, those without a variable part first."""
        return [*self._static_routes, *self._dynamic_routes]

    def find(self, method: str, path: str) -> Route:
        """The route of a request; `NotFound`, or `MethodNotAllowed` with `Allow`."""
        there = [route for route in self.table if route.rule.match(path)]
        if not there:
            raise NotFound("There is nothing here: /docs lists what there is.")
        for route in there:
            if route.method == method:
                return route
        allowed = ", ".join(sorted({route.method for route in there}))
        detail = f"{method} is not answered here, {allowed} is."
        raise MethodNotAllowed(detail, headers={"Allow": allowed})

    def description(self) -> dict[str, Any]:
        """OpenAPI of all routes, made once."""
        if self._described is None:
            self._described = describe(self, self.table)
        return self._described

    @property
    def visit(self) -> Visit:
        """The call at work."""
        visit: Visit = self.context["visit"]
        return visit

    def _problem(self, problem: Problem) -> Response[str]:
        visit = self.visit
        visit.note(problem)
        told = told_problem(
            problem, request_id=visit.request.request_id, instance=visit.request.path
        )
        return Response(told.status, body=told.body, headers=dict(told.headers))

    def _unreadable(self, error: RequestValidationError) -> Response[str]:
        visit = self.visit
        known = _body_names(self.context["_route"])
        put = visit.request.method == "PUT"
        found = visit.value_faults()
        problem = unreadable(error.errors(), visit.value, known, put=put, found=found)
        problem.extensions = visit.fallback_url()
        return self._problem(problem)

    def _failure(self, failure: Exception) -> Response[str]:
        """A fault of ours: the caller gets the request id, the log the place."""
        self.visit.failure = failure
        return self._problem(
            Problem("Something here is broken: the request id finds the log line.")
        )


def _body_names(route: Route) -> list[str]:
    """The properties of the body that a route's handler takes."""
    body: Any = get_type_hints(route.func).get("body")
    fields = getattr(body, "model_fields", None)
    return list(fields) if fields else [str(name) for name in get_args(body)]


def scopes_of(route: Route) -> list[str]:
    """Any of these lets a caller in; none: everybody may call."""
    return sorted(
        {scope for way in route.security or [] for scopes in way.values() for scope in scopes}
    )
