"""Fallbacks: a GET of a picture always returns a picture."""

import json
from dataclasses import replace

import pytest

from postcard.budgets.render_budget import RenderBudget
from postcard.pipeline.template_loader import MAX_RECORD_AGE_SECONDS, RETRY_SECONDS
from postcard.ports import TemplateRecord
from tests.functions.fake_services import HandlerResponse, solid_png
from tests.functions.in_memory_service import NOW, InMemoryService
from tests.functions.sample_events import document

PHOTO = "https://example.com/alex.png"
AVATAR = {
    "type": "image",
    "name": "avatar",
    "width": 20,
    "height": 20,
    "source": "{{ photo }}",
}


def with_photo(**layer: object) -> dict[str, object]:
    """A document whose only image is a field."""
    fields = {"first_name": {"default": "there"}, "photo": {"type": "image"}}
    return document(fields=fields, layers=[{**AVATAR, **layer}], alt="")


def assert_failed(reply: HandlerResponse, reason: str) -> None:
    """A marked fallback: 200, cached for a minute."""
    assert reply.status == 200
    assert reply.headers["content-type"].startswith("image/")
    assert reply.headers["cache-control"] == "public, no-transform, max-age=60"
    assert reply.headers["x-postcard-fallback"] == reason
    assert reply.headers["x-postcard-render"] == "fallback"


def nothing_stored(world: InMemoryService) -> None:
    assert list(world.pictures.keys("")) == []


@pytest.fixture
def fallback(world: InMemoryService) -> bytes:
    """The template's `fallback` at the template's own size."""
    world.call("PATCH", "/v1/templates/welcome", {"paused": True})
    world.publish(document(ended=None, background="#010203"))
    body = world.open_link(world.sign_link(version=2)).body
    world.call("PATCH", "/v1/templates/welcome", {"paused": False})
    return body


def test_an_unavailable_image_is_handled_as_its_layer_says(empty: InMemoryService) -> None:
    empty.publish(with_photo(on_error="hide"))
    reply = empty.open_link(empty.sign_link({"photo": PHOTO}))
    assert_failed(reply, "source")
    assert empty.web.fetched == [PHOTO]
    nothing_stored(empty)
    empty.web.pictures[PHOTO] = solid_png()
    good = empty.open_link(empty.sign_link({"photo": PHOTO}))
    assert "x-postcard-fallback" not in good.headers and good.body != reply.body


def test_a_layer_with_on_error_fail_results_in_the_fallback(empty: InMemoryService) -> None:
    empty.publish(with_photo(on_error="fail"))
    reply = empty.open_link(empty.sign_link({"photo": PHOTO}))
    assert_failed(reply, "source")
    empty.call("PATCH", "/v1/templates/welcome", {"paused": True})
    assert reply.body != empty.open_link(empty.sign_link()).body, "that is the ended picture"
    nothing_stored(empty)


def test_a_failed_render_is_repeated_with_every_field_at_its_default(
    world: InMemoryService,
) -> None:
    defaults = world.open_link(world.sign_link()).body
    world.pictures.delete(list(world.pictures.keys("")))
    world.renderer.failures_left = 1
    reply = world.open_link(world.sign_link({"first_name": "Zoe"}))
    assert_failed(reply, "render")
    assert reply.body == defaults
    nothing_stored(world)


def test_the_fallback_is_shown_if_the_defaults_cannot_be_drawn_either(
    world: InMemoryService, fallback: bytes
) -> None:
    world.renderer.failures_left = 2
    reply = world.open_link(world.sign_link({"first_name": "Zoe"}))
    assert_failed(reply, "render")
    assert reply.body == fallback


def test_defaults_are_not_drawn_if_a_required_field_has_none(empty: InMemoryService) -> None:
    empty.publish(document(fields={"first_name": {"required": True}, "code": {}}))
    empty.renderer.failures_left = 1
    before = empty.renderer.renders
    assert_failed(empty.open_link(empty.sign_link({"first_name": "Zoe"})), "render")
    assert empty.renderer.renders == before + 1


def test_the_fallback_has_the_requested_size_and_format(world: InMemoryService) -> None:
    world.renderer.failures_left = 2
    assert world.open_link(world.sign_link(width=90, dpr=2)).size == (180, 90)
    world.renderer.failures_left = 2
    assert world.open_link(world.sign_link(format="jpg")).headers["content-type"] == "image/jpeg"


