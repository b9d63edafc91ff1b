"""Write the tables of benchmarks into documents, between marks, so that a page can be brought up to date."""

from __future__ import annotations

from pathlib import Path

from sc_neurocore.errors import require

__all__ = ["put_table", "table"]


def put_table(document: Path, lines: list[str], name: str = "table") -> None:
    """Write the lines between the document's marks <!-- name --> and <!-- /name -->, each there once; else ScError."""
    text = document.read_text()
    marks = f"<!-- {name} -->\n", f"<!-- /{name} -->\n"
    require(all(text.count(mark) == 1 for mark in marks), f"{document} must have the two marks of the table once")
    old = text.partition(marks[0])[2].partition(marks[1])[0]
    document.write_text(text.replace(marks[0] + old, marks[0] + "\n".join(lines) + "\n"))


def table(titles: list[str], rows: list[list[object]], text_columns: int = 1) -> list[str]:
    """Return the lines of a table; the first columns are text, the others figures, set to the right."""
    rule = "|" + "---|" * text_columns + "---:|" * (len(titles) - text_columns)
    return ["| " + " | ".join(titles) + " |", rule, *("| " + " | ".join(map(str, row)) + " |" for row in rows)]
