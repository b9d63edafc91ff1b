"""The example of a system on chip: FuseSoC lints and builds it, and it computes what the model computes."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from networks import random_codes, random_conv_network, random_network
from sc_neurocore import golden
from sc_neurocore.errors import ScError
from sc_neurocore.hardware.flow import run_target
from sc_neurocore.network import Network

FOLDER = Path(__file__).resolve().parents[1] / "examples" / "soc"


@pytest.fixture(scope="module")
def example() -> ModuleType:
    spec = importlib.util.spec_from_file_location("soc_example", FOLDER / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["soc_example"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def small(kind: str) -> tuple[Network, np.ndarray]:
    random = np.random.default_rng(3)
    network = (
        random_conv_network(random, 16, "cd", (4, 4, 1)) if kind == "conv" else random_network(random, 16, (6, 5, 3))
    )
    return network, random_codes(random, network, 5)


@pytest.mark.parametrize("kind", ["dense", "conv"])
def test_the_system_computes_what_the_model_computes(kind: str, example: ModuleType, tmp_path: Path) -> None:
    network, codes = small(kind)
    parameters = example.stage(network, codes, tmp_path, 2)
    if kind == "dense":
        run_target(tmp_path, "lint", parameters, core=example.CORE)
        assert "%Warning" not in (tmp_path / "fusesoc.log").read_text()
    scores, classes = example.simulate(tmp_path, parameters)
    wanted = golden.run(network, codes)
    assert scores == wanted.scores.tolist()
    assert classes == wanted.classes.tolist()
    if kind == "dense":
        # A network of one input more: every image is too short, and the boot master waits in vain.
        work = tmp_path / "work"
        table = (work / "table.mem").read_text().splitlines()
        assert table[2] == "0006"
        (work / "table.mem").write_text("\n".join([*table[:2], "0007", *table[3:]]) + "\n")
        done = example.subprocess.run([work / "Vsoc"], cwd=work, capture_output=True, text=True, check=False)
        assert done.returncode != 0
        assert "SCORE" not in done.stdout


def test_it_says_what_failed(example: ModuleType, tmp_path: Path) -> None:
    network, codes = small("dense")
    parameters = example.stage(network, codes, tmp_path, 2)
    with pytest.raises(ScError, match="fusesoc"):
        example.simulate(tmp_path, parameters | {"NO_SUCH_PARAMETER": 1})
