"""What the parts of sc_neurocore import of one another, and the drawing of it, docs/plots/architecture.svg.

The drawing is described in docs/plots/architecture.toml; `wrong` compares that with the modules themselves, which are
read as text (ast), not imported.
"""

from __future__ import annotations

import ast
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["Arrow", "Box", "Drawing", "draw", "imports", "read", "reduced", "wrong"]

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "model" / "sc_neurocore"
SOURCE = ROOT / "docs" / "plots" / "architecture.toml"
#: Names of two boxes, of which the first imports the second.
Pair = tuple[str, str]

# Pixels of 1/96 inch: of a column, of a line in a box and of what is above and below them, between two rows, around
# everything; letters in a column. The whole is as wide as the text of a page, 6.5 inches, so that letters of 12 pixels
# have 9 points on paper.
COLUMN, LINE, INSIDE, GAP, MARGIN, LETTERS = 50, 15, 16, 26, 12, 6.6


@dataclass(frozen=True)
class Box:
    """Modules that are drawn as one box.

    Attributes:
        name: The text in the box.
        modules: Dotted names of the modules.
        row: Row of the box, counted from below.
        left: Column of its left edge.
        right: Column of its right edge.
    """

    name: str
    modules: tuple[str, ...]
    row: int
    left: float
    right: float


@dataclass(frozen=True)
class Arrow:
    """One box imports another.

    Attributes:
        kind: "top" if modules import when they are imported themselves, "inside" if only functions import.
        pair: (the box that imports, the box that is imported).
        at: Where the arrow leaves and where it arrives, as columns.
    """

    kind: str
    pair: Pair
    at: tuple[float, float]


@dataclass(frozen=True)
class Drawing:
    """The whole drawing.

    Attributes:
        boxes: The boxes, in the order of the TOML file.
        arrows: The arrows, likewise.
    """

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def read(source: Path = SOURCE) -> Drawing:
    """Return the drawing that a TOML file describes; TypeError or KeyError for a field too many or too few."""
    table: dict[str, Any] = tomllib.loads(source.read_text(encoding="utf-8"))
    boxes = [Box(**{**row, "modules": tuple(row["modules"])}) for row in table["box"]]
    arrows = [Arrow(row["kind"], (row["from"], row["to"]), (row["at"][0], row["at"][1])) for row in table["arrow"]]
    return Drawing(tuple(boxes), tuple(arrows))


