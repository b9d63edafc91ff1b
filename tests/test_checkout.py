"""Hashes of code that no comment changes, and what a design is made of (tools/checkout.py)."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from checkout import ROOT, commit, digest, parts_of, python_code, verilog_code

PYTHON = '''\
"""What the module does."""

import os  # why


class Error(Exception):
    """What it says."""


def f(x: str) -> str:
    """What it returns."""
    text = """one

    # two
    """
    return f"{x} # {text}"
'''


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("What it returns.", "What it returns, and why."),
        ('    """What it says."""\n', '    """What it says.\n\n    With an example.\n    """\n'),
        ("  # why", ""),
        ("\n\n\nclass", "\n# A comment\n\nclass"),
    ],
)
def test_what_only_explains_changes_no_hash(old: str, new: str) -> None:
    assert PYTHON.count(old) == 1
    assert python_code(PYTHON.replace(old, new)) == python_code(PYTHON)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("one\n\n", "one\n"),
        ("    # two\n", "    # three\n"),
        ("{x} # {text}", "{x} #{text}"),
        ("import os", "import re"),
        ("Exception", "ValueError"),
    ],
)
def test_what_is_done_changes_it(old: str, new: str) -> None:
    assert PYTHON.count(old) == 1
    assert python_code(PYTHON.replace(old, new)) != python_code(PYTHON)


def test_every_file_keeps_its_code() -> None:
    """No line of code is taken for a comment: Python compiles what is left of the largest files."""
    for path in sorted((ROOT / "model").rglob("*.py")):
        code = python_code(path.read_text(encoding="utf-8"))
        assert code.count("\ndef ") == ("\n" + path.read_text(encoding="utf-8")).count("\ndef "), path


def test_verilog_without_comments() -> None:
    assert verilog_code("a /* b\n c */ d // e\n f") == "a d f"
    assert digest("ab", "c") != digest("a", "bc")


def test_a_design_is_its_instances_all_the_way_down(tmp_path: Path) -> None:
    rtl = tmp_path / "rtl"
    rtl.mkdir()
    (rtl / "sc_top.v").write_text("sc_mid u (); // sc_other\n")
    (rtl / "sc_mid.v").write_text("sc_leaf #(1) u ();\n")
    (rtl / "sc_leaf.v").write_text("\n")
    (rtl / "sc_other.v").write_text("sc_leaf u ();\n")
    assert parts_of(["sc_top", "u"], tmp_path) == ["sc_leaf", "sc_mid", "sc_top"]
    assert parts_of(["sc_other"], tmp_path) == ["sc_leaf", "sc_other"]
    assert "sc_host" not in parts_of(["sc_network"])
    assert {"sc_engine", "sc_conv_engine", "sc_mem"} <= set(parts_of(["sc_network"]))


def test_a_folder_without_git_has_a_fixed_word(tmp_path: Path) -> None:
    assert commit(tmp_path) == "no commit"
    here = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert commit() == (here.stdout.strip() or "no commit")
