"""Shell commands of the documentation, run as they are written against the local service."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from local.seed import SEED_FOLDER
from tests.fonts import upside_down_font, woff2
from tests.local.conftest import RunningService

DOCS = Path(__file__).parents[2] / "docs"


def upload_commands(page: Path, service: RunningService) -> str:
    """The page's commands that upload an asset, for the service under test."""
    blocks = re.findall(r"^```sh\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)
    (commands,) = [block for block in blocks if "/v1/assets" in block]
    return str(commands).replace("http://127.0.0.1:8080", service.url)


@pytest.mark.parametrize(
    ("page", "asset_id"), [(DOCS / "fonts.md", "kite"), (DOCS / "contract/api.md", "hero")]
)
def test_the_documented_upload_of_an_asset_works(
    service: RunningService, tmp_path: Path, page: Path, asset_id: str
) -> None:
    (tmp_path / "Kite.woff2").write_bytes(woff2(upside_down_font()))
    shutil.copy(SEED_FOLDER / "assets/mug.jpg", tmp_path / "hero.jpg")
    key = service.server.keys.api_key
    subprocess.run(
        ["bash", "-euc", upload_commands(page, service)],
        cwd=tmp_path,
        env={**os.environ, "POSTCARD_KEY": key},
        timeout=600,
        check=True,
    )
    response = service.call("GET", f"/v1/assets/{asset_id}")
    assert json.loads(response.content)["status"] == "ready"
