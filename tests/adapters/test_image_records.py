"""Image records in every implementation."""

from dataclasses import replace

import pytest

from postcard.ports import ImageRecord
from tests.adapters.conftest import PortImplementations


def image() -> ImageRecord:
    return ImageRecord(
        image_id="img_abc",
        template_id="welcome",
        version=3,
        values='{"name": "Zoë"}',
        format="jpg",
        width=1200,
        height=630,
        display_width=800,
        display_height=420,
        dpr=1.5,
        quality=82,
        max_bytes=None,
        alt="Hi Zoë",
        created_at=1_795_000_000,
        status="ready",
        bytes=4811,
    )


def test_an_image_record_is_read_as_it_was_put(adapters: PortImplementations) -> None:
    for record in (image(), replace(image(), dpr=2.0, quality=None, max_bytes=2000, bytes=None)):
        adapters.images.put(record)
        stored = adapters.images.get("img_abc")
        assert stored == record
        assert isinstance(stored.dpr, float)
    assert adapters.images.get("img_other") is None


def test_many_image_records_are_read_at_once(adapters: PortImplementations) -> None:
    names = [f"img_{number}" for number in range(130)]
    adapters.put_many_images(replace(image(), image_id=name) for name in names)
    found = adapters.images.get_many([*names[1:], "img_other"])
    assert sorted(record.image_id for record in found) == sorted(names[1:])
    assert list(adapters.images.get_many([])) == []


def test_an_erased_image_record_has_no_values(adapters: PortImplementations) -> None:
    adapters.images.put(image())
    adapters.images.put(replace(image(), values="", alt="", erased=True))
    stored = adapters.images.get("img_abc")
    assert stored is not None
    assert (stored.values, stored.alt, stored.erased) == ("", "", True)


def test_the_images_of_a_template_and_of_a_version_are_found(adapters: PortImplementations) -> None:
    adapters.put_many_images(
        replace(image(), image_id=f"img_{number}", version=number % 2 + 1) for number in range(130)
    )
    adapters.images.put(replace(image(), image_id="img_x", template_id="welcome2", version=1))
    adapters.images.put(replace(image(), image_id="img_0", version=1, erased=True))
    records = list(adapters.images.by_template("welcome", 1))
    assert sorted(r.image_id for r in records) == sorted(f"img_{n}" for n in range(0, 130, 2))
    assert [r.image_id for r in records if r.erased] == ["img_0"]
    assert len(list(adapters.images.by_template("welcome"))) == 130
    assert list(adapters.images.by_template("other")) == []


@pytest.mark.parametrize("version", [None, 1])
def test_the_images_of_a_template_are_found_page_by_page(
    adapters: PortImplementations, version: int | None
) -> None:
    adapters.put_many_images(
        replace(image(), image_id=f"img_{number}", version=number % 2 + 1) for number in range(40)
    )
    found, after = [], ""
    for _ in range(40):
        page = adapters.images.page_by_template("welcome", version, after=after, limit=3)
        assert len(page.items) <= 3
        found += [record.image_id for record in page.items]
        if page.next_cursor is None:
            break
        after = page.next_cursor
    assert sorted(found) == sorted(f"img_{n}" for n in range(0, 40, 2 if version else 1))


def test_a_record_is_replaced_only_while_its_status_is_the_same(
    adapters: PortImplementations,
) -> None:
    pending = replace(image(), status="pending", bytes=None)
    assert not adapters.images.replace(pending, status="ready"), "there is none"
    adapters.images.put(image())
    assert adapters.images.replace(pending, status="ready")
    assert adapters.images.get("img_abc") == pending
    adapters.images.put(replace(image(), status="erased", values=""))
    assert not adapters.images.replace(image(), status="pending")
    stored = adapters.images.get("img_abc")
    assert stored is not None and stored.values == ""


def test_images_are_found_by_their_blind_indexes(adapters: PortImplementations) -> None:
    adapters.put_many_images(
        replace(image(), image_id=f"img_{number}", blind_indexes=("b" * 40, f"index{number % 2}"))
        for number in range(120)
    )
    adapters.images.put(replace(image(), image_id="img_0", blind_indexes=(), erased=True))
    image_ids = {record.image_id for record in adapters.images.by_blind_index("index0")}
    assert image_ids == {f"img_{number}" for number in range(2, 120, 2)}
    assert len(list(adapters.images.by_blind_index("b" * 40))) == 119
    assert list(adapters.images.by_blind_index("index9")) == []
    stored = adapters.images.get("img_1")
    assert stored is not None and stored.blind_indexes == ("b" * 40, "index1")
