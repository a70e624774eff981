"""Files that anybody may have made are decoded by the sandboxed decoder alone, and once."""

import struct
from collections import Counter

import pytest
from PIL import Image

from postcard.canvas.codecs.decoded_image import (
    DecodedImage,
    DecoderUnavailable,
    ImageDecodeError,
)
from postcard.canvas.codecs.sandboxed_decoder import SandboxedDecoder
from postcard.runtime.deadline import NO_DEADLINE, Deadline
from tests.canvas.photo_kinds import png_file
from tests.clocks import SteppingClock
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

    def check_seal(self, deadline: object) -> None:
        return None

    def decode(self, body: bytes, target_pixels: object, **_: object) -> DecodedImage:
        self.decoded[body] += 1
        if body == SECRET:
            return DecodedImage(Image.new("RGB", (40, 20), "teal"))
        return DecodedImage.decode(body)


class StuckDecoder(RecordingDecoder):
    """Waits for a process that never answers, until the deadline that it is given."""

    def decode(self, body: bytes, target_pixels: object, **options: object) -> DecodedImage:
        deadline = options["deadline"]
        assert isinstance(deadline, Deadline) and deadline is not NO_DEADLINE
        while True:
            deadline.check()


class FailingDecoder(RecordingDecoder):
    """Loses its process with each of the first images."""

    def __init__(self, failures: int) -> None:
        super().__init__()
        self.failures = failures

    def decode(self, body: bytes, target_pixels: object, **_: object) -> DecodedImage:
        if self.failures:
            self.failures -= 1
            raise DecoderUnavailable("it broke what decodes pictures")
        return super().decode(body, target_pixels)


def service_with(decoder: RecordingDecoder) -> InMemoryService:
    service = InMemoryService()
    service.decode_with(decoder)
    service.web.pictures[URL] = SECRET
    return service


@pytest.fixture
def decoder() -> RecordingDecoder:
    return RecordingDecoder()


@pytest.fixture
def service(decoder: RecordingDecoder) -> InMemoryService:
    return service_with(decoder)


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
    service: InMemoryService, decoder: RecordingDecoder, field: Json
) -> None:
    service.publish(document_with("{{ photo }}", {"type": "image", **field}))
    assert decoder.decoded[SECRET] >= 1


def test_a_draft_is_previewed_with_its_remote_image(
    service: InMemoryService, decoder: RecordingDecoder
) -> None:
    response = service.call("POST", "/v1/previews", {"document": document_with(URL)})
    assert (response.status, decoder.decoded[SECRET]) == (200, 1), response.body


def test_the_estimate_of_drawing_time_decodes_no_untrusted_picture(
    service: InMemoryService, decoder: RecordingDecoder
) -> None:
    field = {"type": "text", "example": "x"}
    draft = document_with("https://photos.example.com/{{ photo }}.png", field)
    response = service.call("POST", "/v1/previews", {"document": draft})
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
    service.decode_with(sandboxed)
    header = struct.pack(">IIBBBBB", 1, 25_000_000, 8, 0, 0, 0, 0)
    service.upload_asset("column", png_file(header, bytes(50_000_000)))
    asset = service.call("GET", "/v1/assets/column").json
    assert asset["status"] == "refused"
    assert "a side of the picture has 25000000 pixels; 30000 are allowed" in asset["detail"]
    sandboxed.close()


def test_a_decoder_that_was_taken_over_cannot_make_an_image_of_one_column() -> None:
    lie = "os.write(1, struct.pack('=cIIII', b'R', 1, 25000000, 1, 25000000))"
    ready = "import os, struct, time; os.write(1, b'3'); os.read(0, 9)"
    program = f"{ready}; {lie}; os.read(0, 1 << 20); time.sleep(9)"
    sandboxed = SandboxedDecoder(program=program)
    with pytest.raises(ImageDecodeError, match="it broke what decodes pictures"):
        sandboxed.decode(SECRET, None)


PHOTO_FIELD = {"type": "image", "default": ""}


def stuck_service() -> tuple[InMemoryService, SteppingClock]:
    """A service whose decoder never answers, and the clock that ends its waiting."""
    service, clock = service_with(StuckDecoder()), SteppingClock(0.1)
    service.publish(document_with("{{ photo }}", PHOTO_FIELD))
    service.monotonic = clock
    service.rebuild()
    return service, clock


def test_a_picture_falls_back_in_time_while_the_decoder_does_not_answer() -> None:
    service, clock = stuck_service()
    response = service.open_link(service.sign_link({"photo": URL}))
    assert (response.status, response.headers["x-postcard-fallback"]) == (200, "timeout")
    assert clock.looks < 8 / 0.1 + 60
    assert not list(service.pictures.keys("renders/"))


def stuck_link() -> Json:
    modifications = [{"name": "photo", "image_url": "asset:photo"}]
    return {"template_id": "welcome", "modifications": modifications}


def test_the_api_waits_for_the_decoder_until_its_deadline() -> None:
    service, clock = stuck_service()
    service.upload_asset("photo", SECRET)
    assert service.call("GET", "/v1/assets/photo").json["status"] == "waiting"
    assert service.call("POST", "/v1/links", stuck_link()).status == 200
    for body in ({"document": document_with(URL)}, {"document": document_with("asset:photo")}):
        response = service.call("POST", "/v1/previews", body)
        assert response.status in (200, 504), response.body
    assert clock.looks < 4 * (28 / 0.1 + 200)


def test_an_upload_stays_waiting_while_it_cannot_be_checked_and_is_tried_again() -> None:
    decoder = FailingDecoder(failures=2)
    service = service_with(decoder)
    service.upload_asset("photo", SECRET)
    waiting = service.call("GET", "/v1/assets/photo").json
    assert (waiting["status"], waiting["detail"]) == ("waiting", None)
    response = service.call("PUT", "/v1/templates/welcome", document_with("asset:photo"))
    assert response.error_locations() == [("image_unavailable", "/layers/0/source")]
    assert "could not be checked just now: try again" in str(response.json)
    service.publish(document_with("asset:photo"))
    assert service.call("GET", "/v1/assets/photo").json["status"] == "ready"
    assert decoder.failures == 0


def test_a_replacement_that_cannot_be_checked_leaves_the_asset_in_use() -> None:
    decoder = FailingDecoder(failures=0)
    service = service_with(decoder)
    service.upload_asset("photo", SECRET)
    service.publish(document_with("asset:photo"))
    service.upload_asset("photo", SECRET, replace=True)
    decoder.failures = 1
    asset = service.call("GET", "/v1/assets/photo").json
    assert (asset["status"], asset["replacement"]) == ("ready", "waiting")
    asset = service.call("GET", "/v1/assets/photo").json
    assert (asset["status"], asset["replacement"]) == ("ready", None)


@pytest.mark.parametrize("body", [SECRET, b"<html>"])
def test_an_animation_decodes_a_picture_once_and_not_for_each_frame(
    service: InMemoryService, decoder: RecordingDecoder, body: bytes
) -> None:
    service.web.pictures[URL] = body
    seconds = {"type": "text", "width": 90, "text": "{{ countdown.seconds }}"}
    photo = document_with("{{ photo }}")
    countdown = {"to": "2030-01-01", "frames": 9}
    service.publish({**photo, "layers": [seconds, *photo["layers"]], "countdown": countdown})
    response = service.open_link(service.sign_link({"photo": URL}, format="gif"))
    reason = None if body == SECRET else "source"
    assert (response.status, response.headers.get("x-postcard-fallback")) == (200, reason)
    assert decoder.decoded[body] == 1
