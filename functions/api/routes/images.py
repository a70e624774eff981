"""`/v1/images`: create, read and erase opaque images."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Path

from api.request_models import IMAGE_ID, ImageBody
from api.response_models import ImageResponse, StoredImageResponse
from api.router import ApiRouter, any_scope, no_content
from postcard.services.images import ImageRequest

router = ApiRouter()
ImageId = Annotated[str, Path(pattern=IMAGE_ID)]


@router.post("/v1/images", summary="Create an image", tags=["Images"], security=any_scope("images"))
def create_image(body: Annotated[ImageBody, Body()]) -> ImageResponse:
    """Draw a template with your values, store the picture and return its address."""
    context = router.request_context
    context.authorize_template(body.template_id)
    request = ImageRequest(
        **body.model_dump(exclude={"format"}),
        format=body.format and body.format.replace("jpeg", "jpg"),
        key_templates=context.key_templates,
    )
    context.charge_pictures()
    image = context.service.images.create(request, now=context.now, deadline=context.deadline)
    campaign = image.record.campaign  # that of its first POST
    context.log_fields |= {**image.log_fields, "campaign": campaign}
    context.count_usage(body.template_id, campaign, image.usage)
    return ImageResponse(**image.to_json(), cached=image.cached, metadata=body.metadata)


@router.get(
    "/v1/images/<image_id>", summary="Read an image", tags=["Images"], security=any_scope("images")
)
def read_image(image_id: ImageId) -> StoredImageResponse:
    """The response of its POST, without `metadata`; never the values."""
    context = router.request_context
    context.log_fields["image_id"] = image_id
    image = context.service.images.read(image_id, now=context.now)
    context.authorize_template(image.record.template_id)
    return StoredImageResponse(**image.to_json(), cached=True)


@router.delete(
    "/v1/images/<image_id>",
    summary="Erase an image",
    tags=["Images"],
    security=any_scope("admin"),
    status_code=204,
)
def erase_image(image_id: ImageId) -> Response[Any]:
    """Erase its bytes, its values and the CDN's copies."""
    context = router.request_context
    context.log_fields["image_id"] = image_id
    context.authorize_template(context.service.images.owner(image_id))
    context.service.images.erase(image_id)
    return no_content()
