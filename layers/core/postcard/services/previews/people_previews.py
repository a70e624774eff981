"""Draws one template for several people: compiled once, its images fetched once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from typing import Any

from postcard.errors import BadRequest, Fault, faults_to_json
from postcard.geometry import Box
from postcard.image_formats import MAX_PICTURE_BYTES
from postcard.json_text import json_pointer
from postcard.lint.checks import check_picture
from postcard.lint.worst_people import worst_people
from postcard.pipeline.pipeline import FetchedJob, RenderPipeline, RenderResult
from postcard.pipeline.render_job import OutputOptions, RenderJob, job_for_request
from postcard.pipeline.template_loader import LoadedTemplate
from postcard.pipeline.timings import Timings
from postcard.ports import JsonObject
from postcard.rendering.renderer import RenderFailed
from postcard.runtime.lazy_dataclass import dataclass
from postcard.services.previews.fallback_previews import FallbackPreviews
from postcard.template.bind import BaseValues, BindMode

MAX_PEOPLE = 12
Modifications = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Person:
    """A person to draw. Only people that the server generates have `name` and `modifications`.

    `pointer` is where the request holds the person's modifications.
    """

    job: RenderJob
    pointer: str
    name: str | None = None
    modifications: Modifications | None = None


@dataclass(frozen=True, slots=True)
class PersonPicture:
    """What a link shows one person: `show` is `picture` or `fallback`."""

    person: Person
    result: RenderResult
    show: str
    warnings: Sequence[Fault]
    findings: Sequence[Fault]

    def to_json(self) -> JsonObject:
        """The JSON response without the picture itself."""
        return {
            "name": self.person.name,
            "modifications": self.person.modifications,
            "show": self.show,
            "alt": self.person.job.alt,
            "warnings": faults_to_json(self.warnings),
            "findings": faults_to_json(self.findings),
        }


@dataclass(frozen=True, slots=True)
class PeoplePreview:
    """A picture for each person, and the findings about the document itself."""

    pictures: Sequence[PersonPicture]
    findings: Sequence[Mapping[str, str]]


def requested_people(
    template: LoadedTemplate,
    people: Sequence[Modifications],
    options: OutputOptions,
    *,
    on_invalid: BindMode,
    base: BaseValues | None,
    key_templates: Sequence[str] | None,
) -> list[Person]:
    """The people of a request; `BadRequest` with pointers such as `/people/2/0/text`."""
    found = []
    for index, modifications in enumerate(people):
        pointer = json_pointer("people", index)
        with faults_moved("/modifications", pointer):
            job = job_for_request(
                template,
                modifications,
                options,
                on_invalid=on_invalid,
                key_templates=key_templates,
                base=base,
                may_need_fallback=True,
            )
        found.append(Person(job, pointer))
    return found


def worst_case_people(
    template: LoadedTemplate,
    options: OutputOptions,
    base: BaseValues | None,
    key_templates: Sequence[str] | None,
) -> list[Person]:
    """The seven people who are hardest to draw."""
    return [
        Person(
            job_for_request(
                template,
                made.modifications,
                options,
                on_invalid="default",
                key_templates=key_templates,
                base=base,
                may_need_fallback=True,
            ),
            "/modifications",
            made.name,
            made.modifications,
        )
        for made in worst_people(template.template)
    ]


class PeoplePreviews:
    """Draws people one after the other."""

    def __init__(self, pipeline: RenderPipeline, fallbacks: FallbackPreviews) -> None:
        self._pipeline = pipeline
        self._fallbacks = fallbacks

    def draw(
        self,
        people: Sequence[Person],
        fetched_jobs: Sequence[FetchedJob],
        options: OutputOptions,
        *,
        now: float,
        deadline: float,
        with_findings: bool,
        timings: Timings,
    ) -> list[PersonPicture]:
        """Their pictures in order; `BadRequest` if those are too large together."""

        @cache
        def fallback() -> RenderResult:
            return self._fallbacks.draw(
                people[0].job, "fallback", options, now=now, deadline=deadline, timings=timings
            )

        pictures: list[PersonPicture] = []
        for person, fetched_job in zip(people, fetched_jobs, strict=True):
            picture = self._draw(person, fetched_job, fallback, timings)
            if with_findings and picture.show == "picture":
                picture = self._with_findings(picture, fetched_job, now)
                timings.lap("findings")
            pictures.append(picture)
            _check_size(pictures, len(people))
        return pictures

    def _draw(
        self,
        person: Person,
        fetched_job: FetchedJob,
        fallback: Callable[[], RenderResult],
        timings: Timings,
    ) -> PersonPicture:
        """What a link shows: the fallback picture where a value or an image is missing."""
        failures: list[Fault] = []
        result: RenderResult | None = None
        if not person.job.values.needs_fallback:
            try:
                result = self._pipeline.draw_fetched(fetched_job, timings=timings)
            except RenderFailed as failure:
                failures = [Fault("image_unavailable", failure.pointer, f"{failure}")]
        show = "picture" if result else "fallback"
        result = result or fallback()
        faults = [*person.job.values.warnings, *failures, *result.warnings]
        warnings = [_move(fault, "/modifications", person.pointer) for fault in faults]
        return PersonPicture(person, result, show, warnings, ())

    def _with_findings(
        self, picture: PersonPicture, fetched_job: FetchedJob, now: float
    ) -> PersonPicture:
        template, result = fetched_job.job.template, picture.result
        boxes = [(one.pointer, Box(one.x, one.y, one.width, one.height)) for one in result.boxes]
        findings = check_picture(
            template,
            template.fonts or self._pipeline.renderer.fonts,
            fetched_job.job.values,
            boxes,
            len(result.image.body),
            now=now,
        )
        drawn = [_move(one, "/modifications", picture.person.pointer) for one in result.warnings]
        return replace(picture, findings=(*findings, *drawn))


def _check_size(pictures: Sequence[PersonPicture], count: int) -> None:
    """`BadRequest` for pictures that one Lambda response cannot hold."""
    size = sum(len(picture.result.image.body) for picture in pictures)
    if size <= MAX_PICTURE_BYTES:
        return
    detail = (
        f"{len(pictures)} of the {count} pictures are {size:,} bytes already, "
        f"{MAX_PICTURE_BYTES:,} can be sent: ask for a smaller width, for jpg, or for fewer people."
    )
    raise BadRequest(detail, errors=[Fault("invalid_request", "/people", detail)])


@contextmanager
def faults_moved(before: str, after: str) -> Iterator[None]:
    """Replaces the prefix `before` of the pointers of a `BadRequest` by `after`."""
    try:
        yield
    except BadRequest as bad:
        faults = [_move(fault, before, after) for fault in bad.errors]
        raise BadRequest(bad.detail, code=bad.code, errors=faults) from bad


def _move(fault: Fault, before: str, after: str) -> Fault:
    if fault.pointer != before and not fault.pointer.startswith(f"{before}/"):
        return fault
    return replace(fault, pointer=after + fault.pointer.removeprefix(before))
