"""What passed on the same files is sampled (conftest.py at the root), in a small project of its own."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BENCH = """\
import helper, pytest
from sc_neurocore.arithmetic import one
@pytest.mark.parametrize("k", range(12))
def test_bench(k):
    assert one() == helper.ONE
"""
FILES = {
    "pyproject.toml": '[tool.pytest.ini_options]\ntestpaths = ["tests", "tb"]\npythonpath = ["tb", "model"]\n',
    "constraints.txt": "",
    "rtl/sc_a.v": "module sc_a; endmodule\n",
    "rtl/README.md": "# Modules\n",
    "model/sc_neurocore/__init__.py": "",
    "model/sc_neurocore/arithmetic.py": "def one():\n    from .inner import ONE\n    return ONE\n",
    "model/sc_neurocore/inner.py": "ONE = 1\n",
    "model/sc_neurocore/other.py": "",
    "tb/helper.py": "ONE = 1\n",
    "tb/test_bench.py": BENCH,
    "tb/test_bad.py": "def test_bad():\n    assert False\n",
    "tests/test_unit.py": "def test_unit():\n    pass\n",
    "fpga/a.toml": "",
    "train/networks/a.mem": "",
}


@pytest.fixture
def passed(tmp_path: Path) -> Callable[..., tuple[int, int]]:
    """A function that runs pytest in the project: how many tests passed, how many failed."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    shutil.copy(ROOT / "conftest.py", tmp_path)
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools" / "checkout.py", tmp_path / "tools")

    def run(*words: str) -> tuple[int, int]:
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "xdist", *words]
        alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # most plugins take long to start
        said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env=alone).stdout
        run.sampled = "1 test files passed on the same files before" in said
        found = {word: int(count) for count, word in re.findall(r"(\d+) (passed|failed)", said)}
        return found.get("passed", 0), found.get("failed", 0)

    return run


@pytest.mark.parametrize("jobs", [(), ("-n", "2")])
def test_a_file_that_passed_is_sampled(passed, tmp_path: Path, jobs: tuple[str, ...]) -> None:
    assert passed(*jobs) == (13, 1)
    assert not (tmp_path / "tests" / "recorded.json").exists()
    assert passed("--record", *jobs) == (13, 1)
    good, bad = passed(*jobs)
    assert passed.sampled
    assert bad == 1, "a test that failed is not recorded"
    assert 2 <= good < 13, "the unit test and a sample of the bench"
    assert passed(*jobs) == (good, bad), "the commit chooses"
    assert passed("--all", *jobs) == (13, 1)
    assert not passed.sampled
    assert passed("tb/test_bench.py", *jobs) == (12, 0)
    assert passed("-k", "bench", *jobs) == (12, 0)


def change(path: Path) -> None:
    """Append code where comments and empty lines do not count."""
    with path.open("a") as file:
        file.write({".v": "`define A\n", ".py": "MORE = 1\n"}.get(path.suffix, "\n"))


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("rtl/sc_a.v", True),
        ("tb/test_bench.py", True),
        ("tb/helper.py", True),
        ("model/sc_neurocore/arithmetic.py", True),
        ("model/sc_neurocore/inner.py", True),  # imported in a function of what the bench imports
        ("constraints.txt", True),
        ("model/sc_neurocore/other.py", False),
        ("tests/test_unit.py", False),
        ("tb/test_bad.py", False),
        ("fpga/a.toml", False),
    ],
)
def test_what_a_bench_reads_decides(passed, tmp_path: Path, name: str, counts: bool) -> None:
    passed("--record")
    change(tmp_path / name)
    good, _ = passed()
    assert (good == 13) == counts


def test_what_only_explains_changes_nothing(passed, tmp_path: Path) -> None:
    passed("--record")
    (tmp_path / "rtl" / "sc_a.v").write_text("// New.\nmodule sc_a; /* here\n too */\nendmodule\n")
    helper = tmp_path / "tb" / "helper.py"
    helper.write_text('"""What helps."""\n\n' + helper.read_text() + "# The end.\n")
    good, _ = passed()
    assert good < 13


def test_a_part_of_a_file_is_no_record(passed, tmp_path: Path) -> None:
    assert passed("--record", "-k", "bench") == (0, 0)
    assert passed("--record", "tb/test_bench.py::test_bench") == (0, 0)
    for words in (("-x",), ("-m", "slow"), ("--deselect", "tb/test_bench.py::test_bench[1]"), ("--maxfail", "1")):
        assert passed("--record", *words) == (0, 0)
    assert not (tmp_path / "tests" / "recorded.json").exists()


def test_a_record_of_some_files_keeps_what_is_still_true_of_the_others(passed, tmp_path: Path) -> None:
    record = tmp_path / "tests" / "recorded.json"
    (tmp_path / "tb" / "test_other.py").write_text("def test_other():\n    pass\n")
    assert passed("--record", "tb") == (13, 1)
    both = json.loads(record.read_text())
    assert sorted(both) == ["tb/test_bench.py", "tb/test_other.py"]
    passed("--record", "tb/test_other.py")
    assert json.loads(record.read_text()) == both
    (tmp_path / "tb" / "helper.py").write_text("ONE = 2 - 1\n")
    passed("--record", "tb/test_other.py")
    assert sorted(json.loads(record.read_text())) == ["tb/test_other.py"]


WIDE = "import pytest\n@pytest.mark.parametrize('k', range(12))\ndef test_design(k):\n    pass\n"


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("model/sc_neurocore/other.py", True),  # nothing imports it, but a command may
        ("fpga/a.toml", True),
        ("train/networks/a.mem", True),
        ("tb/helper.py", True),
        ("rtl/sc_a.v", True),
        ("rtl/README.md", False),
        ("tests/test_unit.py", False),
    ],
)
def test_a_file_of_whole_designs_hangs_on_all_that_they_are_made_of(
    passed, tmp_path: Path, name: str, counts: bool
) -> None:
    (tmp_path / "tests" / "test_build.py").write_text(WIDE)
    (tmp_path / "tb" / "test_bad.py").unlink()
    assert passed("--record") == (25, 0)
    assert sorted(json.loads((tmp_path / "tests" / "recorded.json").read_text())) == [
        "tb/test_bench.py",
        "tests/test_build.py",
    ]
    assert passed("-k", "design") == (12, 0)
    assert passed()[0] < 25
    change(tmp_path / name)
    good, _ = passed()
    assert (good >= 13) == counts
