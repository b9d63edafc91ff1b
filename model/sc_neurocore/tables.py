"""Results as text for people: aligned, with units, without rows that say nothing.

What a value is follows from its name: `latency_us` is a latency in microseconds, and `test_accuracy` is a share that is
printed as a percentage. So a new result needs no entry here. JSON output keeps the names and bare values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .console import paint, printable

__all__ = ["cell", "grid", "table"]

#: How people call values whose names are short, for scripts.
_LABELS = {
    "backend": "back end",
    "baud": "baud rate",
    "bram": "block RAMs",
    "clipped": "values clipped",
    "clocks_over": "clocks averaged over",
    "correct": "right answers",
    "data": "data set",
    "dsp": "DSP blocks",
    "error_percent": "error of the cells, mean",
    "ff": "flip-flops",
    "ffs": "flip-flops",
    "fusesoc": "FuseSoC core",
    "lcs": "logic cells",
    "length": "stream length L",
    "lut": "LUTs",
    "luts": "LUTs",
    "mac": "multiply-accumulate",
    "out": "written to",
    "path": "folder",
    "rtl": "RTL",
    "spram": "large RAM blocks",
    "split": "part of the data",
    "weights": "weights are in",
    "worst_error_percent": "error of the cells, worst",
    "xc7_luts": "LUTs on a 7-series FPGA",
    "xc7_ffs": "flip-flops on a 7-series FPGA",
}
#: Units by the ending of a name.
_UNITS = {
    "seconds": "s",
    "us": "µs",
    "ms": "ms",
    "ns": "ns",
    "mhz": "MHz",
    "percent": "%",
    "bits": "bits",
    "bytes": "bytes",
}
#: Names, or endings of names, of values in 0 … 1 that are printed as percentages.
_SHARES = (
    "accuracy",
    "clipped",
    "reference",
    "reference_on_streams",
    "relu",
    "bit_true",
    "fine_tuned",
    "share",
)
#: Words of names that are written in a special way.
_WORDS = {"us": "µs", "fmax": "Fmax", "lut": "LUT", "luts": "LUTs", "xc7": "7-series", "s": "second", "rtl": "RTL"}
# Integers that are printed without commas, and the width of a list on one line.
_PLAIN = ("seed", "tag", "version", "port")
_LIST_WIDTH = 72


def _ends(name: str, ending: str) -> bool:
    """Return whether a name is this ending, or has it as its last words."""
    return name == ending or name.endswith(f"_{ending}")


def _unit(name: str) -> str:
    """Return the unit that a name's ending says, or ""."""
    return next((unit for ending, unit in _UNITS.items() if _ends(name, ending)), "")


def label(name: str) -> str:
    """Return what a row or column is called, without the unit.

    Example:
        >>> label("latency_us"), label("bram"), label("load_seconds")
        ('latency', 'block RAMs', 'load')
    """
    if name in _LABELS:
        return _LABELS[name]
    words = name.split("_")
    if _unit(name):
        words = words[:-1] or ["time"]
    return " ".join(_WORDS.get(word, word) for word in words)


