"""Fonts, mail clients, health and the JSON Schema of template documents."""

from aws_lambda_powertools.event_handler import Response

from api.response_models import DarkClient, DarkClientList, FontFamily, Health
from api.router import JSON_TYPE, ApiRouter, any_scope
from postcard.lint.mail_clients import DARK_CLIENTS, RECOLORING_FILTER
from postcard.template.validation.document_schema import document_schema_text

router = ApiRouter()


@router.get(
    "/v1/fonts", summary="List fonts", tags=["Templates"], security=any_scope("templates", "drafts")
)
def list_fonts() -> list[FontFamily]:
    """The families that a template's `font` may name: bundled ones and yours."""
    context = router.request_context
    fonts = context.service.fonts(context.key_templates, context.deadline)
    return [FontFamily.model_validate(font) for font in fonts]


@router.get("/v1/dark-clients", summary="List mail clients in dark mode", tags=["Service"])
def list_dark_clients() -> DarkClientList:
    """What mail clients show behind a picture in dark mode, and which pictures they recolour."""
    clients = [
        DarkClient(
            id=client.id,
            name=client.name,
            background=client.background,
            recolors_up_to=client.recolors_up_to,
            recoloring_filter=RECOLORING_FILTER if client.recolors_up_to else None,
        )
        for client in DARK_CLIENTS
    ]
    return DarkClientList(items=clients)


@router.get("/v1/health", summary="Check health", tags=["Service"])
def health() -> Response[Health]:
    """200, or 503 if a dependency of pictures is unavailable; each is named.

    `decoder` says what holds in the process that decodes untrusted files.
    """
    service = router.request_context.service
    dependencies = service.health()
    healthy = all(state == "ok" for state in dependencies.values())
    return Response(
        status_code=200 if healthy else 503,
        content_type=JSON_TYPE,
        headers={} if healthy else {"Retry-After": "5"},
        body=Health(
            status="ok" if healthy else "unavailable",
            dependencies=dict(dependencies),
            decoder=service.sandbox_status(),
        ),
    )


@router.get("/v1/template.schema.json", summary="Read the document's schema", tags=["Service"])
def template_schema() -> Response[str]:
    """The JSON Schema of a template document.

    `x-liquid` marks texts that may hold Liquid, by what it yields. `format` says what a text is.
    `title`, `x-group`, `x-unit` and `x-default` are for forms.
    """
    return Response(status_code=200, content_type=JSON_TYPE, body=document_schema_text())
