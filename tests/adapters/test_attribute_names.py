"""Rows of 0.1, which named some attributes otherwise, are read; new rows have the new names."""

from dataclasses import replace
from typing import Any

from postcard.adapters.aws.assets import DynamoAssetStore
from postcard.adapters.aws.boto_client import boto_client
from postcard.adapters.aws.images import DynamoImageStore
from postcard.adapters.aws.table import Table
from postcard.adapters.aws.templates import DynamoTemplateStore
from postcard.ports import AssetRecord, TemplateRecord, TemplateVersion
from postcard.settings import Settings
from tests.adapters.conftest import make_table
from tests.adapters.test_image_records import image
from tests.clocks import PATIENCE_SECONDS

FALLBACKS = {"fallback": "templates/welcome/1/fallbacks/a", "ended": "templates/welcome/1/b"}
PRERENDERED = {"1200x630": "templates/welcome/1/grounds/c"}


def create_table(settings: Settings) -> Table:
    client = boto_client("dynamodb", settings, seconds=PATIENCE_SECONDS)
    make_table(client, settings.table)
    return Table(client, settings.table)


def rename_attributes(table: Table, pk: str, sk: str, names: dict[str, str]) -> dict[str, Any]:
    """Renames attributes of a stored row; returns the row as it was."""
    row = table.get(pk, sk)
    assert row is not None
    table.put(pk, sk, {names.get(name, name): value for name, value in row.items()})
    return row


def test_a_version_with_old_attribute_names_is_read(settings: Settings) -> None:
    table = create_table(settings)
    templates = DynamoTemplateStore(table)
    version = TemplateVersion(
        "welcome", 1, "{}", 1_795_000_000, fallbacks=FALLBACKS, prerendered=PRERENDERED
    )
    templates.publish(TemplateRecord("welcome", "Welcome", 1, 1_795_000_000), version)
    old_names = {"fallbacks": "stand_ins", "prerendered": "grounds"}
    row = rename_attributes(table, "template#welcome", "000001", old_names)
    assert (row["fallbacks"], row["prerendered"]) == (FALLBACKS, PRERENDERED)
    assert not row.keys() & {"stand_ins", "grounds"}
    assert templates.version("welcome", 1) == version
    assert templates.versions("welcome", limit=5, cursor=None).items == [version]


def test_an_image_with_old_attribute_names_is_read_and_found(settings: Settings) -> None:
    table = create_table(settings)
    images = DynamoImageStore(table)
    record = replace(image(), blind_indexes=("b" * 40,))
    images.put(record)
    row = rename_attributes(table, "image#img_abc", "record", {"blind_indexes": "marks"})
    assert row["blind_indexes"] == ("b" * 40,)
    assert "marks" not in row
    assert images.get("img_abc") == record
    assert list(images.by_blind_index("b" * 40)) == [record]
    assert list(images.by_template("welcome")) == [record]


def test_an_asset_without_templates_size_and_revision_is_read_and_changed(
    settings: Settings,
) -> None:
    table = create_table(settings)
    assets = DynamoAssetStore(table)
    row = {"asset_id": "hero", "content_type": "image/png", "bytes": 10, "created_at": 5}
    table.put("assets", "hero", {**row, "object_key": "assets/hero/1", "status": "ready"})
    record = AssetRecord("hero", "image/png", 10, "assets/hero/1", 5, "ready")
    assert assets.get("hero") == record
    assert record.is_usable_in(("welcome",)) and not record.is_owned_by(("welcome",))
    changed = replace(record, bytes=11, revision=2)
    assets.put(changed)
    assert assets.get("hero") == changed
