"""The look of every figure of this project: readable at the width of a page, by everybody, and reproducible.

Text has 9 points and more at `WIDTH`, the width of a printed page's text, so that no printer shrinks it. The colours
are those of Okabe and Ito (2008), which people with any colour vision can distinguish; lines differ in dashes or
markers too. In one figure a colour means the same in all panels, and legends are outside the axes. Importing this
module needs no matplotlib.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = [
    "BLACK",
    "BLUE",
    "GREEN",
    "GREY",
    "METADATA",
    "ORANGE",
    "PURPLE",
    "RED",
    "SKY",
    "WIDTH",
    "YELLOW",
    "legend_below",
    "plain_ticks",
    "style",
]

BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, RED, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
# Beside the eight: what is there for comparison only.
GREY = "#777777"

#: Of every figure, in inches: the text of a page of letter or A4 paper with margins of an inch; 624 pixels on a screen.
WIDTH = 6.5

#: Of `savefig`: nothing that another day or version would change.
METADATA = {"Date": None, "Creator": None}


def style() -> dict[str, Any]:
    """Return the settings of matplotlib for all figures, for `rcParams.update` or `rc_context`.

    Text in SVG files stays text. The same figure gives the same bytes, since identifiers do not depend on chance.
    """
    from cycler import cycler

    looks = cycler(color=[BLUE, RED, GREEN, PURPLE, ORANGE, SKY, BLACK])
    lines: list[Any] = ["-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)), (0, (8, 2)), (0, (1, 3))]
    looks += cycler(linestyle=lines)
    return {
        "svg.hashsalt": "sc_neurocore",
        "svg.fonttype": "none",
        "font.size": 10,
        "axes.titlesize": 10.5,
        "xtick.labelsize": 9,
        "ytick.labelsize": 9,
        "legend.fontsize": 9.5,
        "legend.frameon": False,
        "legend.handlelength": 3.0,
        "lines.markersize": 5,
        "lines.linewidth": 1.4,
        "hatch.linewidth": 0.6,
        "axes.prop_cycle": looks,
        "axes.grid": True,
        "grid.alpha": 0.3,
        "axes.axisbelow": True,
    }


def legend_below(figure: Any, axes: Sequence[Any], columns: int) -> None:
    """Put one legend for several axes under all of them; each label appears once, in the order of its first use.

    Args:
        figure: The figure, with layout="constrained", which makes space for the legend.
        axes: The axes whose labels it explains.
        columns: Number of its columns; it has fewer if so many are wider than the figure.
    """
    found: dict[str, Any] = {}
    for each in axes:
        for handle, label in zip(*each.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    for number in range(columns, 0, -1):
        legend = figure.legend(list(found.values()), list(found), loc="outside lower center", ncols=number)
        figure.draw_without_rendering()
        if number == 1 or legend.get_window_extent().width <= figure.bbox.width:
            return
        legend.remove()


def plain_ticks(axis: Any, ticks: Sequence[float] | None = None) -> None:
    """Label a logarithmic axis with numbers in place of powers, whose exponents would be too small to read.

    Args:
        axis: An axis of matplotlib, such as axes.xaxis.
        ticks: Where it has ticks; None leaves them to matplotlib.
    """
    axis.set_major_formatter("{x:,g}")
    if ticks is not None:
        axis.set_ticks(ticks)
    axis.set_minor_formatter("")
