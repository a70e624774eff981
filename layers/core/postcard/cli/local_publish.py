"""Publishes a document on disk into memory, and so finds what publishing finds."""

import base64
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from postcard.adapters.http.fetcher import HttpFetcher
from postcard.adapters.memory import (
    MemoryAssetStore,
    MemoryBudgetNoticeStore,
    MemoryBudgetStore,
    MemoryCounters,
    MemoryDraftStore,
    MemoryImageStore,
    MemoryObjectStore,
    MemoryTemplateStore,
    MemoryUsageStore,
)
from postcard.assets.font_catalog import describe_font
from postcard.canvas.codecs.reencode import pixel_size, reencode
from postcard.cli.local_fonts import font_files, font_id, sanitized_font
from postcard.cli.target import load_fonts
from postcard.cli.template_files import CONTENT_TYPES, FONT_TYPES, TemplateFile, asset_ids
from postcard.delivery.assembly import Dependencies, SharedServices
from postcard.errors import BadRequest, Fault, Problem
from postcard.events.outbox import NoOutbox
from postcard.links.signing import LinkKeys
from postcard.ports import AssetRecord, FetchedImage, FetchError, StoredObject
from postcard.rendering.renderer import Renderer
from postcard.runtime.digest import content_digest
from postcard.runtime.lazy_dataclass import dataclass
from postcard.services.publishing import Publisher, needed_sources, prepare_own_values
from postcard.template.compiled import Template
from postcard.template.validation.parse import parse_document
from postcard.text.font_file import read_metadata
from postcard.text.fonts import Fonts
from postcard.usage.counter import TableUsageCounter

