"""The drawing of docs/architecture.md is what the modules import; a drawing that is not is told apart."""

from __future__ import annotations

import dataclasses
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

import imports as tool

ROOT = Path(__file__).resolve().parents[1]

DRAWING = tool.read()
SVG = "{http://www.w3.org/2000/svg}"


def test_the_drawing_is_what_the_modules_import() -> None:
    assert tool.wrong(DRAWING) == []


@pytest.mark.parametrize("left_out", range(len(DRAWING.arrows)))
def test_an_arrow_that_is_missing_or_too_much_is_told(left_out: int) -> None:
    arrow = DRAWING.arrows[left_out]
    rest = DRAWING.arrows[:left_out] + DRAWING.arrows[left_out + 1 :]
    (line,) = tool.wrong(dataclasses.replace(DRAWING, arrows=rest))
    assert line.startswith(f"{arrow.pair[0]} -> {arrow.pair[1]} ({arrow.kind}) is missing: ")
    turned = dataclasses.replace(arrow, kind={"top": "inside", "inside": "top"}[arrow.kind])
    assert len(tool.wrong(dataclasses.replace(DRAWING, arrows=(*rest, turned)))) == 2


def make(folder: Path, files: dict[str, str]) -> Path:
    package = folder / "sc_neurocore"
    for name, text in files.items():
        path = package / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return package


def small(*arrows: tuple[str, str, str]) -> tool.Drawing:
    boxes = [tool.Box(name, (name,), row, 0, 1) for row, name in enumerate("abc")]
    return tool.Drawing(tuple(boxes), tuple(tool.Arrow(kind, (x, y), (0, 0)) for kind, x, y in arrows))


def test_imports_of_every_form_are_seen(tmp_path: Path) -> None:
    of_a = """
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from . import c
class A:
    def f(self):
        import sc_neurocore.b.x
"""
    of_c = """
from . import b
from .b.x import A
try:
    from . import a
except ImportError:
    pass
"""
    of_x = "from ..a import A\nimport json\nfrom sc_neurocore import a\n"
    package = make(tmp_path, {"a": of_a, "b/__init__": "from .x import A\n", "b/x": of_x, "c": of_c})
    assert set(tool.imports(package)) == {
        ("a", "b.x", True), ("b.x", "a.A", False), ("b.x", "a", False), ("b", "b.x.A", False), ("c", "b", False),
        ("c", "b.x.A", False), ("c", "a", False),
    }  # fmt: skip
    # c -> a goes through b.
    assert tool.wrong(small(("top", "b", "a"), ("top", "c", "b"), ("inside", "a", "b")), package) == []


def test_a_start_that_goes_up_and_a_module_without_a_box_are_told(tmp_path: Path) -> None:
    package = make(tmp_path / "one", {"a": "from .c import f\n", "b": "", "c": "", "new": ""})
    assert tool.wrong(small(), package) == [
        "new: no box has this module",
        "a imports c.f, which is not below it: c is no lower than a",
    ]
    package = make(tmp_path / "two", {"a": "", "c": ""})
    assert tool.wrong(small(), package) == ["b: a box has a module that is not there"]


def test_every_module_and_arrow_is_in_the_picture() -> None:
    root = ET.parse(ROOT / "docs" / "plots" / "architecture.svg").getroot()
    words = {word.strip(",") for text in root.iter(f"{SVG}text") for word in (text.text or "").split()}
    assert {module for box in DRAWING.boxes for module in box.modules} <= words
    assert len(list(root.iter(f"{SVG}polyline"))) == len(DRAWING.arrows) + 2  # and the two of the legend


def test_arrows_leave_and_reach_their_boxes() -> None:
    boxes = {box.name: box for box in DRAWING.boxes}
    for arrow in DRAWING.arrows:
        for name, x in zip(arrow.pair, arrow.at, strict=True):
            assert boxes[name].left < x < boxes[name].right, arrow
        # No arrow runs over a box that lies between its two.
        low, high = sorted(boxes[name].row for name in arrow.pair)
        for box in DRAWING.boxes:
            if low < box.row < high:
                assert not box.left <= arrow.at[0] <= box.right, (arrow, box.name)
