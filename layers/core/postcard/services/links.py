"""Links: minted from a request, as an address and as the tag that shows it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field, replace
from typing import Any

from postcard.errors import BadRequest, Fault, Problem, faults_to_json
from postcard.json_text import json_pointer
from postcard.links import build as link_minting
from postcard.links.merge_tags import MergeLink, image_tag, merge_link, platform_faults
from postcard.links.signing import LinkKeys
from postcard.pipeline.pipeline import RenderPipeline, prepare
from postcard.pipeline.render_job import OutputOptions, RenderJob, job_for_request
from postcard.pipeline.template_loader import LoadedTemplate, TemplateLoader
from postcard.ports import JsonObject, TemplateRecord
from postcard.runtime.lazy_dataclass import dataclass
from postcard.template.bind import BindMode
from postcard.template.compiled import Template
from postcard.template.fields.field_types import AnyField, ListField
from postcard.template.fields.list_values import find_field, may_be_unsigned, parse_flat_name
from postcard.timestamps import format_rfc3339, parse_rfc3339

MAX_EXPIRY = 9_999_999_999  # ten digits of Unix seconds
UNSUPPORTED_IN_OUTLOOK = ("webp", "avif")


@dataclass(frozen=True, slots=True)
class LinkRequest:
    """What `POST /v1/links` asks for. `template_version` None: the latest, pinned."""

    template_id: str
    template_version: int | str | None = None
    modifications: Sequence[Mapping[str, Any]] = ()
    on_invalid: BindMode = "error"
    format: str | None = None
    width: int | None = None
    dpr: float | None = None
    quality: int | None = None
    campaign: str | None = None
    expires_at: str | None = None
    esp: str | None = None
    open: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class SignedLink:
    """A link with what it shows."""

    job: RenderJob
    url: str
    img: str
    template_version: int | str
    expires: int | None
    warnings: Sequence[Fault]
    log_fields: JsonObject = field(default_factory=dict)

    def to_json(self) -> JsonObject:
        """As `POST /v1/links` tells it."""
        size = self.job.size
        return {
            "url": self.url,
            "img": self.img,
            "alt": self.job.alt,
            "width": size.width,
            "height": size.height,
            "display_width": size.display_width,
            "display_height": size.display_height,
            "template_version": self.template_version,
            "expires_at": None if self.expires is None else format_rfc3339(self.expires),
            "warnings": faults_to_json(self.warnings),
        }


class LinkService:
    """Signs links. Nothing is stored."""

    def __init__(
        self,
        library: TemplateLoader,
        studio: RenderPipeline,
        keys: Callable[[], LinkKeys],
        *,
        base_url: str,
    ) -> None:
        self._library = library
        self._studio = studio
        self._keys = keys
        self._base_url = base_url

    def create(self, asked: LinkRequest, *, now: float) -> SignedLink:
        """A link; `NotFound`, `Gone`, `BadRequest`, `LinkTooLong`."""
        record = self._library.usable_record(asked.template_id, "/template_id")
        with self.with_fallback_url(record):
            number = None if asked.template_version == "latest" else asked.template_version
            assert not isinstance(number, str)
            edition = self._library.load_effective(record, number, "/template_version")
            return self._create(asked, edition, now)

    def default_url(self, edition: LoadedTemplate) -> str:
        """A signed link with every field at its default, without expiry."""
        template = edition.template
        link = link_minting.sign_link(
            self._keys(),
            template=template.id,
            format=template.format,
            fields={},
            version=edition.version,
            width=None,
            dpr=1,
            quality=None,
            expires=None,
            campaign=None,
        )
        return self._base_url + link

    @contextmanager
    def with_fallback_url(self, record: TemplateRecord) -> Iterator[None]:
        """Give every problem inside the template's `fallback_url`."""
        try:
            yield
        except Problem as problem:
            if (
                edition := self._library.load_version(record.template_id, record.latest)
            ) is not None:
                told = {"fallback_url": self.default_url(edition)}
                problem.extensions = {**problem.extensions, **told}
            raise

    def fallback_url(self, template_id: str) -> str | None:
        """The same for a request that could not be read at all; None if there is no template."""
        record = self._library.record(template_id)
        if record is None or record.deleted or record.erased:
            return None
        edition = self._library.load_version(template_id, record.latest)
        return None if edition is None else self.default_url(edition)

    def value_faults(
        self, template_id: str, modifications: Sequence[Mapping[str, Any]], mode: BindMode
    ) -> Sequence[Fault]:
        """What the latest version says of values in a request whose rest cannot be read."""
        record = self._library.usable_record(template_id)
        edition = self._library.load_effective(record, None)
        try:
            job_for_request(edition, modifications, OutputOptions(), on_invalid=mode)
        except BadRequest as bad:
            return bad.errors
        return ()

    def _create(self, asked: LinkRequest, edition: LoadedTemplate, now: float) -> SignedLink:
        opened = asked.open or {}
        looks = OutputOptions(asked.format, asked.width, asked.dpr, asked.quality)
        expires, faults = _expiry(asked.expires_at, now)
        faults += _open_faults(edition.template, asked)
        later = replace(edition, template=_without_required_open_fields(edition.template, opened))
        order = job_for_request(
            later, asked.modifications, looks, on_invalid=asked.on_invalid, found=faults
        )
        head = self._signed_part(asked, order, expires, tuple(opened))
        link: str | MergeLink = head
        if opened and asked.esp:
            defaults = {name: _written_default(edition.template, name) for name in opened}
            link = merge_link(head, esp=asked.esp, open=opened, defaults=defaults)
        size = order.size
        return SignedLink(
            job=order,
            url=f"{self._base_url}{link}",
            img=image_tag(
                self._base_url,
                link,
                alt=order.alt,
                width=size.display_width,
                height=size.display_height,
            ),
            template_version="latest" if asked.template_version == "latest" else edition.version,
            expires=expires,
            warnings=self._warnings(asked, order, now),
            log_fields={"version": edition.version, "outcome": "created"},
        )

    def _warnings(self, asked: LinkRequest, order: RenderJob, now: float) -> list[Fault]:
        found = self._asset_faults(order, now)
        return [*order.values.warnings, *found, *_outlook(asked, order)]

    def _signed_part(
        self, asked: LinkRequest, order: RenderJob, expires: int | None, opened: Sequence[str]
    ) -> str:
        """The signed part, without what is the default."""
        template, size = order.template, order.size
        standard = OutputOptions(format=order.format).resolve_quality(template)
        return link_minting.sign_link(
            self._keys(),
            template=template.id,
            format=order.format,
            fields=order.values.link_fields(),
            version=None if asked.template_version == "latest" else order.loaded.version,
            width=None if size.display_width == template.document.width else size.display_width,
            dpr=1 if asked.dpr is None else asked.dpr,
            quality=None if order.quality == standard else order.quality,
            expires=expires,
            campaign=asked.campaign,
            open=opened,
        )

    def _asset_faults(self, order: RenderJob, now: float) -> list[Fault]:
        """Assets that the request names are checked now, so that a link can be drawn at once."""
        wanted = prepare(order, now=now).image_sources()
        foreign = [s for s in wanted if s.reference not in order.loaded.stored.sources]
        return [
            Fault(
                fault.code, order.source_pointers.get(fault.reference, fault.pointer), fault.detail
            )
            for fault in self._studio.sources.check_assets(foreign)
        ]