def test_a_paused_template_shows_ended_else_fallback(
    world: InMemoryService, fallback: bytes
) -> None:
    world.call("PATCH", "/v1/templates/welcome", {"paused": True})
    ended = world.open_link(world.sign_link(expires=int(NOW) - 1))
    reply = world.open_link(world.sign_link({"first_name": "Zoe"}))
    assert_failed(reply, "paused")
    assert reply.body == ended.body
    without = world.open_link(world.sign_link(version=2))
    assert_failed(without, "paused")
    assert without.body == fallback
    nothing_stored(world)


def test_a_template_s_daily_budget_limits_renders(world: InMemoryService) -> None:
    world.call("PATCH", "/v1/templates/welcome", {"daily_renders": 2})
    for name in "ab":
        assert (
            "x-postcard-fallback"
            not in world.open_link(world.sign_link({"first_name": name})).headers
        )
    assert_failed(world.open_link(world.sign_link({"first_name": "c"})), "budget")
    world.now += 86_400
    assert (
        "x-postcard-fallback" not in world.open_link(world.sign_link({"first_name": "c"})).headers
    )


def test_a_budget_counts_the_renders_before_it_was_set(world: InMemoryService) -> None:
    for name in "ab":
        world.open_link(world.sign_link({"first_name": name}))
    world.create_image({"first_name": "c"})
    world.call("PATCH", "/v1/templates/welcome", {"daily_renders": 4})
    drawn = world.open_link(world.sign_link({"first_name": "d"}))
    assert "x-postcard-fallback" not in drawn.headers
    assert_failed(world.open_link(world.sign_link({"first_name": "e"})), "budget")


def test_renders_without_a_budget_are_written_in_steps(world: InMemoryService) -> None:
    budget, unlimited = (
        RenderBudget(world.counters, world.budget_notices),
        TemplateRecord("welcome", "Welcome", 1, 0),
    )
    for _ in range(1_000):
        assert budget.spend(unlimited, now=world.now)
    assert world.counters.added < 120
    limited = replace(unlimited, daily_renders=1_002)
    assert [budget.spend(limited, now=world.now) for _ in range(3)] == [True, True, False]
    other_process = RenderBudget(world.counters, world.budget_notices)
    assert not other_process.spend(limited, now=world.now)


def test_renders_without_a_budget_need_no_counter(world: InMemoryService) -> None:
    world.counters.down = True
    for name in "abc":
        reply = world.open_link(world.sign_link({"first_name": name}))
        assert "x-postcard-fallback" not in reply.headers
    assert world.counters.added == 1, "the others do not wait for a counter that is down"


def test_one_merge_link_uses_at_most_half_of_its_template_s_budget(
    world: InMemoryService,
) -> None:
    """Anyone with the link can have any words drawn; other links must still be drawn."""
    world.call("PATCH", "/v1/templates/welcome", {"daily_renders": 5})
    leaked = world.sign_link(open=("first_name",))
    for name in "abc":
        assert not world.open_link(f"{leaked}&first_name={name}").headers.get("x-postcard-fallback")
    writes = world.counters.added
    for name in "defg":
        assert_failed(world.open_link(f"{leaked}&first_name={name}"), "budget")
    assert world.counters.added == writes
    for name in "hi":
        assert (
            "x-postcard-fallback"
            not in world.open_link(world.sign_link({"first_name": name})).headers
        )
    assert_failed(world.open_link(world.sign_link({"first_name": "j"})), "budget")
    world.now += 86_400
    assert "x-postcard-fallback" not in world.open_link(f"{leaked}&first_name=d").headers


def test_each_merge_link_has_a_budget_if_the_template_has_none() -> None:
    world = InMemoryService(merge_renders=2)
    world.publish(document())
    leaked, other = (
        world.sign_link(open=("first_name",)),
        world.sign_link(open=("first_name",), width=300),
    )
    for name in "ab":
        assert "x-postcard-fallback" not in world.open_link(f"{leaked}&first_name={name}").headers
    assert_failed(world.open_link(f"{leaked}&first_name=c"), "budget")
    assert "x-postcard-fallback" not in world.open_link(f"{other}&first_name=c").headers
    assert (
        "x-postcard-fallback" not in world.open_link(world.sign_link({"first_name": "c"})).headers
    )


