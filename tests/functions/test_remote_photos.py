"""Remote photos of every kind are shown: fetched, decoded in the sandbox, drawn."""

import io

import pytest
from PIL import Image

from postcard.canvas.codecs.sandboxed_decoder import SandboxedDecoder
from tests.canvas.photo_kinds import SIZE, photo_kinds
from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import document

URL = "https://photos.example.com/x.jpg"
BACKGROUND = (255, 0, 255)


@pytest.fixture(scope="module")
def service(decoder: SandboxedDecoder) -> InMemoryService:
    """A service with the production decoder, and a template that shows nothing but a photo."""
    service = InMemoryService()
    service.decode_with(decoder)
    service.key = service.new_api_key(rate=10_000)
    width, height = SIZE
    photo = {"type": "image", "width": width, "height": height, "source": "{{ photo }}"}
    service.publish(
        document(
            width=width,
            height=height,
            background="#ff00ff",
            alt="Photo",
            fields={"photo": {"type": "image", "default": ""}},
            layers=[photo],
        )
    )
    return service


@pytest.mark.parametrize("kind", photo_kinds())
def test_a_remote_photo_of_every_kind_is_shown(
    service: InMemoryService, decoder: SandboxedDecoder, kind: str
) -> None:
    decoder.prepare()
    workers = decoder.started_workers
    service.web.pictures[URL] = photo_kinds()[kind]
    response = service.open_link(service.sign_link({"photo": URL}))
    assert (response.status, response.headers.get("x-postcard-fallback")) == (200, None)
    with Image.open(io.BytesIO(response.body)) as picture:
        middle = picture.convert("RGB").getpixel((SIZE[0] // 4, SIZE[1] // 4))
    assert middle != BACKGROUND
    assert decoder.started_workers == workers
    for key in list(service.pictures.keys("renders/")):
        service.pictures.delete([key])


def test_a_post_that_names_a_phone_photo_is_not_degraded(service: InMemoryService) -> None:
    service.web.pictures[URL] = photo_kinds()["JPEG with EXIF, ICC and XMP"]
    response = service.create_image({"photo": URL})
    assert (response.status, response.json["status"]) == (200, "ready"), response.body
    assert response.json["warnings"] == []


def test_while_one_remote_photo_is_decoded_the_next_is_too() -> None:
    decoder = SandboxedDecoder()
    service = InMemoryService()
    service.decode_with(decoder)
    names = ("one", "two", "three")
    photo = {"type": "image", "width": 30, "height": 30}
    service.publish(
        document(
            alt="Photos",
            fields={name: {"type": "image", "default": ""} for name in names},
            layers=[{**photo, "source": f"{{{{ {name} }}}}"} for name in names],
        )
    )
    urls = {name: f"https://photos.example.com/{name}.jpg" for name in names}
    for body, url in zip(photo_kinds().values(), urls.values(), strict=False):
        service.web.pictures[url] = body
    response = service.open_link(service.sign_link(urls))
    assert (response.status, response.headers.get("x-postcard-fallback")) == (200, None)
    assert len(decoder.pids) == 2
    assert decoder.idle_processes == 2  # every image that was decoded ahead was used
    decoder.close()
