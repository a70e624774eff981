"""Files that anybody may have made are decoded by the sandboxed decoder alone, and once."""

import struct
from collections import Counter

import pytest
from PIL import Image

from postcard.canvas.codecs.decoded_image import DecodedImage, ImageDecodeError
from postcard.canvas.codecs.sandboxed_decoder import SandboxedDecoder
from postcard.rendering.decoded_image_cache import DecodedImageCache
from tests.canvas.photo_kinds import png_file
from tests.functions.fake_services import FakeRenderer
from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import Json, document

SECRET = b"\x89PNG\r\n\x1a\n: an image to RecordingDecoder alone"
URL = "https://photos.example.com/x.png"


class RecordingDecoder:
    """Knows one image that no other decoder can read, and counts what it decodes."""

    def __init__(self) -> None:
        self.decoded: Counter[bytes] = Counter()

    def prepare(self) -> None:
        pass

    def decode_ahead(self, images: object) -> None:
        pass

    def decode(self, body: bytes, target_pixels: object, *, source: str = "") -> DecodedImage:
        self.decoded[body] += 1
        if body == SECRET:
            return DecodedImage(Image.new("RGB", (40, 20), "teal"))
        return DecodedImage.decode(body)


@pytest.fixture
def decoder() -> RecordingDecoder:
    return RecordingDecoder()


@pytest.fixture
def service(decoder: RecordingDecoder) -> InMemoryService:
    service = InMemoryService()
    service.renderer = FakeRenderer(DecodedImageCache(untrusted_decoder_factory=lambda: decoder))
    service.rebuild()
    service.web.pictures[URL] = SECRET
    return service


def document_with(source: str, field: Json | None = None) -> Json:
    fields = {"photo": field or {"type": "image", "default": ""}}
    layer = {"type": "image", "width": 40, "height": 20, "source": source}
    return document(alt="Photo", fields=fields, layers=[layer])


def test_an_upload_is_decoded_once_and_reencoded(
    service: InMemoryService, decoder: RecordingDecoder
) -> None:
    service.upload_asset("photo", SECRET)
    service.publish(document_with("asset:photo"))
    service.publish(document_with("asset:photo") | {"name": "again"})
    assert service.call("GET", "/v1/assets/photo").json["width"] == 40
    assert service.open_link(service.sign_link(version=2)).status == 200
    assert decoder.decoded[SECRET] == 1
    assert all(SECRET not in service.store.get(key).body for key in service.store.keys(""))  # type: ignore[union-attr]


def test_a_remote_image_of_a_document_is_decoded_once_and_stored_reencoded(
    service: InMemoryService, decoder: RecordingDecoder
) -> None:
    service.publish(document_with(URL))
    response = service.open_link(service.sign_link())
    assert (response.status, response.headers.get("x-postcard-fallback")) == (200, None)
    assert decoder.decoded[SECRET] == 1
    assert all(SECRET not in service.store.get(key).body for key in service.store.keys(""))  # type: ignore[union-attr]


@pytest.mark.parametrize("field", [{"default": URL}, {"example": URL, "default": ""}])
def test_a_default_or_an_example_of_a_document_is_decoded_in_the_sandbox(
    service: InMemoryService, field: Json
) -> None:
    service.publish(document_with("{{ photo }}", {"type": "image", **field}))


def test_a_draft_is_previewed_with_its_remote_image(
    service: InMemoryService, decoder: RecordingDecoder
) -> None:
    response = service.call("POST", "/v1/previews", {"document": document_with(URL)})
    assert (response.status, decoder.decoded[SECRET]) == (200, 1), response.body


def test_an_upload_that_the_api_has_not_checked_is_decoded_in_the_sandbox(
    service: InMemoryService, decoder: RecordingDecoder
) -> None:
    field = {"type": "image", "default": "", "allowed_assets": ["photo"]}
    service.publish(document_with("{{ photo }}", field))
    link = service.sign_link({"photo": "asset:photo"})
    service.upload_asset("photo", SECRET)
    response = service.open_link(link)
    assert (response.status, response.headers.get("x-postcard-fallback")) == (200, None)
    assert decoder.decoded[SECRET] == 1


def test_a_remote_file_that_is_no_image_is_a_fault_of_the_layer_that_names_it(
    service: InMemoryService,
) -> None:
    service.web.pictures[URL] = b"<html>"
    response = service.call("PUT", "/v1/templates/welcome", document_with(URL))
    assert response.status == 400
    assert response.error_locations() == [("image_unavailable", "/layers/0/source")]


def test_an_upload_of_one_column_of_25_megapixels_is_refused_in_little_memory() -> None:
    service, sandboxed = InMemoryService(), SandboxedDecoder()
    service.renderer = FakeRenderer(DecodedImageCache(untrusted_decoder_factory=lambda: sandboxed))
    service.rebuild()
    header = struct.pack(">IIBBBBB", 1, 25_000_000, 8, 0, 0, 0, 0)
    service.upload_asset("column", png_file(header, bytes(50_000_000)))
    asset = service.call("GET", "/v1/assets/column").json
    assert asset["status"] == "refused"
    assert "a side of the picture has 25000000 pixels; 30000 are allowed" in asset["detail"]
    sandboxed.close()


def test_a_decoder_that_was_taken_over_cannot_make_an_image_of_one_column() -> None:
    lie = "os.write(1, struct.pack('=cIIII', b'R', 1, 25000000, 1, 25000000))"
    program = f"import os, struct, time; os.read(0, 9); {lie}; os.read(0, 1 << 20); time.sleep(9)"
    sandboxed = SandboxedDecoder(program=program)
    with pytest.raises(ImageDecodeError, match="it broke what decodes pictures"):
        sandboxed.decode(SECRET, None)
