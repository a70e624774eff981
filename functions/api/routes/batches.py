"""`/v1/batches`: links or pictures for a file of people, or for rows in the request."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path

from api.request_models import BATCH_ID, BatchBody
from api.response_models import BatchList, BatchResponse, BatchResults
from api.router import ApiRouter, any_scope, no_content
from api.routes.templates import Cursor, Limit
from postcard.campaigns.batches.batch_service import BatchRequest, BatchUpload
from postcard.campaigns.batches.plan import BatchSettings

router = ApiRouter()
TAGS = ["Batches"]
SECURITY = any_scope("batches")
BatchId = Annotated[str, Path(pattern=BATCH_ID)]


@router.post("/v1/batches", summary="Create a batch", tags=TAGS, security=SECURITY, status_code=202)
def create_batch(body: Annotated[BatchBody, Body()]) -> BatchResponse:
    """Links or pictures for up to 1,000 rows of the request, or for a file that you upload.

    With `rows` it starts at once. With `upload`: send the file with the form in the response, then
    start the batch.
    """
    context = router.request_context
    if body.template_id is not None:
        context.authorize_template(body.template_id)
    settings = BatchSettings(
        **body.model_dump(exclude={"format", "rows", "upload", "metadata"}),
        format=body.format and body.format.replace("jpeg", "jpg"),
    )
    upload = None if body.upload is None else BatchUpload(**body.upload.model_dump())
    request = BatchRequest(settings, body.rows, upload, body.metadata)
    batch = context.service.batches.create(request, context.key, now=context.now)
    context.log_fields |= {"batch": batch["id"], "mode": body.mode, "campaign": body.campaign}
    return BatchResponse.model_validate(batch)


@router.get("/v1/batches", summary="List batches", tags=TAGS, security=SECURITY)
def list_batches(limit: Limit = 50, cursor: Cursor = None) -> BatchList:
    """The batches that this API key created, newest first."""
    context = router.request_context
    batches = context.service.batches.list(context.key, limit=limit, cursor=cursor, now=context.now)
    return BatchList.model_validate(batches)


@router.get("/v1/batches/<batch_id>", summary="Read a batch", tags=TAGS, security=SECURITY)
def read_batch(batch_id: BatchId) -> BatchResponse:
    """How far it is, and how it ended."""
    context = router.request_context
    context.log_fields["batch"] = batch_id
    batch = context.service.batches.read(batch_id, context.key, now=context.now)
    return BatchResponse.model_validate(batch)


@router.post(
    "/v1/batches/<batch_id>/start",
    summary="Start a batch",
    tags=TAGS,
    security=SECURITY,
    status_code=202,
)
def start_batch(batch_id: BatchId) -> BatchResponse:
    """Start a batch whose file was uploaded, or one that failed by a fault of Postcard.

    Repeat it freely: a batch that runs or is completed stays as it is.
    """
    context = router.request_context
    context.log_fields["batch"] = batch_id
    batch = context.service.batches.start(batch_id, context.key, now=context.now)
    return BatchResponse.model_validate(batch)


@router.get(
    "/v1/batches/<batch_id>/results", summary="Read the results", tags=TAGS, security=SECURITY
)
def read_results(batch_id: BatchId, limit: Limit = 50, cursor: Cursor = None) -> BatchResults:
    """The rows, if the batch was created with `rows`; else the addresses of result and report.

    The addresses are valid for 15 minutes.
    """
    context = router.request_context
    context.log_fields["batch"] = batch_id
    results = context.service.batches.results(
        batch_id, context.key, limit=limit, cursor=cursor, now=context.now
    )
    return BatchResults.model_validate(results)


@router.delete(
    "/v1/batches/<batch_id>",
    summary="Cancel or erase a batch",
    tags=TAGS,
    security=SECURITY,
    status_code=204,
)
def delete_batch(batch_id: BatchId) -> Response[Any]:
    """Cancel a batch that has not ended; erase one that has, with its file and its results."""
    context = router.request_context
    context.log_fields["batch"] = batch_id
    context.service.batches.delete(batch_id, context.key, now=context.now)
    return no_content()
