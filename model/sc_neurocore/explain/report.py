"""An explanation as text for a terminal, as a figure, and as a page that needs no network.

`tables` is the common content of text and page. The figure is an SVG by matplotlib, the page an HTML file by jinja2.
The page holds the figure and its style, and loads nothing, so that it can be sent as one file.

`text` is what the command prints, and `write` makes the folder of a report. An `Explanation` comes from
`explain.explain`; docs/explain.md says what each of its tables means.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import tempfile
import textwrap
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from .. import figures
from ..artifact import replace_folder
from ..console import paint
from ..errors import require
from ..packages import is_here, require_packages
from . import steps_report
from .parts import COLOURS, Table, bars, classes_table, legend, line, percent, stages_panel, stages_table, weights_table
from .result import Explanation
from .steps_result import StepsExplanation

__all__ = ["FILES", "check_target", "left_out", "svg", "tables", "text", "write"]

# The files of a report, in the order in which `write` makes their contents.
FILES = ("explain.json", "explain.svg", "explain.html")
#: What a report is made of.
Found = Explanation | StepsExplanation
_Any = TypeVar("_Any")
_FORMAT = "sc_neurocore.explanation"
_TEMPLATE = "report.html.j2"
_PANEL_HEIGHT = 3.5
_COLUMNS = 2
_WIDTH = 116


def _lsb(value: float, theta: int | None) -> str:
    """Return a distance in LSBs as text; one of θ or more is written "≥ θ", since distances are cut there.

    Args:
        value: The distance.
        theta: The threshold of the layer in LSBs, or None if it has none.

    Example:
        >>> _lsb(3.5, 40), _lsb(40.0, 40)
        ('3.5', '≥ 40')
    """
    return f"≥ {theta}" if theta is not None and value >= theta else f"{value:g}"


def tables(e: Found) -> list[Table]:
    """Return what was found as tables; those without a row are left out.

    Args:
        e: The explanation.

    Returns:
        For each table its title, the heads of its columns, and its rows. All cells are text.
    """
    found = steps_report.tables(e) if isinstance(e, StepsExplanation) else _tables(e)
    return [table for table in found if table[2]]


def _tables(e: Explanation) -> list[Table]:
    """Return the tables of a network of one window."""
    return [
        stages_table(e.stages),
        classes_table(e.stages, e.classes),
        (
            "Errors in codes (1 of L; at the readout units of S), and relative to the range of the float output",
            ("layer", "error", "RMS", "worst", "of range"),
            [
                (str(r.index), f"{how} {name}", f"{x.rms:.3g}", f"{x.worst:.3g}", percent(x.relative))
                for r in e.layers
                for how, errors in (("injected:", r.injected), ("accumulated:", r.accumulated))
                for name, x in (errors or {}).items()
            ],
        ),
        (
            "Counts of hidden layers",
            (
                "layer",
                "kind",
                "neurons",
                "at 0",
                "at L",
                "clipped",
                "dead",
                "dead channels",
                "always on",
                "always at L",
            ),
            [
                (
                    str(r.index),
                    r.kind,
                    f"{r.neurons:,}",
                    percent(a.zero),
                    percent(a.top),
                    "" if a.clipped is None else percent(a.clipped),
                    *(f"{len(v):,}" for v in (a.dead, a.dead_channels, a.always_on, a.saturated)),
                )
                for r in e.layers
                if (a := r.activity) is not None
            ],
        ),
        (
            "lif neurons",
            ("layer", "theta", "spikes a clock", "highest", "updates of v saturated"),
            [
                (str(r.index), str(r.theta), f"{x.rate:.4f}", f"{x.highest_rate:.4f}", percent(x.v_saturated))
                for r in e.layers
                if (x := r.lif) is not None
            ],
        ),
        (
            "Distance of 2^f·S from the nearest boundary of a count, in LSBs of theta; shares that one product bit, or "
            "the RMS stream error, can move",
            ("layer", "theta", "1 %", "10 %", "median", "one bit", "stream error"),
            [
                (
                    str(r.index),
                    str(r.theta),
                    *(_lsb(v, r.theta) for v in (m.p1, m.p10, m.median)),
                    percent(m.one_unit),
                    percent(m.below_stream),
                )
                for r in e.layers
                if (m := r.thresholds) is not None
            ],
        ),
        weights_table(e.layers, e.length),
        (
            "Each cause taken out alone: right answers of its stage then, and changed predictions that it restores",
            ("stage", "without", "layer", "right", "gain", "restored"),
            [
                (
                    c.stage,
                    c.cause,
                    "input" if c.cause == "input" else str(c.layer),
                    f"{c.correct:,}",
                    f"{c.gain:+,}",
                    f"{c.restored:,}",
                )
                for c in e.causes
            ],
        ),
        (
            "Readout: best less second score, against the RMS error that the next stage adds to it",
            ("step", "RMS error", "median margin", "margin below", "flipped", "of these below"),
            [
                (
                    f"{m.before} → {m.after}",
                    f"{m.rms:.3g}",
                    "" if m.median is None else f"{m.median:.1f} RMS",
                    percent(m.below),
                    f"{m.changed:,}",
                    f"{m.changed_below:,}",
                )
                for m in e.margins
            ],
        ),
    ]


def _heading(e: Found) -> str:
    """Return the line that names the network, its topology, L, the data, the part and the number of samples."""
    steps = f"  T = {e.steps}" if isinstance(e, StepsExplanation) else ""
    return f"{e.network}  {e.topology}  L = {e.length}{steps}  on {e.data}, {e.split}: {e.samples:,} samples"


def _inputs(e: Found) -> str:
    """Return the sentence on the input codes: what numbers were taken, shares at 0 and at L, and their rounding."""
    x = e.inputs
    kind = "" if e.input is None else f"{e.input}" + (f" ({percent(e.clipped)} are)" if e.clipped else "") + "; "
    return (
        f"inputs: {kind}{percent(x.zero)} at 0, {percent(x.top)} at L, {x.dead} never above 0; rounding error "
        f"{x.rms:.3g} RMS, {x.worst:.3g} at worst, in codes"
    )


def text(e: Found, stream: Any = None) -> str:
    """Return the explanation for a terminal: suggestions first, then the tables.

    Args:
        e: The explanation.
        stream: Where the text goes. Heads are bold if it shows that.

    Returns:
        The text, without a line break at its end.
    """
    lines = [paint(_heading(e), "bold", stream), ""]
    for s in e.suggestions:
        lines += _wrapped(f"{s.rule}: {s.text}.")
        lines += [f"    tried: {t.change}: {t.correct:,} right, {percent(t.accuracy)}" for t in s.trials]
    for note in e.notes:
        lines += _wrapped(f"note: {note}.")
    lines += ["", _inputs(e)]
    for title, heads, rows in tables(e):
        widths = [max(len(row[c]) for row in (heads, *rows)) for c in range(len(heads))]
        lines += ["", paint(title, "bold", stream)]
        for row in (heads, *rows):
            cells = (
                f"{cell:<{w}}" if _left(heads[c]) else f"{cell:>{w}}"
                for c, (cell, w) in enumerate(zip(row, widths, strict=True))
            )
            lines.append("  " + "  ".join(cells).rstrip())
    return "\n".join(lines)


def _wrapped(line: str) -> list[str]:
    """Return a sentence as lines of at most `_WIDTH` columns, all but the first one indented."""
    return textwrap.wrap(line, _WIDTH, subsequent_indent="  ", break_on_hyphens=False, break_long_words=False)


def _left(head: str) -> bool:
    """Return whether the column with this head holds words, which are aligned to the left; numbers are to the right."""
    return head in ("stage", "class", "error", "without", "step", "kind", "answer")


# --- figure -----------------------------------------------------------------------------------------------------------


def left_out() -> str:
    """Return how a report will be incomplete because matplotlib is missing; "" if it is installed.

    Example:
        >>> left_out() in ("", "without its figure (explain.svg), which needs matplotlib: pip install matplotlib")
        True
    """
    if is_here("matplotlib"):
        return ""
    return f"without its figure ({FILES[1]}), which needs matplotlib: pip install matplotlib"


def _errors_panel(axes: Any, e: Explanation) -> None:
    """Draw the error of each layer by cause, and what has accumulated at its output, in % of the float range."""
    names = [n for n in ("weights", "round", "clip", "stream") if any(n in (r.injected or {}) for r in e.layers)]
    series = {
        n: [100 * r.injected[n].relative if r.injected and n in r.injected else 0.0 for r in e.layers] for n in names
    }
    series["accumulated"] = [100 * r.accumulated["total"].relative if r.accumulated else 0.0 for r in e.layers]
    bars(axes, e.layers, series)
    axes.set_ylabel("RMS error, % of the float range")
    axes.set_title("error by layer")


def _counts_panel(axes: Any, e: Explanation) -> None:
    """Draw the shares of counts at 0 and at L, and of neurons that are dead, always above 0, or always at L."""
    layers = [r for r in e.layers if r.activity is not None]
    series: dict[str, list[float]] = {"at 0": [], "at L": [], "dead neurons": [], "always on": [], "always at L": []}
    for r in layers:
        a = r.activity
        assert a is not None
        series["at 0"].append(100 * a.zero)
        series["at L"].append(100 * a.top)
        for name, neurons in (("dead neurons", a.dead), ("always on", a.always_on), ("always at L", a.saturated)):
            series[name].append(100 * len(neurons) / r.neurons)
    bars(axes, layers, series)
    axes.set_ylabel("% of counts, of neurons")
    axes.set_title("counts")


def _thresholds_panel(axes: Any, e: Explanation) -> None:
    """Draw how far sums lie from the boundaries of counts, a line for each layer.

    The last bin of a histogram counts all distances beyond the axis; the legend says its share.
    """
    for j, r in enumerate(r for r in e.layers if r.thresholds is not None):
        assert r.thresholds is not None
        values = [100 * v for v in r.thresholds.histogram[:-1]]
        edges = [k / len(values) for k in range(len(values) + 1)]
        label = f"layer {r.index}; {100 * r.thresholds.histogram[-1]:.0f} % beyond 1"
        axes.stairs(values, edges, label=label, **line(j))
    axes.set_xlabel("distance from a boundary / θ")
    axes.set_ylabel("% of counts")
    legend(axes)
    axes.set_title("threshold margins")


def _causes_panel(axes: Any, e: Explanation) -> None:
    """Draw the right answers that each cause costs, a bar for each cause in each layer.

    The colour of a bar is that of the cause in the panel of errors.
    """
    causes = list(reversed(e.causes))
    labels = [f"{c.cause}" + ("" if c.cause == "input" else f" {c.layer}") for c in causes]
    axes.barh(range(len(causes)), [c.gain for c in causes], color=[COLOURS[c.cause] for c in causes])
    axes.set_yticks(range(len(causes)), labels)
    axes.axvline(0, color="k", linewidth=0.8)
    axes.set_xlabel("right answers gained without it")
    axes.set_title("causes")


def _margins_panel(axes: Any, e: Explanation) -> None:
    """Draw the readout margins, in units of the error that the next stage adds, a line for each step between stages.

    A sample to the left of 1 has a margin below the error, and is likely to change its class.
    """
    for j, m in enumerate(m for m in e.margins if m.histogram):
        edges = [k / 2 for k in range(len(m.histogram))]
        values = [100 * v / e.samples for v in m.histogram]
        label = f"{m.before} → {m.after}; {values[-1]:.0f} % beyond {edges[-1]:g}"
        axes.stairs(values[:-1], edges, label=label, **line(j))
    axes.axvline(1, color="k", linewidth=0.8, linestyle=":")
    axes.set_xlabel("readout margin / RMS error of the step")
    axes.set_ylabel("% of samples")
    legend(axes)
    axes.set_title("readout margins")


def _panels(e: Explanation) -> list[Callable[[Any, Explanation], None]]:
    """Return what draws the panels of a network of one window."""
    panels: list[Callable[[Any, Explanation], None]] = [stages_panel]
    if any(r.injected for r in e.layers):
        panels.append(_errors_panel)
    if any(r.activity for r in e.layers):
        panels.append(_counts_panel)
    if any(r.thresholds for r in e.layers):
        panels.append(_thresholds_panel)
    if e.causes:
        panels.append(_causes_panel)
    if any(m.histogram for m in e.margins):
        panels.append(_margins_panel)
    return panels


def _drawn(panel: Callable[[Any, _Any], None], e: _Any, axes: Any) -> None:
    """Draw a panel of an explanation."""
    panel(axes, e)


def svg(e: Found) -> str:
    """Return the figure as SVG. The same numbers give the same bytes.

    It has a panel for each subject that was measured, at most six: of a network of one window stages, errors, counts,
    threshold margins, causes and readout margins.

    Raises:
        ScError: matplotlib is not installed.
    """
    require_packages("the figure of the report", "matplotlib")
    mpl: Any = import_module("matplotlib")  # its types know each of the settings, `figures` does not
    from matplotlib.figure import Figure

    panels: list[Callable[[Any], None]]
    if isinstance(e, StepsExplanation):
        panels = [partial(_drawn, panel, e) for panel in steps_report.panels(e)]
    else:
        panels = [partial(_drawn, panel, e) for panel in _panels(e)]
    columns = min(_COLUMNS, len(panels))
    rows = -(-len(panels) // columns)
    with mpl.rc_context(figures.style()):
        figure = Figure(figsize=(figures.WIDTH / _COLUMNS * columns, _PANEL_HEIGHT * rows), layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False)
        for k, each in enumerate(axes.flat):
            if k < len(panels):
                panels[k](each)
            else:
                each.set_axis_off()
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={**figures.METADATA, "Format": None, "Type": None})
    return out.getvalue()


# --- page -------------------------------------------------------------------------------------------------------------

_STYLE = """body{font:14px/1.45 sans-serif;max-width:75em;margin:2em auto;padding:0 1em;color:#222}
table{border-collapse:collapse;margin:.4em 0 1.4em}td,th{padding:.15em .7em;text-align:right}
td,th{border-bottom:1px solid #ddd}
td.l,th.l{text-align:left}caption{text-align:left;font-weight:bold;padding:.3em 0}svg{max-width:100%;height:auto}
.rule{font-weight:bold}li{margin:.3em 0}"""


def _html(e: Found, figure: str | None) -> str:
    """Return the page, by the template beside this module.

    The template escapes whatever is not marked as HTML here, so that a name of a class or a file cannot add markup.

    Args:
        e: The explanation.
        figure: The figure as SVG, or None; the page then says that it is left out.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=PackageLoader(__package__, "."), autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
    )
    if figure is not None:
        # Inside a page the prolog and the document type are out of place.
        figure = Markup(re.sub(r"<metadata>.*?</metadata>", "", figure[figure.index("<svg") :], flags=re.DOTALL))
    return environment.get_template(_TEMPLATE).render(
        network=e.network,
        heading=_heading(e),
        style=Markup(_STYLE),
        suggestions=e.suggestions,
        notes=e.notes,
        figure=figure,
        left_out=left_out(),
        inputs=_inputs(e),
        tables=tables(e),
        left=_left,
        percent=percent,
    )


def check_target(folder: str | os.PathLike[str]) -> Path:
    """Return the absolute path of a folder if a report can be written there: it is new, empty, or an earlier report.

    Long work calls this before it begins.

    Args:
        folder: The folder. Folders above it need not exist.

    Raises:
        ScError: The folder holds something else or cannot be created, or jinja2 is not installed.
    """
    require_packages("the page of a report", "jinja2")
    target = Path(folder).absolute()
    if target.exists():
        require(target.is_dir(), f"{target} exists and is no folder")
        present = sorted(p.name for p in target.iterdir())
        require(
            not present or (set(present) <= set(FILES) and _is_report(target)),
            f"{target} exists and is not an earlier report: choose an empty or new folder",
        )
    parent = target.parent
    while not parent.exists():
        parent = parent.parent
    require(parent.is_dir() and os.access(parent, os.W_OK), f"{target} cannot be created: {parent} is not writable")
    return target


def _is_report(folder: Path) -> bool:
    """Return whether the folder holds an explain.json of this program, so that it may be replaced."""
    try:
        found = json.loads((folder / FILES[0]).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and found.get("format") == _FORMAT


def write(e: Found, folder: str | os.PathLike[str]) -> Path:
    """Write explain.json, explain.svg and explain.html to a folder, in one step.

    The folder appears whole or not at all, and an earlier report is replaced. Without matplotlib there is no
    explain.svg, and the page says so; `left_out` tells that before the work.

    Args:
        e: The explanation.
        folder: See `check_target`.

    Returns:
        The absolute path of the folder.

    Raises:
        ScError: See `check_target`.
    """
    target = check_target(folder)
    figure = None if left_out() else svg(e)
    contents = (json.dumps({"format": _FORMAT, **e.to_json()}, indent=1) + "\n", figure, _html(e, figure))
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        temporary.chmod(0o755)
        for name, content in zip(FILES, contents, strict=True):
            if content is not None:
                (temporary / name).write_text(content, encoding="utf-8")
        replace_folder(temporary, target)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return target
