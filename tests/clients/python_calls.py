"""Calls the API with the generated Python client: `python python_calls.py URL KEY`."""

import sys
import time

from postcard_client import AuthenticatedClient
from postcard_client.api.batches import create_batch, read_batch, read_results
from postcard_client.api.images import create_image, read_image
from postcard_client.api.links import create_link
from postcard_client.api.previews import preview
from postcard_client.api.templates import create_template, list_templates, publish_template
from postcard_client.models import (
    BatchBody,
    BatchBodyRowsType0Item,
    BatchResponse,
    BatchResults,
    CreateTemplateBody,
    ImageBody,
    ImageBodyFormatType0,
    ImageResponse,
    LinkBody,
    LinkBodyTemplateVersionType1,
    LinkResponse,
    Modification,
    PreviewBody,
    PreviewBodyDocumentType0,
    PreviewResponse,
    Problem,
    PublishTemplateBody,
    TemplateList,
    TemplateResponse,
)

DOCUMENT = {
    "width": 60,
    "height": 30,
    "fields": {"name": {"default": "there", "max_length": 10}},
    "layers": [{"type": "text", "text": "{{ name }}"}],
}
url, key = sys.argv[1:]
client = AuthenticatedClient(base_url=url, token=key, raise_on_unexpected_status=True, timeout=60)

created = create_template.sync(client=client, body=CreateTemplateBody.from_dict(DOCUMENT))
assert isinstance(created, TemplateResponse) and created.version == 1, created

image = create_image.sync(
    client=client,
    body=ImageBody(
        template_id=created.id,
        modifications=[Modification(name="name", text="Zoë")],
        format_=ImageBodyFormatType0.PNG,
        dpr=1.5,
    ),
)
assert isinstance(image, ImageResponse) and (image.width, image.success) == (90, True), image
assert image.metadata is None and image.warnings == []
again = read_image.sync(client=client, image_id=image.id)
assert again is not None and again.url == image.url, again

link = create_link.sync(
    client=client,
    body=LinkBody(template_id=created.id, template_version=LinkBodyTemplateVersionType1.LATEST),
)
assert isinstance(link, LinkResponse) and link.template_version == "latest", link
assert client.get_httpx_client().get(link.url).headers["content-type"] == "image/png"

other = publish_template.sync(
    client=client, template_id="client-test", body=PublishTemplateBody.from_dict(DOCUMENT)
)
assert isinstance(other, TemplateResponse), other
listed = list_templates.sync(client=client, limit=200)
assert isinstance(listed, TemplateList) and created.id in [one.id for one in listed.items], listed
pages, cursor = [], None
while True:
    page = list_templates.sync(client=client, limit=3, cursor=cursor)
    assert isinstance(page, TemplateList), page
    pages += [one.id for one in page.items]
    if (cursor := page.next_cursor) is None:
        break
assert pages == [one.id for one in listed.items], pages

draft = PreviewBody(document=PreviewBodyDocumentType0.from_dict(DOCUMENT))
shown = preview.sync(client=client, body=draft)
assert isinstance(shown, PreviewResponse) and shown.image.startswith("data:image/png"), shown
assert shown.boxes[0].pointer == "/layers/0"

rows = [BatchBodyRowsType0Item.from_dict({"name": name}) for name in ("Zoë", "Bo")]
batch = create_batch.sync(client=client, body=BatchBody(template_id=created.id, rows=rows))
for _ in range(120):
    assert isinstance(batch, BatchResponse) and batch.error is None, batch
    if batch.status == "completed":
        break
    time.sleep(0.5)
    batch = read_batch.sync(client=client, batch_id=batch.id)
assert isinstance(batch, BatchResponse) and (batch.status, batch.ok) == ("completed", 2), batch
results = read_results.sync(client=client, batch_id=batch.id)
assert isinstance(results, BatchResults) and results.items, results
assert [row["name"] for row in results.items] == ["Zoë", "Bo"], results
assert client.get_httpx_client().get(results.items[0]["personalized_image_url"]).status_code == 200

refused = create_image.sync(
    client=client,
    body=ImageBody(template_id=created.id, modifications=[Modification(name="nmae", text="x")]),
)
assert isinstance(refused, Problem) and refused.code == "unknown_name", refused
assert refused.errors and refused.errors[0].pointer == "/modifications/0/name"
missing = create_image.sync_detailed(client=client, body=ImageBody(template_id="no-such"))
assert missing.status_code == 404 and isinstance(missing.parsed, Problem), missing
print("Python: create, mint, list, page, preview, batch and error work.")
