"""Whoever changes a module finds its tests by name: tests/test_<module>.py; other names are listed here, with why.

The rule is in CONTRIBUTING.md. A file belongs to the longest name of a module or package that its own begins with:
test_training_runs.py to the package `training`, test_code_search.py to `training/code_search.py` alone.
"""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "model" / "sc_neurocore"
#: Test files of what is no module of the package: what each one tests.
OTHERS = {
    "bench_coverage": "tools/bench_coverage.py",
    "checkout": "tools/checkout.py",
    "commands": "every command on the pages",
    "committed_networks": "train/networks",
    "contributing": "the pages and settings for contributors",
    "differential": "all back ends and the RTL against the oracle",
    "documents": "the documents' code on neurons, layers and conversion",
    "documents_training": "the documents' code on training",
    "downstream": "another project that uses this core",
    "energy": "bench/energy.py",
    "examples": "the training scripts of examples/",
    "illegal_parameters": "rtl/: what tools say of illegal parameters",
    "imports": "tools/imports.py",
    "lint_rtl": "tools/lint_rtl.py",
    "mutate": "formal/mutate.py",
    "oracle": "tests/oracle.py, on the committed networks",
    "package": "the package as a whole: its public names, and how it is installed",
    "plug_ins": "neurons and layers from outside the package",
    "plugin_board": "a board from outside the package",
    "plugin_source": "a number source from outside the package",
    "processors": "numerical tests again, as other processors run them",
    "proof_runs": "formal/run.py",
    "readme": "README.md, how high and how wide it is",
    "recorded": "conftest.py at the root",
    "rule_names": "the names beside the numbers of rules, on pages and in modules",
    "same_results": "tools/same_results.py",
    "soc_example": "examples/soc",
    "speed": "bench/speed.py",
    "stdp": "bench/stdp.py, and docs/stdp.md",
    "test_names": "this rule",
    "tutorials": "docs/tutorials",
    "where_sc_pays": "bench/where_sc_pays.py",
    "whole_sets": "tools/whole_sets.py",
}
#: Modules without anything to test.
NOTHING = ("__init__", "__main__")


def modules() -> list[tuple[str, ...]]:
    """Return every module as its path below the package: ("packed",), ("hardware", "flow")."""
    paths = [p.relative_to(PACKAGE).with_suffix("") for p in PACKAGE.rglob("*.py")]
    return sorted(p.parts for p in paths if p.name not in NOTHING)


def owners(found: list[tuple[str, ...]]) -> dict[str, set[tuple[str, ...]]]:
    """Return, by the name that a test file may begin with, the modules and packages that are tested there."""
    names: dict[str, set[tuple[str, ...]]] = {}
    for module in found:
        *packages, name = (part.strip("_") for part in module)
        for word in {name, "_".join([*packages, name])}:
            names.setdefault(word, set()).add(module)
        for depth in range(1, len(module)):
            names.setdefault("_".join(packages[:depth]), set()).add(module[:depth])
    return names


def owned(stem: str, names: dict[str, set[tuple[str, ...]]]) -> set[tuple[str, ...]]:
    """Return the modules or packages that a test file of this name, without test_, belongs to."""
    words = [word for word in names if stem == word or stem.startswith(f"{word}_")]
    return names[max(words, key=len)] if words else set()


def complaints(found: list[tuple[str, ...]], stems: list[str], others: dict[str, str]) -> list[str]:
    """Return a line for each module without a test file, each file without a module, each entry without a file."""
    names, tested, said = owners(found), set[tuple[str, ...]](), []
    for stem in stems:
        if stem in others:
            continue
        mine = owned(stem, names)
        if not mine:
            said.append(f"tests/test_{stem}.py is named after no module: rename it, or list what it tests")
        # tests/test_errors.py is of the module at the top, not of the one of this name within a package.
        tested |= {(stem,)} if (stem,) in mine else mine
    for module in found:
        if not any(module[:depth] in tested for depth in range(1, len(module) + 1)):
            said.append(f"{'/'.join(module)}.py has no test file: tests/test_{module[-1].strip('_')}.py")
    said += [f"tests/test_{stem}.py is listed, but is not there" for stem in others if stem not in stems]
    return said


def test_every_module_has_its_test_file_and_every_test_file_its_module() -> None:
    found = modules()
    assert len(found) > 100
    stems = sorted(p.stem.removeprefix("test_") for p in (ROOT / "tests").glob("test_*.py"))
    assert complaints(found, stems, OTHERS) == []


@pytest.mark.parametrize(
    ("stems", "said"),
    [
        (["packed", "tools", "p_flow"], []),
        (["packed", "p"], []),
        (["packed", "p_all_of_it"], []),
        (["packed_speed", "p"], []),
        (["p"], ["packed.py has no test file"]),
        (["packed", "tools"], ["p/flow.py has no test file"]),
        (["packed", "p_flow"], ["p/tools.py has no test file"]),  # of one module, not of the package
        (["packed", "p", "things"], ["tests/test_things.py is named after no module"]),
        (["packed", "p", "packedness"], ["tests/test_packedness.py is named after no module"]),
    ],
)
def test_what_breaks_the_rule_is_named(stems: list[str], said: list[str]) -> None:
    found = complaints([("packed",), ("p", "flow"), ("p", "tools")], stems, {})
    assert [line.partition(":")[0] for line in found] == said


def test_an_entry_whose_file_is_gone_is_named() -> None:
    assert complaints([], ["oracle"], {"oracle": "", "speed": ""}) == [
        "tests/test_speed.py is listed, but is not there"
    ]


def test_a_name_at_the_top_is_no_test_of_a_package() -> None:
    found = [("errors",), ("compiler", "errors"), ("build",), ("cli", "build")]
    assert complaints(found, ["errors", "build", "compiler"], {}) == [
        "cli/build.py has no test file: tests/test_build.py"
    ]
