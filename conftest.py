"""Benches whose answer is known: what passed on the same files before is sampled, not repeated as a whole.

What a bench of tb/ finds cannot change while the Verilog, the bench and the model that it compares with are the same;
nor what the tools say of illegal parameters, nor what becomes of whole designs, for which simulators and builders take
minutes. Together these are two thirds of the time of all tests. So tests/recorded.json holds, for each such test file
that passed as a whole, a hash of all that it reads, comments and docstrings left out. Where the hash is still the same,
a quarter of the file's tests runs, one at least, chosen by the hash of the commit; the others are left out.

    pytest                 the rule above; every other test runs
    pytest --all           every test
    pytest tb/test_axi.py  what is named on the command line always runs as a whole
    pytest --record        every test; then tests/recorded.json says which of those files passed
"""

from __future__ import annotations

import ast
import hashlib
import json
import shutil
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parent / "tools"))
from checkout import ROOT, commit, python_code, verilog_code

PACKAGE = ROOT / "model" / "sc_neurocore"
RECORD = ROOT / "tests" / "recorded.json"
#: The test files, and what they read beside what they import.
RECORDED = ("tb/test_*.py", "tests/test_illegal_parameters.py")
READ = ("rtl/*.v", "tb/*.v", "tb/*.cpp", "constraints.txt", "fusesoc.core")
#: Those of whole designs, which run commands and tools on anything of the project but its pages and other tests.
DESIGNS = (
    *("boards", "build", "compiler", "downstream", "flow", "host_steps", "lif_conversion", "objcache", "plug_ins"),
    *("plugin_board", "plugin_source", "rtl_sim", "rtl_sim_conv", "soc_example", "spike_clocks", "stream_builder"),
    *("stream_fold", "stream_sim"),
    *("stream_sim_lif", "stream_sim_mux", "stream_system", "stream_system_build", "stream_system_sim", "verilated"),
    *("virtual_board", "where_sc_pays", "xc7", "yosys"),
)
MADE_OF = ("model/**/*", "rtl/*", "fpga/**/*", "tb/*", "bench/**/*", "examples/**/*", "train/**/*", "tests/*.py")
MADE_OF = (*MADE_OF, "constraints.txt", "fusesoc.core", "pyproject.toml")
#: A record of its own, which no design is made of.
WHOLE_SETS = ROOT / "train" / "whole_sets.csv"
#: One test of so many is repeated.
SHARE = 4


def _module(name: str, beside: Path) -> list[Path]:
    """The files of a module of ours, of the packages around it first; none for a library's."""
    if name.partition(".")[0] != "sc_neurocore":
        path = beside.parent / f"{name}.py"
        return [path] if path.is_file() else []
    files, folder = [], PACKAGE.parent
    for part in name.split("."):
        path = folder / f"{part}.py"
        if path.is_file():
            return [*files, path]
        folder /= part
        if not (folder / "__init__.py").is_file():
            # A name of a package that is no module of it: where it comes from is the package's business.
            return sorted(PACKAGE.rglob("*.py")) if folder.parent == PACKAGE else files
        files.append(folder / "__init__.py")
    return files


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Every node below, but not what is imported for the type checker only."""
    if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
        return
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
            yield from _statements(child)


@cache
def _imports(path: Path) -> frozenset[Path]:
    """The files of ours that a file imports, at its top or anywhere else."""
    return frozenset(_imported(path))


def _imported(path: Path) -> Iterator[Path]:
    for node in _statements(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _module(alias.name, path)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = path.relative_to(PACKAGE.parent).parts[: -node.level]
                base = ".".join([*parents, *filter(None, [base])])
            for alias in node.names:
                yield from _module(f"{base}.{alias.name}" if base.startswith("sc_neurocore") else base, path)


@cache
def _closure(path: Path) -> tuple[Path, ...]:
    """A file, and all files of ours that it imports, directly or through others."""
    found, rest = {path}, [path]
    while rest:
        rest += (new := set(_imports(rest.pop())) - found)
        found |= new
    return tuple(sorted(found))


def _recorded() -> list[Path]:
    """The test files that the record may hold."""
    found = [path for pattern in RECORDED for path in sorted(ROOT.glob(pattern))]
    return found + [path for name in DESIGNS if (path := ROOT / "tests" / f"test_{name}.py").is_file()]


@cache
def _content(file: Path) -> bytes:
    content = file.read_bytes()
    code = {".v": verilog_code, ".py": python_code}.get(file.suffix)
    if code:  # what only explains does not count
        content = code(content.decode()).encode()
    return f"{file.relative_to(ROOT).as_posix()} {len(content)}\n".encode() + content


@cache
def _parts() -> tuple[Path, ...]:
    """All that designs are made of: no page, and no test, but what tests share."""
    found = {file for pattern in MADE_OF for file in ROOT.glob(pattern) if file.is_file()}
    files = (f for f in found if "__pycache__" not in f.parts and f.suffix != ".md" and f != WHOLE_SETS)
    return tuple(sorted(f for f in files if not f.name.startswith("test_")))


def fingerprint(path: Path) -> str:
    """A hash of all that a recorded test file reads."""
    if path.parent.name == "tests" and path.stem.removeprefix("test_") in DESIGNS:
        files = [path, *_parts()]
    else:
        files = [*_closure(path), *(file for pattern in READ for file in sorted(ROOT.glob(pattern)))]
    # A tool of the machine's own may say something else, and without Icarus its part is skipped.
    tools = [name for name in ("verilator", "yosys", "iverilog") if shutil.which(name)]
    whole = hashlib.sha256(" ".join(tools).encode())
    for file in files:
        whole.update(_content(file))
    return whole.hexdigest()[:16]


def chosen(names: list[str], word: str) -> set[str]:
    """The tests of a file that are repeated: about one of SHARE, one at least, as `word` decides."""
    order = {name: int(hashlib.sha256(f"{word} {name}".encode()).hexdigest(), 16) for name in names}
    return {name for name, number in order.items() if number % SHARE == 0} or {min(order, key=order.__getitem__)}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --all and --record."""
    group = parser.getgroup("sc_neurocore")
    group.addoption("--all", action="store_true", help="repeat benches that passed on the same files too")
    group.addoption("--record", action="store_true", help="run whole test files, then write down which passed")


