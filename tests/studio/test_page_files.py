"""The built page: what is loaded first, whether it is up to date, what its source may not do."""

import filecmp
import gzip
import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from api.routes import studio as studio_page

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "studio"
BUILT = studio_page.STATIC_FOLDER
FIRST_SCRIPTS_KB, STYLE_KB, DRAWER_KB = 60, 12, 120
# Ways by which a text becomes HTML, or a style or script is written into it.
FORBIDDEN = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write"
    r"|\beval\(|new Function|href=\{`?javascript"
)


@pytest.fixture(scope="module")
def page() -> str:
    """The page's HTML."""
    file = BUILT / studio_page.PAGE
    assert file.is_file(), "Run `make studio`."
    return file.read_text()


def packed_size(name: str) -> int:
    """The bytes of a file as it is sent."""
    return len(gzip.compress((BUILT / name).read_bytes(), 9))


@pytest.mark.quick
def test_the_page_s_source_writes_no_html() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in SOURCE.glob("src/**/*.ts*")
        for match in FORBIDDEN.finditer(path.read_text())
    ]
    assert found == []


@pytest.mark.quick
def test_the_built_page_is_of_the_sources_that_are_here(page: str) -> None:
    lines = (BUILT / "SOURCES").read_text().splitlines()
    built = {name: digest for digest, name in (line.split("  ") for line in lines)}
    here = {
        name: hashlib.sha256((SOURCE / name).read_bytes()).hexdigest()
        for name in built
        if (SOURCE / name).is_file()
    }
    assert built == here, "Run `make studio`."
    files = [path for part in ("src", "style") for path in (SOURCE / part).rglob("*.*")]
    missing = {str(path.relative_to(SOURCE)) for path in files} - set(built)
    assert missing == set(), "Run `make studio`."


@pytest.mark.quick
def test_what_is_loaded_before_the_first_picture_is_small(page: str) -> None:
    (script,) = re.findall(r'/studio/([\w.-]+\.js)"', page)
    (style,) = re.findall(r'/studio/([\w.-]+\.css)"', page)
    assert not re.search(rb'(from|import)"\./', (BUILT / script).read_bytes())  # it is whole
    assert packed_size(script) <= FIRST_SCRIPTS_KB * 1024
    assert packed_size(style) <= STYLE_KB * 1024


@pytest.mark.quick
def test_the_licences_of_all_packages_in_the_page_go_along() -> None:
    packages = json.loads((SOURCE / "package-lock.json").read_text())["packages"]
    bundled = {
        path.rpartition("node_modules/")[2]: package["version"]
        for path, package in packages.items()
        if path and not package.get("dev")
    }
    text = (BUILT / "licenses.txt").read_text()
    titles = re.findall(r"^(\S+) (\S+)\n=+$", text, re.MULTILINE)
    assert dict(titles) == bundled
    assert "preact" in bundled
    assert text.count("WITHOUT WARRANTY OF ANY KIND") == len(bundled)  # each has the MIT License


@pytest.mark.quick
def test_the_json_drawer_s_editor_is_small_and_loaded_only_with_the_drawer(page: str) -> None:
    (drawer,) = BUILT.glob("json.*.js")
    assert packed_size(drawer.name) <= DRAWER_KB * 1024
    naming = [file.name for file in BUILT.glob("*.*") if drawer.name.encode() in file.read_bytes()]
    assert [name.partition(".")[0] for name in naming] == ["panels"]
    (panels,) = BUILT.glob("panels.*.js")
    assert f'import("./{drawer.name}")' in panels.read_text()


def test_equal_sources_give_equal_bytes(tmp_path: Path) -> None:
    if not shutil.which("node") or not (SOURCE / "node_modules").is_dir():
        pytest.skip("Node and npm are not installed")
    copied = shutil.ignore_patterns("node_modules", "build")
    shutil.copytree(SOURCE, tmp_path / "studio", ignore=copied)
    (tmp_path / "studio/node_modules").symlink_to((SOURCE / "node_modules").resolve())
    built_again = tmp_path / "functions/api/static/studio"
    built_again.parent.mkdir(parents=True)
    subprocess.run(["node", "build.mjs"], cwd=tmp_path / "studio", check=True, capture_output=True)
    names = {file.name for file in BUILT.iterdir()}
    assert {file.name for file in built_again.iterdir()} == names
    different = [
        name for name in names if not filecmp.cmp(BUILT / name, built_again / name, shallow=False)
    ]
    assert different == []
