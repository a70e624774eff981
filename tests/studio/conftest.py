"""Fixtures of the studio's tests: a real service and Chromium, both for each module.

`make test-studio` runs all of these tests. `make test` runs those with the mark `quick`, so that it
stays short, and all with one service and one Chromium: such a test finds what others published.
`pytest tests/studio/…` runs what it names.
"""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from api.routes import studio as studio_page
from local.seed import SEED_FOLDER
from local.server import LocalServer
from postcard.host_patterns import url_origin
from tests.folder_fixtures import FolderFixtures
from tests.local.chromium import CHROMIUM, FLAGS
from tests.studio.recorder import Recorder
from tests.studio.studio import Studio

FOLDER = Path(__file__).parent
TEMPLATES = ("tmpl_a1b2c3d4e5", "discount-coupon")  # unless a module has TEMPLATES of its own
PLAYWRIGHT_S_OWN = ("--headless", "--remote-debugging-pipe")
# A new template's name is free if there is neither a draft nor a version.
FREE_NAME = r"/v1/templates/[^/]+/draft/document(\?or_latest=true)?"
TIMEOUT_MS = 30_000  # only ends a test that fails
SHARED = FolderFixtures(FOLDER)


def names_folder(config: pytest.Config) -> bool:
    """Whether the command names this folder or a part of it."""
    paths = [Path(str(argument).partition("::")[0]).resolve() for argument in config.args]
    return any(path.is_relative_to(FOLDER) for path in paths)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not `quick`, unless the command names this folder."""
    if names_folder(config):
        return
    left_out = [
        item
        for item in items
        if item.path.is_relative_to(FOLDER) and not item.get_closest_marker("quick")
    ]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> Generator[None]:
    """End what the modules share when the next test is of another folder."""
    yield
    SHARED.close_after_folder(nextitem)


@pytest.fixture(scope="module")
def state(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the service."""
    if names_folder(request.config):
        return tmp_path_factory.mktemp("state")
    return SHARED.get("state", lambda: nullcontext(tmp_path_factory.mktemp("state")))


@pytest.fixture(scope="module")
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, state: Path
) -> Iterator[LocalServer]:
    """A service with the templates TEMPLATES of the module and all sample assets."""
    if not (studio_page.STATIC_FOLDER / studio_page.PAGE).is_file():
        pytest.fail("The studio was not built: run `make studio`.")
    seed = tmp_path_factory.mktemp("seed")
    if names_folder(request.config):
        with started(state, seed, getattr(request.module, "TEMPLATES", TEMPLATES)) as server:
            yield server
    else:
        yield SHARED.get("server", lambda: started(state, seed, TEMPLATES))


@contextmanager
def started(state: Path, seed: Path, templates: Sequence[str]) -> Iterator[LocalServer]:
    """A service with these of the sample templates; `seed` is an empty folder."""
    (seed / "assets").symlink_to(SEED_FOLDER / "assets")
    for name in templates:
        (seed / f"{name}.json").symlink_to(SEED_FOLDER / f"{name}.json")
    with LocalServer(0, state, seed=seed, schedule_clock=lambda: 0.0) as server:
        yield server


@pytest.fixture(scope="module")  # a longer-lived one would leave asyncio's loop to other tests
def browser(request: pytest.FixtureRequest, server: LocalServer) -> Iterator[Browser]:
    """Debian's Chromium.

    After the service: the engine of its edge function would take Playwright's event loop for its
    own, and wait for ever while a test waits for a picture.
    """
    if not CHROMIUM:
        pytest.skip("Chromium is not installed")
    if names_folder(request.config):
        with chromium() as browser:
            yield browser
    else:
        yield SHARED.get("browser", chromium)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser of its own."""
    flags = [flag for flag in FLAGS if flag not in PLAYWRIGHT_S_OWN]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def recorder(server: LocalServer) -> Recorder:
    """Fails the test on what no page may do; see `Recorder`."""
    addresses = (server.base_url, server.endpoint.url)  # the service, and uploads
    return Recorder(frozenset(url_origin(url).partition("://")[2] for url in addresses))


@pytest.fixture
def studio(
    browser: Browser, server: LocalServer, state: Path, recorder: Recorder
) -> Iterator[Studio]:
    """The studio. The test fails if `recorder` found something."""
    recorder.allow_status(404, path=FREE_NAME)
    studio = Studio(server, state, browser, recorder)
    yield studio
    studio.close()
    assert recorder.complaints() == []


@pytest.fixture
def page(studio: Studio) -> Page:
    """A signed-in page at `/studio`."""
    page = studio.sign_in()
    page.set_default_timeout(TIMEOUT_MS)
    return page