def test_an_erased_and_an_unknown_template_show_a_fallback(
    world: InMemoryService, fallback: bytes
) -> None:
    link = world.sign_link(version=2)
    world.call("DELETE", "/v1/templates/welcome?erase=true")
    reply = world.open_link(link)
    assert_failed(reply, "erased")
    assert reply.body == fallback
    assert_failed(world.open_link(world.sign_link(template="nowhere")), "unknown")


def test_an_unknown_version_shows_the_template_s_fallback(
    world: InMemoryService, fallback: bytes
) -> None:
    reply = world.open_link(world.sign_link(version=9))
    assert_failed(reply, "unknown")
    assert reply.body == fallback


def test_links_of_a_deleted_template_are_still_drawn(world: InMemoryService) -> None:
    link = world.sign_link({"first_name": "Zoe"})
    made = world.create_image({"first_name": "Zoe"}, render="on_open").json
    assert world.call("DELETE", "/v1/templates/welcome").status == 204
    assert world.open_link(link).headers["x-postcard-render"] == "drawn"
    assert world.open_image(made["url"]).headers["x-postcard-render"] == "drawn"


def test_a_template_without_fallback_shows_a_plain_picture_in_its_background(
    empty: InMemoryService,
) -> None:
    empty.publish(document(fallback=None, ended=None, background="#102030"))
    empty.renderer.failures_left = 2
    reply = empty.open_link(empty.sign_link(width=60))
    assert_failed(reply, "render")
    assert reply.size == (60, 30)
    plain = empty.renderer.solid_color(empty_size(60, 30), format="png", background="#102030")
    assert reply.body == plain.body


def empty_size(width: int, height: int):  # type: ignore[no-untyped-def]
    from postcard.geometry import OutputSize

    return OutputSize(width, height, width, height)


def test_the_plain_picture_is_white_without_a_template(empty: InMemoryService) -> None:
    reply = empty.open_link(empty.sign_link(width=400))
    assert_failed(reply, "unknown")
    assert reply.size == (400, 210)
    plain = empty.renderer.solid_color(empty_size(400, 210), format="png", background="#ffffff")
    assert reply.body == plain.body


def test_the_version_s_fallback_is_shown_while_the_table_is_down(
    world: InMemoryService, fallback: bytes
) -> None:
    world.templates.down = True
    world.rebuild()
    reply = world.open_link(world.sign_link(version=2))
    assert_failed(reply, "dependency")
    assert reply.size[0] / reply.size[1] == 2, "the stored picture's own proportions"
    assert_failed(world.open_link(world.sign_link(version=None)), "dependency")


def test_a_process_that_has_loaded_a_template_draws_it_while_the_table_is_down(
    world: InMemoryService,
) -> None:
    world.open_link(world.sign_link())
    world.templates.down = True
    link = world.sign_link({"first_name": "Bob"})
    meanwhile = world.open_link(link)
    assert meanwhile.headers["x-postcard-render"] == "drawn"
    assert "x-postcard-fallback" not in meanwhile.headers
    assert meanwhile.headers["cache-control"] == "public, no-transform, max-age=60"
    stored = list(world.pictures.keys(""))
    assert len(stored) == 1, "a picture that may have been recalled is not stored"
    world.templates.down = False
    world.monotonic_now += RETRY_SECONDS
    after = world.open_link(link)
    assert after.body == meanwhile.body
    assert after.headers["cache-control"] == "public, no-transform, max-age=86400"
    assert len(list(world.pictures.keys(""))) == 2


def test_a_table_that_is_down_is_not_tried_for_each_picture(world: InMemoryService) -> None:
    world.open_link(world.sign_link())
    world.templates.down, before = True, world.templates.reads
    for name in ("Bob", "Cy", "Di"):
        world.open_link(world.sign_link({"first_name": name}))
    assert world.templates.reads == before + 1
    world.monotonic_now += RETRY_SECONDS
    world.open_link(world.sign_link({"first_name": "Eve"}))
    assert world.templates.reads == before + 2


def test_a_remembered_template_record_expires(world: InMemoryService) -> None:
    world.open_link(world.sign_link())
    world.templates.down = True
    world.monotonic_now += MAX_RECORD_AGE_SECONDS - 1
    assert (
        "x-postcard-fallback" not in world.open_link(world.sign_link({"first_name": "Bob"})).headers
    )
    world.monotonic_now += 2
    assert_failed(world.open_link(world.sign_link({"first_name": "Cy"})), "dependency")


