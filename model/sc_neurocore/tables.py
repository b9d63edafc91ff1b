"""Results as text for people: aligned, with units, without rows that say nothing. JSON keeps names and bare values.

What a value is comes from its name: `latency_us` is a latency in microseconds, `test_accuracy` a share that is printed
as a percentage, so that a new result needs no entry here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .console import paint

__all__ = ["cell", "grid", "table"]

#: Names that are short for scripts, as people call them.
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
#: Endings of a name that are its unit.
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
#: Names, or endings of names, of shares of 1.
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
#: Words of names that are written in a way of their own.
_WORDS = {"us": "µs", "fmax": "Fmax", "lut": "LUT", "luts": "LUTs", "xc7": "7-series", "s": "second", "rtl": "RTL"}
_PLAIN = ("seed", "tag", "version", "port")
_LIST_WIDTH = 72


def _ends(name: str, ending: str) -> bool:
    return name == ending or name.endswith(f"_{ending}")


def _unit(name: str) -> str:
    return next((unit for ending, unit in _UNITS.items() if _ends(name, ending)), "")


def label(name: str) -> str:
    """Return what a row is called, without the unit.

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
    """Return a value as people read it, with its unit; "" for one that says nothing.

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
        text = str(value)
    unit = _unit(name) if isinstance(value, (int, float)) else ""
    return f"{text} {unit}" if unit else text


def _empty(value: Any) -> bool:
    return value is None or (isinstance(value, (str, Mapping, Sequence)) and len(value) == 0)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def grid(rows: Sequence[Mapping[str, Any]], names: Sequence[str] = ()) -> list[str]:
    """Return the lines of a table with a head: a column for each entry of the rows, numbers at its right.

    names: of the rows, in a first column without a head. A column that says nothing is left out.

    >>> print("\\n".join(grid([{"correct": 12, "of": 20}, {"correct": 7, "of": 10}], ["kite", "rook"])))
          right answers  of
    kite             12  20
    rook              7  10
    """
    keys = list(dict.fromkeys(key for row in rows for key in row))
    keys = [key for key in keys if not all(_empty(row.get(key)) for row in rows)]
    columns = [["", *names]] if names else []
    right = [False] if names else []
    for key in keys:
        values = [row.get(key) for row in rows]
        columns.append([label(key) or key, *("" if _empty(v) else cell(key, v) for v in values)])
        right.append(all(v is None or isinstance(v, (int, float)) for v in values))
    widths = [max(map(len, column)) for column in columns]
    lines = []
    for cells in zip(*columns, strict=True):
        aligned = [f"{c:>{w}}" if r else f"{c:<{w}}" for c, w, r in zip(cells, widths, right, strict=True)]
        lines.append("  ".join(aligned).rstrip())
    return lines


def table(row: Mapping[str, Any], stream: Any = None) -> str:
    """Return a result, a line for each of its entries that says something.

    stream: where it will be printed; a terminal gets colours.

    >>> print(table({"network": "mnist-small", "images": 10000, "accuracy": 0.9849, "clipped": None}))
    network   mnist-small
    images    10,000
    accuracy  98.49 %
    """
    return "\n".join(_lines(row, stream))


def _lines(row: Mapping[str, Any], stream: Any, *, named: bool = True) -> list[str]:
    """Return the lines of a result; named: its keys are names of values, not such as the user has chosen."""
    labels = {key: label(key) if named else str(key) for key in row}
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
    return isinstance(value, Mapping) or (_is_list(value) and all(isinstance(v, Mapping) for v in value))


def _texts(key: str, value: Any) -> list[str]:
    """Return the lines of a value that is no table."""
    if not _is_list(value):
        return cell(key, value).splitlines() or [""]
    texts = [str(v) if _is_list(v) else cell(key, v) for v in value]
    joined = ", ".join(texts)
    return [joined] if len(joined) <= _LIST_WIDTH else texts


def _coloured(key: str, value: Any, text: str, stream: Any) -> str:
    """Return the text, in colour where a reader should look first."""
    if key == "mismatches":
        return paint(text, "red" if value else "green", stream)
    return paint(text, "bold", stream) if _ends(key, "accuracy") else text
