"""`image.rendered` and `image.failed`, of calls and of first opens."""

from postcard.webhooks.drawn_images import stored_pictures
from tests.functions.fake_services import solid_png
from tests.functions.in_memory_service import BASE_URL, NOW, InMemoryService
from tests.functions.sample_events import document, s3_notification

RENDERED, FAILED = "image.rendered", "image.failed"
PHOTO = "https://photos.example.com/alex.png"


def with_photo() -> dict[str, object]:
    fields = {"first_name": {"default": "there"}, "photo": {"type": "image"}}
    layer = {"type": "image", "name": "face", "width": 20, "height": 20, "source": "{{ photo }}"}
    return document(fields=fields, layers=[layer], alt="A photo of {{ first_name }}")


def key_of(image: dict[str, object]) -> str:
    return f"images/{image['id']}.{image['format']}"


def test_a_drawn_image_is_an_event_with_the_metadata_of_its_call(world: InMemoryService) -> None:
    world.subscribe(RENDERED)
    made = world.create_image({"first_name": "Zoë"}, metadata={"order": "A-1007"}).json
    (delivery,) = world.deliveries_of()
    assert delivery.body == (
        '{"type":"image.rendered","timestamp":"2026-11-22T10:00:00Z","data":'
        f'{{"id":"{made["id"]}","url":"{BASE_URL}/i/{made["id"]}.png",'
        '"created_at":"2026-11-22T10:00:00Z","template_id":"welcome","template_version":1,'
        '"status":"ready","format":"png","width":120,"height":60,"display_width":120,'
        f'"display_height":60,"bytes":{made["bytes"]},"warnings":[],'
        '"metadata":{"order":"A-1007"}}}'
    )
    assert world.hints.receive() == (delivery.key, NOW)


def test_an_image_that_exists_is_no_event_again(world: InMemoryService) -> None:
    world.subscribe(RENDERED)
    made = world.create_image({"first_name": "Zoë"}, metadata={"call": 1}).json
    assert world.create_image({"first_name": "Zoë"}, metadata={"call": 2}).json["cached"]
    world.pictures_were_stored(key_of(made))  # S3 tells of the picture of a call, too
    (event,) = world.events()
    assert event["data"]["metadata"] == {"call": 1}


def test_an_image_that_is_created_again_after_it_was_erased_is_an_event(
    world: InMemoryService,
) -> None:
    world.subscribe(RENDERED)
    for _ in range(2):
        made = world.create_image({"first_name": "Zoë"}).json
        world.call("DELETE", f"/v1/images/{made['id']}")
        world.now += 5
    first, second = world.events()
    assert first["data"]["id"] == second["data"]["id"]
    assert first["data"]["created_at"] < second["data"]["created_at"]


def test_an_image_drawn_at_its_first_open_is_one_event_without_metadata(
    world: InMemoryService,
) -> None:
    world.subscribe(RENDERED)
    made = world.create_image({"first_name": "Zoë"}, render="on_open", metadata={"a": 1}).json
    assert world.events() == [], "nothing is drawn yet"
    world.now += 3600
    body = world.open_image(made["url"]).body
    assert world.events() == [], "the image function writes no deliveries"
    for _ in range(3):  # S3 may tell of it more than once
        world.pictures_were_stored(key_of(made))
    (event,) = world.events()
    assert (event["type"], event["timestamp"]) == (RENDERED, "2026-11-22T11:00:00Z")
    shown = world.call("GET", f"/v1/images/{made['id']}").json
    expected = {name: shown[name] for name in event["data"]}
    assert event["data"] == expected and event["data"]["bytes"] == len(body)
    assert "metadata" not in event["data"]


def test_a_reader_that_sees_the_picture_first_stores_the_event(world: InMemoryService) -> None:
    world.subscribe(RENDERED)
    made = world.create_image({"first_name": "Zoë"}, render="on_open").json
    world.open_image(made["url"])
    for _ in range(2):
        assert world.call("GET", f"/v1/images/{made['id']}").json["status"] == "ready"
    world.pictures_were_stored(key_of(made))
    assert len(world.events()) == 1


def test_a_picture_that_is_gone_erased_or_of_no_image_is_no_event(world: InMemoryService) -> None:
    world.subscribe(RENDERED)
    first, second = (
        world.create_image({"first_name": name}, render="on_open").json for name in ("Zoë", "Bo")
    )
    for image in (first, second):
        world.open_image(image["url"])
    world.pictures.delete([key_of(first)])
    world.call("DELETE", f"/v1/images/{second['id']}")
    others = ("images/img_" + "a" * 26 + ".png", "renders/1/welcome/1/x.png", "images/", "")
    world.pictures_were_stored(key_of(first), key_of(second), *others)
    assert world.events() == []


def test_without_a_webhook_a_notification_reads_no_image(world: InMemoryService) -> None:
    made = world.create_image({"first_name": "Zoë"}, render="on_open").json
    world.open_image(made["url"])
    gets = world.pictures.gets
    world.pictures_were_stored(key_of(made))
    record = world.images.get(made["id"])
    assert record is not None and record.status == "pending"
    assert world.pictures.gets == gets


def test_an_image_without_its_photo_is_failed_once_and_rendered_when_the_photo_is_back(
    empty: InMemoryService,
) -> None:
    empty.publish(with_photo())
    empty.subscribe(RENDERED, FAILED)
    values = {"first_name": "Alex", "photo": PHOTO}
    for _ in range(2):
        assert empty.create_image(values, metadata={"n": 1}).json["status"] == "degraded"
        empty.now += 1
    empty.web.pictures[PHOTO] = solid_png()
    assert empty.create_image(values).json["status"] == "ready"
    failed, rendered = empty.events()
    assert (failed["type"], rendered["type"]) == (FAILED, RENDERED)
    assert failed["data"]["warnings"] == [
        {"code": "image_unavailable", "pointer": "/modifications/1/value"}
    ]
    assert (failed["data"]["status"], failed["data"]["metadata"]) == ("degraded", {"n": 1})
    assert rendered["data"]["warnings"] == []


def test_a_failed_image_is_rendered_when_an_open_draws_it(empty: InMemoryService) -> None:
    empty.publish(with_photo())
    empty.subscribe(RENDERED)
    made = empty.create_image({"photo": PHOTO}).json
    empty.web.pictures[PHOTO] = solid_png()
    empty.advance_monotonic(120)  # a failed host is left alone for a while
    empty.open_image(made["url"])
    empty.pictures_were_stored(key_of(made))
    assert [event["data"]["status"] for event in empty.events()] == ["ready"]


def test_a_call_that_is_refused_or_whose_picture_is_never_stored_is_no_event(
    empty: InMemoryService,
) -> None:
    clock = {"type": "text", "width": 100, "text": "{{ now | date: 'HH:mm' }}"}
    empty.publish(document(layers=[clock]))
    empty.subscribe(RENDERED, FAILED)
    assert empty.create_image().json["status"] == "timed"
    assert empty.create_image({"no_such_field": "x"}).status == 400
    assert empty.events() == []


def test_s3_sends_keys_in_url_encoding_and_a_test_at_first() -> None:
    notification = s3_notification("images/a b+ü.png", NOW)
    [picture] = stored_pictures(notification)
    assert (picture.key, picture.stored_at) == ("images/a b+ü.png", NOW)
    test = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"}
    assert list(stored_pictures(test)) == []