def test_a_template_known_to_be_erased_stays_erased_while_the_table_is_down(
    world: InMemoryService,
) -> None:
    world.call("DELETE", "/v1/templates/welcome?erase=true")
    assert_failed(world.open_link(world.sign_link()), "erased")
    world.templates.down = True
    assert_failed(world.open_link(world.sign_link()), "erased")


def test_each_process_counts_the_budget_itself_while_the_table_is_down(
    world: InMemoryService,
) -> None:
    world.call("PATCH", "/v1/templates/welcome", {"daily_renders": 2})
    world.counters.down = True
    shown = [
        world.open_link(world.sign_link({"first_name": name})).headers
        for name in ("Bob", "Cy", "Di")
    ]
    assert [headers.get("x-postcard-fallback") for headers in shown] == [None, None, "budget"]
    assert world.counters.added == 1, "nor is it waited for again and again"


def test_pictures_that_are_drawn_but_not_stored_are_counted(
    world: InMemoryService, capsys: pytest.CaptureFixture[str]
) -> None:
    def unstored() -> list[float]:
        lines = map(json.loads, capsys.readouterr().out.splitlines())
        return [number for line in lines if "_aws" in line for number in line["Unstored"]]

    capsys.readouterr()
    world.open_link(world.sign_link({"first_name": "Ada"}))
    assert unstored() == [0]
    world.templates.down = True  # the last known record stands in
    world.open_link(world.sign_link({"first_name": "Bob"}))
    assert unstored() == [1]
    world.templates.down, world.pictures.down = False, True
    world.open_link(world.sign_link({"first_name": "Cy"}))
    assert unstored() == [1]


def test_the_log_names_the_dependency_that_failed(
    world: InMemoryService, capsys: pytest.CaptureFixture[str]
) -> None:
    made = world.create_image().json
    capsys.readouterr()
    world.templates.down = True
    for path in ("/v1/templates/welcome", "/v1/links"):
        world.call("POST" if "links" in path else "GET", path, {"template_id": "welcome"})
        assert '"dependency":"DynamoDB is down."' in capsys.readouterr().out
    world.open_link(world.sign_link())
    world.open_image(made["url"])
    assert capsys.readouterr().out.count('"error":"DynamoDB is down."') == 2
    world.templates.down, world.pictures.down = False, True
    world.open_link(world.sign_link())
    assert '"not_stored":true,"error":"S3 is down."' in capsys.readouterr().out


def test_a_picture_is_drawn_while_its_bucket_is_down(world: InMemoryService) -> None:
    world.pictures.down = True
    reply = world.open_link(world.sign_link())
    assert "x-postcard-fallback" not in reply.headers, "it was drawn, only not stored"
    world.store.down = True
    world.renderer.failures_left = 2
    assert_failed(world.open_link(world.sign_link()), "render")


def test_an_unreadable_source_of_the_version_is_a_failed_dependency(
    empty: InMemoryService,
) -> None:
    empty.upload_asset("hero", solid_png())
    layer = {"type": "image", "width": 120, "height": 60, "source": "asset:hero"}
    empty.publish(document(layers=[layer], fallback=None))
    empty.store.down = True
    assert_failed(empty.open_link(empty.sign_link()), "dependency")


def test_the_fallback_is_shown_without_time_left_to_draw(world: InMemoryService) -> None:
    renders = world.renderer.renders
    assert_failed(world.open_link(world.sign_link(), remaining_ms=2_000), "timeout")
    assert world.renderer.renders == renders


def test_an_erased_image_shows_the_fallback_of_its_size(world: InMemoryService) -> None:
    made = world.create_image({"first_name": "Zoe"}, width=60).json
    assert world.call("DELETE", f"/v1/images/{made['id']}").status == 204
    reply = world.open_image(made["url"])
    assert_failed(reply, "erased")
    assert reply.size == (60, 30)
    nothing_stored(world)


def test_the_text_of_an_exception_is_not_logged(
    world: InMemoryService, capsys: pytest.CaptureFixture[str]
) -> None:
    world.renderer.failures_left = 2
    world.open_link(world.sign_link({"first_name": "Zoe-the-secret"}))
    logged = capsys.readouterr().out
    assert "ZeroDivisionError" in logged
    assert "Zoe-the-secret" not in logged and "secret value" not in logged
