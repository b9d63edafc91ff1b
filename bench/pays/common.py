"""Rows as CSV, figures as SVG of the same bytes in every run."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

__all__ = ["Row", "figure", "legend", "markdown", "read", "save", "style", "text"]

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


def style() -> None:
    """Let every figure from now on look as those of docs/plots."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update(
        {"svg.hashsalt": "sc_neurocore", "svg.fonttype": "none", "font.size": 8, "lines.markersize": 3.5}
    )
    mpl.rcParams.update({"axes.grid": True, "grid.alpha": 0.3, "lines.linewidth": 1.1, "axes.axisbelow": True})


def figure(columns: int, width: float = 4.2, height: float = 3.2) -> tuple[Any, list[Any]]:
    """Return a figure and its axes, side by side."""
    style()
    from matplotlib import pyplot as plt

    fig, axes = plt.subplots(1, columns, figsize=(width * columns, height), layout="constrained", squeeze=False)
    return fig, list(axes[0])


def legend(axes: Any, **options: Any) -> None:
    """Add a small legend."""
    axes.legend(fontsize=7, framealpha=0.85, **options)


def save(fig: Any, path: Path) -> None:
    """Write the figure without date or version, so that the same numbers give the same bytes."""
    from matplotlib import pyplot as plt

    fig.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(fig)


def markdown(titles: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = [list(titles), ["---"] * len(titles), *([str(c) for c in row] for row in rows)]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)
