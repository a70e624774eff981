"""Deletes the stored pictures of a recalled version or an erased template, in the background.

    request ─▶ invalidate the CDN ─▶ delete ─▶ (delete again) ─▶ invalidate again ─▶ finished

A recalled version may have a million pictures. So the API stores a deletion and sends one task to
the queue; the worker takes a step of bounded size for each task, stores where the next step begins,
and sends the next task.

A walk is one pass over all places where such pictures may be. Calls that were drawing when the
deletion was requested may still store a picture of the old version: they read the record again
afterwards and remove it, but may be killed in between. So the last walk begins when all of those
calls are over (`SETTLE_SECONDS`). Pictures that are newer than that are right and stay.

A task has the number of its step, which shows that it arrived twice or that the next task was lost.
"""

import math
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice
from typing import NamedTuple

from postcard import ports
from postcard.deletion.stored_pictures import IMAGE_BATCH, paths_of_images, without_values
from postcard.delivery.picture_service import image_key
from postcard.links.signing import LinkKeys
from postcard.ports import DeletionRecord, ImageRecord, JsonObject
from postcard.timestamps import format_rfc3339

TASK = "delete_pictures"
# A call of the API (29 s) may change the record at its end, a picture may be drawn with a record
# that is some seconds old, and another call that began before may end 29 s later. The rest is for
# clocks that differ.
SETTLE_SECONDS = 90
OBJECTS_IN_A_BATCH = 1000  # that S3 lists, and deletes, in one call
IMAGES_IN_A_BATCH = 100  # records that DynamoDB reads in one call
OBJECTS_IN_A_STEP = 20_000
FIRST_DELAY_SECONDS = 1  # until the record has changed
UNKNOWN_DELAY_SECONDS, UNKNOWN_SECONDS = 5, 60  # while the deletion of a task is not stored yet
NEXT_TASK_DELAY_SECONDS = 300  # of a next task that is sent again, as it was perhaps lost
STALLED_SECONDS = 900  # without a step: the task is in the dead-letter queue, or lost
MAX_VERSIONS_IN_PATHS = 5  # for more of them, all paths of the template are invalidated