def _record() -> dict[str, str]:
    """Test file → hash, as committed."""
    known: dict[str, str] = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.is_file() else {}
    return known


class _Recorder:
    """Notes, in the process that the user started, which files passed."""

    def __init__(self) -> None:
        self.passed: dict[str, bool] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        name = report.nodeid.partition("::")[0]
        self.passed[name] = self.passed.get(name, True) and not report.failed

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if exitstatus not in (0, 1):
            return  # stopped: some tests did not run
        names = [path.relative_to(ROOT).as_posix() for path in _recorded()]
        now, before = {name: fingerprint(ROOT / name) for name in names}, _record()
        record = {name: key for name, key in now.items() if self.passed.get(name, before.get(name) == key)}
        partial = RECORD.with_suffix(".part")
        partial.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        partial.replace(RECORD)


class _Sampler:
    """Leaves out, in every process, the tests of the named files that the sample does not hold."""

    def __init__(self, files: list[str], word: str) -> None:
        self.files, self.word = files, word

    def pytest_configure_node(self, node) -> None:  # type: ignore[no-untyped-def]  # of pytest-xdist
        node.workerinput["sampled"] = [self.files, self.word]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.write_line(
            f"{len(self.files)} test files passed on the same files before (tests/recorded.json), so one of {SHARE} of "
            "their tests was repeated; --all repeats all"
        )

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        by_file: dict[str, list[str]] = {name: [] for name in self.files}
        for item in items:
            by_file.get(item.nodeid.partition("::")[0], []).append(item.nodeid)
        kept = {name for names in by_file.values() if names for name in chosen(names, self.word)}
        out = [x for x in items if x.nodeid.partition("::")[0] in by_file and x.nodeid not in kept]
        items[:] = [item for item in items if item not in set(out)]
        config.hook.pytest_deselected(items=out)


def pytest_configure(config: pytest.Config) -> None:
    """Decide, in the process that the user started, which files are sampled; the others are told."""
    if hasattr(config, "workerinput"):
        if sampled := config.workerinput.get("sampled"):
            config.pluginmanager.register(_Sampler(*sampled))
        return
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS and not config.option.keyword
    if config.option.record:
        # A file is recorded only where all of its tests ran.
        fewer = ("keyword", "markexpr", "deselect", "maxfail", "lf", "stepwise")
        if any(getattr(config.option, name, None) for name in fewer) or any("::" in word for word in config.args):
            raise pytest.UsageError("--record needs whole files: nothing that leaves out tests or stops early")
        config.pluginmanager.register(_Recorder())
    elif whole and not config.option.all:
        same = [name for name, key in _record().items() if (ROOT / name).is_file() and fingerprint(ROOT / name) == key]
        if same:
            config.pluginmanager.register(_Sampler(same, commit()))
