"""A warm GET goes straight from file to file: how many it enters, and that no step is called twice.

The GET is traced while the handler has it: a signed link of a template with one text, after another
link of the same template. Calls within one file are free; a call from one of our files into another
is a crossing.
"""

import inspect
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest

from postcard.budgets.render_budget import RenderBudget
from postcard.canvas.codecs.encode import encode
from postcard.delivery.fallbacks import first_fallback
from postcard.delivery.picture_service import PictureService
from postcard.links.cache_path import cache_path
from postcard.links.parse import parse_link
from postcard.links.verify import verify_request
from postcard.pipeline.pipeline import RenderPipeline
from postcard.pipeline.template_loader import TemplateLoader
from postcard.rendering.flex_layout import draw_nodes
from postcard.rendering.prepared_render import PreparedRender
from postcard.rendering.render_tree import build_tree
from postcard.rendering.renderer import Renderer
from postcard.template.bind import bind
from postcard.template.compiled import Template
from postcard.template.evaluator import Evaluator
from postcard.template.liquid.fast_path import FastTemplate, parse_fast_template
from postcard.template.liquid.parse import parse_template
from postcard.template.modifications import modifications_from_link
from postcard.template.validation.parse import load_published, parse_document
from tests.functions.fake_services import ROOT
from tests.functions.in_memory_service import InMemoryService

OURS = tuple(f"{ROOT / folder}/" for folder in ("layers/core/postcard", "functions"))

# A little above what a GET needs today: 75 files and 288 crossings, over half of both of
# them within Renderer.render (layout, text, encoding). Lower them when the walk gets shorter.
# Two files count the usage: on AWS a thread does that while the record is read again.
MAX_FILES = 75
MAX_CROSSINGS = 290

STEPS = [
    "_verify", "_draw", "_read_record", "_load_template", "_bind_values", "_charge_budget",
    "_render", "_store",
]  # fmt: skip
ONCE: list[Callable[..., Any]] = [
    PictureService.get, parse_link, verify_request, TemplateLoader.load_version,
    modifications_from_link, bind, RenderBudget.spend, RenderPipeline.draw, PreparedRender.__init__,
    Evaluator.__init__, build_tree, FastTemplate.render, Renderer.render, draw_nodes, encode,
]  # fmt: skip
NEVER: list[Callable[..., Any]] = [
    Template.compile, parse_document, load_published, parse_template, parse_fast_template,
    first_fallback, PictureService._ended_picture,
]  # fmt: skip


@dataclass(frozen=True)
class Call:
    """A call of our code by our code; what lies between, such as a test double, is left out."""

    code: CodeType
    caller: CodeType | None

    @property
    def is_crossing(self) -> bool:
        return self.caller is not None and self.caller.co_filename != self.code.co_filename


@contextmanager
def record_calls() -> Iterator[list[Call]]:
    calls: list[Call] = []

    def on_event(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(OURS):
            calls.append(Call(frame.f_code, calling_code(frame)))

    before = sys.getprofile()
    sys.setprofile(on_event)
    try:
        yield calls
    finally:
        sys.setprofile(before)


def calling_code(frame: FrameType) -> CodeType | None:
    caller = frame.f_back
    while caller is not None and not caller.f_code.co_filename.startswith(OURS):
        caller = caller.f_back
    return caller and caller.f_code


def code_of(function: Callable[..., Any]) -> CodeType:
    code: CodeType = inspect.unwrap(getattr(function, "__func__", function)).__code__
    return code


@pytest.fixture
def calls(world: InMemoryService) -> list[Call]:
    """The calls of a warm GET, in order. No other test draws its name, so no cache has it."""
    assert world.open_link(world.sign_link({"first_name": "Ann"})).status == 200
    link = parse_link(*world.sign_link({"first_name": "Jyx"}).split("?"))
    path = cache_path(world.link_keys, link, now=world.now)  # the edge function's work
    with record_calls() as calls:
        response = world.get_picture(path, link.canonical_url)
    assert (response.status, response.headers["x-postcard-render"]) == (200, "drawn")
    return calls


def test_a_warm_get_enters_few_files_and_crosses_few_file_borders(calls: list[Call]) -> None:
    files = Counter(Path(call.code.co_filename).relative_to(ROOT).as_posix() for call in calls)
    crossings = sum(call.is_crossing for call in calls)
    assert len(files) <= MAX_FILES, sorted(files)
    assert crossings <= MAX_CROSSINGS


def test_the_steps_of_a_get_are_called_once_each_and_in_order(calls: list[Call]) -> None:
    get, draw = code_of(PictureService.get), code_of(PictureService._draw)
    steps = [
        call.code.co_name
        for call in calls
        if call.caller in (get, draw) and call.code.co_filename == get.co_filename
    ]
    assert steps == STEPS
    entered = Counter(call.code for call in calls)
    assert [entered[code_of(getattr(PictureService, step))] for step in STEPS] == [1] * len(STEPS)


def test_a_warm_get_does_no_work_twice(calls: list[Call]) -> None:
    entered = Counter(call.code for call in calls)
    times = {function.__qualname__: entered[code_of(function)] for function in ONCE}
    assert times == dict.fromkeys(times, 1)


def test_a_warm_get_compiles_no_template_and_needs_no_fallback(calls: list[Call]) -> None:
    entered = Counter(call.code for call in calls)
    assert [function.__qualname__ for function in NEVER if entered[code_of(function)]] == []
