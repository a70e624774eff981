"""Checks one row of a table: what its values, its link and its picture will be like.

Codes of findings, the gravest first:
failed         no picture of its own: a required value is missing, or no default may be shown
cut            a text does not fit: part of it is left out
glyph          a text has characters that no font has
unfilled       a value is a merge tag that was never filled in
bad_value      a value of the wrong type or out of bounds: the default is shown
too_long       a text is longer than its field allows: it is shortened, or the default is shown
missing        a required value is missing
default        a value is missing: the default is shown
long_link      the link has more characters than some mail software takes
shrunk         a text is drawn smaller to fit
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any

from postcard.campaigns.preflight.drawing_forecast import (
    DrawingForecast,
    DrawingForecaster,
    TextForecast,
)
from postcard.errors import BadRequest, Fault, UriTooLong
from postcard.links.build import LinkSigner
from postcard.links.signing import LinkKeys
from postcard.pipeline.render_job import OutputOptions
from postcard.runtime.digest import content_digest
from postcard.runtime.lazy_dataclass import dataclass
from postcard.services.links import LONG_LINK
from postcard.template.bind import NO_NAMES, BindMode, BoundValues, bind
from postcard.template.compiled import Template
from postcard.template.fields.list_values import find_field
from postcard.template.fields.values import BadValue, TooLong, is_unfilled_tag, read_value
from postcard.template.modifications import modifications_from_json
from postcard.text.fonts import Fonts

CODES = (
    "failed",
    "cut",
    "glyph",
    "unfilled",
    "bad_value",
    "too_long",
    "missing",
    "default",
    "long_link",
    "shrunk",
)
SEVERITY = {code: rank for rank, code in enumerate(CODES)}
_EXAMPLE_KEY = "0" * 64  # a link's length does not depend on its key
EXAMPLE_KEYS = LinkKeys(1, {"1": _EXAMPLE_KEY}, "1", _EXAMPLE_KEY, _EXAMPLE_KEY, _EXAMPLE_KEY)

Modifications = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class PreflightRow:
    """A row of a table as `POST /v1/links` takes it; `fault` if it could not be read.

    `number` counts the rows from 1, `line` the lines of the file.
    """

    number: int
    modifications: Modifications = ()
    line: int = 0
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a row; `place` is a field's name, or a text layer's JSON pointer."""

    code: str
    place: str
    detail: str


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """A row's findings, the length and digest of its link (0: none), and its drawing."""

    row: PreflightRow
    findings: tuple[Finding, ...]
    texts: tuple[TextForecast, ...] = ()
    addresses: tuple[str, ...] = ()
    link_length: int = 0
    link_digest: int = 0

    @property
    def badness(self) -> tuple[int, float, int]:
        """Sorts rows: the gravest finding first, then the smallest text, then the first row."""
        grave = min((SEVERITY[finding.code] for finding in self.findings), default=len(CODES))
        smallest = min((text.font_scale for text in self.texts), default=1.0)
        return grave, smallest, self.row.number


@dataclass(frozen=True, slots=True)
class LinkShape:
    """What all links of a mailing have in common; None is the template's own."""

    base_url: str = "https://pictures.example.com"
    format: str | None = None
    width: int | None = None
    dpr: float = 1
    quality: int | None = None
    expires: int | None = None
    campaign: str | None = None
    keys: LinkKeys = EXAMPLE_KEYS

    def signer(self, template: Template) -> LinkSigner:
        """Signs the links; what is the template's own is left out, as when links are minted."""
        document_width = template.document.width
        own_quality = OutputOptions(format=self.format).resolve_quality(template)
        return LinkSigner(
            self.keys,
            template=template.id,
            format=self.format or template.format,
            version=template.version,
            width=None if self.width == document_width else self.width,
            dpr=self.dpr,
            quality=None if self.quality == own_quality else self.quality,
            expires=self.expires,
            campaign=self.campaign,
        )


