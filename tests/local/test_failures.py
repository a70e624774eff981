"""The whole service when its functions fail."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from local.server import LocalServer
from tests.local.conftest import SEED, RunningService


@pytest.fixture
def broken(tmp_path: Path) -> Iterator[RunningService]:
    """A service whose image function raises."""
    template = tmp_path / "template.yaml"
    text = Path("template.yaml").read_text()
    template.write_text(text.replace("image.app.handler", "tests.local.handlers.fail"))
    ahead = [0.0]
    with LocalServer(
        0,
        tmp_path / "state",
        template=template,
        seed=SEED,
        clock=lambda: time.time() + ahead[0],
    ) as server:
        yield RunningService(server, ahead)


def test_a_reader_sees_the_generic_picture_and_an_api_caller_is_untouched(
    broken: RunningService,
) -> None:
    path = broken.link("Ann")
    answer = broken.get(path)
    generic = broken.get("/errors/fallback.png")
    assert answer.status_code == 200
    assert answer.content == generic.content
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Cache-Control"] == "public, no-transform, max-age=60"
    assert answer.headers["X-Cache"] == "Error from cloudfront"

    # The failure is kept for five seconds, and the function is asked again after them.
    assert "function.ImageFunction" not in broken.counter_changes(lambda: broken.get(path))
    broken.clock_offset[0] += 5.1
    assert broken.counter_changes(lambda: broken.get(path))["function.ImageFunction"] == 1

    # An image that was posted is in S3: no function is needed.
    posted = broken.call("POST", "/v1/images", broken.payload).json()
    assert requests.get(posted["url"], timeout=60).content != generic.content
