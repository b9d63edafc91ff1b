"""Tables and panels of the report on a network in steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import figures
from .parts import Table, classes_table, legend, line, percent, stages_panel, stages_table, weights_table
from .steps_result import StepsExplanation

__all__ = ["panels", "tables"]

# Steps that the table of rates shows: more are thinned out.
_COLUMNS = 16
# Classes up to which the confusion is a table; above, only the commonest mistakes are.
_CLASSES = 12
_MISTAKES = 20


def tables(e: StepsExplanation) -> list[Table]:
    """Return what was found as tables, of which some may have no row."""
    return [
        stages_table(e.stages),
        classes_table(e.stages, e.classes),
        _by_step(e),
        _confusion(e),
        (
            "Spikes: of a neuron in a step",
            ("layer", "kind", "neurons", "mean rate", "highest", "dead", "in every sample", "in every step"),
            [
                (
                    str(r.index),
                    r.kind,
                    f"{r.neurons:,}",
                    f"{r.rate:.4f}",
                    f"{max(r.rate_of):.4f}",
                    *(f"{len(v):,}" for v in (r.dead, r.always_on, r.constant)),
                )
                for r in e.layers
                if r.rate is not None
            ],
        ),
        (
            "States: bits that they have and need, range, and how often they stand at an end of the width",
            ("layer", "state", "bits", "needed", "least", "greatest", "at the low end", "at the high end"),
            [
                (
                    str(r.index),
                    x.name,
                    str(x.width),
                    str(x.bits),
                    f"{x.least:,}",
                    f"{x.greatest:,}",
                    percent(x.at_low),
                    percent(x.at_high),
                )
                for r in e.layers
                for x in r.states
            ],
        ),
        weights_table(e.layers, e.length),
        (
            "Score margins: best less second score",
            ("answer", "samples", "median margin", "tied"),
            [
                ("right", f"{sum(e.margins.right):,}", _median(e.margins.median_right), f"{e.margins.tied:,} in all"),
                ("wrong", f"{sum(e.margins.wrong):,}", _median(e.margins.median_wrong), ""),
            ],
        ),
    ]


def _median(value: float | None) -> str:
    """Return a median as text; "" where there is none."""
    return "" if value is None else f"{value:g}"


def _thinned(count: int) -> list[int]:
    """Return the indices of the steps that a table shows: all, or evenly spaced ones, the last among them."""
    if count <= _COLUMNS:
        return list(range(count))
    return sorted({round(k * (count - 1) / (_COLUMNS - 1)) for k in range(_COLUMNS)})


def _by_step(e: StepsExplanation) -> Table:
    """Return the table of right answers and spike rates step by step."""
    shown = _thinned(e.steps)
    rows = [("accuracy if it ended there, %", *(f"{100 * e.correct_by_step[t] / e.samples:.1f}" for t in shown))]
    rows += [
        (f"rate of layer {r.index}", *(f"{r.rate_by_step[t]:.3f}" for t in shown))
        for r in e.layers
        if r.rate is not None
    ]
    return "Step by step, from step 1", ("step", *(str(t + 1) for t in shown)), rows


def _confusion(e: StepsExplanation) -> Table:
    """Return the confusion as a table, or the commonest mistakes where there are many classes."""
    counts = np.array(e.confusion)
    names = [c.name for c in e.classes] or [str(k) for k in range(len(counts))]
    if len(names) <= _CLASSES:
        rows = [(names[k], *(str(n) if n else "" for n in row)) for k, row in enumerate(counts)]
        return "Confusion: samples of each class, by the answer", ("class", *names), rows
    wrong = counts - np.diag(np.diag(counts))
    order = np.argsort(-wrong, axis=None, kind="stable")[:_MISTAKES]
    pairs = [np.unravel_index(k, wrong.shape) for k in order]
    rows = [(names[a], names[b], f"{wrong[a, b]:,}") for a, b in pairs if wrong[a, b]]
    return "Commonest mistakes", ("class", "answer", "samples"), rows


# --- panels ----------------------------------------------------------------------------------------------------------


def panels(e: StepsExplanation) -> list[Callable[[Any, StepsExplanation], None]]:
    """Return what draws the panels of the figure, in their order."""
    found: list[Callable[[Any, StepsExplanation], None]] = [_steps_panel, _confusion_panel]
    if any(r.rate is not None for r in e.layers):
        found += [_raster_panel, _rates_panel]
    if any(r.states for r in e.layers):
        found.append(_states_panel)
    found.append(_margins_panel)
    return found if len(e.stages) == 1 else [stages_panel, *found]


def _steps_panel(axes: Any, e: StepsExplanation) -> None:
    """Draw the accuracy if the sample ended after each step."""
    at = range(1, e.steps + 1)
    axes.plot(at, [100 * n / e.samples for n in e.correct_by_step], "o-", color=figures.BLACK, markersize=3)
    axes.set_xlabel("steps")
    axes.set_ylabel("accuracy, %")
    axes.set_title("accuracy if it ended there")


def _confusion_panel(axes: Any, e: StepsExplanation) -> None:
    """Draw the mistakes: for each class the share of its samples that get each other answer."""
    counts = np.array(e.confusion, dtype=float)
    share = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    np.fill_diagonal(share, np.nan)
    axes.grid(visible=False)
    image = axes.imshow(share, cmap="Greys", vmin=0)
    axes.figure.colorbar(image, ax=axes, label="% of the class", shrink=0.8)
    axes.set_xlabel("answer")
    axes.set_ylabel("class")
    axes.set_title("mistakes")


def _raster_panel(axes: Any, e: StepsExplanation) -> None:
    """Draw every spike of the first sample, the layers one above the other."""
    below, colours = 0, (figures.BLUE, figures.RED, figures.GREEN, figures.PURPLE, figures.ORANGE)
    layers = [r for r in e.layers if r.rate is not None]
    for j, (r, spikes) in enumerate(zip(layers, e.raster.spikes, strict=True)):
        if spikes:
            t, neuron = np.array(spikes).T
            axes.plot(t + 1, neuron + below, "|", color=colours[j % len(colours)], markersize=4)
        axes.axhline(below - 0.5, color="0.6", linewidth=0.8)
        axes.text(e.steps + 0.7, below + r.neurons / 2, f"layer {r.index}", rotation=90, va="center", fontsize=9)
        below += r.neurons
    axes.set_xlim(0.5, e.steps + 0.5)
    axes.set_ylim(-0.5, below - 0.5)
    axes.set_xlabel("step")
    axes.set_ylabel("neuron")
    axes.set_title(f"a sample of class {e.raster.label}, answer {e.raster.answer}")


def _rates_panel(axes: Any, e: StepsExplanation) -> None:
    """Draw the mean spike rate of each layer in each step."""
    for j, r in enumerate(r for r in e.layers if r.rate is not None):
        axes.plot(range(1, e.steps + 1), r.rate_by_step, label=f"layer {r.index}", **line(j))
    axes.set_ylim(bottom=0)
    axes.set_xlabel("step")
    axes.set_ylabel("spikes a neuron")
    legend(axes, 2)
    axes.set_title("spike rates")


def _states_panel(axes: Any, e: StepsExplanation) -> None:
    """Draw the bits that each state needs beside those that it has."""
    found = [(f"{x.name} {r.index}", x) for r in e.layers for x in r.states]
    at = np.arange(len(found))
    axes.bar(at - 0.2, [x.width for _, x in found], 0.4, label="has", color="0.85", edgecolor="k", linewidth=0.6)
    axes.bar(at + 0.2, [x.bits for _, x in found], 0.4, label="needs", color=figures.BLUE, edgecolor="k", linewidth=0.6)
    axes.set_xticks(at, [name for name, _ in found])
    axes.set_xlabel("state and layer")
    axes.set_ylabel("bits")
    legend(axes, 2)
    axes.set_title("states")


def _margins_panel(axes: Any, e: StepsExplanation) -> None:
    """Draw the score margins of right and of wrong answers."""
    edges = [k * e.margins.step for k in range(len(e.margins.right) + 1)]
    for j, (name, counts) in enumerate((("right", e.margins.right), ("wrong", e.margins.wrong))):
        axes.stairs([100 * n / e.samples for n in counts], edges, label=name, **line(j))
    axes.set_xlabel("best less second score")
    axes.set_ylabel("% of samples")
    legend(axes, 2)
    axes.set_title("score margins")
