"""What is checked out: its root and commit, and hashes of its Verilog and Python that no comment changes.

Records of what was measured hold such hashes, and are believed while these stay the same: proofs and mutants
(formal/), benches (conftest.py), whole test sets (tools/whole_sets.py), coverage (tools/bench_coverage.py).
"""

from __future__ import annotations

import ast
import hashlib
import io
import re
import subprocess
import tokenize
from collections.abc import Iterable
from functools import cache
from pathlib import Path

__all__ = ["ROOT", "commit", "digest", "parts_of", "python_code", "verilog_code"]

ROOT = Path(__file__).resolve().parents[1]


def commit(root: Path = ROOT) -> str:
    """Return the hash of the commit that is checked out; a fixed word where there is no git."""
    try:
        done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, check=False)
    except OSError:
        return "no commit"
    return done.stdout.strip() if done.returncode == 0 else "no commit"


def digest(*parts: str) -> str:
    """Return a short hash of texts."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def verilog_code(text: str) -> str:
    """Return Verilog without comments and spare space: what a result depends on.

    >>> verilog_code("wire a;  // the sum\\n  wire b; /* the carry */")
    'wire a; wire b;'
    """
    return " ".join(re.sub(r"//[^\n]*|/\*.*?\*/", " ", text, flags=re.DOTALL).split())


def python_code(text: str) -> str:
    """Return Python without comments, docstrings and empty lines: what its behaviour depends on.

    The text of the other lines stays as it is, so the result does not depend on the version of Python. A script that
    prints its docstring as help does depend on it; no recorded result does.

    >>> python_code('def one():  # why\\n    "What it returns."\\n\\n    return 1')
    'def one():\\n    return 1'
    """
    lines, kept, docstrings = text.split("\n"), set[int](), set[int]()  # kept: rows of strings, whose empty lines count
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant | ast.JoinedStr) and node.end_lineno:
            kept.update(range(node.lineno, node.end_lineno))
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        first = node.body[0] if node.body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            for row in range(first.lineno, (first.end_lineno or first.lineno) + 1):
                lines[row - 1] = ""
                docstrings.add(row)
    kept -= docstrings
    rows = enumerate(lines, 1)
    return "\n".join(line if row in kept else line.rstrip() for row, line in rows if row in kept or line.strip())


@cache
def _named(root: Path) -> dict[str, frozenset[str]]:
    """Return, for each module of rtl/, the other modules of rtl/ that its text names."""
    texts = {path.stem: verilog_code(path.read_text(encoding="utf-8")) for path in sorted((root / "rtl").glob("*.v"))}
    return {name: frozenset(re.findall(r"\bsc_\w+", text)) & set(texts) - {name} for name, text in texts.items()}


def parts_of(modules: Iterable[str], root: Path = ROOT) -> list[str]:
    """Return the modules of rtl/ that designs are made of, themselves included, in a fixed order.

    modules: names; what is no module of rtl/ is left out, so that they may be all the words of a generated text.

    >>> parts_of(["sc_sng", "u_sng"])
    ['sc_sng']
    """
    named = _named(root)
    rest = [name for name in modules if name in named]
    found = set(rest)
    while rest:
        rest += (new := named[rest.pop()] - found)
        found |= new
    return sorted(found)
