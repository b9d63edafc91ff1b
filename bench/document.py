"""Write what benchmarks measured: rows as CSV, and tables into documents, between marks."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sc_neurocore.errors import require

__all__ = ["put_table", "read_results", "table", "write_csv"]


def put_table(document: Path, lines: list[str], name: str = "table") -> None:
    """Write a table into a document, in place of what stands between its two marks.

    Only what is between the marks changes, so people may edit the rest of the page by hand.

    Args:
        document: The page.
        lines: The lines of the table (`table`).
        name: The marks are the lines <!-- name --> and <!-- /name -->.

    Raises:
        ScError: A mark is not there exactly once.
    """
    text = document.read_text()
    marks = f"<!-- {name} -->\n", f"<!-- /{name} -->\n"
    require(all(text.count(mark) == 1 for mark in marks), f"{document} must have the two marks of the table once")
    old = text.partition(marks[0])[2].partition(marks[1])[0]
    document.write_text(text.replace(marks[0] + old, marks[0] + "\n".join(lines) + "\n"))


def table(titles: list[str], rows: list[list[object]], text_columns: int = 1) -> list[str]:
    """Return the lines of a Markdown table.

    Args:
        titles: The heads of the columns.
        rows: The rows; each value is written by `str`.
        text_columns: How many of the first columns are text. The others are figures, which are set to the right.
    """
    rule = "|" + "---|" * text_columns + "---:|" * (len(titles) - text_columns)
    return ["| " + " | ".join(titles) + " |", rule, *("| " + " | ".join(map(str, row)) + " |" for row in rows)]


def write_csv(path: Path, fields: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows as CSV, with the names of the fields in the first line.

    Args:
        path: The file, which is replaced.
        fields: The columns, in their order.
        rows: One mapping a row. ValueError for a row with a field that is not among `fields`.
    """
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fields, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def read_results(folder: Path, names: Iterable[str], steps: str) -> list[dict[str, Any]]:
    """Return what earlier steps of a bench measured: the content of <name>.json for each name.

    Args:
        folder: Where the files are.
        names: The results that are wanted.
        steps: The commands that measure them, for the error.

    Raises:
        ScError: A file is missing; the message names it and the steps.
    """
    rows = []
    for name in names:
        path = folder / f"{name}.json"
        require(path.is_file(), f"{path} is missing: run {steps} first")
        rows.append(json.loads(path.read_text()))
    return rows
