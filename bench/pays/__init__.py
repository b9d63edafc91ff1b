"""The four parts of bench/where_sc_pays.py: each measures rows, draws them, and writes the tables of the document.

A part has NAME, COLUMNS, `measure(quick)` → rows of strings, `draw(rows, axes…)` and `table(rows)` → Markdown.
"""
