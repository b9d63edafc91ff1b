"""The streaming design as it is written: clean in lint, of the artifact's files, and refused where it cannot be."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from networks import random_network
from sc_neurocore import artifact
from sc_neurocore.errors import ScError
from sc_neurocore.hardware.stream_builder import TOP, build_stream
from sc_neurocore.hardware.tools import verilator_command, verilator_env
from sc_neurocore.network import DenseLayer, InputSpec, Network, Steps
from sc_neurocore.paths import rtl_files


def test_the_design_lints_clean_and_has_the_files_of_the_artifact(tmp_path: Path) -> None:
    network = random_network(np.random.default_rng(4), 8, (6, 5, 3))
    saved = artifact.save(network, tmp_path / "artifact")
    top = build_stream(network, tmp_path / "design")
    assert top == tmp_path / "design" / f"{TOP}.v"
    assert build_stream(network, tmp_path / "design") == top  # again, over itself
    for k in range(2):
        assert (top.parent / f"layer{k}.mem").read_bytes() == (saved / f"layer{k}.mem").read_bytes()
    done = subprocess.run(
        [*verilator_command(), "--lint-only", "-Wall", "--language", "1364-2005", "--top-module", TOP, str(top)]
        + [str(p) for p in rtl_files()],
        env=verilator_env(), cwd=top.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    wide = DenseLayer(np.ones((2, 4096), dtype=int), [0, 0], None)
    with pytest.raises(ScError, match=r"layer 0: a streaming layer has at most 4095 inputs.*got 4096, 2 and 8194"):
        build_stream(Network(8, (wide,), InputSpec((4096,), 8)), tmp_path / "a")
    steps = Network(8, (DenseLayer([[1, 2]], [0]),), InputSpec((2,), 8), steps=Steps(3, constant=True))
    with pytest.raises(ScError, match="a streaming design runs networks of one window: this one has steps"):
        build_stream(steps, tmp_path / "a")
    small = random_network(np.random.default_rng(4), 8, (6, 3))
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "mine.txt").write_text("keep")
    with pytest.raises(ScError, match="holds other files"):
        build_stream(small, tmp_path / "c")
    with pytest.raises(ScError, match="must be a Verilog identifier, got '1x'"):
        build_stream(small, tmp_path / "d", name="1x")
