"""Signed links: built from a request, as a URL and as an `<img>` tag."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field, replace
from typing import Any

from postcard.errors import BadRequest, Fault, Problem, faults_to_json
from postcard.json_text import json_pointer
from postcard.links.build import sign_link
from postcard.links.merge_tags import (
    MergeAlt,
    MergeLink,
    image_tag,
    link_encoding,
    merge_link,
    platform_faults,
    platform_warnings,
)
from postcard.links.signing import LinkKeys
from postcard.pipeline.pipeline import RenderPipeline, check_permitted_assets, prepare
from postcard.pipeline.render_job import OutputOptions, RenderJob, job_for_request
from postcard.pipeline.template_loader import LoadedTemplate, TemplateLoader
from postcard.ports import JsonObject, TemplateRecord
from postcard.runtime.lazy_dataclass import dataclass
from postcard.services.link_minting import LinkMinter
from postcard.services.merge_alt import merge_alt
from postcard.template.bind import BindMode
from postcard.template.compiled import Template
from postcard.template.fields import localized_dates, localized_numbers
from postcard.template.fields.field_types import AnyField, ListField, SingleField, TextField
from postcard.template.fields.list_values import find_field, may_be_unsigned, parse_flat_name
from postcard.template.fields.values import BadValue, TooLong, read_value
from postcard.timestamps import format_rfc3339, parse_rfc3339

LONG_LINK = 2000  # characters; some mail software cuts or drops longer addresses
MAX_EXPIRY = 9_999_999_999  # ten digits of Unix seconds
UNSUPPORTED_IN_OUTLOOK = ("webp", "avif")


@dataclass(frozen=True, slots=True)
class LinkRequest:
    """The body of `POST /v1/links`. `template_version` None: the latest, pinned in the link.

    `key_templates` are those that the API key is limited to.
    """

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
    encoding: str | None = None
    key_templates: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class SignedLink:
    """A signed link, its `<img>` tag, and the render job of its picture."""

    job: RenderJob
    url: str
    img: str
    alt: str
    template_version: int | str
    expires: int | None
    warnings: Sequence[Fault]
    log_fields: JsonObject = field(default_factory=dict)

    def to_json(self) -> JsonObject:
        """The response of `POST /v1/links`."""
        size = self.job.size
        return {
            "url": self.url,
            "img": self.img,
            "alt": self.alt,
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
        templates: TemplateLoader,
        pipeline: RenderPipeline,
        keys: Callable[[], LinkKeys],
        *,
        base_url: str,
    ) -> None:
        self._templates = templates
        self._pipeline = pipeline
        self._keys = keys
        self._base_url = base_url

    def create(
        self, request: LinkRequest, *, now: float, deadline: float | None = None
    ) -> SignedLink:
        """A link; `NotFound`, `Gone`, `BadRequest`, `LinkTooLong`.

        Assets that it names are checked until the `time.monotonic()` instant `deadline`.
        """
        record = self._templates.usable_record(request.template_id, "/template_id")
        with self.with_fallback_url(record):
            version = None if request.template_version == "latest" else request.template_version
            assert not isinstance(version, str)
            template = self._templates.load_effective(record, version, "/template_version")
            return self._create(request, template, now, deadline)

    def default_url(self, template: LoadedTemplate) -> str:
        """A signed link with every field at its default, without expiry."""
        return self.version_url(template.template.id, template.version, template.template.format)

    def version_url(
        self,
        template_id: str,
        version: int,
        format: str,
        *,
        width: int | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> str:
        """A link without the compiled template; `width` in CSS pixels, `fields` as a link has."""
        link = sign_link(
            self._keys(),
            template=template_id,
            format=format,
            fields=fields or {},
            version=version,
            width=width,
        )
        return self._base_url + link

    @contextmanager
    def with_fallback_url(self, record: TemplateRecord) -> Iterator[None]:
        """Adds the template's `fallback_url` to every problem raised inside."""
        try:
            yield
        except Problem as problem:
            latest = self._templates.load_version(record.template_id, record.latest)
            if latest is not None:
                url = self.default_url(latest)
                problem.extensions = {**problem.extensions, "fallback_url": url}
            raise

    def fallback_url(self, template_id: str) -> str | None:
        """The `fallback_url` for a request that could not be read; None if there is no template."""
        record = self._templates.record(template_id)
        if record is None or record.deleted or record.erased:
            return None
        latest = self._templates.load_version(template_id, record.latest)
        return None if latest is None else self.default_url(latest)

    def value_faults(
        self,
        template_id: str,
        modifications: Sequence[Mapping[str, Any]],
        mode: BindMode,
        *,
        key_templates: Sequence[str] | None,
    ) -> Sequence[Fault]:
        """Faults of the values of a request whose other properties cannot be read."""
        record = self._templates.usable_record(template_id)
        template = self._templates.load_effective(record, None)
        try:
            job_for_request(
                template,
                modifications,
                OutputOptions(),
                on_invalid=mode,
                key_templates=key_templates,
            )
        except BadRequest as bad:
            return bad.errors
        return ()

    def _create(
        self, request: LinkRequest, template: LoadedTemplate, now: float, deadline: float | None
    ) -> SignedLink:
        open_fields = request.open or {}
        options = OutputOptions(request.format, request.width, request.dpr, request.quality)
        expires, faults = _expiry(request.expires_at, now)
        compiled = template.template
        faults += _open_faults(compiled, request)
        lenient = replace(template, template=_without_required_open_fields(compiled, open_fields))
        job = job_for_request(
            lenient,
            request.modifications,
            options,
            on_invalid=request.on_invalid,
            key_templates=request.key_templates,
            other_faults=faults,
        )
        check_permitted_assets(job, now=now)
        signed_part = self._signed_part(request, job, expires, tuple(open_fields))
        link: str | MergeLink = signed_part
        if open_fields and request.esp:
            link = merge_link(
                signed_part,
                esp=request.esp,
                open=open_fields,
                text_fields=_free_text_fields(compiled, open_fields),
            )
        size, alt = job.size, MergeAlt((job.alt,))
        if request.esp:
            alt = merge_alt(compiled, job.values, esp=request.esp, open=open_fields)
        url = f"{self._base_url}{link}"
        return SignedLink(
            job=job,
            url=url,
            img=image_tag(
                self._base_url,
                link,
                alt=alt,
                width=size.display_width,
                height=size.display_height,
            ),
            alt=alt.text,
            template_version="latest" if request.template_version == "latest" else template.version,
            expires=expires,
            warnings=self._warnings(request, job, url, now, deadline),
            log_fields={"version": template.version, "outcome": "created"},
        )

    def _warnings(
        self, request: LinkRequest, job: RenderJob, url: str, now: float, deadline: float | None
    ) -> list[Fault]:
        return [
            *job.values.warnings,
            *self._asset_faults(job, now, deadline),
            *_outlook_warnings(request, job),
            *_tag_warnings(request, job.template),
            *_platform_warnings(request),
            *_accepted_forms(request, job.template),
            *_length_warnings(url),
        ]

    def _signed_part(
        self, request: LinkRequest, job: RenderJob, expires: int | None, open_fields: Sequence[str]
    ) -> str:
        """The path and the signed parameters; those at their defaults are left out."""
        minter = LinkMinter(
            job.loaded,
            OutputOptions(request.format, request.width, request.dpr, request.quality),
            job.size,
            self._keys(),
            pins_version=request.template_version != "latest",
            expires=expires,
            campaign=request.campaign,
            open=open_fields,
            encoding=(
                link_encoding(request.esp, request.encoding)
                if open_fields and request.esp
                else None
            ),
        )
        return minter.sign(job)

    def _asset_faults(self, job: RenderJob, now: float, deadline: float | None) -> list[Fault]:
        """Checks the assets that the request names, so that a GET can draw the link at once."""
        sources = prepare(job, now=now).image_sources()
        published = job.loaded.stored.sources
        from_request = [source for source in sources if source.reference not in published]
        return [
            Fault(fault.code, job.source_pointers.get(fault.reference, fault.pointer), fault.detail)
            for fault in self._pipeline.sources.check_assets(
                from_request, templates=job.asset_templates, deadline=deadline
            )
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


def _open_faults(template: Template, request: LinkRequest) -> Iterator[Fault]:
    fields = template.document.fields
    for name in request.open or {}:
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
    if request.open and request.esp is None:
        yield Fault("missing_value", "/esp", "Say which platform fills the open fields in.")
    yield from _platform_faults(request)


def _platform_faults(request: LinkRequest) -> Iterator[Fault]:
    if request.esp is not None:
        yield from platform_faults(request.esp, request.open or {}, request.encoding)
    elif request.encoding is not None:
        yield Fault("missing_value", "/esp", "encoding says how the platform in esp writes values.")


def _without_required_open_fields(template: Template, open_fields: Mapping[str, str]) -> Template:
    """The template with its open fields optional: the mail platform fills them in later."""
    fields = {
        name: _optional_if_open(name, spec, open_fields)
        for name, spec in template.document.fields.items()
    }
    return replace(template, document=replace(template.document, fields=fields))


def _optional_if_open(name: str, spec: AnyField, open_fields: Mapping[str, str]) -> AnyField:
    if not isinstance(spec, ListField):
        return replace(spec, required=spec.required and name not in open_fields)
    parsed = (parse_flat_name({name: spec}, open_field) for open_field in open_fields)
    keys = {item_field.key for item_field in parsed if item_field}
    items = {
        key: replace(item, required=item.required and key not in keys)
        for key, item in spec.items.items()
    }
    return replace(spec, items=items, required=spec.required and not keys)


def _free_text_fields(template: Template, names: Iterable[str]) -> list[str]:
    """The text fields without choices or a pattern: they hold names, the others codes."""
    specs = {name: find_field(template.document.fields, name) for name in names}
    return [
        name
        for name, spec in specs.items()
        if isinstance(spec, TextField) and not spec.choices and not spec.pattern
    ]


def _outlook_warnings(request: LinkRequest, job: RenderJob) -> list[Fault]:
    if request.esp is None or job.format not in UNSUPPORTED_IN_OUTLOOK:
        return []
    detail = f"Outlook shows no {job.format}: use png or jpg in mail."
    return [Fault("unsupported_in_outlook", "/format", detail)]


def _tag_warnings(request: LinkRequest, template: Template) -> Iterator[Fault]:
    """Tags that would be drawn where the platform leaves them unfilled, as in test sends."""
    if request.esp != "custom":
        return
    for name, tag in (request.open or {}).items():
        spec = find_field(template.document.fields, name)
        if spec is None or isinstance(spec, ListField):
            continue
        if re.fullmatch(r"[\w.]+", tag):
            detail = (
                f"This has none of the signs that make a merge tag, such as {{{{{tag[:64]}}}}}."
            )
        elif _is_drawn(spec, tag):
            detail = (
                f"Postcard does not recognise this as a merge tag of {name}: where the platform "
                "leaves it unfilled, the picture shows it."
            )
        else:
            continue
        detail += " Check the tag, and send yourself a test mail."
        yield Fault("unrecognized_tag", json_pointer("open", name), detail)


def _platform_warnings(request: LinkRequest) -> list[Fault]:
    if request.esp is None or not request.open:
        return []
    return platform_warnings(request.esp, request.open, request.encoding)


def _is_drawn(spec: SingleField, tag: str) -> bool:
    try:
        return read_value(spec, tag) is not None
    except TooLong:
        return True
    except BadValue:  # then the default is drawn
        return False


def _accepted_forms(request: LinkRequest, template: Template) -> Iterator[Fault]:
    """The forms in which open numbers and dates are read."""
    for name in request.open or {}:
        spec = find_field(template.document.fields, name)
        if spec is None or spec.type not in ("number", "date"):
            continue
        forms = localized_numbers if spec.type == "number" else localized_dates
        detail = forms.accepted_forms(template.value_locale)
        if spec.on_bad == "default":
            detail += ' Others show the default: "on_bad": "fallback" shows the fallback picture.'
        yield Fault("accepted_forms", json_pointer("open", name), f"{name} is read as {detail}")


def _length_warnings(url: str) -> Iterator[Fault]:
    if len(url) > LONG_LINK:
        detail = (
            f"The link has {len(url):,} characters; some mail software cuts or blocks those over "
            f"{LONG_LINK:,}. Shorten its values, or use POST /v1/images, whose addresses are short."
        )
        yield Fault("long_link", "", detail)
