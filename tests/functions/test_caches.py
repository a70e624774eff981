"""All caches of a process are known by name; emptying them changes no picture."""

from tests.functions.in_memory_service import InMemoryService


def test_every_cache_of_the_image_function_can_be_named_measured_and_emptied(
    world: InMemoryService,
) -> None:
    first = world.open_link(world.sign_link({"first_name": "Zoe"}))
    sizes = world.caches.sizes()
    assert {
        "compiled patterns",
        "memoized drawing",
        "template records",
        "template versions",
        "stored objects",
        "asset files",
        "font files",
        "font sets",
    } <= set(sizes)
    assert sizes["template versions"] == sizes["template records"] == 1
    assert sizes["memoized drawing"] > 0
    world.caches.clear()
    assert set(world.caches.sizes().values()) == {0}
    assert world.open_link(world.sign_link({"first_name": "Zoe"})).body == first.body