class RowChecker:
    """Checks the rows of one template version; keeps what it has laid out.

    Names in `restricted` take assets only that the template names, as with the key of the batch.
    Without `predicts_drawing` values and links alone are checked, three times as fast.
    """

    def __init__(
        self,
        template: Template,
        fonts: Fonts,
        *,
        link: LinkShape | None = None,
        on_invalid: BindMode = "default",
        restricted: Container[str] = NO_NAMES,
        now: float = 0.0,
        predicts_drawing: bool = True,
    ) -> None:
        self.template, self.on_invalid = template, on_invalid
        self.forecaster = DrawingForecaster(template, fonts, now=now)
        shape = link or LinkShape()
        self._base_url, self._restricted = shape.base_url, restricted
        self._signer = shape.signer(template)
        self._predicts = predicts_drawing

    def check(self, row: PreflightRow) -> CheckedRow:
        """The findings about a row; nothing is drawn or stored."""
        if row.fault is not None:
            return _failed(row, row.fault.detail)
        try:
            parsed = modifications_from_json(self.template, row.modifications)
            bound = bind(self.template, parsed, mode="default", restricted=self._restricted)
        except BadRequest as bad:
            return _failed(row, (bad.errors[0].detail if bad.errors else bad.detail))
        findings = list(self._value_findings(row, bound))
        if self.on_invalid == "error" and bound.warnings:
            findings.append(Finding("failed", "", bound.warnings[0].detail))
        elif bound.needs_fallback:
            findings.append(Finding("failed", "", _failure(bound)))
        if findings and findings[-1].code == "failed":
            return CheckedRow(row, tuple(findings))
        try:
            link = self._signer.sign(bound.link_fields())
        except UriTooLong as too_long:
            return CheckedRow(row, (*findings, Finding("failed", "", too_long.detail)))
        length = len(self._base_url) + len(link)
        if length > LONG_LINK:
            findings.append(Finding("long_link", "", f"The link has {length:,} characters."))
        forecast = self.forecaster.forecast(bound) if self._predicts else DrawingForecast()
        findings += _drawing_findings(forecast)
        digest = int(content_digest(link.encode())[:16], 16)
        return CheckedRow(row, tuple(findings), forecast.texts, forecast.addresses, length, digest)

    def _value_findings(self, row: PreflightRow, bound: BoundValues) -> Iterator[Finding]:
        for fault in bound.warnings:
            name, raw = _value_at(row.modifications, fault)
            code = self._code_of(fault, name, raw)
            if code == "unfilled":
                yield Finding(code, name, f"{name} is a merge tag that was not filled in.")
            else:
                yield Finding(code, name, fault.detail)
        for entry in row.modifications:
            if entry.get("value", "") is None and entry["name"] not in bound.missing_required:
                name = str(entry["name"])
                yield Finding("default", name, f"{name} has no value; its default is shown.")

    def _code_of(self, fault: Fault, name: str, raw: object) -> str:
        if fault.code == "shortened":
            return "too_long"
        if fault.code == "missing_value":
            if isinstance(raw, str) and raw and is_unfilled_tag(raw):
                return "unfilled"
            return (
                "missing" if fault.detail.endswith("is required and has no value.") else "default"
            )
        return "too_long" if self._is_too_long(name, raw) else "bad_value"

    def _is_too_long(self, name: str, raw: object) -> bool:
        spec = find_field(self.template.document.fields, name)
        if spec is None or spec.type != "text":
            return False
        try:
            read_value(spec, raw)
        except TooLong:
            return True
        except BadValue:
            pass
        return False


def _failed(row: PreflightRow, detail: str) -> CheckedRow:
    return CheckedRow(row, (Finding("failed", "", detail),))


def _failure(bound: BoundValues) -> str:
    if bound.missing_required:
        return f"{', '.join(bound.missing_required[:3])} is required and has no value."
    return bound.rejected[0].detail


def _value_at(modifications: Modifications, fault: Fault) -> tuple[str, object]:
    """The name and the raw value that a fault is about."""
    steps = fault.pointer.split("/")
    if len(steps) > 2 and steps[2].isdecimal():
        entry = modifications[int(steps[2])]
        raw = next((value for key, value in entry.items() if key != "name"), None)
        return str(entry["name"]), raw
    return fault.detail.partition(" ")[0], None


def _drawing_findings(forecast: DrawingForecast) -> Iterator[Finding]:
    for text in forecast.texts:
        if text.truncated:
            yield Finding("cut", text.pointer, "Part of the text is left out.")
        elif text.font_scale != 1:
            detail = f"The text is drawn at {text.font_size:g} px."
            yield Finding("shrunk", text.pointer, detail)
        if text.missing_characters:
            letters = " ".join(text.missing_characters[:20])
            yield Finding("glyph", text.pointer, f"No font has {letters}")
    for fault in forecast.warnings:
        if fault.code != "missing_glyph":
            yield Finding("bad_value", fault.pointer, fault.detail)
