"""Tables and panels that the reports of both kinds of networks have, and the look of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import figures
from ..own_data.labels import name_text
from .result import ClassFacts, Explanation, LayerReport, Stage
from .steps_result import StepsExplanation, StepsLayer

__all__ = [
    "COLOURS",
    "Table",
    "bars",
    "classes_table",
    "legend",
    "line",
    "percent",
    "stages_panel",
    "stages_table",
    "weights_table",
]

# In every panel a colour is that of one source of error; what else there is comes in greys, hatches and dashes.
COLOURS = {
    "weights": figures.BLUE,
    "round": figures.ORANGE,
    "clip": figures.GREEN,
    "stream": figures.RED,
    "offset": figures.PURPLE,
    "input": figures.SKY,
}
_GREYS = ("0.3", "0.6", "0.85", "1.0", "0.45")
_HATCHES = ("", "//", "", "..", "xx")
_DASHES = ("-", "--", "-.", ":", (0, (6, 1, 1, 1, 1, 1)))

#: Title, heads of the columns, and rows of a table. All cells are text.
Table = tuple[str, tuple[str, ...], list[tuple[str, ...]]]


def percent(share: float) -> str:
    """Return a share as a percentage with two digits behind the point.

    Example:
        >>> percent(0.98765)
        '98.77 %'
    """
    return f"{100 * share:.2f} %"


def stages_table(stages: Sequence[Stage]) -> Table:
    """Return the table of the stages."""
    return (
        "Stages: right answers, 95 % interval; predictions that differ from the stage before",
        ("stage", "right", "accuracy", "interval", "changed", "harmful", "helpful", "scores unlike stream"),
        [
            (
                s.name,
                f"{s.correct:,}",
                percent(s.accuracy),
                f"{100 * s.interval[0]:.2f} … {100 * s.interval[1]:.2f}",
                *("" if v is None else f"{v:,}" for v in (s.changed, s.harmful, s.helpful, s.mismatches)),
            )
            for s in stages
        ],
    )


def classes_table(stages: Sequence[Stage], classes: Sequence[ClassFacts]) -> Table:
    """Return the table of classes that have names."""
    return (
        "Classes: samples, right answers of each stage, answers of the stream stage",
        ("class", "samples", *(f"right, {s.name}" for s in stages), "answers"),
        [
            (
                name_text(c.name),
                f"{c.samples:,}",
                *(f"{c.correct[s.name]:,}" for s in stages),
                f"{c.answers:,}",
            )
            for c in classes
        ],
    )


def weights_table(layers: Sequence[LayerReport] | Sequence[StepsLayer], length: int) -> Table:
    """Return the table of weight codes at the stream length L."""
    return (
        "Weight codes",
        ("layer", "inputs", "at 0", "at ±(L−1)", "greatest", "codes used", "effective", "scale too wide"),
        [
            (
                str(r.index),
                f"{r.inputs:,}",
                percent(w.zero),
                percent(w.clip),
                f"{w.largest} of {length - 1}",
                f"{w.used} of {2 * length - 1}",
                f"{w.effective:.1f}",
                f"{w.headroom} ×" if w.headroom > 1 else "",
            )
            for r in layers
            for w in (r.weights,)
            if w is not None
        ],
    )


def line(k: int) -> dict[str, Any]:
    """Return the look of line k of a panel, as keywords of matplotlib.

    Dashes tell the lines apart where colour does not, such as on paper.
    """
    return {"color": ("0.0", "0.5")[k % 2], "linestyle": _DASHES[k % len(_DASHES)], "linewidth": 1.6}


def stages_panel(axes: Any, e: Explanation | StepsExplanation) -> None:
    """Draw the accuracy of each stage with its confidence interval, and the number of right answers beside it."""
    names = [s.name for s in e.stages]
    middle = [100 * s.accuracy for s in e.stages]
    low = [100 * (s.accuracy - s.interval[0]) for s in e.stages]
    high = [100 * (s.interval[1] - s.accuracy) for s in e.stages]
    axes.errorbar(range(len(names)), middle, yerr=(low, high), fmt="o-", color=figures.BLACK, capsize=4)
    for x, s in enumerate(e.stages):
        axes.annotate(f"{s.correct:,}", (x, middle[x]), xytext=(4, 4), textcoords="offset points")
    axes.set_xticks(range(len(names)), names, rotation=30, ha="right", rotation_mode="anchor")
    axes.set_xlim(-0.4, len(names) - 0.2)
    axes.set_ylabel("accuracy, % (95 % interval)")
    axes.set_title("stages")


def bars(axes: Any, layers: Sequence[LayerReport] | Sequence[StepsLayer], series: dict[str, list[float]]) -> None:
    """Draw a group of bars for each layer, one bar for each series.

    Args:
        axes: The panel.
        layers: The layers, which the horizontal axis names.
        series: For each series its value in each layer, by the name that the legend shows.
    """
    width = 0.8 / len(series)
    for j, (name, values) in enumerate(series.items()):
        at = [k + (j - (len(series) - 1) / 2) * width for k in range(len(layers))]
        look = {"color": COLOURS.get(name, _GREYS[j % len(_GREYS)]), "hatch": _HATCHES[j % len(_HATCHES)]}
        axes.bar(at, values, width, label=name, edgecolor="k", linewidth=0.6, **look)
    axes.set_xticks(range(len(layers)), [f"layer {r.index}" for r in layers])
    legend(axes, 2)


def legend(axes: Any, columns: int = 1) -> None:
    """Put a legend under a panel, if it has entries, in so many columns."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.18), ncols=columns)
