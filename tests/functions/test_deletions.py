"""Pictures of recalled versions and erased templates are deleted in the background."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import count
from typing import Any

import pytest

from postcard.deletion.deletions import (
    NEXT_TASK_DELAY_SECONDS,
    SETTLE_SECONDS,
    STALLED_SECONDS,
)
from postcard.errors import ServiceUnavailable
from postcard.ports import DeletionRecord, JsonObject, StoredObject
from tests.functions.fake_services import HandlerResponse
from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import Json, document

RECALL = "/v1/templates/welcome/versions/1/recall"
ERASE = "/v1/templates/welcome?erase=true"
FOLDER = "renders/7/welcome/1/"
SIZES = {"objects_in_a_batch": 10, "images_in_a_batch": 3, "objects_in_a_step": 40}


@pytest.fixture
def shop(world: InMemoryService) -> InMemoryService:
    """A service whose version 1 is wrong and whose version 2 is right."""
    world.publish(document(background="#ff0000"))
    return world


def recall(world: InMemoryService, version: int = 1, replaced_by: int = 2) -> HandlerResponse:
    path = f"/v1/templates/welcome/versions/{version}/recall"
    return world.call("POST", path, {"replaced_by": replaced_by})


def store_pictures(world: InMemoryService, number: int, folder: str = FOLDER) -> None:
    for index in range(number):
        world.pictures.put(f"{folder}{index:064x}.png", StoredObject(b"old", "image/png"))


def stored_keys(world: InMemoryService) -> list[str]:
    return list(world.pictures.keys(""))


def deletion(world: InMemoryService, version: int = 1) -> Json:
    items = world.call("GET", "/v1/templates/welcome/versions").json["items"]
    return dict(next(item for item in items if item["version"] == version)["deletion"])


def do_one_task(world: InMemoryService, **sizes: int) -> JsonObject:
    """Do the next task when it is due; returns it."""
    due = world.queue.next_due()
    assert due is not None
    world.now = max(world.now, due)
    task = world.queue.receive()
    assert task is not None
    world.worker(**sizes).handle(task, deadline=float("inf"))
    return task


def test_a_recall_answers_before_it_deletes_and_says_how_far_it_is(shop: InMemoryService) -> None:
    store_pictures(shop, 1000)
    deletes = shop.pictures.deletes
    reply = recall(shop)
    assert (reply.status, reply.json["deletion"]["state"]) == (200, "running")
    assert len(stored_keys(shop)) == 1000 and shop.pictures.deletes == deletes
    for _ in range(3):
        do_one_task(shop, **SIZES)
    assert deletion(shop) == {
        "state": "running",
        "deleted": 120,
        "requested_at": "2026-11-22T10:00:00Z",
        "finished_at": None,
    }
    shop.work(**SIZES)
    assert stored_keys(shop) == []
    done = deletion(shop)
    assert (done["state"], done["deleted"]) == ("done", 1000)
    assert done["finished_at"] >= "2026-11-22T10:01:30Z"


def test_the_work_of_a_step_is_bounded(shop: InMemoryService) -> None:
    store_pictures(shop, 1000)
    recall(shop)
    steps = 0
    while shop.queue.next_due() is not None:
        before, deletes = len(stored_keys(shop)), shop.pictures.deletes
        do_one_task(shop, **SIZES)
        assert before - len(stored_keys(shop)) <= 40
        assert shop.pictures.deletes - deletes <= 4
        steps += 1
    assert 25 <= steps <= 30, "25 of deleting, then a look whether there is more"


def test_a_step_ends_at_its_deadline_after_one_batch(shop: InMemoryService) -> None:
    store_pictures(shop, 50)
    recall(shop)
    shop.now += 1
    task = shop.queue.receive()
    assert task is not None
    shop.worker(**SIZES).handle(task, deadline=shop.monotonic())
    record = shop.deletions.get("welcome", 1)
    assert record is not None and (record.place, record.step) == (1, 1), "one call of S3"
    shop.work(**SIZES)
    assert stored_keys(shop) == []


def test_the_cdn_is_told_first_and_after_the_last_deletion(shop: InMemoryService) -> None:
    store_pictures(shop, 30)
    made = shop.create_image({"first_name": "Zoe"}, template_version=1).json
    events: list[str] = []
    invalidate, delete = shop.cdn.invalidate, shop.pictures.delete

    def invalidate_and_tell(paths: Sequence[str]) -> None:
        events.append("cdn")
        invalidate(paths)

    def delete_and_tell(keys: Sequence[str]) -> None:
        events.append("delete")
        delete(keys)

    shop.cdn.invalidate = invalidate_and_tell  # type: ignore[method-assign]
    shop.pictures.delete = delete_and_tell  # type: ignore[method-assign]
    recall(shop)
    shop.work(**SIZES)
    assert events[0] == events[-1] == "cdn" and events.count("cdn") == 2
    assert events.count("delete") >= 3
    paths = shop.cdn.invalidated_paths
    for path in ("/renders/7/welcome/1/*", "/renders/7/welcome/live/*", f"/i/{made['id']}.png"):
        assert paths.count(path) == 2
    assert "/renders/7/welcome/2/*" not in paths


def test_pictures_of_other_versions_and_templates_stay(shop: InMemoryService) -> None:
    others = ["renders/7/welcome/2/", "renders/7/welcome/11/", "renders/7/welcome2/1/"]
    for folder in others:
        store_pictures(shop, 2, folder)
    kept = stored_keys(shop)
    store_pictures(shop, 5)
    store_pictures(shop, 5, "renders/3/welcome/1/")  # of an earlier epoch
    store_pictures(shop, 5, "renders/8/welcome/1/")  # of an epoch that is just raised
    recall(shop)
    shop.work(**SIZES)
    assert stored_keys(shop) == kept


def test_new_pictures_are_kept_while_old_ones_are_deleted(shop: InMemoryService) -> None:
    """Readers go on opening mail: what they store is right, and nothing deletes it for ever."""
    store_pictures(shop, 100)
    recall(shop)
    shop.now += SETTLE_SECONDS + 1
    link = shop.sign_link({"first_name": "Zoe"}, version=1)
    right = shop.open_link(link).body
    (key,) = (key for key in stored_keys(shop) if shop.pictures.get(key).body == right)  # type: ignore[union-attr]
    shop.work(**SIZES)
    assert stored_keys(shop) == [key]


def test_a_recall_writes_no_record_of_an_image_and_their_status_is_right(
    shop: InMemoryService,
) -> None:
    """A million images may have been posted."""
    made = [
        shop.create_image({"first_name": f"n{n}"}, template_version=1, render=render).json
        for n, render in enumerate(("now", "now", "on_open"))
    ]
    shop.open_image(made[2]["url"])
    records = list(shop.images.by_template("welcome"))
    recall(shop)
    shop.work(**SIZES)
    assert list(shop.images.by_template("welcome")) == records
    assert deletion(shop)["deleted"] == 3
    paths = [f"/v1/images/{image['id']}" for image in made]
    assert [shop.call("GET", path).json["status"] for path in paths] == ["pending"] * 3
    right = shop.open_image(made[0]["url"]).body
    assert shop.call("GET", paths[0]).json["bytes"] == len(right)
    assert [shop.call("GET", path).json["status"] for path in paths[:2]] == ["ready", "pending"]


def test_a_recall_of_the_replacement_deletes_what_was_drawn_with_it(shop: InMemoryService) -> None:
    shop.publish(document(background="#00ff00"))
    link = shop.sign_link({"first_name": "Zoe"}, version=1)
    recall(shop, 1, 2)
    shop.work()
    wrong = shop.open_link(link).body
    assert len(stored_keys(shop)) == 1, "under version 1, drawn with version 2"
    recall(shop, 2, 3)
    shop.work()
    assert stored_keys(shop) == []
    assert shop.cdn.invalidated_paths.count(f"/{FOLDER}*") == 4
    assert shop.open_link(link).body != wrong


@pytest.mark.parametrize("failing", ["advance", "send", "after"])
def test_a_worker_that_is_killed_anywhere_goes_on(shop: InMemoryService, failing: str) -> None:
    """Each task is killed once, before or after its step is stored, and comes back."""
    store_pictures(shop, 200)
    for _ in range(5):
        shop.create_image({"first_name": f"n{_}"}, template_version=1)
    recall(shop)
    tasks = 0
    while (due := shop.queue.next_due()) is not None:
        shop.now = max(shop.now, due)
        task = shop.queue.receive()
        assert task is not None
        with pytest.MonkeyPatch.context() as patch:
            if failing == "advance":
                patch.setattr(shop.deletions, "advance", _killed)
            if failing == "send":
                patch.setattr(shop.queue, "send", _killed)
            with suppress(Killed):
                shop.worker(**SIZES).handle(task, deadline=float("inf"))
        shop.now += 180  # the visibility timeout
        shop.worker(**SIZES).handle(task, deadline=float("inf"))
        tasks += 1
        assert tasks < 60
    assert stored_keys(shop) == []
    assert deletion(shop)["state"] == "done"


class Killed(BaseException):
    """The process ends here."""


def _killed(*_: Any, **__: Any) -> Any:
    raise Killed


def test_a_task_that_arrives_again_does_no_work_and_starts_no_second_chain(
    shop: InMemoryService,
) -> None:
    store_pictures(shop, 400)
    recall(shop)
    first = do_one_task(shop, **SIZES)
    for _ in range(3):
        deletes = shop.pictures.deletes
        shop.worker(**SIZES).handle(first, deadline=float("inf"))
        assert shop.pictures.deletes == deletes
    tasks = shop.work(**SIZES)
    assert tasks <= 10 + 2 + 3, "ten steps, two of waiting, three repeated tasks"
    assert stored_keys(shop) == []
    assert NEXT_TASK_DELAY_SECONDS > SETTLE_SECONDS, "a task that waits is not taken for lost"


def test_a_task_that_comes_before_its_deletion_is_stored_waits_for_it(
    shop: InMemoryService,
) -> None:
    store_pictures(shop, 5)
    begin = shop.deletions.begin

    def do_task_and_begin(record: DeletionRecord) -> None:
        do_one_task(shop)
        begin(record)

    shop.deletions.begin = do_task_and_begin  # type: ignore[method-assign]
    recall(shop)
    shop.work()
    assert stored_keys(shop) == [] and deletion(shop)["state"] == "done"


def test_the_same_recall_again_only_says_how_far_it_is(shop: InMemoryService) -> None:
    store_pictures(shop, 400)
    recall(shop)
    do_one_task(shop, **SIZES)
    again = recall(shop).json["deletion"]
    assert (again["state"], again["deleted"]) == ("running", 40)
    shop.work(**SIZES)
    assert recall(shop).json["deletion"]["state"] == "done"
    assert shop.queue.next_due() is None


def test_a_deletion_whose_task_is_lost_is_seen_and_begun_again(shop: InMemoryService) -> None:
    store_pictures(shop, 5)
    recall(shop)
    shop.now += 2
    shop.queue.receive()
    shop.now += STALLED_SECONDS
    assert deletion(shop)["state"] == "stalled"
    assert recall(shop).json["deletion"]["state"] == "running"
    shop.work()
    assert stored_keys(shop) == []


def test_a_recall_works_at_once_although_the_queue_is_away(shop: InMemoryService) -> None:
    link = shop.sign_link({"first_name": "Zoe"}, version=1)
    wrong = shop.open_link(link).body
    send = shop.queue.send

    def fail(*_: Any, **__: Any) -> None:
        raise ServiceUnavailable("SQS is down.")

    shop.queue.send = fail  # type: ignore[method-assign]
    assert recall(shop).status == 503
    assert shop.open_link(link).body != wrong
    shop.queue.send = send  # type: ignore[method-assign]
    assert recall(shop).json["deletion"]["state"] == "running"
    shop.work()
    assert all(shop.pictures.get(key).body != wrong for key in stored_keys(shop))  # type: ignore[union-attr]


def test_an_erased_template_loses_all_pictures_and_values(world: InMemoryService) -> None:
    world.key = world.new_api_key(rate=1000)
    made = [
        world.create_image({"first_name": f"Person-{n}"}, render=("now", "on_open")[n % 2]).json
        for n in range(20)
    ]
    store_pictures(world, 30)
    store_pictures(world, 30, "renders/7/welcome/2/")
    reply = world.call("DELETE", ERASE)
    assert (reply.status, reply.json["template_id"]) == (202, "welcome")
    assert reply.json["deletion"]["state"] == "running"
    for image in made:
        assert world.call("GET", f"/v1/images/{image['id']}").status == 410
    assert world.call("DELETE", ERASE).json["deletion"]["deleted"] == 0
    world.work(**SIZES)
    assert world.call("DELETE", ERASE).status == 204
    assert stored_keys(world) == []
    assert "Person" not in repr(list(world.images.by_template("welcome")))
    assert world.cdn.invalidated_paths.count("/renders/7/welcome/*") == 2
    assert f"/i/{made[0]['id']}.png" in world.cdn.invalidated_paths


def test_an_image_that_is_posted_while_its_template_is_erased_is_erased_too(
    world: InMemoryService,
) -> None:
    def erase() -> None:
        world.api.templates.delete("welcome", erase=True)
        do_one_task(world)

    world.renderer.on_render = erase
    world.create_image({"first_name": "Late-person"})
    world.work()
    assert stored_keys(world) == []
    assert "Late" not in repr(list(world.images.by_template("welcome")))


def test_an_image_that_is_erased_while_its_status_is_refreshed_stays_erased(
    world: InMemoryService,
) -> None:
    made = world.create_image({"first_name": "Zoe"}, render="on_open").json
    world.open_image(made["url"])
    get = world.pictures.get

    def get_and_erase(*args: Any, **more: Any) -> StoredObject | None:
        found = get(*args, **more)
        world.pictures.get = get  # type: ignore[method-assign]
        world.api.images.erase(made["id"])
        return found

    world.pictures.get = get_and_erase  # type: ignore[method-assign]
    assert world.call("GET", f"/v1/images/{made['id']}").status == 410
    assert "Zoe" not in repr(world.images.get(made["id"]))


def test_an_image_that_is_erased_while_its_version_is_recalled_stays_erased(
    shop: InMemoryService,
) -> None:
    made = shop.create_image({"first_name": "Zoe"}, template_version=1).json
    page = shop.images.page_by_template

    def page_and_erase(*args: Any, **more: Any) -> Any:
        found = page(*args, **more)
        shop.call("DELETE", f"/v1/images/{made['id']}")
        return found

    shop.images.page_by_template = page_and_erase  # type: ignore[method-assign]
    recall(shop)
    shop.work()
    assert "Zoe" not in repr(shop.images.get(made["id"]))


# ── A GET that is under way at any moment of a recall or an erasure ──────────────────────────────


class GetInSteps:
    """A GET that calls `before_step(n)` before each call of a port, and may be killed there."""

    def __init__(self, world: InMemoryService, patch: pytest.MonkeyPatch) -> None:
        self.before_step: Callable[[int], None] = lambda step: None
        self._steps: Iterator[int] | None = None
        ports = (
            (world.templates, "record"),
            (world.images, "get"),
            (world.renderer, "render"),
            (world.pictures, "put_if_absent"),
            (world.pictures, "delete"),
        )
        for port, name in ports:
            patch.setattr(port, name, self._stepped(getattr(port, name)))

    def _stepped(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*args: Any, **more: Any) -> Any:
            if self._steps is not None:
                steps, step = self._steps, next(self._steps)
                self._steps = None  # what runs in between is no step of the GET
                self.before_step(step)
                self._steps = steps
            return call(*args, **more)

        return stepped

    def run(self, get: Callable[[], HandlerResponse]) -> HandlerResponse | None:
        """The response, or None if the GET was killed."""
        self._steps = count()
        try:
            return get()
        except Killed:
            return None
        finally:
            self._steps = None


@pytest.mark.parametrize("kind", ["link", "image"])
@pytest.mark.parametrize("change", ["recall", "erase"])
def test_no_get_leaves_an_old_picture_whenever_it_runs_and_dies(kind: str, change: str) -> None:
    """The recall begins before each step of a GET, which then ends, or is killed at a later one."""
    outcomes = set()
    for began_at in range(7):
        for tasks in range(3):
            for killed_at in (None, *range(began_at + 1, 7)):
                outcomes.add(_interleave(kind, change, began_at, tasks, killed_at))
    assert outcomes == {"old shown", "new shown", "killed"}


class Interleaving:
    """A GET of an old picture and a recall or an erasure, and a CDN in front of the GET."""

    def __init__(self, kind: str, change: str) -> None:
        self.world, self.kind, self.change = InMemoryService(), kind, change
        self.world.publish(document())
        self.world.publish(document(background="#ff0000"))
        self.link = self.world.sign_link({"first_name": "Zoe"}, version=1)
        self.old = self.world.open_link(self.link).body
        self.image = self.world.create_image(
            {"first_name": "Zoe"}, template_version=1, render="on_open"
        ).json
        self.world.pictures.delete(stored_keys(self.world))
        self.cdn: list[bytes] = []  # the copies of old pictures that the CDN has
        self.world.cdn.invalidate = lambda paths: self.cdn.clear()  # type: ignore[method-assign]

    def open(self) -> HandlerResponse:
        if self.kind == "link":
            return self.world.open_link(self.link)
        return self.world.open_image(self.image["url"])

    def begin(self, tasks: int) -> None:
        """Recall or erase, and do the tasks that are due while a GET may run, which is 15 s."""
        if self.change == "recall":
            recall(self.world)
        else:
            self.world.call("DELETE", ERASE)
        for _ in range(tasks):
            if (due := self.world.queue.next_due()) is not None and due < self.world.now + 15:
                do_one_task(self.world, **SIZES)

    def finish(self, response: HandlerResponse | None) -> str:
        """What the GET came to, when all tasks are done."""
        if response is not None and response.body == self.old:
            self.cdn.append(response.body)
        self.world.work(**SIZES)
        stored = [self.world.pictures.get(key) for key in stored_keys(self.world)]
        assert all(picture.body != self.old for picture in stored if picture)
        assert self.cdn == []
        if response is None:
            return "killed"
        return "old shown" if response.body == self.old else "new shown"


def _interleave(kind: str, change: str, began_at: int, tasks: int, killed_at: int | None) -> str:
    both = Interleaving(kind, change)
    if tasks == 2:
        both.world.open_link(both.world.sign_link({"first_name": "Yan"}, version=1))  # to delete

    def before_step(step: int) -> None:
        if step == began_at:
            both.begin(tasks)
        if step == killed_at:
            raise Killed

    with pytest.MonkeyPatch.context() as patch:
        get = GetInSteps(both.world, patch)
        get.before_step = before_step
        response = get.run(both.open)
    if both.world.queue.next_due() is None:
        both.begin(tasks)  # the GET had fewer steps
    return both.finish(response)
