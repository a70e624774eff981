"""Designs to start a template from: documents with their pictures, deployed with the API.

A design is a folder: `design.json` (name, description, category), `template.json`, pictures in
`assets/` and a thumbnail for lists. A picture `assets/hero.jpg` is `asset:hero` in its document.
"""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from postcard.assets.asset_service import AssetService
from postcard.errors import NotFound
from postcard.ports import JsonObject
from postcard.runtime.lazy_dataclass import dataclass
from postcard.studio.drafts import DraftChange, Drafts

CONTENT_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp"}
THUMBNAIL = "thumbnail.webp"
_REFERENCE = re.compile(r'"asset:([a-z0-9][a-z0-9_-]*)"')  # a whole JSON string


@dataclass(frozen=True, slots=True)
class DesignPicture:
    """A picture that a design's document names as `asset:ID`."""

    design_id: str
    asset_id: str
    path: Path

    @property
    def copy_id(self) -> str:
        """The id of a copy among assets that may be of several designs."""
        return copy_id(self.design_id, self.asset_id)

    @property
    def content_type(self) -> str:
        """The media type by the file's extension."""
        return CONTENT_TYPES[self.path.suffix]

    def to_json(self) -> JsonObject:
        """The picture in responses. `url` is relative to the API."""
        return {
            "id": self.asset_id,
            "content_type": self.content_type,
            "bytes": self.path.stat().st_size,
            "url": f"/studio/designs/{self.design_id}/{self.path.name}",
        }


@dataclass(frozen=True, slots=True)
class Design:
    """A document to start from. `document` is its text."""

    id: str
    name: str
    description: str
    category: str
    width: int
    height: int
    document: str
    pictures: Sequence[DesignPicture]
    thumbnail: Path

    @classmethod
    def read(cls, folder: Path) -> "Design":
        """The design in a folder, whose name is its id."""
        about = json.loads((folder / "design.json").read_text(encoding="utf-8"))
        document = (folder / "template.json").read_text(encoding="utf-8")
        size = json.loads(document)
        files = sorted(path for path in folder.glob("assets/*") if path.suffix in CONTENT_TYPES)
        return cls(
            id=folder.name,
            name=about["name"],
            description=about["description"],
            category=about["category"],
            width=size["width"],
            height=size["height"],
            document=document,
            pictures=[DesignPicture(folder.name, path.stem, path) for path in files],
            thumbnail=folder / THUMBNAIL,
        )

    def summary(self) -> JsonObject:
        """The design in a list. `thumbnail_url` is relative to the API."""
        return {
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "category": self.category,
            "width": self.width,
            "height": self.height,
            "thumbnail_url": f"/studio/designs/{self.id}.webp",
        }

    def to_json(self) -> JsonObject:
        """The design with its document and its pictures."""
        return {
            **self.summary(),
            "document": json.loads(self.document),
            "assets": [picture.to_json() for picture in self.pictures],
        }

    def picture(self, file: str) -> DesignPicture:
        """The picture in the file of this name; `NotFound`."""
        for picture in self.pictures:
            if picture.path.name == file:
                return picture
        raise NotFound(
            f'There is no picture "{file[:64]}": GET /v1/designs/{self.id} lists the pictures.'
        )

    def document_with(self, asset_ids: Mapping[str, str]) -> str:
        """The document's text, in which the pictures have these ids; nothing else changes."""
        return rename_assets(self.document, asset_ids)


def copy_id(design_id: str, asset_id: str) -> str:
    """The id that a copy of a design's picture has: designs may have pictures of one id."""
    return f"{design_id}-{asset_id}"


def rename_assets(document: str, asset_ids: Mapping[str, str]) -> str:
    """A document's text with other ids of assets; nothing else changes.

    >>> rename_assets('{"source":  "asset:hero"}', {"hero": "d-hero"})
    '{"source":  "asset:d-hero"}'
    """
    return _REFERENCE.sub(lambda match: f'"asset:{asset_ids.get(match[1], match[1])}"', document)


class DesignGallery:
    """The designs in the folders of a folder; each is read once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def _designs(self) -> Mapping[str, Design]:
        folders = sorted(path.parent for path in self._folder.glob("*/design.json"))
        return {folder.name: Design.read(folder) for folder in folders}

    def list(self) -> Sequence[Design]:
        """All designs by category and name."""
        return sorted(self._designs.values(), key=lambda design: (design.category, design.name))

    def get(self, design_id: str) -> Design:
        """A design; `NotFound`."""
        design = self._designs.get(design_id)
        if design is None:
            raise NotFound(f'There is no design "{design_id[:64]}": GET /v1/designs lists them.')
        return design


@dataclass(frozen=True, slots=True)
class DesignUse:
    """Who begins which template from a design. `key_templates` are those of the API key."""

    template_id: str
    by: str
    key_id: str
    key_templates: Sequence[str] | None


class DesignStarter:
    """Begins templates from designs."""

    def __init__(self, assets: AssetService, drafts: Drafts) -> None:
        self._assets = assets
        self._drafts = drafts

    def use(self, design: Design, use: DesignUse, *, now: float, deadline: float) -> JsonObject:
        """Copy the design's pictures as assets and store its document as the template's draft.

        A picture that was copied before is used again. The template must have no draft yet:
        `PreconditionFailed`; `Gone`, `Conflict`. `deadline` is a `time.monotonic()` instant.
        """
        self._drafts.check_template(use.template_id)
        asset_ids = {
            picture.asset_id: self._assets.add_copy(
                picture.copy_id,
                picture.path.read_bytes(),
                picture.content_type,
                template_id=use.template_id,
                templates=use.key_templates,
                now=now,
                deadline=deadline,
            )
            for picture in design.pictures
        }
        document = design.document_with(asset_ids)
        change = DraftChange(
            use.template_id,
            document,
            json.loads(document),
            by=use.by,
            key_id=use.key_id,
            if_none_match="*",
        )
        return {**self._drafts.save(change, now=now), "assets": list(asset_ids.values())}