class Deletions:
    """Requests deletions, and reports their progress."""

    def __init__(
        self,
        records: ports.DeletionStore,
        queue: ports.Queue,
        keys: Callable[[], LinkKeys],
        *,
        clock: Callable[[], float] = time.time,
        new_run: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        self._records = records
        self._queue = queue
        self._keys = keys
        self._clock = clock
        self._new_run = new_run

    def request(
        self, template_id: str, version: int | None, versions: Sequence[int] = ()
    ) -> DeletionRecord:
        """Requests the deletion of the pictures of `versions`; of no version: of the template.

        The caller changes the template's record right afterwards, and may repeat the call if this
        one fails: the task is sent first, so a stored deletion always has one.
        """
        now = int(self._clock())
        record = DeletionRecord(
            template_id, version, tuple(versions), self._new_run(), self._keys().epoch, now, now
        )
        self._queue.send(_task(record), delay_seconds=FIRST_DELAY_SECONDS)
        self._records.begin(record)
        return record

    def current(self, template_id: str, version: int | None) -> DeletionRecord | None:
        """The last deletion, finished or going on; None if there is none or it has stalled."""
        record = self._records.get(template_id, version)
        return None if record is None or self.state(record) == "stalled" else record

    def of_template(self, template_id: str) -> dict[int | None, DeletionRecord]:
        """The last deletion of each version."""
        return {record.version: record for record in self._records.of_template(template_id)}

    def state(self, record: DeletionRecord) -> str:
        """`running`, `done` or `stalled`."""
        if record.finished_at is not None:
            return "done"
        is_stalled = self._clock() > record.updated_at + STALLED_SECONDS
        return "stalled" if is_stalled else "running"

    def to_json(self, record: DeletionRecord) -> JsonObject:
        """A deletion's progress, for responses."""
        finished_at = record.finished_at
        return {
            "state": self.state(record),
            "deleted": record.deleted,
            "requested_at": format_rfc3339(record.requested_at),
            "finished_at": None if finished_at is None else format_rfc3339(finished_at),
        }


class _RenderFolder(NamedTuple):
    """The stored pictures of links below one prefix of the pictures bucket."""

    prefix: str


class _ImageGroup(NamedTuple):
    """The opaque images of one version, or of all."""

    version: int | None


class DeletionWorker:
    """Takes one step of a deletion for each task."""

    def __init__(
        self,
        records: ports.DeletionStore,
        queue: ports.Queue,
        images: ports.ImageStore,
        pictures: ports.PagedObjectStore,
        cdn: ports.Cdn,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        objects_in_a_batch: int = OBJECTS_IN_A_BATCH,
        images_in_a_batch: int = IMAGES_IN_A_BATCH,
        objects_in_a_step: int = OBJECTS_IN_A_STEP,
    ) -> None:
        self._records = records
        self._queue = queue
        self._images = images
        self._pictures = pictures
        self._cdn = cdn
        self._clock = clock
        self._monotonic = monotonic
        self._objects_in_a_batch = objects_in_a_batch
        self._images_in_a_batch = images_in_a_batch
        self._objects_in_a_step = objects_in_a_step

    def handle(self, task: JsonObject, *, deadline: float) -> JsonObject:
        """Takes the step of a task before the `time.monotonic()` instant `deadline`.

        Returns fields for the log. A task that was done already is dropped. If the step fails, the
        same task repeats it.
        """
        record = self._records.get(task["template_id"], task["version"])
        if record is None or record.run != task["run"]:
            return self._look_again(task)
        if record.finished_at is not None:
            return {"outcome": "finished before"}
        if task["step"] != record.step:
            if task["step"] == record.step - 1:  # perhaps nobody sent the next task
                self._queue.send(_task(record), delay_seconds=NEXT_TASK_DELAY_SECONDS)
            return {"outcome": "done before"}
        changed, delay = self._take_step(record, deadline)
        changed = replace(changed, step=record.step + 1, updated_at=int(self._clock()))
        if self._records.advance(changed) and changed.finished_at is None:
            self._queue.send(_task(changed), delay_seconds=delay)
        return {
            "outcome": "going on" if changed.finished_at is None else "finished",
            "deleted": changed.deleted - record.deleted,
        }

    def _look_again(self, task: JsonObject) -> JsonObject:
        """The deletion of a new task may be stored in a moment; that of an old one was replaced."""
        if self._clock() < task["requested_at"] + UNKNOWN_SECONDS:
            self._queue.send(task, delay_seconds=UNKNOWN_DELAY_SECONDS)
            return {"outcome": "not stored yet"}
        return {"outcome": "superseded"}

    def _take_step(self, record: DeletionRecord, deadline: float) -> tuple[DeletionRecord, int]:
        """The record after one step, and the seconds until the next one may begin."""
        settled_at = record.requested_at + SETTLE_SECONDS
        if record.step == 0:
            self._invalidate(record)
        if record.walk_began_at is None:
            now = self._clock()
            if record.step > 0 and now < settled_at:
                return record, _whole_seconds(settled_at - now)
            record = replace(record, walk_began_at=now, place=0, after="")
        record = self._walk(record, deadline)
        if record.place < len(_places(record)):
            return record, 0
        if not _is_last_walk(record):
            return replace(record, walk_began_at=None), _whole_seconds(settled_at - self._clock())
        self._invalidate(record)
        return replace(record, finished_at=int(self._clock())), 0

    def _walk(self, record: DeletionRecord, deadline: float) -> DeletionRecord:
        """Deletes batch after batch, at least one, until the step is long enough."""
        places, remaining = _places(record), self._objects_in_a_step
        while record.place < len(places):
            place = places[record.place]
            if isinstance(place, _RenderFolder):
                batch = self._delete_renders(record, place.prefix)
            else:
                batch = self._delete_images(record, place.version)
            record, remaining = _behind(record, batch), remaining - batch.keys
            if remaining <= 0 or self._monotonic() >= deadline:
                break
        return record

    def _delete_renders(self, record: DeletionRecord, prefix: str) -> "_Batch":
        page = self._pictures.page(prefix, after=record.after, limit=self._objects_in_a_batch)
        settled_at = record.requested_at + SETTLE_SECONDS
        old = [listed.key for listed in page.items if listed.modified_at <= settled_at]
        if old:
            self._pictures.delete(old)
        return _Batch(len(page.items), len(old), page.next_cursor)

    def _delete_images(self, record: DeletionRecord, version: int | None) -> "_Batch":
        """The records of erased images change first, so that no GET draws an erased value.

        Images are deleted in each walk, and counted in the last one.
        """
        page = self._images.page_by_template(
            record.template_id, version, after=record.after, limit=self._images_in_a_batch
        )
        if record.version is None:
            for image in page.items:
                if not image.erased:
                    self._images.put(without_values(image))
        if page.items:
            keys = [image_key(image.image_id, image.format) for image in page.items]
            self._pictures.delete(keys)
        counted = len(page.items) if _is_last_walk(record) else 0
        return _Batch(len(page.items), counted, page.next_cursor)

    def _invalidate(self, record: DeletionRecord) -> None:
        """Removes the CDN's copies: of links, also by the epochs next to the present one."""
        epochs = range(max(1, record.epoch - 1), record.epoch + 2)
        # A link without a version shows the latest one, and an ended link its `ended` picture.
        kinds = [*(f"{version}/" for version in record.versions), "live/", "ended/"]
        if not 0 < len(record.versions) <= MAX_VERSIONS_IN_PATHS:
            kinds = [""]
        folders = (
            f"/renders/{epoch}/{record.template_id}/{kind}" for epoch in epochs for kind in kinds
        )
        images: list[ImageRecord] = []
        for version in _image_versions(record):
            found = self._images.by_template(record.template_id, version)
            images += islice(found, IMAGE_BATCH - len(images))
        self._cdn.invalidate([*(f"{folder}*" for folder in folders), *paths_of_images(images)])


class _Batch(NamedTuple):
    """How many keys it had, how many pictures it deleted, and where the next one begins, if any."""

    keys: int
    deleted: int
    next_cursor: str | None


def _is_last_walk(record: DeletionRecord) -> bool:
    """Whether all calls that could store an old picture were over when the walk began."""
    assert record.walk_began_at is not None
    return record.walk_began_at >= record.requested_at + SETTLE_SECONDS


def _behind(record: DeletionRecord, batch: _Batch) -> DeletionRecord:
    """The record with the position behind a batch."""
    record = replace(record, deleted=record.deleted + batch.deleted)
    if batch.next_cursor is None:
        return replace(record, place=record.place + 1, after="")
    return replace(record, after=batch.next_cursor)


def _places(record: DeletionRecord) -> list[_RenderFolder | _ImageGroup]:
    """All places of one walk, in order."""
    epochs = range(1, record.epoch + 2)  # the epoch may just be raised
    folders = [f"{version}/" for version in record.versions] or [""]
    renders = [
        _RenderFolder(f"renders/{epoch}/{record.template_id}/{folder}")
        for epoch in epochs
        for folder in folders
    ]
    return [*renders, *(_ImageGroup(version) for version in _image_versions(record))]


def _image_versions(record: DeletionRecord) -> Sequence[int | None]:
    return record.versions or (None,)


def _task(record: DeletionRecord) -> JsonObject:
    """The task of a deletion's next step."""
    return {
        "task": TASK,
        "template_id": record.template_id,
        "version": record.version,
        "run": record.run,
        "requested_at": record.requested_at,
        "step": record.step,
    }


def _whole_seconds(seconds: float) -> int:
    return max(1, math.ceil(seconds))
