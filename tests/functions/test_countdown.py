"""A countdown through the service: drawn at each open, cached for seconds, never stored."""

import io
from typing import Any

from PIL import Image

from tests.functions.fake_services import solid_png
from tests.functions.in_memory_service import NOW, InMemoryService
from tests.functions.sample_events import document

SECONDS = "{{ countdown.minutes }}:{{ countdown.seconds }}"


def counting(**more: Any) -> dict[str, Any]:
    shown = {"type": "text", "x": 4, "y": 10, "width": 110, "text": SECONDS, "size": 30}
    ends = {"type": "date", "default": "2026-11-22T10:30:30", "open": True}
    countdown = {"to": "{{ ends_at }}", "frames": 5}
    return document(
        format="gif", fields={"ends_at": ends}, countdown=countdown, layers=[shown], alt="", **more
    )


def frames(body: bytes) -> list[bytes]:
    with Image.open(io.BytesIO(body)) as file:
        count = getattr(file, "n_frames", 1)
        shown = []
        for index in range(count):
            file.seek(index)
            shown.append(file.convert("RGB").tobytes())
        return shown


def alike(one: bytes, two: bytes) -> bool:
    """Whether pictures are the same but for their palettes."""
    return max(abs(a - b) for a, b in zip(one, two, strict=True)) < 32


def test_a_post_of_a_countdown_is_timed_and_stores_nothing(empty: InMemoryService) -> None:
    empty.publish(counting())
    made = empty.create_image().json
    assert (made["status"], made["bytes"], made["format"]) == ("timed", None, "gif")
    assert empty.create_image().json["id"] == made["id"]
    assert list(empty.pictures.keys("")) == []


def test_each_open_counts_down_from_its_own_time(empty: InMemoryService) -> None:
    empty.publish(counting())
    url = empty.create_image().json["url"]
    early = empty.open_image(url)
    assert early.headers["cache-control"].endswith("max-age=10")
    assert early.headers["content-type"] == "image/gif"
    empty.now = NOW + 2
    late = empty.open_image(url)
    one, two = frames(early.body), frames(late.body)
    assert len(one) == len(two) == 5 and len({*one}) == 5
    assert all(map(alike, one[2:], two[:3]))
    assert not any(map(alike, one, two))
    assert list(empty.pictures.keys("")) == []


def test_a_link_to_a_countdown_is_drawn_at_each_open_and_can_set_the_date(
    empty: InMemoryService,
) -> None:
    empty.publish(counting())
    reply = empty.open_link(empty.sign_link({"ends_at": "2026-11-22T10:00:02"}, format="gif"))
    assert reply.headers["cache-control"].endswith("max-age=10")
    shown = frames(reply.body)
    assert len({*shown}) == 3 and shown[2] == shown[4], "it ends and stays"
    assert list(empty.pictures.keys("")) == []


def test_a_countdown_in_another_format_is_a_still_picture(empty: InMemoryService) -> None:
    empty.publish(counting())
    url = empty.create_image(format="png").json["url"]
    reply = empty.open_image(url)
    assert reply.headers["content-type"] == "image/png"
    assert reply.headers["cache-control"].endswith("max-age=10")
    assert len(frames(reply.body)) == 1


def test_the_ended_picture_of_a_countdown_is_stored(empty: InMemoryService) -> None:
    empty.publish(counting())
    link = empty.sign_link(expires=int(NOW) - 1)
    reply = empty.open_link(link)
    assert reply.headers["x-postcard-render"] == "stored"
    assert reply.headers["cache-control"].endswith("max-age=300")


def test_too_many_frames_for_their_size_are_400_at_publish(empty: InMemoryService) -> None:
    large = counting() | {"width": 5000, "height": 3000}
    reply = empty.call("PUT", "/v1/templates/welcome", large)
    assert reply.status == 400
    assert ("invalid_value", "/countdown/frames") in reply.error_locations()


def test_a_source_that_is_shown_at_the_end_is_stored_at_publish(empty: InMemoryService) -> None:
    asset = "https://cdn.example.com/over.png"
    over = {"type": "image", "width": 120, "height": 60, "source": asset, "if": "countdown.ended"}
    made = counting()
    made["layers"] = [*made["layers"], over]
    empty.web.pictures[asset] = solid_png(color=(200, 0, 0))
    empty.publish(made)
    reply = empty.open_link(empty.sign_link({"ends_at": "2026-11-22T10:00:02"}, format="gif"))
    assert "x-postcard-fallback" not in reply.headers
    red = [pixels[:3] for pixels in frames(reply.body)]
    assert [abs(color[0] - 200) < 4 for color in red] == [False, False, True, True, True]


def test_sources_that_a_countdown_shows_now_are_checked_at_publish_and_minting(
    empty: InMemoryService,
) -> None:
    face = "https://cdn.example.com/face.png"
    made = counting() | {"fields": {"photo": {"type": "image", "example": face}}}
    shown = {"type": "image", "width": 60, "height": 60, "source": "{{ photo }}"}
    made["countdown"] = {"to": "2026-12-24"}
    made["layers"] = [*made["layers"], {**shown, "if": "countdown.days > 3"}]
    reply = empty.call("PUT", "/v1/templates/welcome", made)
    assert reply.error_locations() == [("image_unavailable", "/layers/1/source")]
    empty.web.pictures[face] = solid_png()
    codes = [finding["code"] for finding in empty.publish(made).json["findings"]]
    assert "image_unavailable" not in codes
    body = {"template_id": "welcome", "modifications": [{"name": "photo", "value": "asset:no"}]}
    warned = empty.call("POST", "/v1/links", body).json["warnings"]
    assert [warning["code"] for warning in warned] == ["image_unavailable"]
