"""Compiled code is kept where the user may write, without a word; where that is nowhere, one warning says so."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from machine import SOURCES, STRANGER, disk, environment, python

COMPILED = """
import sc_neurocore.kernels, sc_neurocore.faults, sc_neurocore.lookup
import probe_module
assert probe_module.twice(4) == 8
"""

PROBE = "from sc_neurocore.jit import njit\n@njit(nogil=True)\ndef twice(x):\n    return 2 * x\n"
Compiled = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def compiled(tmp_path: Path) -> Iterator[Compiled]:
    """Run code that Numba compiles, as a user who may write neither the package nor a home folder."""
    package, home = tmp_path / "package", tmp_path / "home"
    shutil.copytree(SOURCES / "sc_neurocore", package / "sc_neurocore", ignore=shutil.ignore_patterns("__pycache__"))
    (package / "probe_module.py").write_text(PROBE, encoding="utf-8")
    home.mkdir()
    (tmp_path / "tmp").mkdir()
    sealed = [home, package, *(p for p in package.rglob("*") if p.is_dir())]
    for folder in sealed:
        folder.chmod(0o555)

    def run(kind: str = "plain", **changes: str | None) -> subprocess.CompletedProcess[str]:
        fixed = {"PYTHONPATH": str(package), "TMPDIR": str(tmp_path / "tmp"), "HOME": str(home)}
        env = environment(**{**fixed, "XDG_CACHE_HOME": None, "NUMBA_CACHE_DIR": None, **changes})
        return python("-c", COMPILED, env=env, as_user=kind, cwd=Path("/"))

    yield run
    for folder in sealed:
        folder.chmod(0o755)


def test_compiled_code_goes_to_the_cache_where_the_package_cannot_be_written(
    compiled: Compiled, tmp_path: Path
) -> None:
    done = compiled(SC_NEUROCORE_CACHE=str(tmp_path / "cache"))
    assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.glob("cache/numba/**/probe_module.twice*.nbc"))


def test_numba_cache_dir_of_the_user_is_respected(compiled: Compiled, tmp_path: Path) -> None:
    done = compiled(NUMBA_CACHE_DIR=str(tmp_path / "own"), SC_NEUROCORE_CACHE="/proc/none")
    assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.glob("own/**/probe_module.twice*.nbc"))


def test_without_any_cache_code_is_compiled_and_one_warning_says_so(compiled: Compiled) -> None:
    done = compiled(SC_NEUROCORE_CACHE="/proc/none")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("compiled code is not kept") == 1
    assert "/proc/none" in done.stderr


def test_a_home_that_cannot_be_written_is_not_needed(compiled: Compiled, tmp_path: Path) -> None:
    done = compiled(SC_NEUROCORE_CACHE=None)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "tmp" / f"sc-neurocore-{os.getuid()}"
    assert done.stderr.count(f"the cache is kept in {folder}") == 1


@pytest.mark.parametrize("home", [None, ""])
def test_without_a_home_the_cache_is_among_the_temporary_files(
    compiled: Compiled, tmp_path: Path, home: str | None
) -> None:
    (tmp_path / "tmp").chmod(0o1777)
    done = compiled("stranger", SC_NEUROCORE_CACHE=None, HOME=home)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "tmp" / f"sc-neurocore-{STRANGER}"
    assert done.stderr.count(f"you have no home folder: the cache is kept in {folder}") == 1
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert list(folder.glob("numba/**/probe_module.twice*.nbc"))


def test_a_temporary_cache_that_others_may_write_is_not_trusted(compiled: Compiled, tmp_path: Path) -> None:
    planted = tmp_path / "tmp" / f"sc-neurocore-{os.getuid()}"
    planted.mkdir()
    planted.chmod(0o777)
    done = compiled(SC_NEUROCORE_CACHE=None)
    assert done.returncode == 0, done.stderr
    assert "is not a folder of yours alone" in done.stderr
    assert not list(planted.iterdir())


def test_compiled_code_needs_no_space_on_a_full_disk(compiled: Compiled, tmp_path: Path) -> None:
    with disk(tmp_path / "full", "8k") as cache:
        done = compiled(SC_NEUROCORE_CACHE=str(cache))
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("compiled code is not kept") == 1
    assert "no space left on device" in done.stderr