PUBLISH_SECONDS = 60.0  # a machine of one's own may be slower than Lambda
_GRAY_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A document with its faults, and its findings, which do not prevent publishing."""

    file: TemplateFile
    faults: Sequence[Fault]
    findings: Sequence[Fault] = ()


def check_file(file: TemplateFile) -> CheckedFile:
    """Publish a document with its assets into memory. Its faults are what publishing refuses.

    A remote picture that cannot be fetched from here is a finding.
    """
    try:
        return _publish(file, load_fonts())
    except Problem as problem:  # a fault of the document, or it takes too long to draw
        return CheckedFile(file, problem.errors or [Fault(problem.code, "", problem.detail)])


def document_faults(file: TemplateFile) -> Sequence[Fault]:
    """The faults that are found without drawing: of the document, its pictures and its fonts."""
    try:
        document = parse_document(text := file.text())
        Template.compile(file.id, 1, document)
    except BadRequest as problem:
        return problem.errors or [Fault(problem.code, "", problem.detail)]
    _, faults = font_files(file, document, load_fonts())
    return [*_missing_assets(file, text), *faults]


def _publish(file: TemplateFile, shipped: Fonts) -> CheckedFile:
    faults = document_faults(file)
    if faults:
        return CheckedFile(file, faults)
    text, now = file.text(), time.time()
    document = parse_document(text)
    fetcher = _LenientFetcher()
    shared = _services_of(file, shipped, fetcher)
    templates = MemoryTemplateStore()
    drafts = MemoryDraftStore(templates)
    publisher = Publisher(
        templates, shared.store, shared.pipeline, drafts=drafts, outbox=NoOutbox()
    )
    deadline = time.monotonic() + PUBLISH_SECONDS
    published = publisher.publish(file.id, text, now=now, deadline=deadline)
    findings = [Fault(f["code"], f["pointer"], f["detail"]) for f in published.version.findings]
    template = Template.compile(file.id, 1, document)
    sources = needed_sources(template, prepare_own_values(template, now=now))
    pointers = {source.reference: source.pointer for source in sources}
    return CheckedFile(file, (), [*fetcher.findings(pointers), *findings])


def local_services(file: TemplateFile) -> SharedServices:
    """The service in memory with the assets of a document on disk, which has no faults.

    A gray pixel takes the place of a remote picture that cannot be fetched from here.
    """
    return _services_of(file, load_fonts(), _LenientFetcher())


def _services_of(file: TemplateFile, shipped: Fonts, fetcher: "_LenientFetcher") -> SharedServices:
    text = file.text()
    fonts, _ = font_files(file, parse_document(text), shipped)
    font_paths = [path for paths in fonts.values() for path in paths]
    return _services(shipped, fetcher, file, asset_ids(text), font_paths)


def _missing_assets(file: TemplateFile, text: str) -> Iterator[Fault]:
    for name in asset_ids(text):
        if file.asset_path(name) is None:
            detail = f"asset:{name} needs a file assets/{name}.* in its folder."
            yield Fault("image_unavailable", "", detail)


class _LenientFetcher:
    """Fetches remote images. A gray pixel takes the place of one that cannot be fetched."""

    def __init__(self) -> None:
        self._fetcher = HttpFetcher()
        self._errors: dict[str, str] = {}

    def fetch(
        self, url: str, *, allowed_hosts: Sequence[str] | None, deadline: float
    ) -> FetchedImage:
        """The image, or the gray pixel."""
        try:
            return self._fetcher.fetch(url, allowed_hosts=allowed_hosts, deadline=deadline)
        except FetchError as error:
            self._errors[url] = str(error)
            return FetchedImage(_GRAY_PIXEL, url)

    def findings(self, pointers: dict[str, str]) -> Iterator[Fault]:
        """A finding for each image that could not be fetched; `pointers` are theirs."""
        for url, error in self._errors.items():
            detail = f"{error} Publishing fetches it, too."
            yield Fault("image_unavailable", pointers.get(url, ""), detail)


def _services(
    shipped: Fonts,
    fetcher: _LenientFetcher,
    file: TemplateFile,
    names: Sequence[str],
    font_paths: Sequence[Path],
) -> SharedServices:
    """The service in memory, with the document's assets."""
    store, assets = MemoryObjectStore(), MemoryAssetStore()
    named = {name: path for name in names if (path := file.asset_path(name))}
    for name, path in {**{font_id(path): path for path in font_paths}, **named}.items():
        record, body = _asset(name, path)
        assets.put(record)
        store.put(record.object_key, StoredObject(body, record.content_type))
    dependencies = Dependencies(
        templates=MemoryTemplateStore(),
        images=MemoryImageStore(),
        assets=assets,
        pictures=MemoryObjectStore(),
        store=store,
        fetcher=fetcher,
        counters=MemoryCounters(),
        budgets=MemoryBudgetStore(),
        budget_notices=MemoryBudgetNoticeStore(),
        renderer=Renderer(shipped),
        keys=_no_keys,
        origin=lambda: "",
        usage=TableUsageCounter(MemoryUsageStore()),
    )
    return SharedServices.build(dependencies, normalize_uploads=True)


def _no_keys(kid: str | None, epoch: int = 0) -> LinkKeys:
    raise NotImplementedError("Nothing is signed in a check.")


def _asset(name: str, path: Path) -> tuple[AssetRecord, bytes]:
    """The record and the bytes of an asset, as an upload of the file would leave them."""
    width = height = font = None
    if path.suffix in FONT_TYPES:
        body = sanitized_font(path)
        font = dict(describe_font(read_metadata(body)))
    else:
        try:
            body = reencode(path.read_bytes())[0]
        except ValueError as error:
            detail = f"{path} is not a usable picture: {error}."
            raise BadRequest(detail, errors=[Fault("image_unavailable", "", detail)]) from error
        width, height = pixel_size(body)
    key = f"assets/{name}/local/{content_digest(body)}"
    record = AssetRecord(
        *(name, CONTENT_TYPES[path.suffix], len(body), key, 0),
        status="ready",
        font=font,
        width=width,
        height=height,
    )
    return record, body
