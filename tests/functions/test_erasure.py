"""Erased and recalled pictures are not shown or stored, even if they are being drawn."""

from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import document

PEOPLE = document(
    fields={
        "email": {"default": "", "erase_by": True},
        "first_name": {"default": "there"},
        "code": {"default": "SAVE10"},
    }
)


def erase(world: InMemoryService, value: str, field: str = "email") -> int:
    return world.api.erasure.erase_by_value(field, value)


def blind_indexes(world: InMemoryService, image_id: str) -> tuple[str, ...]:
    record = world.images.get(image_id)
    assert record is not None
    return tuple(record.blind_indexes)


def test_images_are_erased_by_the_value_of_a_field_with_erase_by(
    world: InMemoryService,
) -> None:
    world.publish(PEOPLE)
    world.publish(PEOPLE, "invoice")
    hers = [
        world.create_image({"email": "Ada@Example.com ", "code": "A"}).json,
        world.create_image({"email": "ada@example.com", "code": "B"}, template_id="invoice").json,
        world.create_image({"email": "ada@example.com"}, render="on_open").json,
    ]
    his = world.create_image({"email": "bob@example.com"}).json
    all_indexes = repr([blind_indexes(world, made["id"]) for made in hers])
    assert "ada" not in all_indexes.lower()
    assert erase(world, " ADA@example.com") == 3
    for made in hers:
        assert world.call("GET", f"/v1/images/{made['id']}").status == 410
        assert world.open_image(made["url"]).headers["x-postcard-fallback"] == "erased"
        assert blind_indexes(world, made["id"]) == ()
        assert f"/images/{made['id']}.png" in world.cdn.invalidated_paths
    assert "x-postcard-fallback" not in world.open_image(his["url"]).headers
    assert erase(world, "ada@example.com") == 0


def test_an_image_is_found_by_each_item_of_a_list(world: InMemoryService) -> None:
    guests = {"type": "list", "items": {"email": {"erase_by": True}, "name": {}}}
    world.publish(document(fields={"guests": guests}, layers=[], alt=""))
    two_guests = [{"email": "ada@example.com", "name": "Ada"}, {"email": "bob@example.com"}]
    made = world.create_image({"guests": two_guests}).json
    assert erase(world, "bob@example.com", "guests.name") == 0
    assert erase(world, "Bob@Example.com", "guests.email") == 1
    assert world.open_image(made["url"]).headers["x-postcard-fallback"] == "erased"


def test_values_of_other_fields_and_defaults_match_no_image(world: InMemoryService) -> None:
    world.publish(PEOPLE)
    world.create_image({"first_name": "ada@example.com"})
    world.create_image()
    assert erase(world, "ada@example.com") == 0
    assert erase(world, "ada@example.com", "first_name") == 0
    assert erase(world, "") == 0


def test_an_image_that_is_erased_while_it_is_drawn_is_not_stored(world: InMemoryService) -> None:
    made = world.create_image({"first_name": "Ada"}, render="on_open").json
    world.renderer.on_render = lambda: world.call("DELETE", f"/v1/images/{made['id']}")
    reply = world.open_image(made["url"])
    assert reply.headers["x-postcard-fallback"] == "erased"
    assert list(world.pictures.keys("")) == []


def test_a_link_that_is_drawn_while_its_template_is_erased_is_not_stored(
    world: InMemoryService,
) -> None:
    link = world.sign_link({"first_name": "Ada"})
    world.renderer.on_render = lambda: world.call("DELETE", "/v1/templates/welcome?erase=true")
    assert world.open_link(link).headers["cache-control"] == "public, no-transform, max-age=60"
    assert list(world.pictures.keys("renders/")) == []


def recall_once(world: InMemoryService) -> None:
    """Recall version 1 while the next picture is drawn."""

    def recall() -> None:
        world.renderer.on_render = lambda: None
        body = {"replaced_by": 2}
        world.call("POST", "/v1/templates/welcome/versions/1/recall", body)

    world.renderer.on_render = recall


def test_a_link_that_is_drawn_while_its_version_is_recalled_shows_the_replacement(
    world: InMemoryService,
) -> None:
    world.publish(document(background="#ff0000"))
    link = world.sign_link({"first_name": "Ada"}, version=1)
    recall_once(world)
    shown = world.open_link(link)
    assert "x-postcard-fallback" not in shown.headers
    (key,) = world.pictures.keys("renders/")
    stored = world.pictures.get(key)
    assert stored is not None and stored.body == shown.body
    replacement = world.open_link(world.sign_link({"first_name": "Ada"}, version=2))
    assert shown.body == replacement.body


def test_a_recall_is_seen_by_a_process_that_read_the_record_a_moment_ago(
    world: InMemoryService,
) -> None:
    world.publish(document(background="#ff0000"))
    world.open_link(world.sign_link({"first_name": "Ada"}, version=1))
    world.call("POST", "/v1/templates/welcome/versions/1/recall", {"replaced_by": 2})
    names = [world.sign_link({"first_name": "Bob"}, version=each) for each in (1, 2)]
    first, second = (world.open_link(link).body for link in names)
    assert first == second


def test_a_picture_is_not_stored_if_erasure_cannot_be_checked_again(world: InMemoryService) -> None:
    link = world.sign_link({"first_name": "Ada"})

    def fail() -> None:
        world.templates.down = True

    world.renderer.on_render = fail
    reply = world.open_link(link)
    assert (reply.status, reply.headers["cache-control"]) == (
        200,
        "public, no-transform, max-age=60",
    )
    assert "x-postcard-fallback" not in reply.headers
    assert list(world.pictures.keys("renders/")) == []


def test_an_erased_image_is_not_shown_while_the_bucket_is_down(world: InMemoryService) -> None:
    made = world.create_image({"first_name": "Ada"}, render="on_open").json

    def erase_and_fail() -> None:
        world.call("DELETE", f"/v1/images/{made['id']}")
        world.pictures.down = True

    world.renderer.on_render = erase_and_fail
    reply = world.open_image(made["url"])
    assert reply.headers["x-postcard-fallback"] == "erased"
    assert reply.headers["cache-control"] == "public, no-transform, max-age=60"
