"""What the parts of the study share: rows as CSV, and figures as SVG, the same bytes in every run."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from sc_neurocore import figures
from sc_neurocore.errors import ScError
from sc_neurocore.packages import require_packages

__all__ = ["Row", "ask_for", "figure", "markdown", "read", "save", "style", "text"]

Row = dict[str, str]


def text(rows: Sequence[Row]) -> str:
    """Return the rows as CSV."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def read(path: Path) -> list[Row]:
    """Return the rows of a CSV file."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def ask_for(*steps: Callable[[], object]) -> None:
    """End the study with one line if matplotlib, or a tool, is missing: before it measures, not where it draws.

    steps: what raises ScError where a tool is missing, such as `yosys.command`.
    """
    try:
        require_packages("the study", "matplotlib")
        for step in steps:
            step()
    except ScError as mistake:
        sys.exit(f"error: {mistake}")


def style() -> None:
    """Let every figure from now on look as those of docs/plots."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update(figures.style())


def figure(panels: int, *, columns: int = 2, height: float = 3.6) -> tuple[Any, list[Any]]:
    """Return a figure as wide as a page's text and its axes, in rows of so many columns; height: of a row."""
    style()
    from matplotlib import pyplot as plt

    columns = min(columns, panels)
    rows = -(-panels // columns)
    fig, axes = plt.subplots(rows, columns, figsize=(figures.WIDTH, height * rows), layout="constrained", squeeze=False)
    return fig, list(axes.flat)


def save(fig: Any, path: Path) -> None:
    """Write the figure without date or version, so that the same numbers give the same bytes."""
    from matplotlib import pyplot as plt

    fig.savefig(path, format="svg", metadata=figures.METADATA)
    plt.close(fig)


def markdown(titles: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = [list(titles), ["---"] * len(titles), *([str(c) for c in row] for row in rows)]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)
