"""The whole local service while its image function fails."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from local.server import LocalServer
from tests.local.conftest import SEED, SHARED, RunningService


@pytest.fixture
def broken(tmp_path: Path) -> Iterator[RunningService]:
    """A service whose image function raises."""
    template = tmp_path / "template.yaml"
    text = Path("template.yaml").read_text()
    template.write_text(text.replace("image.app.handler", "tests.local.handlers.fail"))
    offset = [0.0]
    SHARED.close()
    with LocalServer(
        0,
        tmp_path / "state",
        template=template,
        seed=SEED,
        clock=lambda: time.time() + offset[0],
    ) as server:
        yield RunningService(server, offset)


def test_a_reader_sees_the_generic_picture_and_the_api_still_works(
    broken: RunningService,
) -> None:
    path = broken.link("Ann")
    response = broken.get(path)
    generic = broken.get("/errors/fallback.png")
    assert response.status_code == 200
    assert response.content == generic.content
    assert response.headers["Content-Type"] == "image/png"
    assert response.headers["Cache-Control"] == "public, no-transform, max-age=60"
    assert response.headers["X-Cache"] == "Error from cloudfront"

    # The failure is cached for five seconds; then the function is called again.
    assert "function.ImageFunction" not in broken.counter_changes(lambda: broken.get(path))
    broken.clock_offset[0] += 5.1
    assert broken.counter_changes(lambda: broken.get(path))["function.ImageFunction"] == 1

    # An image that was created by API is in S3, so it needs no function.
    posted = broken.call("POST", "/v1/images", broken.payload).json()
    assert requests.get(posted["url"], timeout=600).content != generic.content