def _found(node: ast.AST, inside: bool) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    """Yield every import below a node, and whether a function holds it; not those for the type checker."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, inside
        yield from _found(child, inside or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda))


@cache
def imports(package: Path = PACKAGE) -> tuple[tuple[str, str, bool], ...]:
    """Return (importer, imported, inside a function) by dotted names below the package, of its own modules only."""
    return tuple(_imports(package))


def _imports(package: Path) -> Iterator[tuple[str, str, bool]]:
    """Yield what `imports` returns; a relative import is resolved from the folder of its module."""
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        importer = ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)
        around = [package.name, *parts[:-1]]
        for node, inside in _found(ast.parse(path.read_text(encoding="utf-8")), False):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            else:
                base = around[: len(around) - node.level + 1] if node.level else []
                names = [".".join([*base, *filter(None, [node.module]), alias.name]) for alias in node.names]
            for name in names:
                words = name.split(".")
                if words[0] == package.name and len(words) > 1:
                    yield importer, ".".join(words[1:]), inside


def _owner(name: str, owners: Mapping[str, str]) -> str | None:
    """Return the box of a module: the one that names the longest part of its dotted name, from the front."""
    words = name.split(".")
    return next((box for n in range(len(words), 0, -1) if (box := owners.get(".".join(words[:n])))), None)


def reduced(pairs: Iterable[Pair], by: Iterable[Pair]) -> set[Pair]:
    """Return the pairs that do not follow from a chain of other pairs: the arrows that have to be drawn.

    Args:
        pairs: (importer, imported) by names of boxes.
        by: The pairs of which chains are made. They have no cycle.
    """
    below: dict[str, set[str]] = {}
    for importer, imported in by:
        below.setdefault(importer, set()).add(imported)

    def reaches(start: str, goal: str) -> bool:
        return any(step == goal or reaches(step, goal) for step in below.get(start, ()))

    return {(a, b) for a, b in pairs if not any(reaches(step, b) for step in below.get(a, set()) - {b})}


def wrong(drawing: Drawing, package: Path = PACKAGE) -> list[str]:
    """Return a line for each thing in which the drawing differs from what the package's modules import.

    Args:
        drawing: The drawing (`read`).
        package: Folder of the package.

    Returns:
        Modules without a box, boxes of modules that are not there, and imports that do not point down. Only if there
        are none of these, arrows that are missing or that no import needs.
    """
    owners = {module: box.name for box in drawing.boxes for module in box.modules}
    rows = {box.name: box.row for box in drawing.boxes}
    there = {
        path.stem if path.suffix == ".py" else path.name for path in package.iterdir() if path.suffix in {".py", ""}
    }
    there -= {"__init__", "__pycache__"}
    lines = [f"{name}: no box has this module" for name in sorted(there - set(owners))]
    for name in sorted(owners):
        path = package.joinpath(*name.split("."))
        if not (path.is_dir() or path.with_suffix(".py").is_file()):
            lines.append(f"{name}: a box has a module that is not there")
    # What is imported of the package itself, such as its version, stands in no box.
    found: dict[bool, dict[Pair, str]] = {False: {}, True: {}}
    for importer, imported, inside in imports(package):
        pair = _owner(importer, owners), _owner(imported, owners)
        if pair[0] and pair[1] and pair[0] != pair[1]:
            found[inside].setdefault((pair[0], pair[1]), f"{importer} imports {imported}")
    top = found[False]
    for a, b in sorted(top):
        if rows[a] <= rows[b]:
            lines.append(f"{top[a, b]}, which is not below it: {b} is no lower than {a}")
    if lines:
        return lines
    inside_only = {pair: why for pair, why in found[True].items() if pair not in top}
    wanted = {
        "top": {pair: top[pair] for pair in reduced(top, top)},
        "inside": {pair: inside_only[pair] for pair in reduced(inside_only, top)},
    }
    for kind, pairs in wanted.items():
        drawn = {arrow.pair for arrow in drawing.arrows if arrow.kind == kind}
        lines += [f"{a} -> {b} ({kind}) is missing: {pairs[a, b]}" for a, b in sorted(set(pairs) - drawn)]
        lines += [f"{a} -> {b} ({kind}) is drawn, and no import needs it" for a, b in sorted(drawn - set(pairs))]
    return lines


def _lines(box: Box) -> list[str]:
    """Return the lines of text in a box: its name, then the modules, broken where its width ends."""
    return [box.name, *textwrap.wrap(", ".join(box.modules), int(LETTERS * (box.right - box.left)))]


def _box(box: Box, y: float, height: float, font: str, colour: str) -> str:
    """Return a box as SVG, with its upper edge at `y`."""
    x, width = MARGIN + COLUMN * box.left, COLUMN * (box.right - box.left)
    lines = _lines(box)
    first = y + height / 2 - LINE / 2 * (len(lines) - 1) + 4.5
    parts = [
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="7" fill="#ffffff" stroke="{colour}" '
        'stroke-width="1.5"/>'
    ]
    for k, text in enumerate(lines):
        style = f'font-size="13" font-weight="bold" fill="{colour}"' if k == 0 else 'font-size="12" fill="#333333"'
        place = f'x="{x + width / 2:g}" y="{first + LINE * k:g}"'
        parts.append(f'<text {place} {font} {style} text-anchor="middle">{escape(text)}</text>')
    return "\n".join(parts)


def draw(drawing: Drawing, *, font: str, colours: Mapping[str, str]) -> str:
    """Return the drawing as SVG.

    Args:
        drawing: The drawing.
        font: The attribute font-family of all texts.
        colours: Colours by "box", "Network" (the box in the middle) and "arrow".
    """
    tall: dict[int, int] = {}
    for box in drawing.boxes:
        tall[box.row] = max(tall.get(box.row, 0), INSIDE + LINE * len(_lines(box)))
    tops, y = {}, MARGIN
    for row in sorted(tall, reverse=True):
        tops[row] = y
        y += tall[row] + GAP
    place = {box.name: (tops[box.row], tall[box.row]) for box in drawing.boxes}
    width = 2 * MARGIN + 12 * COLUMN
    height = y - GAP + MARGIN + 26
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        'aria-label="The parts of the Python package and which imports which: all arrows of imports at start go down">',
        '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">'
        f'<path d="M0,0 L10,5 L0,10 z" fill="{colours["arrow"]}"/></marker></defs>',
        f'<rect width="{width}" height="{height}" rx="10" fill="#f7f7f5"/>',
    ]
    parts += [
        _box(box, *place[box.name], font, colours["Network" if box.name.startswith("Network") else "box"])
        for box in drawing.boxes
    ]
    for arrow in drawing.arrows:
        (start, from_height), (end, to_height) = (place[name] for name in arrow.pair)
        x1, x2 = (MARGIN + COLUMN * x for x in arrow.at)
        y1, y2 = (start + from_height, end - 2) if start < end else (start, end + to_height + 2)
        turn = end - GAP / 2
        points = [(x1, y1), (x2, y2)] if x1 == x2 else [(x1, y1), (x1, turn), (x2, turn), (x2, y2)]
        parts.append(_line(points, arrow.kind, colours["arrow"]))
    y = height - 18
    for x, kind, text in (
        (16, "top", "imports with the module"),
        (250, "inside", "imports inside a function, when called"),
    ):
        parts.append(_line([(x, y), (x + 44, y)], kind, colours["arrow"]))
        parts.append(f'<text x="{x + 54}" y="{y + 4}" {font} font-size="12" fill="#333333">{text}</text>')
    return "\n".join([*parts, "</svg>", ""])


def _line(points: list[tuple[float, float]], kind: str, colour: str) -> str:
    """Return an arrow through the points as SVG, dashed for the kind "inside"."""
    path = " ".join(f"{x:g},{y:g}" for x, y in points)
    dashes = ' stroke-dasharray="5 4"' if kind == "inside" else ""
    return (
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.6"{dashes} marker-end="url(#tip)"/>'
    )
