"""The table that a benchmark keeps in a document."""

from __future__ import annotations

from pathlib import Path

from sc_neurocore.errors import require

__all__ = ["put_table"]

MARKS = "<!-- table -->\n", "<!-- /table -->\n"


def put_table(document: Path, lines: list[str]) -> None:
    """Write the lines between the document's two marks; raises ScError unless each mark is there once."""
    text = document.read_text()
    require(all(text.count(mark) == 1 for mark in MARKS), f"{document} must have the two marks of the table once")
    old = text.partition(MARKS[0])[2].partition(MARKS[1])[0]
    document.write_text(text.replace(MARKS[0] + old, MARKS[0] + "\n".join(lines) + "\n"))
