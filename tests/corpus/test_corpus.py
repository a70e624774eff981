"""The corpus is complete in every clone, and small."""

import lzma
from collections import Counter

from tests.corpus import files

MAX_BYTES = 3_000_000  # of all files together


def test_no_image_of_the_corpus_is_missing() -> None:
    counts = Counter(image.path.parent.name for image in files.images())
    assert counts.keys() == {"generated", "pillow", "pngsuite"}
    assert counts["generated"] >= 122
    assert counts["pillow"] == 147
    assert counts["pngsuite"] == 175


def test_generated_images_are_those_of_the_manifest_with_their_bytes() -> None:
    lines = [line.split("\t") for line in files.MANIFEST.read_text().splitlines()[1:]]
    expected = {name: int(size) for name, size, _ in lines}
    generated = [image for image in files.images() if image.path.parent.name == "generated"]
    assert {image.name: len(image.read()) for image in generated} == expected


def test_addresses_strings_and_vectors_are_complete() -> None:
    assert len(files.ssrf_cases()) >= 216
    assert len(files.problematic_strings()) >= 565
    assert len(files.signing_vectors("signature-mutations.json")["mutations"]) == 66
    for name in ("imgproxy.json", "aws-dit.json", "wycheproof/hmac_sha256_test.json"):
        assert files.signing_vectors(name)


def test_every_folder_of_the_corpus_is_in_its_readme() -> None:
    readme = (files.FOLDER / "README.md").read_text()
    paths = {path.parent.relative_to(files.FOLDER) for path in files.FOLDER.rglob("*.*")}
    folders = {str(path) for path in paths if str(path) not in (".", "images", "__pycache__")}
    assert {folder for folder in folders if folder not in readme} == set()


def test_the_corpus_stays_small() -> None:
    bodies = [path for path in files.FOLDER.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert sum(path.stat().st_size for path in bodies) < MAX_BYTES


def test_large_images_that_compress_well_are_packed() -> None:
    for path in files.IMAGES.rglob("*"):
        if path.is_file() and path.suffix != ".xz" and path.stat().st_size > 16_384:
            body = path.read_bytes()
            assert len(lzma.compress(body)) > 0.7 * len(body), f"pack {path.name} with xz"