def _expiry(text: str | None, now: float) -> tuple[int | None, list[Fault]]:
    if text is None:
        return None, []
    try:
        expires = parse_rfc3339(text)
    except ValueError as error:
        return None, [Fault("invalid_request", "/expires_at", str(error))]
    if expires <= now:
        return None, [Fault("invalid_request", "/expires_at", "This time has passed.")]
    if expires > MAX_EXPIRY:
        detail = f"Write a time up to {format_rfc3339(MAX_EXPIRY)}, or none for a link without end."
        return None, [Fault("invalid_request", "/expires_at", detail)]
    return expires, []


def _open_faults(template: Template, asked: LinkRequest) -> Iterator[Fault]:
    fields = template.document.fields
    for name in asked.open or {}:
        spec = find_field(fields, name)
        if spec is None:
            yield Fault(
                "unknown_name", json_pointer("open", name), template.unknown_target_message(name)
            )
        elif isinstance(spec, ListField):
            detail = f"A link writes {name} item by item: open {name}_1_{next(iter(spec.items))}."
            yield Fault("invalid_value", json_pointer("open", name), detail)
        elif not may_be_unsigned(fields, name):
            detail = f'The template keeps {name} closed: give it "open": true there.'
            yield Fault("invalid_value", json_pointer("open", name), detail)
    if asked.open and asked.esp is None:
        yield Fault("missing_value", "/esp", "Say which platform fills the open fields in.")
    if asked.esp is not None:
        yield from platform_faults(asked.esp, asked.open or {})


def _without_required_open_fields(template: Template, opened: Mapping[str, str]) -> Template:
    """The template as minting sees it: nobody requires now what a platform fills in later."""
    fields = {name: _lenient(name, spec, opened) for name, spec in template.document.fields.items()}
    return replace(template, document=replace(template.document, fields=fields))


def _lenient(name: str, spec: AnyField, opened: Mapping[str, str]) -> AnyField:
    if not isinstance(spec, ListField):
        return replace(spec, required=spec.required and name not in opened)
    places = (parse_flat_name({name: spec}, one) for one in opened)
    keys = {place.key for place in places if place}
    items = {
        key: replace(inner, required=inner.required and key not in keys)
        for key, inner in spec.items.items()
    }
    return replace(spec, items=items, required=spec.required and not keys)


def _written_default(template: Template, name: str) -> str | None:
    spec = find_field(template.document.fields, name)
    return spec.default if spec and isinstance(spec.default, str) else None


def _outlook(asked: LinkRequest, order: RenderJob) -> list[Fault]:
    if asked.esp is None or order.format not in UNSUPPORTED_IN_OUTLOOK:
        return []
    detail = f"Outlook shows no {order.format}: use png or jpg in mail."
    return [Fault("unsupported_in_outlook", "/format", detail)]
