"""A render evaluates its Liquid and builds its render tree once, for fetching and for drawing."""

from collections import Counter
from typing import Any

import pytest

from postcard.geometry import output_size
from postcard.rendering.renderer import PreparedRender
from postcard.template.bind import bind_defaults
from postcard.template.compiled import Template
from postcard.template.evaluator import Evaluator
from tests.functions.in_memory_service import InMemoryService
from tests.functions.sample_events import document
from tests.rendering.drawing import quarters, renderer
from tests.template.template_cases import template

TO = "2026-11-22T10:00:02"
NOW = 1_795_341_600.0  # 2026-11-22T10:00:00Z
IF_POINTS = {"type": "text", "text": "{{ points | divided_by: 0 }}", "if": "points > 1"}
FIELDS = {"points": {"type": "number", "default": 3}}


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts evaluators, and by pointer how often a tree was built with the layer there."""
    counts: Counter[str] = Counter()
    init, is_visible = Evaluator.__init__, Evaluator.is_visible

    def counted_init(self: Evaluator, *args: Any, **named: Any) -> None:
        counts["evaluators"] += 1
        init(self, *args, **named)

    def counted_is_visible(self: Evaluator, where: str) -> bool:
        counts[where] += 1
        return is_visible(self, where)

    monkeypatch.setattr(Evaluator, "__init__", counted_init)
    monkeypatch.setattr(Evaluator, "is_visible", counted_is_visible)
    return counts


def prepare(made: Template) -> PreparedRender:
    return PreparedRender(made, bind_defaults(made), output_size(made.width, made.height), now=NOW)


def test_opening_a_link_evaluates_liquid_and_builds_the_tree_once(runs: Counter[str]) -> None:
    world = InMemoryService()
    photo = {"type": "image", "width": 20, "height": 20, "source": "https://example.com/a.png"}
    world.web.pictures[photo["source"]] = quarters()  # type: ignore[index]
    world.publish(document(layers=[*document()["layers"], photo]))
    link = world.sign_link()
    world.cold_start()
    runs.clear()
    response = world.open_link(link)
    assert response.headers["x-postcard-render"] == "drawn"
    assert runs["evaluators"] == 1
    assert runs["/layers/0"] == runs["/layers/1"] == 1


def test_a_liquid_error_is_warned_of_once(runs: Counter[str]) -> None:
    prepared = prepare(template(layers=[IF_POINTS], fields=FIELDS))
    assert prepared.image_sources() == []
    for _ in range(2):
        rendered = renderer().render(prepared, {}, format="png")
        assert [(w.code, w.pointer) for w in rendered.warnings] == [
            ("liquid_error", "/layers/0/text")
        ]
    assert runs == {"evaluators": 1, "/layers/0": 1}


@pytest.mark.parametrize("condition", ["countdown.ended", "points > 1"])
def test_each_frame_of_a_countdown_is_evaluated_once(runs: Counter[str], condition: str) -> None:
    image = {"type": "image", "width": 50, "height": 50, "source": "asset:a", "if": condition}
    seconds = {"type": "text", "text": "{{ countdown.seconds }}", "size": 40}
    countdown = {"to": TO, "frames": 4}
    prepared = prepare(template(layers=[image, seconds], fields=FIELDS, countdown=countdown))
    assert [source.reference for source in prepared.image_sources()] == ["asset:a"]
    renderer().render(prepared, {"asset:a": quarters()}, format="gif")
    assert runs == {"evaluators": 4, "/layers/0": 4, "/layers/1": 4}
