"""The package as pip installs it: its name on the index, what a wheel carries, and networks by name."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import sc_neurocore
from sc_neurocore import VectorizedSCLayer

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def installed(tmp_path: Path) -> dict[str, str]:
    """Copy the package to where pip would put it; return the environment in which Python finds it there alone."""
    shutil.copytree(ROOT / "model" / "sc_neurocore", tmp_path / "sc_neurocore", ignore=shutil.ignore_patterns("__pyc*"))
    for source, target in PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"].items():
        (tmp_path / target).parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (ROOT / source).is_dir() else shutil.copy)(ROOT / source, tmp_path / target)
    return {**os.environ, "PYTHONPATH": str(tmp_path)}


def test_a_wheel_carries_hardware_recipes_networks_and_pages(tmp_path: Path) -> None:
    env = installed(tmp_path)

    def said(*words: str) -> str:
        command = [sys.executable, "-m", "sc_neurocore", *words]
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=True).stdout

    assert Path(said("hdl", "--path").strip(), "rtl", "sc_engine.v").is_file()
    assert str(tmp_path / "sc_neurocore" / "docs") in said("help")
    assert "196-128-10" in said("estimate", "mnist-small", "--board", "icebreaker")
    recipes = {path.parent.name for path in (ROOT / "train").glob("*/recipe.toml")}
    assert {path.stem for path in (tmp_path / "sc_neurocore" / "recipes").glob("*.toml")} == recipes


def test_the_name_is_not_that_of_the_other_project_on_the_index() -> None:
    assert PROJECT["project"]["name"] == "sc-neurocore-rtl"
    extras = PROJECT["project"]["optional-dependencies"]
    words = [word for extra in extras.values() for word in extra if word.startswith("sc-neurocore")]
    assert words
    assert all(word.startswith("sc-neurocore-rtl[") for word in words)
    assert PROJECT["project"]["scripts"] == {"sc-neurocore": "sc_neurocore.cli:main"}


def test_another_package_of_the_same_import_name_is_told(tmp_path: Path) -> None:
    env = installed(tmp_path)
    command = [sys.executable, "-m", "sc_neurocore"]
    quiet = subprocess.run([*command, "hdl"], env=env, capture_output=True, text=True, check=True)
    assert quiet.stderr == ""
    (tmp_path / "sc_neurocore-3.16.0.dist-info").mkdir()
    loud = subprocess.run([*command, "hdl"], env=env, capture_output=True, text=True, check=True)
    assert loud.stdout == quiet.stdout
    assert "another project's package sc-neurocore 3.16.0 is installed" in loud.stderr
    assert "pip uninstall sc-neurocore sc-neurocore-rtl" in loud.stderr
    doctor = subprocess.run([*command, "doctor"], env=env, capture_output=True, text=True, check=False)
    assert doctor.returncode == 1
    assert "missing other package" in " ".join(doctor.stdout.split())


LIGHT = """
import sys, sc_neurocore
heavy = {"torch", "numba", "scipy", "numpy", "sklearn"} & set(sys.modules)
assert not heavy, heavy
from sc_neurocore import BitstreamEncoder, BitstreamSynapse, StochasticLIFNeuron, bitstream_to_probability
from sc_neurocore.layers.sc_dense_layer import SCDenseLayer
heavy = {"torch", "numba", "scipy", "sklearn"} & set(sys.modules)
assert not heavy, heavy
assert sc_neurocore.SCDenseLayer is SCDenseLayer
"""


def test_importing_the_package_imports_nothing_heavy() -> None:
    subprocess.run([sys.executable, "-c", LIGHT], check=True)


def test_every_public_name_is_there_and_no_other() -> None:
    for name in sc_neurocore.__all__:
        assert getattr(sc_neurocore, name) is not None
        assert name in dir(sc_neurocore)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        sc_neurocore.nothing  # noqa: B018
    from sc_neurocore import layers

    assert layers.VectorizedSCLayer is VectorizedSCLayer
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        layers.nothing  # noqa: B018