def cell(name: str, value: Any) -> str:
    """Return a value as people read it, with its unit; "" for None.

    Args:
        name: Name of the value, which determines its unit.
        value: A bool, a number, a text, or None.

    Example:
        >>> cell("latency_us", 155.25), cell("accuracy", 0.98489), cell("images", 10000), cell("mac", False)
        ('155.2 µs', '98.49 %', '10,000', 'no')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "tag" and isinstance(value, int):
        return f"0x{value:08X}"
    if isinstance(value, float) and any(_ends(name, ending) for ending in _SHARES):
        return f"{100 * value:.2f} %"
    if isinstance(value, float):
        text = f"{value:,.1f}" if 1000 <= abs(value) < 1e12 else f"{value:.4g}"
    elif isinstance(value, int):
        text = str(value) if name in _PLAIN else f"{value:,}"
    else:
        text = printable(str(value), "\n")
    unit = _unit(name) if isinstance(value, (int, float)) else ""
    return f"{text} {unit}" if unit else text


def _empty(value: Any) -> bool:
    """Return whether a value says nothing: None, or an empty text, list or object."""
    return value is None or (isinstance(value, (str, Mapping, Sequence)) and len(value) == 0)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def grid(rows: Sequence[Mapping[str, Any]], names: Sequence[str] = ()) -> list[str]:
    """Return the lines of a table with a head line: a column for each key of the rows, numbers aligned at the right.

    A column that says nothing in any row is left out.

    Args:
        rows: The rows; a key that a row lacks leaves its cell empty.
        names: Names of the rows, for a first column without a head.

    Example:
        >>> print("\\n".join(grid([{"correct": 12, "of": 20}, {"correct": 7, "of": 10}], ["kite", "rook"])))
              right answers  of
        kite             12  20
        rook              7  10
    """
    keys = list(dict.fromkeys(key for row in rows for key in row))
    keys = [key for key in keys if not all(_empty(row.get(key)) for row in rows)]
    columns = [["", *map(printable, names)]] if names else []
    right = [False] if names else []
    for key in keys:
        values = [row.get(key) for row in rows]
        columns.append([label(key) or key, *("" if _empty(v) else printable(cell(key, v)) for v in values)])
        right.append(all(v is None or isinstance(v, (int, float)) for v in values))
    widths = [max(map(len, column)) for column in columns]
    lines = []
    for cells in zip(*columns, strict=True):
        aligned = [f"{c:>{w}}" if r else f"{c:<{w}}" for c, w, r in zip(cells, widths, right, strict=True)]
        lines.append("  ".join(aligned).rstrip())
    return lines


def table(row: Mapping[str, Any], stream: Any = None) -> str:
    """Return a result as text: a line for each entry that says something; lists of objects become tables.

    Args:
        row: The result.
        stream: Where it will be printed; a terminal gets colours.

    Example:
        >>> print(table({"network": "mnist-small", "images": 10000, "accuracy": 0.9849, "clipped": None}))
        network   mnist-small
        images    10,000
        accuracy  98.49 %
    """
    return "\n".join(_lines(row, stream))


def _lines(row: Mapping[str, Any], stream: Any, *, named: bool = True) -> list[str]:
    """Return the lines of a result.

    Args:
        row: The result.
        stream: Where it will be printed.
        named: Whether the keys are names of values, and not names that the user has chosen, such as classes.
    """
    labels = {key: label(key) if named else printable(str(key)) for key in row}
    entries = [(key, value) for key, value in row.items() if not _empty(value)]
    width = max((len(labels[key]) for key, value in entries if not _nested(value)), default=0)
    out: list[str] = []
    for key, value in entries:
        name = labels[key]
        if not _nested(value):
            first, *rest = _texts(key if named else "", value)
            out.append(f"{name:<{width}}  {_coloured(key, value, first, stream)}".rstrip())
            out += [f"{'':<{width}}  {text}" for text in rest]
            continue
        if isinstance(value, Mapping):
            inner = list(value.values())
            if all(isinstance(v, Mapping) for v in inner):
                block = grid(inner, [str(k) for k in value])
            else:
                block = _lines(value, stream, named=False)
        else:
            block = grid(value)
        out += [paint(name, "bold", stream), *(f"  {line}" for line in block)]
    return out


def _nested(value: Any) -> bool:
    """Return whether a value is printed as a block of its own: an object, or a list of objects."""
    return isinstance(value, Mapping) or (_is_list(value) and all(isinstance(v, Mapping) for v in value))


def _texts(key: str, value: Any) -> list[str]:
    """Return the lines of a value that is not a block of its own; a long list has a line for each item."""
    if not _is_list(value):
        return cell(key, value).splitlines() or [""]
    texts = [printable(str(v) if _is_list(v) else cell(key, v)) for v in value]
    joined = ", ".join(texts)
    return [joined] if len(joined) <= _LIST_WIDTH else texts


def _coloured(key: str, value: Any, text: str, stream: Any) -> str:
    """Return the text, coloured if it is what a reader should look at first."""
    if key == "mismatches":
        return paint(text, "red" if value else "green", stream)
    return paint(text, "bold", stream) if _ends(key, "accuracy") else text
